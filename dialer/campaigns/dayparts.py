"""The parts of a contact's day: which one it is, how often it was called in each, and when the next one begins. Pure.

The clock is the contact's. Where its number may be in several time zones, it is the first of them: the parts spread the
attempts over the day, that nobody is called too early is the law's.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dialer.compliance.place import where
from dialer.config.retries import DayPart
from dialer.store.records import Contact, in_part

_AHEAD_DAYS = 8


def zones_of(contact: Contact) -> tuple[str, ...]:
    """UTC where nobody knows."""
    return where(contact).zones or ("UTC",)


def part_at(parts: Mapping[str, DayPart], contact: Contact, at: float) -> str | None:
    clock = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zones_of(contact)[0])).strftime("%H:%M")
    return next((name for name, part in parts.items() if part.from_ <= clock < part.to), None)


def with_room(parts: Mapping[str, DayPart], tries: Mapping[str, int]) -> set[str]:
    """Those in which the contact may be called once more."""
    return {name for name, part in parts.items() if part.times is None or tries.get(in_part(name), 0) < part.times}


def first_moment(
    parts: Mapping[str, DayPart], wanted: Collection[str], contact: Contact, at: float,
) -> float | None:
    """The first moment from `at` on that lies in a wanted part; None when none is wanted."""
    if part_at(parts, contact, at) in wanted:
        return at
    zone = ZoneInfo(zones_of(contact)[0])
    today = datetime.fromtimestamp(at, UTC).astimezone(zone).date()
    begins = sorted((parts[name].from_, name) for name in wanted)
    for ahead in range(_AHEAD_DAYS):
        for clock, _ in begins:
            moment = datetime.combine(today + timedelta(days=ahead), time.fromisoformat(clock), zone).timestamp()
            if moment > at:
                return moment
    return None
