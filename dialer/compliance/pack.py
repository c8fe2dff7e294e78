"""A country's rules on outbound calls as data: what may stand in `configs/rules/NAME.yaml`.

A pack is an example for the operator's lawyer to check, never advice. All its days are calendar days on the clock of
the person called, and its hours are those of that clock.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, Strict, model_validator

from dialer.config.budgets import Most, Of
from dialer.config.models import Span, written_date
from dialer.config.purposes import Audience, Purpose
from dialer.config.scalars import Count, Duration, Flag, Model, Name, Text

Date = Annotated[date, BeforeValidator(written_date)]
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,500}$")]
Per = Literal["person", "number", "contact", "debt"]
"""Whose calls are counted together, in all campaigns of the client: those to any of the contact's numbers, to the one
number, to the contact in its campaign, or about what its field `debt` names (without that field, in a campaign whose
purpose is debt, to any of its numbers)."""


class Source(Model):
    """Where a rule was read."""

    rule: Line
    """What it says, in short."""
    where: Line
    """The law's place, or the page."""


MonthDay = Annotated[str, Field(pattern="^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", examples=["12-25"])]


class Holidays(Model):
    """Days without calls."""

    fixed: list[MonthDay] = Field(default_factory=list)
    """Month and day, every year."""
    easter: list[Annotated[int, Strict(), Field(ge=-100, le=100)]] = Field(default_factory=list)
    """Days after Easter Sunday (Gregorian): -2 is Good Friday, 1 Easter Monday, 39 Ascension."""
    dates: list[Date] = Field(default_factory=list)
    """Single days."""

    @model_validator(mode="after")
    def _days_there_are(self) -> Self:
        for day in self.fixed:
            month, number = map(int, day.split("-"))
            if number > (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31):
                raise ValueError(f"there is no day `{day}`; write month-day: 12-25")
        return self


class Cap(Model):
    """At most so many calls in so many days, today's among them."""

    most: Count
    days: Annotated[int, Strict(), Field(ge=1, le=366)]
    """Calendar days: 1 is today, 7 today and the six before."""
    per: Per = "person"


class Pause(Model):
    """No call for some days after something happened."""

    after: Literal["talk", "abandoned", "silent", "refusal"]
    """A talk with an agent; a person who answered and nobody was there; one who did not hear the message either; a
    disposition marked `refused`."""
    days: Annotated[int, Strict(), Field(ge=1, le=3660)]
    """Calendar days, the day it happened being the first: 7 after a Monday's talk allows the next Monday."""
    per: Per = "person"
    unless: Literal["agent"] | None = None
    """`agent`: those days allow a call with an agent held for it. A talk since then ends the pause."""


class ConsentRule(Model):
    """No call without the person's consent, given before and documented."""

    purposes: Annotated[list[Purpose], Field(min_length=1)]
    """Of the campaign."""
    audiences: Annotated[list[Audience], Field(min_length=1)]
    """Of the campaign."""
    since: Date | None = None
    """From this day on, on the person's clock."""


class AbandonRule(Model):
    """How many of those who answered may find nobody there."""

    most: Most
    """`3%` of the answered, or, with `answers`, a number of calls."""
    days: Count | None = None
    """Over so many days, of 24 hours each."""
    answers: Count | None = None
    """Of the last so many answered."""
    per: Literal["campaign", "client"] = "campaign"
    connect_within: Duration = 2.0
    """Later than this is abandoned."""
    counted_from: Literal["answer", "greeting"] = "answer"
    """Where those seconds begin: when the person answers, or when the greeting is over."""
    of: Of = "answered_by_person"
    """What it is a share of."""
    false_positives: Flag = False
    """People hung up as machines, as estimated, count as abandoned."""
    machines_among_lost: Flag = False
    """Of the abandoned those are taken off who were machines, in proportion to the machines that agents were given."""
    binding: Flag = True
    """False for a target that is no limit in law."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.days is None) == (self.answers is None):
            raise ValueError("`days` and `answers` are two kinds of window; write one of them")
        if self.days is not None and self.most >= 1:
            raise ValueError("a number of calls over days; write a rate, `most: 3%`, or `answers: 100`")
        return self


class OptOutRule(Model):
    """The message of an abandoned call must have a key by which it is the last one. A campaign that names the pack and
    dials ahead of its agents is at fault without."""

    purposes: Annotated[list[Purpose], Field(min_length=1)] | None = None
    """Of the campaigns that it binds; left out, of all."""


class RegisterRule(Model):
    """A register of people who may not be called, imported by `dialer dnc import`."""

    fresh: Duration
    """One imported longer ago than this counts as missing: nobody is called."""
    purposes: Annotated[list[Purpose], Field(min_length=1)] | None = None
    """Of the campaigns that it binds; left out, of all."""
    unless: Literal["consent"] | None = None
    """`consent`: the person's own to this client's calls goes before the register."""


class Pack(Model):
    """`configs/rules/NAME.yaml`."""

    rules: Name
    """The file's own name, without `.yaml`."""
    title: Text
    """As people read it."""
    version: Count
    dated: Date
    """When it was last looked through."""
    notice: Line
    """That it is an example, and who has to check it."""
    sources: Annotated[list[Source], Field(min_length=1)]
    countries: list[Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["DE"])]] = Field(default_factory=list)
    """Whose numbers it is for (ISO 3166), where a campaign does not name its rules. Empty only in `strict`, which is
    for the rest."""
    hours: Annotated[list[Span], Field(min_length=1)]
    """When people may be called, on their clock."""
    holidays: Holidays = Holidays()
    caps: dict[Name, Cap] = Field(default_factory=dict)
    pauses: dict[Name, Pause] = Field(default_factory=dict)
    least_ring: Duration = 0.0
    """Nobody is given up before it rang so long."""
    show_number: Flag = True
    """The caller's number must be shown."""
    opt_out: OptOutRule | None = None
    """Left out, none is wanted."""
    consent: dict[Name, ConsentRule] = Field(default_factory=dict)
    abandon: dict[Name, AbandonRule] = Field(default_factory=dict)
    registers: dict[Name, RegisterRule] = Field(default_factory=dict)

    @property
    def reach_days(self) -> int:
        """How far back calls have to be known; 0 when none."""
        spans = [*(cap.days for cap in self.caps.values()), *(pause.days for pause in self.pauses.values())]
        return max(spans, default=0)
