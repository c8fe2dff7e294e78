"""When a campaign's schedule is on, and when that changes. Pure; times are epoch seconds."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dialer.config.models import Hours
from dialer.config.schedule import Schedule
from dialer.hours import changes_of, is_open

DAYS = 32
"""How far a change is looked for. Pauses that last longer than that begin and end at the first look after them."""


class Change(NamedTuple):
    at: float
    on: bool
    """From then on."""


def is_on(schedule: Schedule, at: float) -> bool:
    when = datetime.fromtimestamp(at, UTC)
    day = when.astimezone(ZoneInfo(schedule.timezone)).date()
    if (schedule.first is not None and day < schedule.first) or (schedule.last is not None and day > schedule.last):
        return False
    return is_open(_hours(schedule), when)


def last_change(schedule: Schedule, at: float) -> Change | None:
    """The latest one until `at`; None when there was none in DAYS days."""
    today = datetime.fromtimestamp(at, ZoneInfo(schedule.timezone)).date()
    for back in range(DAYS):
        for moment in sorted(_moments(schedule, today - timedelta(days=back)), reverse=True):
            if moment <= at and (on := is_on(schedule, moment)) != is_on(schedule, moment - 1):
                return Change(moment, on)
    return None


def next_change(schedule: Schedule, at: float) -> Change | None:
    """The earliest one after `at`; None when there is none in DAYS days."""
    today = datetime.fromtimestamp(at, ZoneInfo(schedule.timezone)).date()
    for ahead in range(DAYS):
        for moment in sorted(_moments(schedule, today + timedelta(days=ahead))):
            if moment > at and (on := is_on(schedule, moment)) != is_on(schedule, moment - 1):
                return Change(moment, on)
    return None


def next_on(schedule: Schedule, at: float) -> float | None:
    """The first moment from `at` on at which it is on; None when there is none in DAYS days of its time."""
    if is_on(schedule, at):
        return at
    if schedule.first is not None:
        begin = datetime.combine(schedule.first, time(), ZoneInfo(schedule.timezone)).timestamp()
        if begin > at:
            return next_on(schedule, begin)
    change = next_change(schedule, at)
    return change.at if change is not None and change.on else None


def _moments(schedule: Schedule, day: date) -> Iterator[float]:
    """Of this day alone: one that is found before its day may overtake others of its day."""
    zone = ZoneInfo(schedule.timezone)
    return (moment.timestamp() for moment in changes_of(_hours(schedule), day)
            if moment.astimezone(zone).date() == day)


def _hours(schedule: Schedule) -> Hours:
    spans = tuple((tuple(span.days), span.from_, span.to) for span in schedule.open)
    return _as_hours(schedule.timezone, spans, tuple(schedule.closed_on))


@lru_cache(maxsize=1000)
def _as_hours(timezone: str, spans: tuple[tuple[tuple[str, ...], str, str], ...], closed: tuple[date, ...]) -> Hours:
    opened = [{"days": list(days), "from": begin, "to": end} for days, begin, end in spans]
    return Hours.model_validate({"hours": "schedule", "timezone": timezone, "open": opened, "closed_on": list(closed)})
