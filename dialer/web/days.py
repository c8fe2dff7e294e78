"""Days in a route's query: `from` and `to`, both included."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from dialer.web.problems import problem
from dialer.web.route import Ask

DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
YEARS: Final = range(1970, 9001)
"""What every clock can tell as seconds, in every time zone."""


def day_of(ask: Ask, name: str) -> date | None:
    """None where it is left out; 400 where it is no day."""
    if name not in ask.query:
        return None
    try:
        found = date.fromisoformat(ask.query[name])
    except ValueError:
        found = date.min
    if found.year not in YEARS:
        raise problem(400, "invalid", f"`{name}` is not a day: write year-month-day, 2026-11-22")
    return found


def span_of(ask: Ask) -> tuple[float, float]:
    """From the first midnight to the last, UTC, in epoch seconds; one day where one is named, today where none is."""
    first = day_of(ask, "from") or day_of(ask, "to") or datetime.now(UTC).date()
    last = day_of(ask, "to") or first
    since, until = (datetime.combine(day, time(), UTC).timestamp() for day in (first, last + timedelta(days=1)))
    return since, until
