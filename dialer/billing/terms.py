"""What may stand under `contract:` in `configs/clients/NAME.yaml`: versions, each with its terms, in any mix.

Amounts are in the client's currency and before taxes; days and times are on the clock of the client's time zone.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from dialer.billing.money import ZERO, Factor, Money, Round, Share
from dialer.config.scalars import Count, Duration, Flag, Model, Name, Text, Whole, seen
from dialer.quality.level import Formula

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["20:00"])]
Positive = Annotated[Duration, Field(gt=0)]
Directions = Literal["inbound", "outbound", "both"]
AgentStates = Literal["idle", "reserved", "talking", "wrap_up", "paused"]
FreeOutcomes = Literal["failed", "lost", "cancelled", "congestion", "invalid_number", "busy", "rejected"]
ServedTerms = Literal["talk", "handled_call", "agent_hour", "wrap_up", "pause", "outbound", "revenue_share"]
PERFORMED: tuple[ServedTerms, ...] = ("talk", "handled_call", "agent_hour", "wrap_up", "pause", "outbound")


def _date(value: Any) -> Any:
    if isinstance(value, str | date):
        return value
    raise ValueError(f"{seen(value)} is not a date; write year-month-day: 2026-12-24")


Date = Annotated[date, BeforeValidator(_date)]
Threshold = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,2})(\.[0-9]{1,4})?$", examples=["80"])]
"""In percent, or points of a score."""


def _twice(names: Iterable[Hashable]) -> list[Any]:
    """What tells entries of the ledger apart must be there once: else one of them would not be charged."""
    return [name for name, count in Counter(names).items() if count > 1]


class Tier(Model):
    """Another price from so many minutes of the month on."""

    above_minutes: Count
    """Included minutes count too."""
    per_minute: Money


class Tariff(Model):
    """A factor on the price of talks that begin at certain times."""

    tariff: Name
    """As invoices call it: night, weekend."""
    factor: Factor
    days: list[Weekday] = Field(default=list(WEEKDAYS), min_length=1)
    from_: Annotated[Clock, Field(alias="from")] = "00:00"
    to: Clock = "24:00"
    """At or before `from`, it reaches over midnight: 20:00 to 06:00 are the last four and the first six hours of each
    of the days."""
    holidays: Flag = False
    """Only on the contract's holidays, whatever the weekday."""


class Talk(Model):
    """Talk by the minute. A call is one quantity: all its talks with agents together."""

    per_minute: Money
    direction: Directions = "both"
    measure: Literal["talk", "connected"] = "talk"
    """`talk`: joined to an agent. `connected`: from the answer to the end, flows and waiting included."""
    connection: Money | None = None
    """For each call that is charged at all."""
    increment: Positive = 1.0
    """A call is charged in whole steps of this, rounded up."""
    minimum: Duration = 0.0
    """A call is charged at least as this long."""
    included_minutes: Whole = 0
    """Of a month, free; of a part of a month, as many as its part of the days, to the second, rounded down."""
    tiers: list[Tier] = Field(default_factory=list)
    """For the minutes above; the calls of a month count in the order of their beginning."""
    tariffs: list[Tariff] = Field(default_factory=list)
    """The first that holds is that of the call; none, the price as it is."""
    boundary: Literal["start", "split"] = "start"
    """Of a call over the end of a tariff, a version or a month. `start`: all of it is priced as its beginning.
    `split`: it is cut there, and each second is priced by what holds at that second."""
    round: Round = Round()

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        above = [tier.above_minutes for tier in self.tiers]
        if above != sorted(set(above)):
            raise ValueError("tiers must ascend; order them by `above_minutes`, each once")
        for name in _twice(tariff.tariff for tariff in self.tariffs):
            raise ValueError(f"two tariffs are called `{name}`; call one of them otherwise")
        return self


def _form(value: Any) -> str:
    return "several" if isinstance(value, list) else "one"


Talks = Annotated[
    Annotated[Talk, Tag("one")] | Annotated[list[Talk], Field(min_length=1, max_length=2), Tag("several")],
    Discriminator(_form),
]


class HandledCall(Model):
    """A price for each call that an agent handled."""

    price: Money
    direction: Directions = "both"
    counts_from: Duration = 0.0
    """Least talk time; without any talk a call is not handled."""
    dispositions: Annotated[list[Name], Field(min_length=1)] | None = None
    """Only calls disposed of as one of these; left out, all."""
    round: Round = Round()


class AgentHour(Model):
    """The time of agents who work for this client alone, by the hour."""

    price: Money
    agents: Annotated[list[Name], Field(min_length=1)]
    states: list[AgentStates] = Field(default=["idle", "reserved", "talking", "wrap_up"], min_length=1)
    round: Round = Round()


class WrapUp(Model):
    """After-call work on this client's calls, by the minute."""

    per_minute: Money
    round: Round = Round()


class Pause(Model):
    """Pauses of agents who work for this client alone, by the minute."""

    per_minute: Money
    agents: Annotated[list[Name], Field(min_length=1)]
    codes: dict[Name, Flag | Literal["half"]]
    """By the reason the agent gave: billable `true`, `false` or `half`; one that is not named is not billable."""
    round: Round = Round()


class Outbound(Model):
    """Prices of outbound calls; each that is given is charged for itself."""

    per_attempt: Money | None = None
    """For each number dialled."""
    per_contact: Money | None = None
    """For each person who talked with an agent; of an agentless campaign, who heard its flow."""
    per_success: Money | None = None
    """For each call disposed of as one of `successes`."""
    successes: list[Name] = Field(default_factory=list)
    free: list[FreeOutcomes] = Field(default=["failed", "lost", "cancelled"])
    """Outcomes of attempts that are not charged: by default our own faults."""
    round: Round = Round()

    @model_validator(mode="after")
    def _known_success(self) -> Self:
        if self.per_success and not self.successes:
            raise ValueError("`per_success`, but nothing is a success; add `successes: [sale]`")
        return self


class RevenueShare(Model):
    """A share of what the calls sold. A cancelled sale is an entry of its own, in the month of the cancellation."""

    share: Share
    amounts: dict[Name, Money] = Field(default_factory=dict)
    """What a sale is worth, by disposition; sales recorded with an amount of their own need none."""
    round: Round = Round()


class RejectedCall(Model):
    """A deduction for callers turned away by overload."""

    deduct: Money
    above: Share | None = None
    """So many of all inbound calls may be turned away without deduction; whole calls, rounded down."""
    round: Round = Round()


Bands = dict[Threshold, Factor]


class _Banded(Model):
    bands: Bands
    """By the least figure: the factor on what `of` came to. `{90: 1.05, 75: 1, 0: 0.9}`."""
    of: list[ServedTerms] = Field(default=list(PERFORMED), min_length=1)
    """The terms that the factor applies to."""
    round: Round = Round()

    @model_validator(mode="after")
    def _from_zero(self) -> Self:
        if ZERO not in {Decimal(threshold) for threshold in self.bands}:
            raise ValueError("the lowest figures have no band; add a band `0`")
        if len({Decimal(threshold) for threshold in self.bands}) < len(self.bands):
            raise ValueError("two bands begin at the same figure; leave one out")
        return self

    def factor(self, figure: Decimal) -> Decimal:
        best = max(Decimal(threshold) for threshold in self.bands if Decimal(threshold) <= figure)
        return next(factor for threshold, factor in self.bands.items() if Decimal(threshold) == best)


class ServiceLevel(_Banded):
    """Bonus or malus by the share, in percent, of queued callers who had an agent in time."""

    within: Positive
    """From queueing to the agent."""
    formula: Formula = "offered"
    """In time, of all queued; of those answered; of all but those who gave up within the time (`patient`); or in time
    or given up within the time, of all queued (`forgiving`)."""


class AbandonRate(_Banded):
    """Bonus or malus by the share, in percent, of abandoned calls."""

    direction: Literal["inbound", "outbound"] = "inbound"
    """Inbound: of all queued callers. Outbound: of all answered by a person."""


class TestCalls(_Banded):
    """Bonus or malus by the mean score of test calls, 0 to 100."""

    billed: Flag = False
    """Whether test calls cost what others do. Without this term they do not."""
    counted: Flag = False
    """Whether they count in service level, abandon rate and calls turned away."""

    __test__ = False  # no class of tests


class ScoreCards(_Banded):
    """Bonus or malus by the mean score, 0 to 100, of the month's recordings that were drawn and scored."""


class SetUp(Model):
    """A fee charged once."""

    text: Text
    price: Money
    on: Date


Category = Literal["standard", "zero", "exempt", "reverse_charge", "export", "outside"]


class Tax(Model):
    """A tax on all net amounts."""

    tax: Text
    """As invoices call it: VAT, USt."""
    rate: Share
    category: Category = "standard"
    """Why the rate is what it is, for e-invoices: `zero` rated, `exempt`, owed by the buyer (`reverse_charge`), for
    abroad (`export`), or not subject to VAT at all (`outside`)."""
    reason: Text | None = None
    """Of `exempt`: what the invoice must say, as the section of the law."""

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.category != "standard" and self.rate:
            raise ValueError(f"`{self.category}` with a rate; write `rate: 0%`")
        if self.category == "exempt" and self.reason is None:
            raise ValueError("`exempt`, but not why; add `reason:` with the section of the law")
        return self


class Contract(Model):
    """One version: it holds from its day on until the next one does. Monthly figures apply to a part of a month by its
    part of the month's days."""

    from_: Annotated[Date, Field(alias="from")]
    """Its first day."""
    monthly: Money | None = None
    talk: Talks | None = None
    """One price, or `[...]` with one for `inbound` and one for `outbound`, each with its own minutes and tiers."""
    handled_call: HandledCall | None = None
    agent_hour: AgentHour | None = None
    wrap_up: WrapUp | None = None
    pause: Pause | None = None
    outbound: Outbound | None = None
    revenue_share: RevenueShare | None = None
    rejected_call: RejectedCall | None = None
    service_level: ServiceLevel | None = None
    abandon_rate: AbandonRate | None = None
    test_calls: TestCalls | None = None
    score_cards: ScoreCards | None = None
    minimum: Money | None = None
    """Of a month, before taxes and without set-up fees: what is missing is charged. With 0 a month of deductions costs
    nothing; without, it is owed to the client."""
    cap: Money | None = None
    """Of a month, before taxes and without set-up fees: what is above is taken off."""
    set_up: list[SetUp] = Field(default_factory=list)
    taxes: list[Tax] = Field(default_factory=list)
    holidays: list[Date] = Field(default_factory=list)
    """Of `tariffs`."""
    round: Round = Round()
    """Of monthly fee, set-up fees, minimum, cap and taxes."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.cap is not None and self.minimum is not None and self.cap < self.minimum:
            raise ValueError("`cap` is below `minimum`; raise it, or leave one out")
        hours = self.agent_hour.states if self.agent_hour else []
        if self.wrap_up and "wrap_up" in hours:
            raise ValueError("wrap-up is charged by `agent_hour` and by `wrap_up`; take it out of `states`")
        if self.pause and "paused" in hours:
            raise ValueError("pauses are charged by `agent_hour` and by `pause`; take `paused` out of `states`")
        directions = [talk.direction for talk in self.talks]
        if len(directions) > 1 and sorted(directions) != ["inbound", "outbound"]:
            raise ValueError("two prices of `talk` for the same calls; write `direction: inbound` and `outbound`")
        for day, text in _twice((fee.on, fee.text) for fee in self.set_up):
            raise ValueError(f"two set-up fees of {day} are called `{text}`; call one of them otherwise")
        for name in _twice(tax.tax for tax in self.taxes):
            raise ValueError(f"two taxes are called `{name}`; call one of them otherwise")
        return self

    @property
    def talks(self) -> tuple[Talk, ...]:
        if self.talk is None:
            return ()
        return (self.talk,) if isinstance(self.talk, Talk) else tuple(self.talk)


def ascending(versions: list[Contract]) -> list[Contract]:
    """The check of a client's versions. Raises ValueError."""
    days = [version.from_ for version in versions]
    if days != sorted(set(days)):
        raise ValueError("the versions of a contract must ascend; order them by `from`, each day once")
    return versions


Contracts = Annotated[list[Contract], AfterValidator(ascending)]
