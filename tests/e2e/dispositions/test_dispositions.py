"""What the agent says of a talk decides over the contact, and ends the after-call work."""

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = campaign(
    "calls",
    agents={"skills": ["sales"], "wrap_up": "60s"},
    dispositions={
        "sale": {"label": "Sale"}, "callback": {"final": False, "retry_after": "2h"}, "refused": {"do_not_call": True},
    },
)  # fmt: skip


async def talk(lab: Lab, number: str) -> None:
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    await lab.until_agent("agent01", "talking")
    (await lab.until_rung(number)).hang_up()
    await lab.until_agent("agent01", "wrap_up")


async def test_a_final_one_ends_the_contact_and_the_wrap_up(lab: Lab) -> None:
    number = "+493023120099"
    await talk(lab, number)
    await lab.post("agents/agent01/disposition", {"disposition": "sale"})
    await lab.until_agent("agent01", "idle")
    call = await lab.one()
    assert (call.outcome, call.disposition, call.agent) == ("answered", "sale", "agent01")
    contact = lab.ledger.contact("calls", number)
    assert (contact.state, contact.result, contact.attempts) == ("done", "sale", 1)


async def test_one_that_calls_again(lab: Lab) -> None:
    number = "+493023120199"
    await talk(lab, number)
    await lab.post("agents/agent01/disposition", {"disposition": "callback"})
    await lab.until_agent("agent01", "idle")
    call = await lab.one()
    contact = lab.ledger.contact("calls", number)
    assert (call.disposition, contact.state, dict(contact.tries)) == ("callback", "waiting", {"callback": 1})
    assert call.ended_at is not None
    assert abs(contact.next_at - call.ended_at - 7200) < 30


async def test_given_while_they_still_talk(lab: Lab) -> None:
    number = "+493023120299"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    await lab.until_agent("agent01", "talking")
    await lab.post("agents/agent01/disposition", {"disposition": "refused"})
    assert (await lab.agent("agent01"))["state"] == "talking"
    (await lab.until_rung(number)).hang_up()
    await lab.until_agent("agent01", "idle")
    call = await lab.one()
    assert (call.outcome, call.disposition) == ("answered", "refused")
    assert (lab.ledger.contact("calls", number).state, lab.ledger.contact("calls", number).result) == (
        "done", "refused",
    )  # fmt: skip


async def test_codes_and_calls_that_do_not_exist_are_refused(lab: Lab) -> None:
    number = "+493023120399"
    await talk(lab, number)
    said = await lab.refused("agents/agent01/disposition", {"disposition": "bribed"})
    assert "409" in said and "sale" in said, "it says which there are"
    assert "409" in await lab.refused("agents/agent01/disposition", {"disposition": "sale", "call_id": "lab-x-1"})
    assert (await lab.agent("agent01"))["state"] == "wrap_up"
    assert (await lab.one()).disposition is None
    await lab.post("agents/agent01/end_wrap_up")
    await lab.until_agent("agent01", "idle")
