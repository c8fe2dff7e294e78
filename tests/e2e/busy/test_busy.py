"""A called person is busy."""

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = campaign("calls")
NUMBER = "+493023120086"


async def test_busy_is_the_outcome_and_the_agent_is_free_again(lab: Lab) -> None:
    await lab.log_in("agent01")
    await lab.dial("calls", NUMBER)
    call = await lab.one()
    assert (call.outcome, call.cause, call.sip) == ("busy", 17, 486)
    assert (call.number, call.our_number, call.campaign) == (NUMBER, "+493023125001", "calls")
    assert (call.answered_at, call.talk_s, call.hung_up_by) == (None, 0.0, "unknown")
    assert await lab.final(await lab.until_rung(NUMBER)) == "486"
    assert (await lab.cdr(call.id))["disposition"] == "BUSY"
    contact = lab.ledger.contact("calls", NUMBER)
    assert (contact.state, contact.attempts, contact.result) == ("done", 1, "busy")
    await lab.until_agent("agent01", "idle")
    assert [span.state for span in await lab.spans("agent01")][-2:] == ["idle", "reserved"]
