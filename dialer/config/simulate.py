"""`simulate:` of a campaign and of a flow: the people that `dialer simulate` calls, and those who call in, where
nothing is learned from the store."""

from typing import Annotated, Self

from pydantic import Field, Strict, model_validator

from dialer.config.scalars import Duration, Model, Name, Rate

Spread = Annotated[float, Strict(), Field(gt=0, le=10)]
Range = Annotated[list[Duration], Field(min_length=2, max_length=2)]

PerHour = Annotated[float, Field(ge=0, le=100_000)]


class Peak(Model):
    """`{from: "09:00", to: "11:00", per_hour: 80}`, by the client's clock."""

    from_: Annotated[str, Field(alias="from", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:00"])]
    to: Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["11:00"])]
    per_hour: PerHour

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ >= self.to:
            raise ValueError(f"`{self.from_}` to `{self.to}` is no time of one day; write the earlier one first")
        return self


class Callers(Model):
    """Who calls a flow, in `dialer simulate CAMPAIGN --inbound FLOW`."""

    per_hour: PerHour | None = None
    """How many an hour, at random."""
    peaks: list[Peak] = Field(default_factory=list)
    """Times of the day with another number of callers; of several the first that fits."""
    keys: dict[Annotated[str, Field(pattern=r"^[0-9*#]{1,32}( [0-9*#]{1,32})*$", examples=["1 2"])], Rate] = Field(
        default_factory=dict)
    """What they press, and the share of those who do: the keys at one question after another. `{"2 1": 60%}`: 2 at the
    first question, 1 at the second. All others press nothing."""
    talk: Duration = 240.0
    """With the agent, on the average."""
    talk_spread: Spread = 1.0
    """Coefficient of variation."""
    wrap_up: Duration = 30.0
    """The agent's after-call work, on the average; never longer than the queue's own limit."""
    patience: Duration = 120.0
    """How long they wait for an agent before they hang up, on the average; 0s: as long as it takes."""

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if sum(self.keys.values()) > 1.0 + 1e-9:
            raise ValueError("the shares of `keys` add up to more than 100 %")
        return self


class Simulate(Model):
    """What a dial comes to, in shares of all dials; what is left of them rings until it is given up."""

    person: Rate = 0.35
    machine: Rate = 0.325
    busy: Rate = 0.052
    congestion: Rate = 0.0455
    invalid: Rate = 0.0
    dial_delay: Range = Field(default_factory=lambda: [1.0, 3.0])
    """From the dial to the far end's ringing: from, to; `[1s, 3s]` when left out."""
    ring: Duration = 8.0
    """How long it rings before half of the people who answer have done so."""
    ring_spread: Spread = 0.45
    """Of the logarithm."""
    machine_ring: Duration = 16.5
    machine_at_once: Rate = 0.25
    """Of the machines: those that answer within a second."""
    detect_person: Range = Field(default_factory=lambda: [0.4, 1.8])
    """How long machine detection takes, where the campaign has it; `[400ms, 1.8s]` when left out."""
    detect_machine: Range = Field(default_factory=lambda: [1.5, 3.5])
    """`[1.5s, 3.5s]` when left out."""
    talk: Duration = 180.0
    """On the average."""
    talk_spread: Spread = 1.0
    """Coefficient of variation."""
    wrap_up: Duration = 30.0
    """On the average; never longer than the agents' own limit."""
    patience: Duration | None = None
    """How long people who answered wait to be spoken to before they hang up, on the average; left out, as long as it
    takes."""
    think: Duration = 15.0
    """How long an agent looks at a contact before calling it, on the average: of preview and manual campaigns."""
    dispositions: dict[Name, Rate] = Field(default_factory=dict)
    """Share of the talks after which the agent gives this code."""
    callback_after: Range = Field(default_factory=lambda: [1800.0, 14_400.0])
    """After a code that promises a call (`callback: true`): how far ahead, from, to; at a full five minutes. `[30m,
    4h]` when left out."""
    callback_personal: Rate = 0.5
    """Of these promises: those that the same agent is to keep; the others are for anyone."""

    @property
    def no_answer(self) -> float:
        return max(0.0, 1.0 - self.person - self.machine - self.busy - self.congestion - self.invalid)

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        whole = self.person + self.machine + self.busy + self.congestion + self.invalid
        if whole > 1.0 + 1e-9:
            raise ValueError(f"the shares add up to {100 * whole:g} %; at most 100 % can be")
        if sum(self.dispositions.values()) > 1.0 + 1e-9:
            raise ValueError("the dispositions' shares add up to more than 100 %")
        for name in ("dial_delay", "detect_person", "detect_machine", "callback_after"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"`{name}` goes from {low:g} s to {high:g} s; write the smaller one first")
        return self
