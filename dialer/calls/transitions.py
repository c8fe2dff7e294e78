"""What a call does on each event: the actions of the table in `machine.py`. Pure."""

from dataclasses import replace

from dialer.calls import effects as do
from dialer.calls import events as ev
from dialer.calls.effects import Effect
from dialer.calls.model import Call, Conversation, HungUpBy, State
from dialer.calls.outcome import Outcome, of_call
from dialer.flows.commands import QueueRequest, QueueResult

S = State
Step = tuple[Call, tuple[Effect, ...]]

ORIGINATE_GRACE_S = 10.0
"""Beyond the ring time-out, how long the switch may take to say that it gave up."""
HANGUP_GRACE_S = 5.0
"""How long a wanted hang-up may take before the switch is asked whether the channel lives."""
SCRIPT_GRACE_S = 15.0
"""How long an answered channel may take to reach us: machine detection takes up to 5 s, a restart of ours some more."""
JOIN_LATE_S = 7.0
"""How much longer a bridge may take while the list of channels does not come: than a silent link is believed."""
JOIN_GRACE_S = 2.0
"""How long a bridge may take to form, or to end when asked to."""
NO_ENGINE_CAUSE = 34
"""With which the dialplan ends a call whose engine is away: no far end gives it after the answer."""
_SCRIPTED = (S.ANSWERED, S.ARRIVED, S.FLOW, S.QUEUED, S.RETURNING)
MIN_HOLD_S = 0.1
APOLOGY_GRACE_S = 60.0
REASON_GRACE_S = 0.5
"""After a bridge ended: how long news of a dropped agent's leg may lag behind the customer's return."""
LOST_AGENT_PRIORITY = 100
"""A customer whose agent's leg dropped waits before everyone else."""


# --- outbound, until someone answers ------------------------------------------------------------


def dial(call: Call, event: ev.Stored) -> Step:
    return (
        replace(call, state=S.DIALLING, dialled_at=event.at),
        (do.Originate(), do.SetTimer(call.plan.ring_s + ORIGINATE_GRACE_S)),
    )


def never_stored(call: Call, event: ev.StoreFailed) -> Step:
    return _settle(replace(call, why="not_stored"), event.at, Outcome.CANCELLED)


def withdraw(call: Call, event: ev.HangupRequested) -> Step:
    return _settle(replace(call, why=event.reason), event.at, Outcome.CANCELLED)


def ring(call: Call, event: ev.Ringing) -> Step:
    return (
        replace(call, state=S.RINGING, ringing_at=event.at),
        (do.SetTimer(call.plan.ring_s + ORIGINATE_GRACE_S),),
    )


def answer(call: Call, event: ev.Answered) -> Step:
    return replace(call, state=S.ANSWERED, answered_at=event.at), (do.SetTimer(SCRIPT_GRACE_S),)


def originate_failed(call: Call, event: ev.OriginateFailed) -> Step:
    """The true cause may still be on its way in a HungUp, unless nothing ever left."""
    if not event.sent:
        return _settle(replace(call, why="not_sent"), event.at, Outcome.CANCELLED)
    return replace(call, state=S.ENDING, failure=event.reason or "failed"), (do.SetTimer(1.0),)


def give_up_ringing(call: Call, event: ev.TimerFired) -> Step:
    return _end(replace(call, why="ring_timeout"))


# --- the script is with us ----------------------------------------------------------------------


def answered_script(call: Call, event: ev.ScriptStarted) -> Step:
    """The FastAGI connection may overtake the AMI's Newstate: it proves the answer just as well."""
    call = replace(call, answered_at=call.answered_at or event.at, answered_by=event.answered_by)
    wanted = call.plan.machine if event.answered_by == "machine" else call.plan.person
    if wanted == "hangup":
        return _end(replace(call, why="machine"))
    if wanted == "message":
        return replace(call, state=S.FLOW, reserved=None), (*_leave(call), do.LeaveMessage())
    if wanted == "flow" or call.plan.request is None:
        leave = _leave(call)  # an agent held for this dial is not needed
        call, effects = _run_flow(replace(call, reserved=None), None)
        return call, (*leave, *effects)
    since = event.at if call.plan.from_greeting else call.answered_at or event.at
    call = _patient(call, call.plan.request, since=since, at=event.at)
    if call.reserved is not None:
        return _join(call, call.reserved, event.at)
    return _wait(call, event.at)


def arrived_script(call: Call, event: ev.ScriptStarted) -> Step:
    if call.plan.refused:
        return _end(replace(call, why="overloaded"), cause=42)
    call, effects = _run_flow(call, None)
    return call, (*effects, do.Save())


def script_again(call: Call, event: ev.ScriptStarted) -> Step:
    """The script's connection broke and the dialplan brought the channel back: the flow repeats where it stood."""
    if call.answered_by == "machine" and call.plan.machine == "message":
        return call, (do.LeaveMessage(),)
    return _run_flow(call, None)


def hold_again(call: Call, event: ev.ScriptStarted) -> Step:
    return call, _hold(call, event.at)


def script_missing(call: Call, event: ev.TimerFired) -> Step:
    return _end(replace(call, why=call.why or "no_script"))


def flow_queues(call: Call, event: ev.QueueAsked) -> Step:
    return _wait(_patient(call, event.request, since=event.at, at=event.at), event.at)


def flow_ends(call: Call, event: ev.FlowEnded) -> Step:
    return _end(replace(call, why="flow"), event.cause)


def note_answer(call: Call, event: ev.Answered) -> Step:
    return replace(call, answered_at=call.answered_at or event.at), ()


# --- waiting for an agent, talking --------------------------------------------------------------


def assign(call: Call, event: ev.AgentAssigned) -> Step:
    return _join(call, event.agent, event.at)


def hold_over(call: Call, event: ev.ScriptReplied) -> Step:
    if event.reply.status == "done" and _patience_s(call, event.at) > MIN_HOLD_S:
        return call, _hold(call, event.at)
    return _waited_too_long(call, event)


def _waited_too_long(call: Call, event: ev.ScriptReplied) -> Step:
    if call.flow_started:
        call, effects = _run_flow(call, QueueResult("expired"))
        return call, (do.Dequeue(), *effects)
    return (
        replace(call, state=S.ENDING, why="abandoned"),
        (do.Dequeue(), do.Apologise(), do.SetTimer(APOLOGY_GRACE_S)),
    )


def talk(call: Call, event: ev.Bridged) -> Step:
    assert call.agent is not None
    agent = call.agent
    joined_at = call.joined_at or event.at
    call = replace(
        call, state=S.TALKING, joined_at=joined_at, talking_since=event.at, bridge=event.bridge, reserved=None
    )
    return call, (do.AgentJoined(agent), do.Save())


def found_talking(call: Call, event: ev.FoundTalking) -> Step:
    """Whoever the call waits for or is being joined to, it has this agent."""
    leave = () if call.agent == event.agent else _leave(call)
    call, effects = talk(replace(call, agent=event.agent), ev.Bridged(call.id, event.at, event.bridge))
    return call, (*leave, *effects)


def join_refused(call: Call, event: ev.JoinFailed) -> Step:
    """A customer's channel that cannot be joined is most likely dying, and its HungUp on the way: no agent is asked
    again before the time for the bridge is over."""
    return (call, (do.ListChannels(),)) if event.blame == "customer" else join_failed(call, event)


def join_late(call: Call, event: ev.TimerFired) -> Step:
    """Slow is not failed: to ask again would part those whom the switch has just joined (seen on Asterisk 22). Its
    list of channels decides."""
    if event.at < (call.joining_at or 0.0) + JOIN_GRACE_S + JOIN_LATE_S:
        return call, (do.ListChannels(), do.SetTimer(JOIN_LATE_S))
    return join_failed(call, event)


def join_failed(call: Call, event: ev.JoinFailed | ev.TimerFired | ev.AgentLost) -> Step:
    """Wait again, before the others. The agent goes back; if its leg is dead, its own HungUp says so."""
    assert call.agent is not None and call.request is not None
    release = do.ReleaseAgent(call.agent, talked=False)
    request = replace(call.request, priority=LOST_AGENT_PRIORITY)
    call = replace(call, agent=None, reserved=None, request=request, scripted=False)
    call, effects = _wait(call, event.at)
    return call, (release, *effects)


def script_early(call: Call, event: ev.ScriptStarted) -> Step:
    """A talk so short that the way back from it overtook the news of its beginning."""
    return replace(call, scripted=True), ()


def part(call: Call, event: ev.Unbridged) -> Step:
    if event.bridge != call.bridge:
        return call, ()  # a straggler from an earlier talk
    return _returning(_close_talk(call, event.at), event.at)


def script_returns(call: Call, event: ev.ScriptStarted) -> Step:
    """The way back from the bridge, before the AMI said that the bridge is over."""
    return _returning(replace(_close_talk(call, event.at), scripted=True), event.at)


def agent_finished(call: Call, event: ev.AgentFinished) -> Step:
    call = replace(call, result=QueueResult("talked"), agent_hung_up=True)
    return call, (do.ParkAgent(event.agent), do.SetTimer(JOIN_GRACE_S))


def park_failed(call: Call, event: ev.TimerFired) -> Step:
    return _end(replace(call, why="agent"))


def agent_lost(call: Call, event: ev.AgentLost) -> Step:
    if call.agent != event.agent:
        return call, ()
    return _returning(replace(_close_talk(call, event.at), result=QueueResult("agent_lost")), event.at)


def returning_finished(call: Call, event: ev.AgentFinished) -> Step:
    return _return(replace(call, result=call.result or QueueResult("talked")), event.at)


def returning_lost(call: Call, event: ev.AgentLost) -> Step:
    if not call.talks or call.talks[-1].agent != event.agent:
        return call, ()
    return _return(replace(call, result=call.result or QueueResult("agent_lost")), event.at)


def returning_script(call: Call, event: ev.ScriptStarted) -> Step:
    return _return(replace(call, scripted=True), event.at)


def returning_timer(call: Call, event: ev.TimerFired) -> Step:
    if call.result is not None:
        return script_missing(call, event)
    return _return(replace(call, result=QueueResult("talked")), event.at)


# --- the end ------------------------------------------------------------------------------------


def hung_up(call: Call, event: ev.HungUp) -> Step:
    if call.talking_since is not None:
        call = _close_talk(call, event.at)
    if event.cause == NO_ENGINE_CAUSE and call.state in _SCRIPTED and not _nobody_there(call):
        call = replace(call, why="no_script")
    call = replace(call, cause=event.cause, sip=event.sip, hung_up_by=_hung_up_by(call))
    return _settle(call, event.at, of_call(call, event.at))


def _hung_up_by(call: Call) -> HungUpBy:
    """After a talk that the agent ended the flow may go on: who leaves in it does so himself."""
    if call.agent_hung_up and call.state in (S.TALKING, S.RETURNING, S.ENDING):
        return "agent"
    if (call.state is S.ENDING and call.why) or call.why == "no_script":
        return "system"
    return "unknown" if _nobody_there(call) else "customer"


def _nobody_there(call: Call) -> bool:
    return call.plan.direction == "outbound" and call.answered_at is None


def gone(call: Call, event: ev.Gone) -> Step:
    """The HungUp was missed: what is known stands, the rest is lost."""
    if call.talking_since is not None:
        call = _close_talk(call, event.at)
    outcome = of_call(call, event.at) if call.talks or call.state is S.ENDING else Outcome.LOST
    return _settle(call, event.at, outcome)


def end_requested(call: Call, event: ev.HangupRequested) -> Step:
    return _end(replace(call, why=event.reason))


def end_apology(call: Call, event: ev.ScriptReplied) -> Step:
    """The apology has been heard."""
    return call, (do.HangUp(), do.SetTimer(HANGUP_GRACE_S))


def ending_answered(call: Call, event: ev.Answered | ev.ScriptStarted) -> Step:
    """Our hang-up crossed with the answer: the person is there, and the record says so."""
    return replace(call, answered_at=call.answered_at or event.at), (do.HangUp(), do.SetTimer(HANGUP_GRACE_S))


def overdue(call: Call, event: ev.TimerFired) -> Step:
    """No HungUp in time. The switch's list of channels decides, by Gone or by silence."""
    return call, (do.HangUp(), do.ListChannels(), do.SetTimer(HANGUP_GRACE_S))


# --- shared pieces ------------------------------------------------------------------------------


def _run_flow(call: Call, result: QueueResult | None) -> Step:
    return replace(call, state=S.FLOW, flow_started=True), (do.RunFlow(result),)


def flow_marked(call: Call, event: ev.FlowMarked) -> Step:
    return replace(call, marks=call.marks | event.marks), ()


def _patient(call: Call, request: QueueRequest, since: float, at: float) -> Call:
    """An answered person's patience is the law's and counts from the answer; a caller's from the queue."""
    return replace(call, request=request, queued_at=call.queued_at or at, patient_until=since + request.max_wait_s)


def _wait(call: Call, at: float) -> Step:
    assert call.request is not None
    enqueue = do.Enqueue(call.request)
    backstop = do.SetTimer(_patience_s(call, at) + SCRIPT_GRACE_S)
    return replace(call, state=S.QUEUED), (enqueue, *_hold(call, at), backstop, do.Save())


def _hold(call: Call, at: float) -> tuple[Effect, ...]:
    assert call.request is not None
    return (do.Hold(_patience_s(call, at), call.request.music),)


def _patience_s(call: Call, at: float) -> float:
    return max(MIN_HOLD_S, (call.patient_until or at) - at)


def _join(call: Call, agent: str, at: float) -> Step:
    call = replace(call, state=S.JOINING, agent=agent, joining_at=at, agent_hung_up=False)
    return call, (do.Join(agent), do.SetTimer(JOIN_GRACE_S))


def _close_talk(call: Call, at: float) -> Call:
    assert call.agent is not None and call.talking_since is not None
    talk = Conversation(call.agent, call.talking_since, max(at, call.talking_since))
    return replace(call, talks=(*call.talks, talk), talking_since=None)


def _returning(call: Call, at: float) -> Step:
    """The talk is over: the agent goes into wrap-up at once, the customer goes on when its script is back."""
    assert call.agent is not None
    wrap_up_s = call.request.wrap_up_s if call.request else 0.0
    release = do.ReleaseAgent(call.agent, talked=True, wrap_up_s=wrap_up_s)
    call, effects = _return(replace(call, state=S.RETURNING, agent=None), at)
    return call, (release, *effects)


def _return(call: Call, at: float) -> Step:
    """Go on when both are known: why the talk ended, and that the script is with us."""
    if call.result is None:
        return call, (do.SetTimer(REASON_GRACE_S),)
    if not call.scripted:
        return call, (do.SetTimer(SCRIPT_GRACE_S),)
    result = call.result
    call = replace(call, result=None, scripted=False)
    if call.flow_started:
        return _run_flow(call, result)
    if result.status == "agent_lost" and call.request is not None:
        request = replace(call.request, priority=LOST_AGENT_PRIORITY)
        return _wait(_patient(call, request, since=at, at=at), at)
    if call.plan.after_talk == "flow":
        return _run_flow(call, None)
    return _end(replace(call, why="agent" if call.agent_hung_up else "talked"))


def _end(call: Call, cause: int = 16) -> Step:
    """Wanted over: leave what it waits for, hang up, and settle when the switch says so. A talk ends with the
    hang-up itself, and its agent is given back then."""
    leave = _leave(call)
    talking = call.agent if call.state is S.TALKING else None
    call = replace(call, state=S.ENDING, agent=talking, reserved=None)
    return call, (*leave, do.HangUp(cause), do.SetTimer(HANGUP_GRACE_S))


def _leave(call: Call) -> tuple[Effect, ...]:
    """Give back the place in the line and the agent held, without a talk. A talk's agent is given back by its end."""
    if call.state is S.QUEUED:
        return (do.Dequeue(),)
    agent = call.agent if call.state is S.JOINING else call.reserved
    return (do.ReleaseAgent(agent, talked=False),) if agent is not None else ()


def _settle(call: Call, at: float, outcome: Outcome) -> Step:
    release = _leave(call)
    if call.agent is not None and call.state is not S.JOINING:
        wrap_up_s = call.request.wrap_up_s if call.request else 0.0
        release = (do.ReleaseAgent(call.agent, talked=True, wrap_up_s=wrap_up_s),)
    ended = replace(call, state=S.SETTLED, ended_at=at, agent=None, reserved=None)
    return ended, (*release, do.Settle(outcome))
