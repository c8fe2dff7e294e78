"""Talk by the minute: how long a call is charged, which tariff holds when, and what is included or cheaper.

A call is one stretch from its talk's (or its answer's) beginning. It is charged for so many milliseconds: at least the
minimum, in whole increments. With `boundary: split` the stretch is cut wherever a tariff, a version or a month ends,
and each part of the contract charges what lies in its own time; what minimum and increment add goes to the last piece.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dialer.billing.entry import Entry
from dialer.billing.facts import Call
from dialer.billing.months import Part
from dialer.billing.sheet import Line, Sheet
from dialer.billing.terms import WEEKDAYS, Contract, Talk, Tariff

ONE = Decimal(1)
DAY_S = 86_400
Told = Callable[[float, str, int, Decimal], None]
"""Hears of each piece of talk: its moment, the call's direction, milliseconds as charged, the factor of its tariff."""


def milliseconds(seconds: float) -> int:
    """Times are floats; the noise in their last digits must not become another step."""
    return round(seconds * 1000)


def seconds(length_ms: int) -> Decimal:
    return Decimal(length_ms).scaleb(-3)


@dataclass(frozen=True, slots=True)
class Stretch:
    began_ms: int
    length_ms: int
    billed_ms: int
    """At least the length."""

    @property
    def end_ms(self) -> int:
        return self.began_ms + self.length_ms


def stretch_of(call: Call, term: Talk) -> Stretch | None:
    """None: the term does not charge the call."""
    if term.direction not in ("both", call.direction):
        return None
    if term.measure == "talk":
        began, length_ms = call.joined_at or call.answered_at or call.at, milliseconds(call.talk_s)
    elif call.answered_at is None or call.ended_at is None:
        return None
    else:
        began, length_ms = call.answered_at, milliseconds(call.ended_at - call.answered_at)
    if length_ms <= 0:
        return None
    step = max(milliseconds(term.increment), 1)
    billed_ms = -(-max(length_ms, milliseconds(term.minimum)) // step) * step
    return Stretch(milliseconds(began), length_ms, billed_ms)


# -- tariffs ----------------------------------------------------------------------------------------------------------


def holding(tariffs: Sequence[Tariff], local: datetime, version: Contract) -> Tariff | None:
    """The first tariff that holds at a moment of the client's clock."""
    return next((tariff for tariff in tariffs if _holds(tariff, local, version)), None)


def _holds(tariff: Tariff, local: datetime, version: Contract) -> bool:
    if tariff.holidays and local.date() not in version.holidays:
        return False
    clock = f"{local.hour:02}:{local.minute:02}"
    if tariff.from_ < tariff.to:
        in_time = tariff.from_ <= clock < tariff.to
    else:
        in_time = clock >= tariff.from_ or clock < tariff.to
    return in_time and WEEKDAYS[local.weekday()] in tariff.days


@dataclass(slots=True)
class Clock:
    """When which tariff holds, from a day before a part to a week after it: calls may end later than it."""

    tariffs: Sequence[Tariff]
    version: Contract
    zone: ZoneInfo
    since: float
    until: float
    _from_ms: list[int] = field(default_factory=list)
    _held: list[Tariff | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.tariffs:
            return
        self.since, self.until = self.since - DAY_S, self.until + 7 * DAY_S
        for at_ms in sorted(self._changes()):
            held = holding(self.tariffs, datetime.fromtimestamp(at_ms / 1000, self.zone), self.version)
            if not self._held or held is not self._held[-1]:
                self._from_ms.append(at_ms)
                self._held.append(held)

    def _changes(self) -> set[int]:
        """Every moment at which another tariff may begin: midnights, the tariffs' own times, and where the clock is
        put forward or back."""
        clocks = {time()} | {time.fromisoformat(text) for tariff in self.tariffs for text in (tariff.from_, tariff.to)
                             if text != "24:00"}
        found = {milliseconds(self.since)}
        day = datetime.fromtimestamp(self.since, self.zone).date()
        last = datetime.fromtimestamp(self.until, self.zone).date()
        while day <= last:
            for clock in clocks:
                found.update(milliseconds(datetime.combine(day, clock, self.zone).replace(fold=fold).timestamp())
                             for fold in (0, 1))
            begin, end = (datetime.combine(one, time(), self.zone) for one in (day, day + timedelta(days=1)))
            if begin.utcoffset() != end.utcoffset():
                found.add(_shift(milliseconds(begin.timestamp()), milliseconds(end.timestamp()), self.zone))
            day += timedelta(days=1)
        return {at for at in found if at >= milliseconds(self.since)}

    def at(self, at_ms: int) -> Tariff | None:
        if not self.tariffs:
            return None
        if not self.since * 1000 <= at_ms < self.until * 1000:
            return holding(self.tariffs, datetime.fromtimestamp(at_ms / 1000, self.zone), self.version)
        return self._held[bisect_right(self._from_ms, at_ms) - 1]

    def cut(self, since_ms: int, until_ms: int) -> Iterator[tuple[Tariff | None, int]]:
        """The tariffs in turn, each with its milliseconds; none is lost."""
        while since_ms < until_ms:
            index = bisect_right(self._from_ms, since_ms)
            end_ms = min(until_ms, self._from_ms[index]) if index < len(self._from_ms) else until_ms
            yield self.at(since_ms), end_ms - since_ms
            since_ms = end_ms


def _shift(low_ms: int, high_ms: int, zone: ZoneInfo) -> int:
    """The millisecond from which the clock has the offset of `high_ms`."""
    before = datetime.fromtimestamp(low_ms / 1000, zone).utcoffset()
    while high_ms - low_ms > 1:
        middle = (low_ms + high_ms) // 2
        if datetime.fromtimestamp(middle / 1000, zone).utcoffset() == before:
            low_ms = middle
        else:
            high_ms = middle
    return high_ms


# -- included minutes and tiers ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """A price from so much of the part's talk on."""

    above_ms: int
    per_minute: Decimal
    reason: str


def steps_of(term: Talk, part: Part) -> list[Step]:
    included_s = part.of_month(term.included_minutes * 60)
    steps = [Step(0, Decimal(0), f"of {included_s} s included")] if included_s else []
    steps.append(Step(included_s * 1000, term.per_minute, ""))
    for tier in term.tiers:
        above_s = part.of_month(tier.above_minutes * 60)
        if above_s <= included_s:  # the included minutes end in this tier
            steps[-1] = Step(included_s * 1000, tier.per_minute, f"above {above_s} s")
        else:
            steps.append(Step(above_s * 1000, tier.per_minute, f"above {above_s} s"))
    return steps


# -- the meter --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Meter:
    """One price of talk in one part. It wants calls in the order of their beginning."""

    sheet: Sheet
    term: Talk
    clock: Clock
    steps: Sequence[Step]
    told: Told | None = None
    used_ms: int = 0

    def charge(self, call: Call) -> Iterator[Entry]:
        """A call that began in this part."""
        stretch = stretch_of(call, self.term)
        if stretch is None:
            return
        if self.term.connection:
            line = Line("connection", call.id, ONE, "call", self.term.connection, 1, "connected", call.id)
            yield self.sheet.entry(line, self.term.round)
        if self.term.boundary == "split":
            yield from self._split(call, stretch)
        else:
            tariff = self.clock.at(stretch.began_ms)
            yield from self._entries(call, stretch, [(tariff, stretch.billed_ms)], "")

    def carry(self, call: Call, began_under: Talk) -> Iterator[Entry]:
        """A call of before this part, under a price that splits: what of it lies in this part."""
        stretch = stretch_of(call, began_under)
        if stretch is not None and self.term.direction in ("both", call.direction):
            yield from self._split(call, stretch)

    def _split(self, call: Call, stretch: Stretch) -> Iterator[Entry]:
        part = self.sheet.part
        since_ms = max(stretch.began_ms, milliseconds(part.since))
        until_ms = min(stretch.end_ms, milliseconds(part.until))
        pieces = list(self.clock.cut(since_ms, until_ms))
        if pieces and until_ms == stretch.end_ms:
            tariff, length_ms = pieces[-1]
            pieces[-1] = (tariff, length_ms + stretch.billed_ms - stretch.length_ms)
        yield from self._entries(call, stretch, pieces, "@")

    def _entries(
        self, call: Call, stretch: Stretch, pieces: Sequence[tuple[Tariff | None, int]], mark: str,
    ) -> Iterator[Entry]:
        """`mark`: what parts a tariff's name from the rest of a key, where one call may have several."""
        said = f"{seconds(stretch.length_ms).normalize():f} s {self.term.measure}"
        if self.told is not None:
            for tariff, length_ms in pieces:
                at = max(call.at, self.sheet.part.since)
                self.told(at, call.direction, length_ms, ONE if tariff is None else tariff.factor)
        for (step, name), (factor, length_ms) in self._summed(pieces).items():
            reason = ", ".join(filter(None, (said, name, step.reason)))
            subject = f"{call.id}@{step.above_ms // 1000}" + (mark + name if mark and name else "")
            line = Line("talk", subject, seconds(length_ms), "s", step.per_minute * factor, 60, reason, call.id)
            yield self.sheet.entry(line, self.term.round)

    def _summed(
        self, pieces: Sequence[tuple[Tariff | None, int]],
    ) -> dict[tuple[Step, str], tuple[Decimal, int]]:
        """Milliseconds by step and tariff: a talk through a night has its day in two pieces and one entry."""
        found: dict[tuple[Step, str], tuple[Decimal, int]] = {}
        for tariff, length_ms in pieces:
            name, factor = (tariff.tariff, tariff.factor) if tariff else ("", ONE)
            for step, piece_ms in self._stepped(length_ms):
                _, before_ms = found.get((step, name), (factor, 0))
                found[step, name] = (factor, before_ms + piece_ms)
        return found

    def _stepped(self, length_ms: int) -> Iterator[tuple[Step, int]]:
        """The milliseconds by the step they fall in; none is lost."""
        end = self.used_ms + length_ms
        for index, step in enumerate(self.steps):
            until = self.steps[index + 1].above_ms if index + 1 < len(self.steps) else end
            piece = min(end, until) - max(self.used_ms, step.above_ms)
            if piece > 0:
                yield step, piece
        self.used_ms = end


def meters(sheet: Sheet, zone: ZoneInfo, told: Told | None = None) -> list[Meter]:
    part = sheet.part
    return [
        Meter(sheet, term, Clock(term.tariffs, part.version, zone, part.since, part.until), steps_of(term, part), told)
        for term in part.version.talks
    ]
