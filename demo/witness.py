"""The engine's record against Asterisk's CDR, the independent witness: the same calls, the same answer times, the
same durations, each within a second."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from demo.plant import CdrRow
from dialer.store.records import CallRecord

_APART_S = 1.0


@dataclass(frozen=True, slots=True)
class CdrLeg:
    """All CDR lines of one channel: a bridge in the middle of a call begins a new line."""

    channel: str
    """Its Uniqueid."""
    name: str
    started_at: float
    answered_at: float | None
    ended_at: float


def legs(lines: Iterable[CdrRow]) -> list[CdrLeg]:
    """CDR lines as one leg a channel, in the order of their start."""
    found: dict[str, CdrLeg] = {}
    for line in lines:
        leg = CdrLeg(line["uniqueid"], line["channel"], line["start"], line["answer"], line["end"])
        found[leg.channel] = _join(found[leg.channel], leg) if leg.channel in found else leg
    return sorted(found.values(), key=lambda leg: leg.started_at)


def compare(calls: Sequence[CallRecord], found: Iterable[CdrLeg]) -> dict[str, Any]:
    """`found` may hold agents' legs too; a trunk's leg without a call in the engine's record is a difference."""
    by_id = {leg.channel: leg for leg in found}
    differences = []
    for call in calls:
        if what := _difference(call, by_id.get(call.id)):
            differences.append({"call": call.id, "what": what})
    known = {call.id for call in calls}
    differences += [
        {"call": leg.channel, "what": f"Asterisk had a call on {leg.name} that the engine does not know"}
        for leg in by_id.values()
        if leg.channel not in known and leg.name.startswith("PJSIP/trunk-")
    ]
    matched = len(calls) - sum(difference["call"] in known for difference in differences)
    return {"engine_calls": len(calls), "matched": matched, "differences": differences}


def _difference(call: CallRecord, leg: CdrLeg | None) -> str:
    if leg is None:
        return "" if call.dialled_at is None and call.answered_at is None else "no CDR"
    if (call.answered_at is None) != (leg.answered_at is None):
        return f"answered at {call.answered_at} by the engine, {leg.answered_at} by the CDR"
    if call.answered_at and leg.answered_at and abs(call.answered_at - leg.answered_at) > _APART_S:
        return f"answered {call.answered_at - leg.answered_at:+.2f} s after the CDR's answer"
    if call.ended_at is None:
        return "settled without an end"
    began = call.dialled_at if call.direction == "outbound" and call.dialled_at else call.created_at
    apart = (call.ended_at - began) - (leg.ended_at - leg.started_at)
    return f"lasted {apart:+.2f} s longer than in the CDR" if abs(apart) > _APART_S else ""


def _join(one: CdrLeg, other: CdrLeg) -> CdrLeg:
    answers = [leg.answered_at for leg in (one, other) if leg.answered_at is not None]
    return CdrLeg(
        one.channel, one.name, min(one.started_at, other.started_at), min(answers, default=None),
        max(one.ended_at, other.ended_at),
    )
