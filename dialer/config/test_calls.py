"""`configs/test_calls/NAME.yaml`: calls to a client's own number that nobody who answers can tell from others."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dialer.config.models import Day
from dialer.config.scalars import E164, Count, Duration, Flag, Language, Model, Name, Rate
from dialer.config.score_cards import Criterion
from dialer.flows.fields import Prompt, Spoken

Rules = Literal["queue", "node", "outcome", "answered_within", "agent_skill", "language", "mos_at_least", "hears"]
Keys = Annotated[str, Field(pattern=r"^[0-9*#A-D]{1,32}$", examples=["1"])]
Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["20:00"])]
WEEK: list[Day] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MOST_SCRIPT_S = 300.0


class Times(Model):
    """When: at moments drawn for each day anew, so that nobody can expect them."""

    days: Annotated[list[Day], Field(min_length=1)] = WEEK
    from_: Annotated[Clock, Field(alias="from")]
    to: Clock
    per_day: Annotated[Count, Field(le=100)] = 1

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ >= self.to:
            raise ValueError(f"`{self.from_}` to `{self.to}` is no time of one day; write the earlier one first")
        return self


class Step(Model):
    """`{wait: 3s}`, `{press: "1"}` or `{say: {en: "Hello?"}}`, from the answer on."""

    wait: Duration | None = None
    """To the half second."""
    press: Keys | None = None
    say: Prompt | None = None
    """Text by language, or `prompts/NAME` for a recording: in the language that is expected, else in the client's
    first."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if [self.wait, self.press, self.say].count(None) != 2:
            raise ValueError("a step is one thing; write `wait: 3s`, `press: \"1\"` or `say: {en: Hello?}`")
        return self


class Heard(Model):
    """One thing that its own side hears: told by ear, from a recording of what comes over the trunk."""

    prompt: Annotated[str, Field(pattern=r"^(prompts/)?[a-z][a-z0-9_]{0,62}$", examples=["welcome"])] | None = None
    """What a node of the flow says first, or a recording of `ivr_flows/prompts`: whole, from beginning to end."""
    language: Language | None = None
    """Of the prompt; left out, the one that is expected, else any of the flow's."""
    tone: Annotated[float, Field(ge=300, le=3400)] | None = None
    """Hertz: a steady one, for 0.3 s or more."""
    speech: Annotated[Duration, Field(gt=0)] | None = None
    """So many seconds of somebody speaking, together: anybody, recorded or not."""
    silence: Annotated[Duration, Field(gt=0)] | None = None
    """So many seconds of nothing, in one stretch."""
    from_: Annotated[Duration, Field(alias="from")] = 0.0
    """Only what is heard from then on counts, from the answer."""
    to: Annotated[Duration, Field(gt=0)] | None = None
    """And until then."""
    never: Flag = False
    """It must not be heard."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if [self.prompt, self.tone, self.speech, self.silence].count(None) != 3:
            raise ValueError("it is one thing that is heard; write `prompt: welcome`, `tone: 425`, `speech: 2s` or "
                             "`silence: 5s`")  # fmt: skip
        if self.to is not None and self.to <= self.from_:
            raise ValueError("`to` is not after `from`; write the earlier one first")
        if self.language is not None and self.prompt is None:
            raise ValueError("only a prompt has a `language`; leave it out")
        return self


class Expect(Model):
    """What should become of the call. Each that is given is a rule, and is met or not."""

    queue: Name | None = None
    """The last one that the call waited in: its name, or FLOW_NODE."""
    node: Name | None = None
    """Of the flow, where the call ended."""
    outcome: Name | None = None
    """As reports have it: answered, self_served, closed."""
    answered_within: Annotated[Duration, Field(gt=0)] | None = None
    """From the arrival to the agent; with no `queue`, to the answer."""
    agent_skill: Name | None = None
    """Of the agent who took it."""
    language: Language | None = None
    """That the flow spoke."""
    mos_at_least: Annotated[float, Field(ge=1, le=4.5)] | None = None
    """Of the worst direction, there and where it came in; a call too short for a report is not judged by it."""
    hears: Annotated[list[Heard], Field(min_length=1, max_length=20)] | None = None
    """In any order. Each is a rule by itself."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise ValueError("nothing is expected; add `outcome: answered`")
        return self


class Card(Model):
    """What a person says of the call, over the API."""

    weight: Rate
    """Of the card in the score; the rules have the rest. A call without a card is scored by the rules alone."""
    items: Annotated[dict[Name, Criterion], Field(min_length=1)]


class TestCall(Model):
    """`configs/test_calls/NAME.yaml`."""

    __test__ = False  # no class of tests

    test: Name
    """The file's own name, without `.yaml`."""
    client: Name
    number: E164
    """Dialled: one of the client's own, so that the carrier brings the call back."""
    switch: Name | None = None
    """Over whose trunk; may be left out when there is only one."""
    caller_ids: Annotated[list[E164], Field(min_length=1)]
    """One is shown, drawn each time: what the agent sees. They find the call again when it comes in."""
    times: Times | None = None
    """On the client's clock. Left out, only when asked for by the API."""
    ring_timeout: Duration = 60.0
    script: list[Step] = Field(default_factory=list)
    stays: Duration = 60.0
    """After the script it hangs up, unless it was hung up on before."""
    expect: Expect
    weights: dict[Rules, Count] = Field(default_factory=dict)
    """Of rules; 1 where nothing is said."""
    card: Card | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if sum(step.wait or 0.0 for step in self.script) > MOST_SCRIPT_S:
            raise ValueError(f"the script waits for more than {MOST_SCRIPT_S:g} s; use `stays` for the rest")
        return self

    def speaks(self, otherwise: str) -> str:
        """The language of its own side."""
        return self.expect.language or otherwise

    def texts(self) -> Iterator[Mapping[str, str]]:
        """What its own side says, to be rendered."""
        return (step.say.texts for step in self.script if isinstance(step.say, Spoken))
