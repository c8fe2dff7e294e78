"""What a campaign's pacer is told of its dials and its agents: the moves of both, in the pacer's words. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from dialer.agents.model import AgentState
from dialer.agents.model import State as AgentIs
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


def _left(call: Call) -> bool:
    """Hung up by the person while there was time to connect: no loss of ours."""
    return call.ended_at is not None and of_call(call, call.ended_at) is Outcome.LEFT


def of_agent(campaign: str, before: AgentState, after: AgentState) -> Iterator[Tiding]:
    """A change of an agent who may serve this campaign. Work for others is as good as being away."""
    if after.state is before.state:
        return
    match after.state:
        case AgentIs.IDLE:
            yield Tiding("idle", None, after.agent)
        case AgentIs.WRAP_UP:
            yield Tiding("wrap_up", after.call_id, after.agent)
        case AgentIs.TALKING if after.campaign == campaign:
            pass  # the dial's own `connected` says so
        case AgentIs.RESERVED:
            pass
        case _ if before.state is not AgentIs.LOGGED_OUT and before.state is not AgentIs.CALLING:
            yield Tiding("left", None, after.agent)


def _since(at: float, began: float | None) -> float:
    return max(0.0, at - began) if began is not None else 0.0
