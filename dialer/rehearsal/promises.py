"""Calls that were promised in a shift, and whether the promises were kept. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dialer.rehearsal.account import quantile
from dialer.store.records import CallRecord


@dataclass(frozen=True, slots=True)
class Made:
    campaign: str
    contact: int
    at: float
    """When the person is to be called."""
    agent: str
    """Who promised it."""
    personal: bool


@dataclass(frozen=True, slots=True)
class Promises:
    made: int
    due: int
    """Before the end of the shift."""
    kept: int
    """Of those due: dialled before the end."""
    late_p50_s: float | None
    """From the promised minute to the dial; None where none was kept."""
    late_p90_s: float | None
    personal: int
    """Of those kept, the personal ones in which somebody talked with an agent."""
    by_same_agent: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def promises(made: Sequence[Made], calls: Sequence[CallRecord], ended_at: float) -> Promises:
    """`calls`: attempts that are over."""
    dials: dict[int, list[CallRecord]] = {}
    for call in sorted(calls, key=lambda call: call.created_at):
        if call.contact_id is not None and call.dialled_at is not None:
            dials.setdefault(call.contact_id, []).append(call)
    due = [one for one in made if one.at < ended_at]
    kept = [(one, dial) for one in due
            if (dial := next((d for d in dials.get(one.contact, ()) if d.created_at >= one.at), None)) is not None]
    late = sorted(max(0.0, (dial.dialled_at or one.at) - one.at) for one, dial in kept)
    talked = [(one, dial) for one, dial in kept if one.personal and dial.joined_at is not None]
    return Promises(
        made=len(made), due=len(due), kept=len(kept),
        late_p50_s=quantile(late, 0.5) if late else None, late_p90_s=quantile(late, 0.9) if late else None,
        personal=len(talked), by_same_agent=sum(dial.agent == one.agent for one, dial in talked),
    )  # fmt: skip
