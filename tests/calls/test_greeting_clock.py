"""From when an answered person's patience counts: the answer, or the end of the greeting."""

import pytest

from dialer.calls import events as ev
from dialer.calls.machine import step
from dialer.calls.model import Call, Plan, State
from dialer.calls.outcome import Outcome, of_call
from dialer.flows.commands import QueueRequest

ID = "n1-x-1"


def answered(from_greeting: bool) -> Call:
    """At 10 s; known to be a person at 11.5 s."""
    request = QueueRequest("calls", ("sales",), max_wait_s=2.0)
    plan = Plan("outbound", person="agent", request=request, from_greeting=from_greeting)
    call = Call(ID, plan, State.INTENDED, 0.0)
    script = ev.ScriptStarted(ID, 11.5, "ast1", "outbound", "PJSIP/trunk-1", "", "", "person")
    for event in (ev.Stored(ID, 1.0), ev.Ringing(ID, 2.0), ev.Answered(ID, 10.0), script):
        call, _ = step(call, event)
    return call


@pytest.mark.parametrize(("from_greeting", "until"), [(False, 12.0), (True, 13.5)])
def test_patience_begins_where_the_campaign_says(from_greeting: bool, until: float) -> None:
    assert answered(from_greeting).patient_until == until


@pytest.mark.parametrize(
    ("from_greeting", "at", "outcome"),
    [(False, 11.9, Outcome.LEFT), (False, 12.5, Outcome.ABANDONED), (True, 12.5, Outcome.LEFT),
     (True, 13.6, Outcome.ABANDONED)],
)  # fmt: skip
def test_who_hangs_up_before_its_end_was_not_abandoned(from_greeting: bool, at: float, outcome: Outcome) -> None:
    call, _ = step(answered(from_greeting), ev.HungUp(ID, at, 16))
    assert call.state is State.SETTLED
    assert of_call(call, at) is outcome
