"""Opening hours: whether a moment lies in them, and when they begin next.

Hours mean the clock on the wall: from 08:00 to 20:00 is what a clock in that zone shows, also on the days when it is
put forward or back. On a date in `closed_on` it is closed from midnight to midnight.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dialer.config.models import Hours

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_AHEAD_DAYS = 800
"""How far next_opening looks: more than two years of closed dates are taken for never."""


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def is_open(hours: Hours, when: datetime) -> bool:
    """Whether `when` (aware) lies in the hours."""
    local = when.astimezone(ZoneInfo(hours.timezone))
    if local.date() in hours.closed_on:
        return False
    day, minute = _DAYS[local.weekday()], local.hour * 60 + local.minute
    return any(day in span.days and _minutes(span.from_) <= minute < _minutes(span.to) for span in hours.open)


def next_opening(hours: Hours, when: datetime) -> datetime | None:
    """The first moment from `when` (aware) on that lies in the hours, in UTC; None when there is none in two years."""
    now = when.astimezone(UTC)
    if is_open(hours, now):
        return now
    zone = ZoneInfo(hours.timezone)
    today = now.astimezone(zone).date()
    for ahead in range(_AHEAD_DAYS):
        moments = sorted(_beginnings(hours, today + timedelta(days=ahead), zone))
        found = next((moment for moment in moments if moment > now and is_open(hours, moment)), None)
        if found:
            return found
    return None


def closes_in(hours: Hours, when: datetime, within_s: float) -> float | None:
    """Seconds, to the next whole one, until open hours close; None when they are open at the end of `within_s` too, or
    closed already."""
    low, high = 0.0, within_s
    if is_open(hours, when + timedelta(seconds=high)) or not is_open(hours, when):
        return None
    while high - low > 1.0:
        middle = (low + high) / 2
        if is_open(hours, when + timedelta(seconds=middle)):
            low = middle
        else:
            high = middle
    return high


def changes_of(hours: Hours, day: date) -> Iterator[datetime]:
    """Every moment of a local day at which it can open or close, in UTC, in no order, some twice."""
    zone = ZoneInfo(hours.timezone)
    yield from _beginnings(hours, day, zone)
    for minute in {0, *(_minutes(span.to) % 1440 for span in hours.open)}:
        local = datetime.combine(day, time(minute // 60, minute % 60), zone)
        yield from (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def _beginnings(hours: Hours, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """Every moment of a local day at which it can become open: where a span begins (twice on the hour that the clock
    repeats), and where the clock is changed."""
    for minute in {_minutes(span.from_) for span in hours.open}:
        local = datetime.combine(day, time(minute // 60, minute % 60), zone)
        yield from (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    begin = datetime.combine(day, time(), zone).astimezone(UTC) - timedelta(hours=3)
    changes = _clock_changes(begin, begin + timedelta(hours=30), zone)
    yield from (change for change in changes if change.astimezone(zone).date() == day)


def _clock_changes(low: datetime, high: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The second at which the zone's offset changes between the two, if it does."""
    before = low.astimezone(zone).utcoffset()
    if before == high.astimezone(zone).utcoffset():
        return
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    yield high
