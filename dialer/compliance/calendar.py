"""When a pack lets people be called: hours and holidays on their own clocks, whichever of several that may be."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dialer.compliance.pack import Pack
from dialer.config.models import Hours
from dialer.hours import is_open, next_opening

_YEARS_AHEAD = 3
"""Holidays worked out for as long as `next_opening` may look."""
NEVER_OPEN_S = 86400.0
"""When to look again at hours that do not open in two years."""


def easter_sunday(year: int) -> date:
    """Gregorian, by the anonymous algorithm of Nature, 20 April 1876 (Meeus, Astronomical Algorithms, ch. 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (a + 11 * h) // 319
    r = (2 * e + 2 * i - k - h + m + 32) % 7
    month, day = (h - m + r + 90) // 25, (h - m + r + (h - m + r + 90) // 25 + 19) % 32
    return date(year, month, day)


def holidays_of(pack: Pack, year: int) -> Iterator[date]:
    for fixed in pack.holidays.fixed:
        month, day = map(int, fixed.split("-"))
        if (month, day) != (2, 29) or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)):
            yield date(year, month, day)
    sunday = easter_sunday(year)
    yield from (sunday + timedelta(days=days) for days in pack.holidays.easter)
    yield from (day for day in pack.holidays.dates if day.year == year)


def local_date(at: float, zone: str) -> date:
    return datetime.fromtimestamp(at, ZoneInfo(zone)).date()


def beginning_of(day: date, zone: str) -> float:
    """Epoch seconds of the day's first moment on the zone's clock; where the clock skips midnight, of the jump."""
    return datetime.combine(day, time(), ZoneInfo(zone)).timestamp()


class Calendar:
    """One pack's hours. Answers are kept by the minute: a list is looked at in one go, and in few zones."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._zone_hours = lru_cache(maxsize=1000)(self._made)
        self.closed = lru_cache(maxsize=4000)(self._closed)

    def _made(self, zone: str, year: int) -> Hours:
        closed = [day for y in range(year - 1, year + _YEARS_AHEAD + 1) for day in holidays_of(self._pack, y)]
        return Hours(hours=self._pack.rules, timezone=zone, open=list(self._pack.hours), closed_on=closed)

    def _closed(self, zones: Sequence[str], minute: int) -> tuple[str, float] | None:
        """None when all the zones are in hours in this minute of the epoch. Else which rule forbids it (`holiday` or
        `hours`), and the moment from which on none of those that forbid it now does."""
        now = datetime.fromtimestamp(minute * 60, UTC)
        rule, until = "", 0.0
        for zone in zones:
            hours = self._zone_hours(zone, now.year)
            if is_open(hours, now):
                continue
            opening = next_opening(hours, now)
            until = max(until, minute * 60 + NEVER_OPEN_S if opening is None else opening.timestamp())
            rule = rule or ("holiday" if now.astimezone(ZoneInfo(zone)).date() in hours.closed_on else "hours")
        return (rule, until) if rule else None
