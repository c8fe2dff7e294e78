"""One agent: the table, and what holds for every order of events."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.agents import model as m
from dialer.agents.machine import TABLE, accepts, adopt, session_of, step
from dialer.agents.model import AgentState, Effect, Event, State
from dialer.store.records import AgentSession, AgentSpan

CHANNELS = st.sampled_from(["leg-1", "leg-2", "leg-3"])
CALLS = st.sampled_from(["call-1", "call-2"])
EVENTS = st.one_of(
    st.builds(m.LoginRequested, CHANNELS, st.just("ast1")),
    st.builds(m.LegUp, CHANNELS, st.just("ast1")),
    st.builds(m.LegLost, CHANNELS),
    st.just(m.CallTimedOut()),
    st.just(m.ReadyRequested()),
    st.builds(m.PauseRequested, st.sampled_from(["", "lunch"])),
    st.just(m.LogoutRequested()),
    st.builds(m.Reserved, CALLS),
    st.builds(m.Released, CALLS),
    st.builds(m.Joined, CALLS, st.just("acme")),
    st.builds(m.Parted, CALLS, st.sampled_from([0.0, 30.0])),
    st.just(m.WrapUpOver()),
    st.builds(m.Disposed, CALLS),
)
LOGIN = (m.LegUp("leg-1", "ast1"), m.ReadyRequested())
HELD = (m.Reserved("call-1"),)
TALKED = (*HELD, m.Joined("call-1", "acme", "winback"))
TALK = (*LOGIN, *TALKED)
CHUNKS = st.one_of(
    EVENTS.map(lambda event: (event,)),
    st.sampled_from([LOGIN, HELD, TALKED, (*TALK, m.Parted("call-1", 30.0)), (m.LegLost("leg-1"),)]),
)
"""Anything at all, between stretches of an agent's usual day: else few stories would come as far as a talk."""
STORIES = st.lists(st.tuples(CHUNKS, st.integers(-5, 60)), max_size=30).map(
    lambda chunks: [(event, seconds) for events, seconds in chunks for event in events]
)
"""Events, each with the seconds since the one before: also zero, and a clock that goes back."""


def live(*events: Event, at: float = 0.0, start: AgentState | None = None) -> tuple[AgentState, list[Effect]]:
    """The events ten seconds apart."""
    agent = start or AgentState("ann")
    effects: list[Effect] = []
    for place, event in enumerate(events):
        agent, more = step(agent, event, at + 10.0 * place)
        effects += more
    return agent, effects


def test_the_table_names_each_pair_once_and_only_targets_that_are_reached() -> None:
    pairs = Counter((row.state, row.event) for row in TABLE)
    assert [pair for pair, count in pairs.items() if count > 1] == []


@given(STORIES)
def test_every_step_ends_in_a_target_of_its_row(story: list[tuple[Event, int]]) -> None:
    targets = {(row.state, row.event): row.targets for row in TABLE}
    agent, now = AgentState("ann"), 1000.0
    for event, seconds in story:
        now += seconds
        before = agent
        agent, effects = step(agent, event, now)
        key = (before.state, type(event))
        assert agent.state in targets.get(key, (before.state,))
        if key not in targets:
            assert agent is before
            assert effects == ()


@given(STORIES)
def test_spans_add_up_to_the_logged_in_time_without_gap_or_overlap(story: list[tuple[Event, int]]) -> None:
    agent, now = AgentState("ann"), 1000.0
    latest, logged_in_s = now, 0.0
    since: float | None = None
    spans: list[AgentSpan] = []
    for event, seconds in [*story, (m.LogoutRequested(), 7), (m.Released("call-1"), 7), (m.Released("call-2"), 7),
                           (m.Parted("call-1", 0), 7), (m.Parted("call-2", 0), 7)]:  # fmt: skip
        now += seconds
        latest = max(now, agent.since)
        agent, effects = step(agent, event, now)
        new = [effect.span for effect in effects if isinstance(effect, m.RecordSpan)]
        for span in new:
            assert span.ended_at > span.started_at
            assert since is not None
            assert span.started_at == (spans[-1].ended_at if spans and spans[-1].ended_at > since else since)
            spans.append(span)
        if agent.state in m.LOGGED_IN and since is None:
            since = agent.logged_in_at
        elif agent.state not in m.LOGGED_IN and since is not None:
            logged_in_s, since = logged_in_s + latest - since, None
    assert agent.state not in m.LOGGED_IN
    assert sum(span.ended_at - span.started_at for span in spans) == logged_in_s


@given(STORIES)
def test_the_session_on_disk_is_always_that_of_the_agent(story: list[tuple[Event, int]]) -> None:
    agent, now, disk = AgentState("ann"), 1000.0, None
    for event, seconds in story:
        now += seconds
        agent, effects = step(agent, event, now)
        for effect in effects:
            match effect:
                case m.SaveSession(session):
                    disk = session
                case m.DropSession():
                    disk = None
        assert disk == session_of(agent)


@given(STORIES)
def test_a_held_call_hears_of_a_lost_leg_and_no_timer_outlives_its_state(story: list[tuple[Event, int]]) -> None:
    agent, now = AgentState("ann"), 1000.0
    timers: set[str] = set()
    for event, seconds in story:
        now += seconds
        before = agent
        agent, effects = step(agent, event, now)
        for effect in effects:
            match effect:
                case m.StartTimer(name=name):
                    timers.add(name)
                case m.CancelTimer(name=name):
                    timers.discard(name)
        if isinstance(event, m.CallTimedOut):
            timers.discard(m.CALL_TIMER)
        expected = {State.CALLING: {m.CALL_TIMER}, State.WRAP_UP: {m.WRAP_UP_TIMER}}.get(agent.state, set())
        assert timers == expected
        lost = [effect.call_id for effect in effects if isinstance(effect, m.LostDuringCall)]
        held = before.state in (State.RESERVED, State.TALKING)
        gone = held and agent.state is State.LOGGED_OUT and isinstance(event, m.LegLost)
        assert lost == ([before.call_id] if gone else [])


@given(STORIES)
def test_idle_is_announced_exactly_when_it_begins(story: list[tuple[Event, int]]) -> None:
    agent, now = AgentState("ann"), 1000.0
    for event, seconds in story:
        now += seconds
        before = agent
        agent, effects = step(agent, event, now)
        begun = agent.state is State.IDLE and before.state is not State.IDLE
        assert effects.count(m.BecameIdle("ann")) == int(begun)


# ---- logging in --------------------------------------------------------------------------------------------


def test_a_login_rings_the_phone_and_leaves_the_agent_paused_until_ready() -> None:
    agent, effects = live(m.LoginRequested("leg-1", "ast1", 20.0))
    assert agent.state is State.CALLING
    assert effects == [m.CallLeg("ann", "leg-1", 20.0), m.StartTimer("ann", m.CALL_TIMER, 20.0)]
    agent, effects = live(m.LegUp("leg-1", "ast1"), at=5.0, start=agent)
    assert (agent.state, agent.reason, agent.logged_in_at, agent.switch) == (State.PAUSED, "login", 5.0, "ast1")
    assert effects == [m.CancelTimer("ann", m.CALL_TIMER), m.ParkLeg("ann", "leg-1"),
                       m.SaveSession(AgentSession("ann", "leg-1", "ast1", 5.0, "paused"))]  # fmt: skip


def test_ready_asked_for_while_the_phone_rings_is_met_at_its_answer() -> None:
    agent, effects = live(m.LoginRequested("leg-1"), m.ReadyRequested(), m.LegUp("leg-1", "ast1"))
    assert agent.state is State.IDLE
    assert m.BecameIdle("ann") in effects


def test_a_phone_that_never_answers_goes_back_to_logged_out() -> None:
    agent, effects = live(m.LoginRequested("leg-1"), m.CallTimedOut())
    assert agent == AgentState("ann", since=10.0)
    assert m.HangUpLeg("ann", "leg-1") in effects


def test_a_phone_that_refuses_goes_back_to_logged_out() -> None:
    agent, effects = live(m.LoginRequested("leg-1"), m.LegLost("leg-1"))
    assert agent.state is State.LOGGED_OUT
    assert m.CancelTimer("ann", m.CALL_TIMER) in effects


def test_dialling_in_while_our_call_rings_ends_our_call() -> None:
    agent, effects = live(m.LoginRequested("leg-1"), m.LegUp("leg-2", "ast1"), m.LegLost("leg-1"))
    assert (agent.state, agent.channel) == (State.PAUSED, "leg-2")
    assert m.HangUpLeg("ann", "leg-1") in effects


@pytest.mark.parametrize("events", [LOGIN, LOGIN[:1], TALK, (*TALK, m.Parted("call-1", 30))])
def test_a_login_with_the_leg_up_changes_nothing(events: tuple[Event, ...]) -> None:
    agent, _ = live(*events)
    assert step(agent, m.LoginRequested("leg-9", "ast1"), 99.0) == (agent, ())
    assert step(agent, m.LegUp("leg-1", "ast1"), 99.0) == (agent, ())


def test_a_second_leg_replaces_the_first_when_no_call_is_in_hand() -> None:
    agent, _ = live(*LOGIN)
    agent, effects = step(agent, m.LegUp("leg-2", "ast2"), 50.0)
    assert (agent.channel, agent.switch, agent.state, agent.logged_in_at) == ("leg-2", "ast2", State.IDLE, 0.0)
    assert effects[:2] == (m.HangUpLeg("ann", "leg-1"), m.ParkLeg("ann", "leg-2"))
    assert step(agent, m.LegLost("leg-1"), 51.0) == (agent, ())


def test_a_second_leg_during_a_talk_is_hung_up() -> None:
    agent, _ = live(*TALK)
    assert step(agent, m.LegUp("leg-2", "ast1"), 50.0) == (agent, (m.HangUpLeg("ann", "leg-2"),))


# ---- calls -------------------------------------------------------------------------------------------------


def test_a_talk_with_wrap_up() -> None:
    agent, effects = live(*TALK, m.Parted("call-1", 15.0))
    assert (agent.state, agent.call_id, agent.client, agent.campaign) == (State.WRAP_UP, "call-1", "acme", "winback")
    assert m.StartTimer("ann", m.WRAP_UP_TIMER, 15.0) in effects
    agent, after = step(agent, m.WrapUpOver(), 60.0)
    assert (agent.state, agent.idle_since, agent.call_id) == (State.IDLE, 60.0, None)
    assert m.RecordSpan(AgentSpan("ann", "wrap_up", 40.0, 60.0, "call-1")) in after


def test_a_dial_that_comes_to_nothing_keeps_the_place_in_line() -> None:
    agent, _ = live(*LOGIN, m.Reserved("call-1"), m.Released("call-1"))
    assert (agent.state, agent.idle_since, agent.since, agent.call_id) == (State.IDLE, 10.0, 30.0, None)


def test_news_of_another_call_changes_nothing() -> None:
    reserved, _ = live(*LOGIN, m.Reserved("call-1"))
    other: list[Event] = [m.Released("call-2"), m.Joined("call-2", "acme"), m.Reserved("call-2"), m.Parted("call-2", 5)]
    for event in other:
        assert step(reserved, event, 99.0) == (reserved, ())
    talking, _ = live(*TALK)
    for event in [*other, m.Released("call-1"), m.Disposed("call-2")]:
        assert step(talking, event, 99.0) == (talking, ())


@pytest.mark.parametrize("held", [TALK, (*LOGIN, m.Reserved("call-1"))])
@pytest.mark.parametrize(
    ("request_", "end"), [(m.PauseRequested("lunch"), State.PAUSED), (m.LogoutRequested(), State.LOGGED_OUT)]
)
def test_a_request_while_a_call_is_in_hand_waits_for_its_end(
    held: tuple[Event, ...], request_: Event, end: State
) -> None:
    agent, _ = live(*held)
    busy = agent.state
    agent, asked = step(agent, request_, 100.0)
    assert agent.state is busy
    assert not any(isinstance(effect, m.HangUpLeg) for effect in asked)
    over: Event = m.Parted("call-1", 0) if busy is State.TALKING else m.Released("call-1")
    agent, after = step(agent, over, 110.0)
    assert agent.state is end
    assert agent.reason == ("lunch" if end is State.PAUSED else None)
    assert (m.HangUpLeg("ann", "leg-1") in after) == (end is State.LOGGED_OUT)


def test_a_wish_survives_wrap_up_and_the_last_one_counts() -> None:
    agent, _ = live(*TALK, m.LogoutRequested(), m.PauseRequested("tea"), m.Parted("call-1", 20), m.WrapUpOver())
    assert (agent.state, agent.reason) == (State.PAUSED, "tea")
    agent, _ = live(*TALK, m.LogoutRequested(), m.ReadyRequested(), m.Parted("call-1", 0))
    assert agent.state is State.IDLE


@pytest.mark.parametrize(
    ("request_", "end"),
    [(m.ReadyRequested(), State.IDLE), (m.PauseRequested(), State.PAUSED), (m.LogoutRequested(), State.LOGGED_OUT)],
)
def test_a_request_in_wrap_up_ends_it(request_: Event, end: State) -> None:
    agent, effects = live(*TALK, m.Parted("call-1", 30), request_)
    assert agent.state is end
    assert m.CancelTimer("ann", m.WRAP_UP_TIMER) in effects


def test_a_disposition_ends_wrap_up_of_its_own_call_only() -> None:
    agent, _ = live(*TALK, m.Parted("call-1", 30))
    assert step(agent, m.Disposed("call-0"), 99.0) == (agent, ())
    assert step(agent, m.Disposed("call-1"), 99.0)[0].state is State.IDLE


def test_a_disposition_during_the_talk_spares_the_wrap_up_of_that_call_alone() -> None:
    agent, _ = live(*TALK, m.Disposed("call-1"), m.Parted("call-1", 30))
    assert agent.state is State.IDLE
    agent, _ = live(m.Reserved("call-2"), m.Joined("call-2", "acme"), m.Parted("call-2", 30), at=99.0, start=agent)
    assert agent.state is State.WRAP_UP


def test_a_lost_leg_mid_call_names_the_call() -> None:
    agent, effects = live(*TALK, m.LegLost("leg-1"))
    assert agent == AgentState("ann", since=40.0)
    assert {m.LostDuringCall("ann", "call-1"), m.DropSession("ann")} <= set(effects)


def test_a_lost_leg_in_wrap_up_ends_its_timer_and_concerns_no_call() -> None:
    agent, effects = live(*TALK, m.Parted("call-1", 30), m.LegLost("leg-1"))
    assert agent.state is State.LOGGED_OUT
    assert m.CancelTimer("ann", m.WRAP_UP_TIMER) in effects
    assert not any(isinstance(effect, m.LostDuringCall) for effect in effects)


def test_a_bridge_that_is_reported_late_counts() -> None:
    agent, _ = live(*LOGIN, m.Reserved("call-1"), m.PauseRequested("tea"), m.Released("call-1"))
    assert agent.state is State.PAUSED
    agent, _ = live(m.Joined("call-1", "acme"), m.Parted("call-1", 0), at=99.0, start=agent)
    assert (agent.state, agent.reason) == (State.PAUSED, "tea")


def test_what_the_api_may_refuse() -> None:
    out = AgentState("ann")
    assert accepts(out, m.LoginRequested("leg-1"))
    assert not accepts(out, m.ReadyRequested())
    assert not accepts(out, m.PauseRequested())
    assert not accepts(live(*LOGIN)[0], m.WrapUpOver())


# ---- adoption ----------------------------------------------------------------------------------------------


def test_an_adopted_talk_ends_as_the_agent_had_wished() -> None:
    session = AgentSession("ann", "leg-1", "ast1", 5.0, "paused")
    agent = adopt(session, State.TALKING, "call-1", 100.0)
    assert (agent.channel, agent.logged_in_at, agent.since) == ("leg-1", 5.0, 100.0)
    agent, _ = step(agent, m.Parted("call-1", 0), 130.0)
    assert agent.state is State.PAUSED
    known, effects = step(adopt(session, State.TALKING, "call-1", 100.0), m.Joined("call-1", "acme", "winback"), 101.0)
    assert (known.client, known.campaign, known.since, known.wanted, effects) == (
        "acme", "winback", 100.0, State.PAUSED, ())  # fmt: skip
    ready = adopt(replace(session, state="ready"), State.TALKING, "call-1", 100.0)
    assert step(ready, m.Parted("call-1", 0), 130.0)[0].state is State.IDLE
    assert session_of(adopt(session, State.PAUSED, None, 100.0)) == session
