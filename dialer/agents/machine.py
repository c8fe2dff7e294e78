"""What an agent may do: one table of transitions and a pure step over it.

A request for a pause or a log-out made while the agent is not free is kept in `wanted` and met when the work is
over. A pair of state and event that is not in the table changes nothing: events may come late, twice or never.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from dialer.agents import model as m
from dialer.agents.model import AgentState, Effect, Event, State
from dialer.store.records import AgentSession, AgentSpan

Step = tuple[AgentState, tuple[Effect, ...]]
Action = Callable[[AgentState, Any, float], Step]


# ---- logging in and out ------------------------------------------------------------------------------------


def _call(agent: AgentState, event: m.LoginRequested, now: float) -> Step:
    called = replace(agent, state=State.CALLING, channel=event.channel, switch=event.switch or None)
    ring = m.StartTimer(agent.agent, m.CALL_TIMER, event.ring_s)
    return called, (m.CallLeg(agent.agent, event.channel, event.ring_s), ring)


def _log_in(agent: AgentState, event: m.LegUp, now: float) -> Step:
    """Not ready at first, unless that was asked for while the phone rang."""
    state = State.IDLE if agent.wanted is State.IDLE else State.PAUSED
    fresh = AgentState(agent.agent, state, channel=event.channel, switch=event.switch, logged_in_at=now,
                       since=agent.since, reason=(agent.wanted_reason or "login") if state is State.PAUSED else None)
    effects: list[Effect] = []
    if agent.state is State.CALLING:
        effects.append(m.CancelTimer(agent.agent, m.CALL_TIMER))
        if agent.channel and agent.channel != event.channel:
            effects.append(m.HangUpLeg(agent.agent, agent.channel))
    return fresh, (*effects, m.ParkLeg(agent.agent, event.channel))


def _change_leg(agent: AgentState, event: m.LegUp, now: float) -> Step:
    """Logged in from another phone, or the old leg's end was missed: the newer leg counts."""
    if event.channel == agent.channel:
        return agent, ()
    effects: list[Effect] = [m.ParkLeg(agent.agent, event.channel)]
    if agent.channel:
        effects.insert(0, m.HangUpLeg(agent.agent, agent.channel))
    return replace(agent, channel=event.channel, switch=event.switch), tuple(effects)


def _refuse_leg(agent: AgentState, event: m.LegUp, now: float) -> Step:
    """A second leg while a call is in hand: the call goes on."""
    return agent, (() if event.channel == agent.channel else (m.HangUpLeg(agent.agent, event.channel),))


def _out(agent: AgentState) -> AgentState:
    return AgentState(agent.agent, since=agent.since)


def _log_out(agent: AgentState, event: Event, now: float) -> Step:
    return _out(agent), (m.HangUpLeg(agent.agent, agent.channel),) if agent.channel else ()


def _give_up_call(agent: AgentState, event: Event, now: float) -> Step:
    out, effects = _log_out(agent, event, now)
    return out, (m.CancelTimer(agent.agent, m.CALL_TIMER), *effects)


def _lose_leg(agent: AgentState, event: m.LegLost, now: float) -> Step:
    if event.channel != agent.channel:
        return agent, ()
    match agent.state:
        case State.CALLING:
            return _out(agent), (m.CancelTimer(agent.agent, m.CALL_TIMER),)
        case State.WRAP_UP:
            return _out(agent), (m.CancelTimer(agent.agent, m.WRAP_UP_TIMER),)
        case State.RESERVED | State.TALKING if agent.call_id:
            return _out(agent), (m.LostDuringCall(agent.agent, agent.call_id),)
    return _out(agent), ()


# ---- readiness ---------------------------------------------------------------------------------------------


def _same(agent: AgentState, event: Event, now: float) -> Step:
    return agent, ()


def _want(agent: AgentState, event: Event, now: float) -> Step:
    """Keep the wish until the agent is free; the last one counts."""
    match event:
        case m.PauseRequested(reason):
            return replace(agent, wanted=State.PAUSED, wanted_reason=reason or None), ()
        case m.LogoutRequested():
            return replace(agent, wanted=State.LOGGED_OUT, wanted_reason=None), ()
    return replace(agent, wanted=State.IDLE, wanted_reason=None), ()


def _ready(agent: AgentState, event: Event, now: float) -> Step:
    return replace(_without_call(agent), state=State.IDLE), ()


def _pause(agent: AgentState, event: m.PauseRequested, now: float) -> Step:
    return replace(_without_call(agent), state=State.PAUSED, reason=event.reason or None), ()


def _end_wrap_up_by(action: Action) -> Action:
    """Asked for in wrap-up: met at once, which ends it."""

    def act(agent: AgentState, event: Event, now: float) -> Step:
        after, effects = action(agent, event, now)
        return after, (m.CancelTimer(agent.agent, m.WRAP_UP_TIMER), *effects)

    return act


# ---- a call in hand ----------------------------------------------------------------------------------------


def _without_call(agent: AgentState) -> AgentState:
    return replace(agent, call_id=None, client=None, campaign=None, reason=None, wanted=None, wanted_reason=None,
                   coded=False)


def _free(agent: AgentState, event: Event, now: float) -> Step:
    """Nothing in hand any more: what the agent asked for meanwhile, else idle."""
    match agent.wanted:
        case State.LOGGED_OUT:
            return _log_out(agent, event, now)
        case State.PAUSED:
            return replace(_without_call(agent), state=State.PAUSED, reason=agent.wanted_reason), ()
    return _ready(agent, event, now)


def _reserve(agent: AgentState, event: m.Reserved, now: float) -> Step:
    return replace(agent, state=State.RESERVED, call_id=event.call_id), ()


def _release(agent: AgentState, event: m.Released, now: float) -> Step:
    return _free(agent, event, now) if event.call_id == agent.call_id else (agent, ())


def _join(agent: AgentState, event: m.Joined, now: float) -> Step:
    """The bridge is a fact, also when it comes late: only another call in hand contradicts it. Told again of the call
    in hand (an adopted one), it says whose call that is."""
    if agent.state in (State.RESERVED, State.TALKING) and event.call_id != agent.call_id:
        return agent, ()
    wanted, why = (State.PAUSED, agent.reason) if agent.state is State.PAUSED else (agent.wanted, agent.wanted_reason)
    talking = replace(agent, state=State.TALKING, call_id=event.call_id, client=event.client,
                      campaign=event.campaign, reason=None, wanted=wanted, wanted_reason=why)
    over = (m.CancelTimer(agent.agent, m.WRAP_UP_TIMER),) if agent.state is State.WRAP_UP else ()
    return talking, over


def _part(agent: AgentState, event: m.Parted, now: float) -> Step:
    if event.call_id != agent.call_id:
        return agent, ()
    if agent.coded or event.wrap_up_s <= 0:
        return _free(agent, event, now)
    return replace(agent, state=State.WRAP_UP), (m.StartTimer(agent.agent, m.WRAP_UP_TIMER, event.wrap_up_s),)


def _wrap_up_over(agent: AgentState, event: Event, now: float) -> Step:
    return _end_wrap_up_by(_free)(agent, event, now)


def _code_talk(agent: AgentState, event: m.Disposed, now: float) -> Step:
    return (replace(agent, coded=True) if event.call_id == agent.call_id else agent), ()


def _code_wrap_up(agent: AgentState, event: m.Disposed, now: float) -> Step:
    return _wrap_up_over(agent, event, now) if event.call_id == agent.call_id else (agent, ())


# ---- the table ---------------------------------------------------------------------------------------------


class Row(NamedTuple):
    state: State
    event: type[Event]
    targets: tuple[State, ...]
    action: Action


OUT, CALLING, IDLE, RESERVED, TALKING, WRAP_UP, PAUSED = State
FREE = (IDLE, PAUSED, OUT)

TABLE: tuple[Row, ...] = (
    Row(OUT, m.LoginRequested, (CALLING,), _call),
    Row(OUT, m.LegUp, (PAUSED,), _log_in),
    Row(OUT, m.LogoutRequested, (OUT,), _same),

    Row(CALLING, m.LoginRequested, (CALLING,), _same),
    Row(CALLING, m.LegUp, (IDLE, PAUSED), _log_in),
    Row(CALLING, m.LegLost, (CALLING, OUT), _lose_leg),
    Row(CALLING, m.CallTimedOut, (OUT,), _give_up_call),
    Row(CALLING, m.LogoutRequested, (OUT,), _give_up_call),
    Row(CALLING, m.ReadyRequested, (CALLING,), _want),
    Row(CALLING, m.PauseRequested, (CALLING,), _want),

    Row(IDLE, m.LoginRequested, (IDLE,), _same),
    Row(IDLE, m.LegUp, (IDLE,), _change_leg),
    Row(IDLE, m.LegLost, (IDLE, OUT), _lose_leg),
    Row(IDLE, m.ReadyRequested, (IDLE,), _same),
    Row(IDLE, m.PauseRequested, (PAUSED,), _pause),
    Row(IDLE, m.LogoutRequested, (OUT,), _log_out),
    Row(IDLE, m.Reserved, (RESERVED,), _reserve),
    Row(IDLE, m.Joined, (TALKING,), _join),

    Row(RESERVED, m.LoginRequested, (RESERVED,), _same),
    Row(RESERVED, m.LegUp, (RESERVED,), _refuse_leg),
    Row(RESERVED, m.LegLost, (RESERVED, OUT), _lose_leg),
    Row(RESERVED, m.ReadyRequested, (RESERVED,), _want),
    Row(RESERVED, m.PauseRequested, (RESERVED,), _want),
    Row(RESERVED, m.LogoutRequested, (RESERVED,), _want),
    Row(RESERVED, m.Joined, (RESERVED, TALKING), _join),
    Row(RESERVED, m.Released, (RESERVED, *FREE), _release),

    Row(TALKING, m.LoginRequested, (TALKING,), _same),
    Row(TALKING, m.LegUp, (TALKING,), _refuse_leg),
    Row(TALKING, m.LegLost, (TALKING, OUT), _lose_leg),
    Row(TALKING, m.Joined, (TALKING,), _join),
    Row(TALKING, m.ReadyRequested, (TALKING,), _want),
    Row(TALKING, m.PauseRequested, (TALKING,), _want),
    Row(TALKING, m.LogoutRequested, (TALKING,), _want),
    Row(TALKING, m.Disposed, (TALKING,), _code_talk),
    Row(TALKING, m.Parted, (TALKING, WRAP_UP, *FREE), _part),

    Row(WRAP_UP, m.LoginRequested, (WRAP_UP,), _same),
    Row(WRAP_UP, m.LegUp, (WRAP_UP,), _change_leg),
    Row(WRAP_UP, m.LegLost, (WRAP_UP, OUT), _lose_leg),
    Row(WRAP_UP, m.ReadyRequested, (IDLE,), _end_wrap_up_by(_ready)),
    Row(WRAP_UP, m.PauseRequested, (PAUSED,), _end_wrap_up_by(_pause)),
    Row(WRAP_UP, m.LogoutRequested, (OUT,), _end_wrap_up_by(_log_out)),
    Row(WRAP_UP, m.WrapUpOver, FREE, _wrap_up_over),
    Row(WRAP_UP, m.Disposed, (WRAP_UP, *FREE), _code_wrap_up),
    Row(WRAP_UP, m.Joined, (TALKING,), _join),

    Row(PAUSED, m.LoginRequested, (PAUSED,), _same),
    Row(PAUSED, m.LegUp, (PAUSED,), _change_leg),
    Row(PAUSED, m.LegLost, (PAUSED, OUT), _lose_leg),
    Row(PAUSED, m.ReadyRequested, (IDLE,), _ready),
    Row(PAUSED, m.PauseRequested, (PAUSED,), _pause),
    Row(PAUSED, m.LogoutRequested, (OUT,), _log_out),
    Row(PAUSED, m.Joined, (TALKING,), _join),
)
_ROWS = {(row.state, row.event): row for row in TABLE}


def step(agent: AgentState, event: Event, now: float) -> Step:
    """The agent after `event`, and what is to be done. A clock that goes back counts as standing still."""
    row = _ROWS.get((agent.state, type(event)))
    if row is None:
        return agent, ()
    now = max(now, agent.since)
    after, effects = row.action(agent, event, now)
    return (agent, effects) if after == agent else _account(agent, after, effects, now)


def adopt(session: AgentSession, state: State, call_id: str | None, now: float) -> AgentState:
    """The agent whose leg outlived us. Time is accounted from now on: what the crash cost belongs to no state."""
    reason = "login" if state is State.PAUSED else None
    wanted = State.PAUSED if session.state == "paused" else None
    return AgentState(session.agent, state, now, now, session.channel, session.switch, session.logged_in_at,
                      call_id, reason=reason, wanted=wanted)


def accepts(agent: AgentState, event: Event) -> bool:
    """Whether the table has a row for it: a request that has none is refused by the API."""
    return (agent.state, type(event)) in _ROWS


def _account(before: AgentState, after: AgentState, effects: tuple[Effect, ...], now: float) -> Step:
    """What every transition owes: its span of time, the session on disk, and the word that somebody is idle."""
    owed: list[Effect] = []
    if _span_of(before) != _span_of(after):
        if before.state in m.LOGGED_IN and now > before.since:
            owed.append(m.RecordSpan(_span(before, now)))
        after = replace(after, since=now)
        if after.state is State.IDLE and before.state is not State.RESERVED:
            after = replace(after, idle_since=now)
    session = session_of(after)
    if session != session_of(before):
        owed.append(m.SaveSession(session) if session else m.DropSession(after.agent))
    if after.state is State.IDLE and before.state is not State.IDLE:
        owed.append(m.BecameIdle(after.agent))
    return after, (*effects, *owed)


def _span_of(agent: AgentState) -> tuple[State, str | None, str | None]:
    return agent.state, agent.call_id, agent.reason


def _span(agent: AgentState, now: float) -> AgentSpan:
    return AgentSpan(agent.agent, agent.state.value, agent.since, now, agent.call_id, agent.reason)


def session_of(agent: AgentState) -> AgentSession | None:
    """What must be on disk to adopt the agent's leg after a crash."""
    if agent.state not in m.LOGGED_IN or not agent.channel or agent.logged_in_at is None:
        return None
    away = State.PAUSED in (agent.state, agent.wanted)
    return AgentSession(agent.agent, agent.channel, agent.switch or "", agent.logged_in_at,
                        "paused" if away else "ready")
