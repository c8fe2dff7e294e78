"""The engine is dead when somebody answers or hangs up: Asterisk has kept when that was. Talk is paid by the second."""

import pytest

from tests.e2e.eventually import eventually
from tests.e2e.fault_lab import FaultLab
from tests.e2e.files import campaign

FILES = campaign("calls", ring_timeout="30s")
OPTIONS = {"people": {"ring_ms": 2500, "brief_ms": 700}}
NEAR_S = 0.5


async def test_answered_and_over_while_it_was_dead(lab: FaultLab) -> None:
    number = "+493023120105"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    person = await lab.until_rung(number)
    await lab.until_call("ringing", direction="outbound")
    await lab.engine.kill()
    await eventually(lambda: person.over_by)
    await lab.engine.start()
    call = await lab.one()
    row = await lab.cdr(call.id, or_events=True)
    assert call.outcome in ("abandoned", "left"), "a person was there, and nobody spoke"
    assert call.answered_at == pytest.approx(row["answer"], abs=NEAR_S)
    assert call.ended_at == pytest.approx(row["end"], abs=NEAR_S)
    assert call.talk_s == 0


async def test_a_talk_that_the_customer_ended_while_it_was_dead(lab: FaultLab) -> None:
    person = await lab.die_in_talk("calls", "+493023120110")
    person.hang_up()
    await eventually(lambda: person.over_by)
    await lab.engine.start()
    call = await lab.one()
    row = await lab.cdr(call.id, or_events=True)
    assert (call.outcome, call.agent, call.hung_up_by) == ("answered", "agent01", "customer")
    assert call.joined_at is not None
    assert call.joined_at + call.talk_s == pytest.approx(row["end"], abs=NEAR_S)
    assert call.answered_at == pytest.approx(row["answer"], abs=NEAR_S)


async def test_a_talk_that_ended_with_the_agents_leg_while_it_was_dead(lab: FaultLab) -> None:
    """The customer stays until Asterisk gives the engine up: that is no talk any more."""
    number = "+493023120210"
    await lab.log_in("agent01")
    leg = lab.phone("agent01")
    await lab.dial("calls", number)
    person = await lab.until_rung(number)
    talk = await lab.until_agent("agent01", "talking")
    await eventually(lambda: [call for call in lab.ledger.open() if call.joined_at is not None])
    [session] = lab.ledger.sessions()
    await lab.engine.kill()
    leg.hang_up()
    await eventually(lambda: person.over_by)
    await lab.engine.start()
    call = await lab.one()
    dropped, row = await lab.cdr(session.channel, or_events=True), await lab.cdr(call.id, or_events=True)
    assert (call.id, call.outcome, call.hung_up_by) == (talk["call_id"], "answered", "system")
    assert call.joined_at is not None
    assert call.joined_at + call.talk_s == pytest.approx(dropped["end"], abs=NEAR_S)
    assert call.ended_at == pytest.approx(row["end"], abs=NEAR_S)
    assert row["end"] - dropped["end"] > 2, "else both would be the same"
