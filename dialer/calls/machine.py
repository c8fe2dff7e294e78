"""The call machine: one table of transitions, one pure step.

`step(call, event)` gives the call's next state and the effects to start. An event without a row in the table is
ignored: duplicates, stragglers and echoes of our own effects are normal on a wire. Whatever order events come in, a
call settles exactly once and then gives back all that it holds.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from dialer.calls import events as ev
from dialer.calls import transitions as on
from dialer.calls.model import Call, State
from dialer.calls.transitions import Step

S = State
Action = Callable[[Call, Any], Step]


class Row(NamedTuple):
    sources: tuple[State, ...]
    event: type
    targets: tuple[State, ...]
    """Where the action may lead: `step` may go nowhere else (tested), and the diagram shows them."""
    action: Action


_AIR = (S.DIALLING, S.RINGING)
_AFTER_ANSWER = (S.FLOW, S.QUEUED, S.JOINING, S.ENDING)
_ON_THE_LINE = (
    S.DIALLING, S.RINGING, S.ANSWERED, S.ARRIVED, S.FLOW, S.QUEUED, S.JOINING, S.TALKING, S.RETURNING,
)  # fmt: skip
_RESUMED = (S.FLOW, S.QUEUED, S.RETURNING, S.ENDING)

TABLE: tuple[Row, ...] = (
    Row((S.INTENDED,), ev.Stored, (S.DIALLING,), on.dial),
    Row((S.INTENDED,), ev.StoreFailed, (S.SETTLED,), on.never_stored),
    Row((S.INTENDED,), ev.HangupRequested, (S.SETTLED,), on.withdraw),
    Row((S.DIALLING,), ev.Ringing, (S.RINGING,), on.ring),
    Row(_AIR, ev.Answered, (S.ANSWERED,), on.answer),
    Row(_AIR, ev.OriginateFailed, (S.ENDING, S.SETTLED), on.originate_failed),
    Row(_AIR, ev.TimerFired, (S.ENDING,), on.give_up_ringing),
    Row((*_AIR, S.ANSWERED), ev.ScriptStarted, _AFTER_ANSWER, on.answered_script),
    Row((S.ANSWERED,), ev.TimerFired, (S.ENDING,), on.script_missing),
    Row((S.ARRIVED,), ev.ScriptStarted, (S.FLOW, S.ENDING), on.arrived_script),
    Row((S.FLOW,), ev.ScriptStarted, (S.FLOW,), on.script_again),
    Row((S.FLOW,), ev.QueueAsked, (S.QUEUED,), on.flow_queues),
    Row((S.FLOW,), ev.FlowMarked, (S.FLOW,), on.flow_marked),
    Row((S.FLOW,), ev.FlowEnded, (S.ENDING,), on.flow_ends),
    Row((S.FLOW,), ev.Answered, (S.FLOW,), on.note_answer),
    Row((S.QUEUED,), ev.Answered, (S.QUEUED,), on.note_answer),
    Row((S.JOINING,), ev.Answered, (S.JOINING,), on.note_answer),
    Row((S.QUEUED,), ev.AgentAssigned, (S.JOINING,), on.assign),
    Row((S.QUEUED,), ev.ScriptReplied, (S.FLOW, S.QUEUED, S.ENDING), on.hold_over),
    Row((S.QUEUED,), ev.TimerFired, (S.ENDING,), on.script_missing),
    Row((S.QUEUED,), ev.ScriptStarted, (S.QUEUED,), on.hold_again),
    Row((S.JOINING,), ev.Bridged, (S.TALKING,), on.talk),
    Row((S.QUEUED, S.JOINING), ev.FoundTalking, (S.TALKING,), on.found_talking),
    Row((S.JOINING,), ev.ScriptStarted, (S.JOINING,), on.script_early),
    Row((S.JOINING,), ev.JoinFailed, (S.JOINING, S.QUEUED), on.join_refused),
    Row((S.JOINING,), ev.AgentLost, (S.QUEUED,), on.join_failed),
    Row((S.JOINING,), ev.TimerFired, (S.JOINING, S.QUEUED), on.join_late),
    Row((S.TALKING,), ev.Unbridged, (S.TALKING, *_RESUMED), on.part),
    Row((S.TALKING,), ev.ScriptStarted, (*_RESUMED,), on.script_returns),
    Row((S.TALKING,), ev.AgentFinished, (S.TALKING,), on.agent_finished),
    Row((S.TALKING,), ev.TimerFired, (S.ENDING,), on.park_failed),
    Row((S.TALKING,), ev.AgentLost, (S.TALKING, *_RESUMED), on.agent_lost),
    Row((S.RETURNING,), ev.ScriptStarted, (*_RESUMED,), on.returning_script),
    Row((S.RETURNING,), ev.AgentFinished, (*_RESUMED,), on.returning_finished),
    Row((S.RETURNING,), ev.AgentLost, (*_RESUMED,), on.returning_lost),
    Row((S.RETURNING,), ev.TimerFired, (*_RESUMED,), on.returning_timer),
    Row(_ON_THE_LINE, ev.HangupRequested, (S.ENDING,), on.end_requested),
    Row((*_ON_THE_LINE, S.ENDING), ev.HungUp, (S.SETTLED,), on.hung_up),
    Row((S.INTENDED, *_ON_THE_LINE, S.ENDING), ev.Gone, (S.SETTLED,), on.gone),
    Row((S.ENDING,), ev.ScriptReplied, (S.ENDING,), on.end_apology),
    Row((S.ENDING,), ev.Answered, (S.ENDING,), on.ending_answered),
    Row((S.ENDING,), ev.ScriptStarted, (S.ENDING,), on.ending_answered),
    Row((S.ENDING,), ev.TimerFired, (S.ENDING,), on.overdue),
)

ACTIONS: dict[tuple[State, type], Action] = {(source, row.event): row.action for row in TABLE for source in row.sources}


def step(call: Call, event: ev.CallEvent) -> Step:
    """The call after this event, and what to start. Without a row in the table: the same call, nothing."""
    action = ACTIONS.get((call.state, type(event)))
    return (call, ()) if action is None else action(call, event)
