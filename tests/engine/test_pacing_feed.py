"""What the pacer hears of a dial, through the real call machine."""

from dialer.calls import events as ev
from dialer.calls.machine import step
from dialer.calls.model import Call, Plan, State
from dialer.engine.pacing_feed import of_dial
from dialer.flows.commands import QueueRequest, Reply

ID = "n1-x-1"
PLAN = Plan("outbound", person="agent", request=QueueRequest("winback", ("sales",), max_wait_s=2.0))


def heard(*events, plan=PLAN):
    call, tidings = Call(ID, plan, State.INTENDED, 1000.0), []
    for event in events:
        after, _ = step(call, event)
        tidings += [(tiding.kind, tiding.agent, tiding.value) for tiding in of_dial(call, after)]
        call = after
    return tidings


def script(at, by="person"):
    return ev.ScriptStarted(ID, at, "ast1", "outbound", "PJSIP/trunk-1", "", "", by)


DIALLED = (ev.Stored(ID, 1001.0), ev.Ringing(ID, 1002.0))
ANSWERED = (*DIALLED, ev.Answered(ID, 1006.0))


def test_a_talk_is_told_from_its_dial_to_its_end():
    told = heard(
        *ANSWERED, script(1006.5), ev.AgentAssigned(ID, 1006.6, "anna"), ev.Bridged(ID, 1006.7, "b1"),
        ev.HungUp(ID, 1066.7, 16),
    )  # fmt: skip
    assert [kind for kind, _, _ in told] == ["placed", "ringing", "answered", "live", "connected", "ended"]
    assert told[2][2] == 5.0
    assert told[4][1] == "anna"
    assert told[5][1] == "anna"
    assert round(told[5][2], 6) == 60.0


def test_a_dial_that_nobody_answers_has_failed():
    assert [kind for kind, _, _ in heard(*DIALLED, ev.HungUp(ID, 1010.0, 17))] == ["placed", "ringing", "failed"]


def test_a_machine_is_told_from_a_person():
    kinds = [kind for kind, _, _ in heard(*ANSWERED, script(1008.0, "machine"), ev.HungUp(ID, 1008.1, 16))]
    assert kinds == ["placed", "ringing", "answered", "machine"]


def test_a_person_without_an_agent_is_abandoned_once():
    told = heard(*ANSWERED, script(1006.1), ev.ScriptReplied(ID, 1008.0, Reply("expired")), ev.HungUp(ID, 1011.0, 16))
    assert [kind for kind, _, _ in told] == ["placed", "ringing", "answered", "live", "abandoned"]


def test_a_person_who_hangs_up_at_once_is_no_loss():
    told = heard(*ANSWERED, script(1006.1), ev.HungUp(ID, 1006.9, 16))
    assert [kind for kind, _, _ in told] == ["placed", "ringing", "answered", "live", "failed"]


def test_whoever_hangs_up_before_anybody_is_known_to_be_there_ends_the_dial_all_the_same():
    """Else its agent would count as held for it for ever."""
    told = heard(*ANSWERED, ev.HungUp(ID, 1006.4, 16))
    assert [kind for kind, _, _ in told] == ["placed", "ringing", "answered", "failed"]
    taken_back = ev.HangupRequested(ID, 1005.0, "taken_back")
    told = heard(*DIALLED, taken_back, ev.Answered(ID, 1005.1), ev.HungUp(ID, 1005.2, 16))
    assert [kind for kind, _, _ in told] == ["placed", "ringing", "answered", "failed"]
