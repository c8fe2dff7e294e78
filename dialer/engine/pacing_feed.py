"""What a campaign's pacer is told of its dials, in the pacer's words. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from dialer.calls.model import IN_THE_AIR, Call, State
from dialer.calls.outcome import Outcome, of_call
from dialer.campaigns.pacing import EventKind


class Tiding(NamedTuple):
    kind: EventKind
    dial: str | None
    agent: str | None
    value: float = 0.0


def of_dial(before: Call, after: Call) -> Iterator[Tiding]:
    """One step of a dial, in the order in which it happened."""
    if before.state is State.INTENDED and after.state is State.DIALLING:
        yield Tiding("placed", after.id, after.reserved)
    if after.state is State.RINGING and before.state is not State.RINGING:
        yield Tiding("ringing", after.id, None)
    if after.answered_at is not None and before.answered_at is None:
        yield Tiding("answered", after.id, None, _since(after.answered_at, after.dialled_at))
    if after.answered_at is None and after.state is State.SETTLED:
        yield Tiding("failed", after.id, None)
    if before.state in {*IN_THE_AIR, State.ANSWERED} and after.answered_at is not None:
        if after.state in (State.QUEUED, State.JOINING):
            yield Tiding("live", after.id, None)
        elif after.answered_by == "machine":
            yield Tiding("machine", after.id, None)
    if after.state is State.TALKING and before.state is State.JOINING:
        yield Tiding("connected", after.id, after.agent)
    over = after.state in (State.ENDING, State.SETTLED) and before.state in (State.QUEUED, State.JOINING)
    if over and not after.talks:
        yield Tiding("failed" if _left(after) else "abandoned", after.id, None)
    if len(after.talks) > len(before.talks):
        talk = after.talks[-1]
        yield Tiding("ended", after.id, talk.agent, talk.ended_at - talk.started_at)
    if after.state is State.SETTLED and _unknown(after):
        yield Tiding("failed", after.id, None)


def _unknown(call: Call) -> bool:
    """Picked up, and over before it was known who did: hung up at once, or while we were taking it back."""
    return call.answered_at is not None and call.answered_by != "machine" and call.queued_at is None and not call.talks


def _left(call: Call) -> bool:
    """Hung up by the person while there was time to connect: no loss of ours."""
    return call.ended_at is not None and of_call(call, call.ended_at) is Outcome.LEFT


def _since(at: float, began: float | None) -> float:
    return max(0.0, at - began) if began is not None else 0.0
