"""An agent dials a number by hand."""

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = {**campaign("calls", mode="manual", caller_id="+493023125077"), **campaign("other", mode="manual")}


async def test_joined_at_the_answer_under_the_client_s_number(lab: Lab) -> None:
    number = "+493023120099"
    await lab.log_in("agent01")
    assert "stopped" in await lab.refused("agents/agent01/dial", {"campaign": "calls", "number": number})
    await lab.post("campaigns/calls/start")
    row = await lab.post("agents/agent01/dial", {"campaign": "calls", "number": number})
    assert row["state"] in ("reserved", "talking")
    phone = await lab.until_rung(number)
    assert "+493023125077" in phone.invite.header("From")
    await lab.until_agent("agent01", "talking")
    await lab.post("agents/agent01/hangup")
    call = await lab.one()
    assert (call.outcome, call.number, call.agent, call.hung_up_by) == ("answered", number, "agent01", "agent")
    contact = lab.ledger.contact("calls", number)
    assert (contact.state, contact.attempts, dict(contact.fields)) == ("done", 1, {"source": "by_hand"})


async def test_a_number_on_the_do_not_call_list_is_refused_with_the_rule(lab: Lab) -> None:
    number = "+493023120199"
    await lab.log_in("agent01")
    await lab.post("campaigns/other/start")
    await lab.post("do-not-call", {"scope": "client:acme", "number": number})
    assert "do_not_call.client" in await lab.refused("agents/agent01/dial", {"campaign": "other", "number": number})
    await lab.until_agent("agent01", "idle")
    assert lab.people.invites(number) == []
    busy = "+493023120186"
    await lab.post("agents/agent01/dial", {"campaign": "other", "number": busy})
    call = await lab.one()
    assert (call.number, call.outcome) == (busy, "busy")
    await lab.until_agent("agent01", "idle")
