"""The number does not exist (404): no rule calls it again."""

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = campaign("calls", retry={"failed": {"after": "1s", "times": 3}, "no_answer": {"after": "1s", "times": 3}})
NUMBER = "+493023120004"


async def test_a_number_that_does_not_exist_is_never_called_again(lab: Lab) -> None:
    await lab.log_in("agent01")
    await lab.dial("calls", NUMBER)
    call = await lab.one()
    assert (call.outcome, call.cause, call.sip, call.answered_at) == ("invalid_number", 1, 404, None)
    assert await lab.final(await lab.until_rung(NUMBER)) == "404"
    contact = lab.ledger.contact("calls", NUMBER)
    assert (contact.state, contact.result) == ("done", "invalid_number")
    await lab.until_agent("agent01", "idle")
    await lab.until_campaign("calls", "exhausted")
    assert len(lab.people.invites(NUMBER)) == 1
