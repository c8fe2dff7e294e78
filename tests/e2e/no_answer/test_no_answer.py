"""The far side says that nobody is there (480)."""

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = campaign("calls")
NUMBER = "+493023120080"


async def test_nobody_there_is_no_answer(lab: Lab) -> None:
    await lab.log_in("agent01")
    await lab.dial("calls", NUMBER)
    call = await lab.one()
    assert (call.outcome, call.sip, call.answered_at, call.talk_s) == ("no_answer", 480, None, 0.0)
    assert await lab.final(await lab.until_rung(NUMBER)) == "480"
    assert (await lab.cdr(call.id))["disposition"] == "NO ANSWER"
    contact = lab.ledger.contact("calls", NUMBER)
    assert (contact.state, contact.attempts, contact.result) == ("done", 1, "no_answer")
    await lab.until_agent("agent01", "idle")
