"""How the share of dials that a person answers differs by the hour of the day, learnt from earlier days.

What is learnt is how an hour compares with the others, not its level: that is another on every list, and today's dials
tell it. Each hour's ratio to the mean is shrunk by what chance alone would make of it (Efron and Morris 1973): where
the hours do not differ, nothing comes of it. An hour never seen before begins as the last one ended.
"""

from collections.abc import Mapping, Sequence

HOURS, HOUR_S, DAY_S = 24, 3600.0, 86_400.0
KNOWN = 100.0
"""Dials with which an hour is known."""
ENOUGH = 3
"""So many hours have to be known before they are compared."""
MOST = 3.0
"""No passage from one hour to another changes the share by a greater factor."""
HALF_LIFE_S = 7 * DAY_S
"""What was learnt counts half so long after."""


class Hours:
    """By the clock that the pacer is told: hours of UTC, where that is epoch seconds."""

    def __init__(self) -> None:
        self._dials, self._persons = [0.0] * HOURS, [0.0] * HOURS
        self._added: list[float | None] = [None] * HOURS
        """When the last dials of each hour were added."""
        self._now: int | None = None
        """The hour under way, since the epoch; its dials are not compared before it is over."""
        self._open = [0.0, 0.0]
        self._factors: list[float | None] = [None] * HOURS
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

    def learned(self) -> dict[str, list[float]]:
        dials, persons = [*self._dials], [*self._persons]
        if self._now is not None:
            dials[self._now % HOURS] += self._open[0]
            persons[self._now % HOURS] += self._open[1]
        return {
            "dials": [round(count, 2) for count in dials], "persons": [round(count, 2) for count in persons],
            "asked": [] if self._asked is None else [self._asked],
        }  # fmt: skip

    def recall(self, learned: Mapping[str, Sequence[float]], keep: float) -> None:
        """`keep`: how much of its weight counts still, 0..1."""
        dials, persons = ([keep * max(0.0, float(count)) for count in learned[name]] for name in ("dials", "persons"))
        if len(dials) != HOURS or len(persons) != HOURS:
            raise ValueError(f"an hour is one of {HOURS}")
        self._dials, self._persons = dials, persons
        self._asked = float(learned["asked"][0]) if learned["asked"] else None
        self._compare()

    def _pass(self, now: float) -> None:
        hour = int(now // HOUR_S)
        if hour == self._now:
            return
        if self._now is not None and self._open[0] > 0:
            slot, at = self._now % HOURS, self._now * HOUR_S
            added, self._added[slot] = self._added[slot], at
            fade = 1.0 if added is None else 0.5 ** (max(0.0, at - added) / HALF_LIFE_S)
            self._dials[slot] = fade * self._dials[slot] + self._open[0]
            self._persons[slot] = fade * self._persons[slot] + self._open[1]
            self._compare()
        self._now, self._open = hour, [0.0, 0.0]

    def _compare(self) -> None:
        """Each known hour's ratio to the mean of all, less what is chance."""
        self._factors = [None] * HOURS
        known = [hour for hour in range(HOURS) if self._dials[hour] >= KNOWN]
        dials = sum(self._dials[hour] for hour in known)
        mean = sum(self._persons[hour] for hour in known) / dials if dials else 0.0
        if len(known) < ENOUGH or not 0 < mean < 1:
            return
        differs = {hour: self._persons[hour] / (self._dials[hour] * mean) - 1 for hour in known}
        chance = {hour: (1 - mean) / (mean * self._dials[hour]) for hour in known}
        between = max(0.0, sum(self._dials[h] * (differs[h] ** 2 - chance[h]) for h in known) / dials)
        for hour in known:
            self._factors[hour] = max(0.01, 1 + differs[hour] * between / (between + chance[hour]))

    def _factor(self, at: float) -> float | None:
        return self._factors[int(at // HOUR_S) % HOURS]
