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
class Kept:
    """Promises of one kind that were due before the end of the shift; times in seconds from the promised minute to the
    dial, 0 where there is none."""

    due: int
    kept: int
    late_p50_s: float
    late_p90_s: float


@dataclass(frozen=True, slots=True)
class Promises:
    made: int
    anyone: Kept
    personal: Kept
    talks: int
    """In which a personal promise ended."""
    by_same_agent: int
    """Of these, with who made it."""

    @property
    def due(self) -> int:
        return self.anyone.due + self.personal.due

    @property
    def kept(self) -> int:
        return self.anyone.kept + self.personal.kept

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def promises(made: Sequence[Made], calls: Sequence[CallRecord], ended_at: float) -> Promises:
    """A promise is kept by the first dial to its contact that is not before the promised time."""
    dials: dict[int, list[CallRecord]] = {}
    for call in sorted(calls, key=lambda call: call.created_at):
        if call.contact_id is not None and call.dialled_at is not None:
            dials.setdefault(call.contact_id, []).append(call)
    due = [one for one in made if one.at < ended_at]
    kept = [(one, dial) for one in due
            if (dial := next((d for d in dials.get(one.contact, ()) if d.created_at >= one.at), None)) is not None]

    def of(personal: bool) -> Kept:
        late = sorted(max(0.0, (dial.dialled_at or one.at) - one.at) for one, dial in kept if one.personal is personal)
        return Kept(sum(one.personal is personal for one in due), len(late), quantile(late, 0.5), quantile(late, 0.9))

    talks = [(one, dial) for one, dial in kept if one.personal and dial.joined_at is not None]
    return Promises(len(made), of(personal=False), of(personal=True), len(talks),
                    sum(dial.agent == one.agent for one, dial in talks))  # fmt: skip
