"""The call machine: the paths that matter one by one, then any order of events at all."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.calls import effects as do
from dialer.calls import events as ev
from dialer.calls.diagram import markdown
from dialer.calls.machine import ACTIONS, TABLE, step
from dialer.calls.model import Call, Plan, State
from dialer.calls.outcome import Outcome
from dialer.flows.commands import QueueRequest, Reply

ID = "n1-call"
REQUEST = QueueRequest("acme_winback", ("sales", "de"), max_wait_s=2.0, wrap_up_s=30.0)
TO_AGENT = Plan("outbound", person="agent", request=REQUEST)
INBOUND = Plan("inbound")


def outbound(state=State.INTENDED, **fields):
    return Call(ID, fields.pop("plan", TO_AGENT), state, 1000.0, reserved=fields.pop("reserved", "anna"), **fields)


def inbound(state=State.ARRIVED, **fields):
    return Call(ID, INBOUND, state, 1000.0, **fields)


def script(at, answered_by="unknown", kind="outbound"):
    return ev.ScriptStarted(ID, at, "ast1", kind, "PJSIP/trunk-1", "+4930231250001", "+4930231250123", answered_by)


def run(call, *events):
    effects = []
    for event in events:
        call, more = step(call, event)
        effects += more
    return call, effects


def settled(effects):
    return [effect.outcome for effect in effects if isinstance(effect, do.Settle)]


def released(effects):
    return [(effect.agent, effect.talked) for effect in effects if isinstance(effect, do.ReleaseAgent)]


def kinds(effects):
    return [type(effect) for effect in effects]


def test_nothing_is_dialled_before_it_is_on_disk():
    call, effects = run(outbound(), ev.Ringing(ID, 1001.0), ev.Answered(ID, 1001.0), ev.TimerFired(ID, 1001.0))
    assert (call.state, effects) == (State.INTENDED, [])
    call, effects = run(outbound(), ev.Stored(ID, 1001.0))
    assert call.state is State.DIALLING
    assert kinds(effects) == [do.Originate, do.SetTimer]


def test_an_attempt_that_could_not_be_stored_is_taken_back_and_its_agent_freed():
    call, effects = run(outbound(), ev.StoreFailed(ID, 1001.0, "disk full"))
    assert call.state is State.SETTLED
    assert settled(effects) == [Outcome.CANCELLED]
    assert released(effects) == [("anna", False)]


def test_an_answered_attempt_is_joined_to_the_agent_held_for_it():
    call, effects = run(
        outbound(), ev.Stored(ID, 1001.0), ev.Ringing(ID, 1002.0), ev.Answered(ID, 1005.0), script(1005.01)
    )
    assert call.state is State.JOINING
    assert do.Join("anna") in effects
    call, effects = run(call, ev.Bridged(ID, 1005.02, "b1"))
    assert (call.state, call.joined_at) == (State.TALKING, 1005.02)
    call, effects = run(call, ev.HungUp(ID, 1065.02, 16))
    assert settled(effects) == [Outcome.ANSWERED]
    assert released(effects) == [("anna", True)]
    assert (call.talk_s, call.hung_up_by, call.ended_at) == (pytest.approx(60.0), "customer", 1065.02)


def test_the_script_may_overtake_the_news_of_the_answer():
    call, _ = run(outbound(State.RINGING), script(1005.0))
    assert (call.state, call.answered_at) == (State.JOINING, 1005.0)
    call, _ = run(call, ev.Answered(ID, 1005.1))
    assert (call.state, call.answered_at) == (State.JOINING, 1005.0)


@pytest.mark.parametrize(
    ("cause", "sip", "outcome"),
    [
        (17, 486, Outcome.BUSY), (17, None, Outcome.BUSY), (34, 503, Outcome.CONGESTION),
        (1, 404, Outcome.INVALID_NUMBER), (19, 480, Outcome.NO_ANSWER), (16, None, Outcome.NO_ANSWER),
        (21, 603, Outcome.REJECTED), (38, 500, Outcome.FAILED), (0, None, Outcome.FAILED),
    ],
)  # fmt: skip
def test_the_outcome_of_an_unanswered_attempt_is_its_true_cause(cause, sip, outcome):
    call, effects = run(outbound(State.DIALLING), ev.HungUp(ID, 1003.0, cause, "", sip))
    assert settled(effects) == [outcome]
    assert released(effects) == [("anna", False)]
    assert call.hung_up_by == "unknown"


def test_the_cause_counts_in_whichever_order_the_failure_is_told():
    failed, hung_up = ev.OriginateFailed(ID, 1003.0, "failure"), ev.HungUp(ID, 1003.0, 17, "", 486)
    for events in ((failed, hung_up), (hung_up, failed)):
        call, effects = run(outbound(State.RINGING), *events)
        assert settled(effects) == [Outcome.BUSY]
        assert call.state is State.SETTLED


def test_an_originate_that_never_left_is_cancelled_at_once():
    _, effects = run(outbound(State.DIALLING), ev.OriginateFailed(ID, 1003.0, "link down", sent=False))
    assert settled(effects) == [Outcome.CANCELLED]
    assert released(effects) == [("anna", False)]


def test_ringing_too_long_is_no_answer():
    call, effects = run(outbound(State.RINGING), ev.TimerFired(ID, 1040.0))
    assert do.HangUp() in effects
    assert released(effects) == [("anna", False)]
    _, effects = run(call, ev.HungUp(ID, 1040.1, 16))
    assert settled(effects) == [Outcome.NO_ANSWER]
    assert released(effects) == []


def test_a_hang_up_that_crosses_with_the_answer_counts_as_abandoned():
    call, _ = run(outbound(State.RINGING), ev.TimerFired(ID, 1040.0), ev.Answered(ID, 1040.05))
    _, effects = run(call, ev.HungUp(ID, 1040.1, 16))
    assert settled(effects) == [Outcome.ABANDONED]


def test_a_machine_is_hung_up_on_and_the_agent_freed_at_once():
    call, effects = run(outbound(State.ANSWERED, answered_at=1005.0), script(1008.0, "machine"))
    assert do.HangUp() in effects
    assert released(effects) == [("anna", False)]
    _, effects = run(call, ev.HungUp(ID, 1008.1, 16))
    assert settled(effects) == [Outcome.MACHINE]


def test_a_person_without_an_agent_hears_the_message_and_is_abandoned():
    call, effects = run(outbound(State.ANSWERED, answered_at=1005.0, reserved=None), script(1005.5))
    assert call.state is State.QUEUED
    hold = next(effect for effect in effects if isinstance(effect, do.Hold))
    assert hold.most_s == pytest.approx(1.5), "patience counts from the answer"
    call, effects = run(call, ev.ScriptReplied(ID, 1007.0, Reply("expired")))
    assert kinds(effects) == [do.Dequeue, do.Apologise, do.SetTimer]
    call, effects = run(call, ev.ScriptReplied(ID, 1011.0, Reply()), ev.HungUp(ID, 1011.1, 16))
    assert settled(effects) == [Outcome.ABANDONED]
    assert call.hung_up_by == "system"


@pytest.mark.parametrize(("after_s", "outcome"), [(0.4, Outcome.LEFT), (1.99, Outcome.LEFT), (2.0, Outcome.ABANDONED)])
@pytest.mark.parametrize("state", [State.ANSWERED, State.QUEUED, State.JOINING])
def test_a_person_who_hangs_up_at_once_is_not_abandoned(state, after_s, outcome):
    agent = "anna" if state is State.JOINING else None
    call = outbound(state, answered_at=1005.0, agent=agent, request=REQUEST)
    _, effects = run(call, ev.HungUp(ID, 1005.0 + after_s, 16))
    assert settled(effects) == [outcome]


def test_a_failed_join_waits_again_before_the_others():
    call, effects = run(outbound(State.JOINING, agent="anna", request=REQUEST), ev.JoinFailed(ID, 1005.1, "gone"))
    assert call.state is State.QUEUED
    assert released(effects) == [("anna", False)]
    enqueued = next(effect for effect in effects if isinstance(effect, do.Enqueue))
    assert enqueued.request.priority > REQUEST.priority


def talking(plan=INBOUND, **fields):
    return Call(
        ID, plan, State.TALKING, 1000.0, agent="anna", request=REQUEST, answered_at=1001.0, joined_at=1010.0,
        talking_since=1010.0, bridge="b1", **fields,
    )  # fmt: skip


def test_after_the_agent_hangs_up_the_flow_goes_on():
    call, effects = run(talking(flow_started=True), ev.AgentFinished(ID, 1060.0, "anna"))
    assert do.ParkAgent("anna") in effects
    call, effects = run(call, ev.Unbridged(ID, 1060.1, "b1"))
    assert (call.state, released(effects)) == (State.RETURNING, [("anna", True)])
    call, effects = run(call, script(1060.2, kind="inbound"))
    assert call.state is State.FLOW
    assert [effect.result.status for effect in effects] == ["talked"]


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_a_dropped_agent_leg_is_told_from_a_finished_talk_in_every_order(order):
    facts = (ev.Unbridged(ID, 1060.0, "b1"), ev.AgentLost(ID, 1060.0, "anna"), script(1060.0, kind="inbound"))
    call, effects = run(talking(flow_started=True), *(facts[index] for index in order))
    assert call.state is State.FLOW
    assert [effect.result.status for effect in effects if isinstance(effect, do.RunFlow)] == ["agent_lost"]
    assert released(effects) == [("anna", True)]


def test_who_leaves_in_the_flow_after_the_talk_hung_up_himself():
    call, _ = run(
        talking(flow_started=True), ev.AgentFinished(ID, 1060.0, "anna"), ev.Unbridged(ID, 1060.1, "b1"),
        script(1060.2, kind="inbound"), ev.HungUp(ID, 1062.0, 16),
    )  # fmt: skip
    assert call.hung_up_by == "customer"


def test_an_outbound_customer_whose_agent_drops_waits_for_another():
    call, _ = run(
        talking(plan=TO_AGENT), ev.AgentLost(ID, 1060.0, "anna"), script(1060.1), ev.Unbridged(ID, 1060.2, "b1")
    )
    assert call.state is State.QUEUED
    call, _ = run(call, ev.AgentAssigned(ID, 1060.5, "ben"), ev.Bridged(ID, 1060.6, "b2"))
    assert call.state is State.TALKING
    same, nothing = step(call, ev.Unbridged(ID, 1060.7, "b1"))
    assert (same, nothing) == (call, ()), "a straggler of the first bridge ends no talk of the second"
    call, _ = run(call, ev.HungUp(ID, 1070.6, 16))
    assert [talk.agent for talk in call.talks] == ["anna", "ben"]
    assert call.talk_s == pytest.approx(60.0)


def test_an_outbound_talk_that_the_agent_ends_is_hung_up():
    call, effects = run(
        talking(plan=TO_AGENT), ev.AgentFinished(ID, 1060.0, "anna"), ev.Unbridged(ID, 1060.0, "b1"), script(1060.1)
    )
    assert call.state is State.ENDING
    assert do.HangUp() in effects
    call, effects = run(call, ev.HungUp(ID, 1060.2, 16))
    assert (settled(effects), call.hung_up_by) == ([Outcome.ANSWERED], "agent")


def test_a_survey_follows_an_outbound_talk_where_the_campaign_has_one():
    call, effects = run(
        talking(plan=replace(TO_AGENT, after_talk="flow")),
        ev.AgentFinished(ID, 1060.0, "anna"), ev.Unbridged(ID, 1060.0, "b1"), script(1060.1),
    )  # fmt: skip
    assert call.state is State.FLOW
    assert effects[-1] == do.RunFlow(None)


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        (inbound(State.FLOW, flow_started=True), Outcome.LEFT),
        (inbound(State.QUEUED, flow_started=True, request=REQUEST), Outcome.ABANDONED),
        (inbound(State.FLOW, flow_started=True, marks=frozenset({"closed"})), Outcome.CLOSED),
        (inbound(State.FLOW, flow_started=True, marks=frozenset({"overloaded"})), Outcome.OVERLOADED),
        (inbound(State.FLOW, flow_started=True, marks=frozenset({"overloaded", "forwarded"})), Outcome.FORWARDED),
        (inbound(State.FLOW, flow_started=True, marks=frozenset({"trunk_fault"})), Outcome.FAILED),
        (inbound(State.ENDING, flow_started=True, why="flow"), Outcome.SELF_SERVED),
        (inbound(State.ENDING, flow_started=True, why="operator", queued_at=1050.0), Outcome.ABANDONED),
        (inbound(State.ENDING, why="overloaded"), Outcome.OVERLOADED),
        (inbound(State.ENDING, why="no_script"), Outcome.FAILED),
        (talking(), Outcome.ANSWERED),
    ],
)
def test_the_outcome_of_an_inbound_call(call, outcome):
    _, effects = step(call, ev.HungUp(ID, 1100.0, 16))
    assert settled(effects) == [outcome]


def test_a_call_without_capacity_is_refused_with_a_cause():
    call, effects = run(replace(inbound(), plan=replace(INBOUND, refused=True)), script(1000.0, kind="inbound"))
    assert call.state is State.ENDING
    assert do.HangUp(42) in effects


def test_a_missed_hang_up_is_lost_but_for_what_is_known():
    _, effects = run(outbound(State.RINGING), ev.Gone(ID, 1100.0))
    assert settled(effects) == [Outcome.LOST]
    _, effects = run(talking(), ev.Gone(ID, 1100.0))
    assert settled(effects) == [Outcome.ANSWERED]


# --- any order of events --------------------------------------------------------------------------

AT = 1001.0
EVENTS = (
    ev.Stored(ID, AT),
    ev.Ringing(ID, AT),
    ev.Answered(ID, AT),
    ev.OriginateFailed(ID, AT, "failure"),
    ev.OriginateFailed(ID, AT, "link down", sent=False),
    *(ev.HungUp(ID, AT, cause) for cause in (0, 1, 16, 17, 19, 34, 127)),
    ev.Bridged(ID, AT, "b1"),
    ev.Bridged(ID, AT, "b2"),
    ev.Unbridged(ID, AT, "b1"),
    ev.Unbridged(ID, AT, "b2"),
    ev.JoinFailed(ID, AT, "no such channel"),
    *(ev.FoundTalking(ID, AT, agent, "b1") for agent in ("anna", "ben", "cleo")),
    *(script(AT, answered_by) for answered_by in ("unknown", "person", "machine")),
    *(ev.ScriptReplied(ID, AT, reply) for reply in (Reply(), Reply("expired"), Reply("failed"), Reply(digits="1"))),
    ev.ScriptEnded(ID, AT),
    ev.Gone(ID, AT),
    ev.QueueAsked(ID, AT, REQUEST),
    ev.FlowMarked(ID, AT, frozenset({"closed"})),
    ev.FlowEnded(ID, AT, 16),
    ev.AgentAssigned(ID, AT, "ben"),
    ev.AgentAssigned(ID, AT, "cleo"),
    *(ev.AgentLost(ID, AT, agent) for agent in ("anna", "ben", "cleo")),
    *(ev.AgentFinished(ID, AT, agent) for agent in ("anna", "ben", "cleo")),
    ev.HangupRequested(ID, AT, "operator"),
    ev.TimerFired(ID, AT),
)
LAST = (ev.HungUp, ev.Gone)


def pick(call, draw, at_random):
    """An event for this call: any at all, or one that its state has a row for and that does not settle it."""
    if not at_random:
        fitting = [e for e in EVENTS if (call.state, type(e)) in ACTIONS and not isinstance(e, LAST)]
        if fitting:
            return fitting[draw % len(fitting)]
    return EVENTS[draw % len(EVENTS)]


PLANS = st.builds(
    Plan,
    st.just("outbound"),
    person=st.sampled_from(["agent", "flow"]),
    machine=st.sampled_from(["hangup", "agent", "flow"]),
    request=st.just(REQUEST),
    after_talk=st.sampled_from(["flow", "hangup"]),
) | st.builds(Plan, st.just("inbound"), refused=st.booleans())


class Holdings:
    """What the engine holds for the call, kept as the effects say."""

    def __init__(self, call):
        self.agents = [call.reserved] if call.reserved else []
        self.in_line = False
        self.settled = []

    def apply(self, event, before, effects):
        if isinstance(event, ev.AgentAssigned):
            # The engine hands out an agent only to a call that is in the line, which takes it out of there.
            assert self.in_line
            self.in_line = False
            self.agents.append(event.agent)
        found = isinstance(event, ev.FoundTalking) and before.state in (State.QUEUED, State.JOINING)
        if found and event.agent not in self.agents:
            self.agents.append(event.agent)  # the switch joined them, unseen
        if isinstance(event, ev.Bridged) and before.state is State.RETURNING:
            self.agents += [effect.agent for effect in effects if isinstance(effect, do.AgentJoined)]  # and again
        for effect in effects:
            assert not self.settled, "nothing after the settlement"
            match effect:
                case do.Enqueue():
                    assert not self.in_line, "one place in the line"
                    self.in_line = True
                case do.Dequeue():
                    self.in_line = False
                case do.ReleaseAgent(agent):
                    self.agents.remove(agent)
                case do.Join(agent) | do.AgentJoined(agent) | do.ParkAgent(agent):
                    assert agent in self.agents
                case do.Settle(outcome):
                    self.settled.append(outcome)


@settings(max_examples=1500, deadline=None)
@given(PLANS, st.booleans(), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 5)), max_size=40))
def test_whatever_happens_a_call_settles_once_and_gives_everything_back(plan, reserve, draws):
    state = State.INTENDED if plan.direction == "outbound" else State.ARRIVED
    reserved = "anna" if reserve and plan.direction == "outbound" else None
    call = Call(ID, plan, state, 1000.0, reserved=reserved)
    holdings = Holdings(call)
    for draw in [*draws, ev.Stored(ID, 1002.0), ev.HungUp(ID, 1002.0, 16)]:
        event = pick(call, draw[0], at_random=draw[1] == 0) if isinstance(draw, tuple) else draw
        if isinstance(event, ev.AgentAssigned) and not holdings.in_line:
            continue
        if isinstance(event, ev.AgentFinished | ev.AgentLost) and event.agent not in holdings.agents:
            continue
        before = call
        call, effects = step(call, event)
        allowed = {t for row in TABLE if before.state in row.sources and row.event is type(event) for t in row.targets}
        assert call.state in allowed or call == before
        holdings.apply(event, before, effects)
        assert (call.state is State.SETTLED) == bool(holdings.settled)
    assert call.state is State.SETTLED
    assert len(holdings.settled) == 1
    assert holdings.agents == []
    assert not holdings.in_line
    assert call.ended_at is not None
    if call.plan.direction == "outbound" and call.answered_at is None:
        assert holdings.settled[0] not in (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.MACHINE)


def test_the_table_has_one_row_for_a_state_and_an_event_and_no_state_without_a_way_out():
    assert len(ACTIONS) == sum(len(row.sources) for row in TABLE)
    for state in State:
        if state is not State.SETTLED:
            assert (state, ev.Gone) in ACTIONS
    assert not any(source is State.SETTLED for source, _ in ACTIONS)


def test_the_diagram_in_the_documents_is_current(pytestconfig):
    assert (pytestconfig.rootpath / "docs/call-states.md").read_text() == markdown()
