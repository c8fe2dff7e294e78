"""How the share of dials that a person answers differs by the hour of the day, learnt from earlier days.

What is learnt is how an hour compares with the others, not its level: that is another on every list, and today's dials
tell it. Hours are those of the people's own clocks, weekdays, Saturdays and Sundays apart. First each hour's ratio to
the mean of all is shrunk by what chance alone would make of it (Efron and Morris 1973), then each kind of day's to what
its hours foretell, then each hour's of a kind of day to both: where they do not differ, or too little is known, nothing
comes of it. An hour never seen before on any day begins as the last one ended.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import sqrt
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

HOURS, HOUR_S, DAY_S = 24, 3600.0, 86_400.0
SLOTS = 3 * HOURS
"""The hours of weekdays, then those of Saturdays, then those of Sundays."""
KNOWN = 100.0
"""Dials with which an hour is known."""
ENOUGH = 3
"""So many hours have to be known before they are compared."""
MOST = 3.0
"""No passage from one hour to another changes the share by a greater factor."""
HALF_LIFE_S = 7 * DAY_S
"""What was learnt counts half so long after."""
STEADY_S = 900.0
"""Within such a quarter of an hour no clock is changed."""


class Seen(NamedTuple):
    dials: float
    persons: float
    expected: float
    """Persons, by what is known already."""


class Hours:
    def __init__(self, zone: str = "UTC") -> None:
        """`zone`: of the clocks of those who are called, an IANA name. Times are epoch seconds."""
        self._zone = ZoneInfo(zone)
        self._quarter, self._offset = -1.0, 0.0
        self._dials, self._persons = [0.0] * SLOTS, [0.0] * SLOTS
        self._added: list[float | None] = [None] * SLOTS
        """When the last dials of each hour were added."""
        self._now: int | None = None
        """The hour under way, since the epoch, by their clocks; its dials are not compared before it is over."""
        self._open = [0.0, 0.0]
        self._factors: list[float | None] = [None] * SLOTS
        self._asked: float | None = None

    def resolved(self, now: float, person: float) -> None:
        """A dial came to its end: 1 for a person, 0 for none."""
        self._pass(now)
        self._open[0] += 1
        self._open[1] += person

    def change(self, now: float) -> float:
        """By what factor people answer more often than when this was last asked, as far as earlier days tell."""
        self._pass(now)
        before, self._asked = self._asked, now
        then, here = (None if before is None else self._factor(before)), self._factor(now)
        if then is None or here is None:
            return 1.0
        return min(MOST, max(1 / MOST, here / then))

    def live_in(self, zone: str) -> None:
        """Those who are called go by these clocks from now on: what is known of an hour is known by another name."""
        if zone != self._zone.key:
            learned = self.learned()
            self._zone, self._quarter, self._now = ZoneInfo(zone), -1.0, None
            self._open, self._added = [0.0, 0.0], [None] * SLOTS
            self.recall(learned, 1.0)

    def learned(self) -> dict[str, list[Any]]:
        dials, persons = [*self._dials], [*self._persons]
        if self._now is not None:
            dials[_slot(self._now)] += self._open[0]
            persons[_slot(self._now)] += self._open[1]
        return {
            "dials": [round(count, 2) for count in dials], "persons": [round(count, 2) for count in persons],
            "asked": [] if self._asked is None else [self._asked], "zone": [self._zone.key],
        }  # fmt: skip

    def recall(self, learned: Mapping[str, Sequence[Any]], keep: float) -> None:
        """`keep`: how much of its weight counts still, 0..1. What was learnt by other clocks is put by these, as far
        apart as they are now; what was learnt of all days alike, to the weekdays."""
        dials, persons = ([keep * max(0.0, float(count)) for count in learned[name]] for name in ("dials", "persons"))
        if len(dials) != len(persons) or len(dials) not in (HOURS, SLOTS):
            raise ValueError(f"an hour is one of {HOURS}, or of {SLOTS}")
        self._asked = float(learned["asked"][0]) if learned["asked"] else None
        [zone] = learned.get("zone", ["UTC"])
        later = 0
        if zone != self._zone.key and self._asked is not None:
            later = round((self._offset_s(self._asked) - _offset_s(self._asked, ZoneInfo(zone))) / HOUR_S)
        self._dials, self._persons = _turned(dials, later), _turned(persons, later)
        self._compare()

    # -- which hour it is -------------------------------------------------------------------------------

    def _offset_s(self, at: float) -> float:
        """How far their clocks are ahead of UTC."""
        if at // STEADY_S != self._quarter:
            self._quarter, self._offset = at // STEADY_S, _offset_s(at, self._zone)
        return self._offset

    def _hour(self, at: float) -> int:
        """Since the epoch, by their clocks."""
        return int((at + self._offset_s(at)) // HOUR_S)

    def _pass(self, now: float) -> None:
        hour = self._hour(now)
        if hour == self._now:
            return
        if self._now is not None and self._open[0] > 0:
            slot, at = _slot(self._now), self._now * HOUR_S
            added, self._added[slot] = self._added[slot], at
            fade = 1.0 if added is None else 0.5 ** (max(0.0, at - added) / HALF_LIFE_S)
            self._dials[slot] = fade * self._dials[slot] + self._open[0]
            self._persons[slot] = fade * self._persons[slot] + self._open[1]
            self._compare()
        self._now, self._open = hour, [0.0, 0.0]

    # -- how hours compare ------------------------------------------------------------------------------

    def _compare(self) -> None:
        """What each hour's share is to the mean of all: as its hour on any day, times as its day, times its own."""
        self._factors = [None] * SLOTS
        slots = [slot for slot in range(SLOTS) if self._dials[slot] > 0]
        dials = sum(self._dials)
        mean = sum(self._persons) / dials if dials else 0.0
        by_hour = self._ratios(slots, lambda slot: slot % HOURS, lambda slot: mean)
        if len(by_hour) < ENOUGH or not 0 < mean < 1:
            return
        slots = [slot for slot in slots if slot % HOURS in by_hour]
        by_day = self._ratios(slots, lambda slot: slot // HOURS, lambda slot: mean * by_hour[slot % HOURS])
        both = [by_hour.get(slot % HOURS, 0.0) * by_day.get(slot // HOURS, 1.0) for slot in range(SLOTS)]
        own = self._ratios(slots, lambda slot: slot, lambda slot: mean * both[slot])
        self._factors = [max(0.01, both[slot] * own.get(slot, 1.0)) if both[slot] else None for slot in range(SLOTS)]

    def _ratios(
        self, slots: Sequence[int], group: Callable[[int], int], expected: Callable[[int], float]
    ) -> dict[int, float]:
        """Persons to those expected, by group, of those with enough dials: less what is chance."""
        seen: defaultdict[int, Seen] = defaultdict(lambda: Seen(0.0, 0.0, 0.0))
        for slot in slots:
            dials, persons, foretold = seen[group(slot)]
            more = self._dials[slot]
            seen[group(slot)] = Seen(dials + more, persons + self._persons[slot], foretold + more * expected(slot))
        return _shrunk({name: one for name, one in seen.items() if one.dials >= KNOWN and one.expected > 0})

    def _factor(self, at: float) -> float | None:
        return self._factors[_slot(self._hour(at))]


def _shrunk(seen: Mapping[int, Seen]) -> dict[int, float]:
    dials = sum(one.dials for one in seen.values())
    differs = {name: one.persons / one.expected - 1 for name, one in seen.items()}
    chance = {name: max(0.0, 1 / one.expected - 1 / one.dials) for name, one in seen.items()}
    weight = {name: one.dials / dials for name, one in seen.items()}
    between = sum(weight[name] * (differs[name] ** 2 - chance[name]) for name in seen)
    between -= sqrt(2 * sum((weight[name] * chance[name]) ** 2 for name in seen))  # as much comes of chance easily
    if between <= 0:
        return dict.fromkeys(seen, 1.0)
    return {name: max(0.01, 1 + differs[name] * between / (between + chance[name])) for name in seen}


def _slot(hour: int) -> int:
    """Of an hour since the epoch, which was a Thursday."""
    day = (hour // HOURS + 3) % 7
    return max(0, day - 4) * HOURS + hour % HOURS


def _turned(counts: Sequence[float], later: int) -> list[float]:
    """By hours of each kind of day, so many later; of the kinds that are not there, none."""
    days = [list(counts[at : at + HOURS]) for at in range(0, len(counts), HOURS)]
    turned = [day[(hour - later) % HOURS] for day in days for hour in range(HOURS)]
    return turned + [0.0] * (SLOTS - len(turned))


def _offset_s(at: float, zone: ZoneInfo) -> float:
    offset = datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset()
    return offset.total_seconds() if offset is not None else 0.0
