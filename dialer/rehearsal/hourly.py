"""A shift by the hours of the clock. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from dialer.calls.outcome import Outcome
from dialer.quality.service import Rule
from dialer.rehearsal.account import PEOPLE, WORK, quantile, waits_of
from dialer.rehearsal.service import service
from dialer.store.records import AgentSpan, CallRecord


@dataclass(frozen=True, slots=True)
class Hour:
    """Calls count in the hour in which they began, waits in that of the talk. Shares 0..1, times in seconds."""

    begins_at: float
    ends_at: float
    occupancy: float
    talk_minutes_per_hour: float
    """For each hour that an agent was at work."""
    wait_p50_s: float
    wait_p90_s: float
    answered: int
    """People."""
    abandoned: float
    """Of these."""
    connected: int
    attempts: int
    penetration: float
    """Contacts tried until the hour's end, of all."""
    callers: int
    service_level: float | None
    """None where nobody called."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def by_hour(
    calls: Sequence[CallRecord], spans: Sequence[AgentSpan], began_at: float, ended_at: float, zone: tzinfo,
    contacts: int, callers: Sequence[CallRecord] = (), rules: Mapping[str, Rule] | None = None,
) -> list[Hour]:
    waits = waits_of(spans)
    first: dict[int | None, float] = {}
    for call in calls:
        first[call.contact_id] = min(call.created_at, first.get(call.contact_id, call.created_at))
    found = []
    for since, until in _hours(began_at, ended_at, zone):
        of_hour = [call for call in calls if since <= call.created_at < until]
        people = [call for call in of_hour if call.outcome in PEOPLE]
        lost = sum(call.outcome is Outcome.ABANDONED for call in people)
        waited = sorted(wait for at, wait in waits if since <= at < until)
        time_s = _time(spans, since, until)
        work_s = sum(time_s.get(state, 0.0) for state in WORK)
        talk_s = time_s.get("talking", 0.0)
        served = service([call for call in callers if since <= call.created_at < until], rules or {})
        found.append(Hour(
            begins_at=since, ends_at=until,
            occupancy=(talk_s + time_s.get("wrap_up", 0.0)) / work_s if work_s else 0.0,
            talk_minutes_per_hour=60 * talk_s / work_s if work_s else 0.0,
            wait_p50_s=quantile(waited, 0.5), wait_p90_s=quantile(waited, 0.9),
            answered=len(people), abandoned=lost / len(people) if people else 0.0,
            connected=sum(call.joined_at is not None for call in of_hour),
            attempts=sum(call.outcome is not Outcome.CANCELLED for call in of_hour),
            penetration=sum(at < until for at in first.values()) / contacts if contacts else 0.0,
            callers=served.callers, service_level=served.level if served.counted else None,
        ))  # fmt: skip
    return found


def _hours(began_at: float, ended_at: float, zone: tzinfo) -> Iterator[tuple[float, float]]:
    at = began_at
    while at < ended_at:
        clock = datetime.fromtimestamp(at, zone)
        into = timedelta(minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
        until = min(ended_at, at + 3600.0 - into.total_seconds())
        yield at, until
        at = until


def _time(spans: Sequence[AgentSpan], since: float, until: float) -> dict[str, float]:
    """The agents' seconds, by state."""
    found: dict[str, float] = {}
    for span in spans:
        seconds = min(until, span.ended_at) - max(since, span.started_at)
        if seconds > 0:
            found[span.state] = found.get(span.state, 0.0) + seconds
    return found
