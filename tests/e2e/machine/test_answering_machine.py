"""Answering machines are told from people."""

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

OPTIONS = {"people": {"brief_ms": 200}}
FILES = {
    **campaign("hangs_up", machine={"detect": True}, retry={"machine": {"after": "6h", "times": 2}}),
    **campaign("joins", machine={"detect": True, "then": "agent"}),
}


async def test_a_machine_is_hung_up_on_and_no_agent_hears_it(lab: Lab) -> None:
    number = "+493023120081"
    await lab.log_in("agent01")
    await lab.dial("hangs_up", number)
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.joined_at, call.talk_s) == ("machine", "system", None, 0.0)
    assert call.answered_at is not None
    assert await lab.over(await lab.until_rung(number)) == "us"
    contact = lab.ledger.contact("hangs_up", number)
    assert (contact.state, dict(contact.tries)) == ("waiting", {"machine": 1})
    states = [span.state for span in await lab.spans("agent01")]
    assert "talking" not in states and "wrap_up" not in states


async def test_a_person_is_joined_although_machines_are_looked_for(lab: Lab) -> None:
    number = "+493023120099"
    await lab.log_in("agent01")
    await lab.dial("hangs_up", number)
    await lab.until_agent("agent01", "talking")
    phone = await lab.until_rung(number)
    phone.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.agent) == ("answered", "customer", "agent01")
    assert await lab.over(phone) == "it"


async def test_a_machine_may_go_to_an_agent(lab: Lab) -> None:
    number = "+493023120181"
    await lab.log_in("agent01")
    await lab.dial("joins", number)
    await lab.until_agent("agent01", "talking")
    await lab.post("agents/agent01/hangup")
    call = await lab.one()
    assert (call.outcome, call.hung_up_by) == ("answered", "agent")
    assert await lab.over(await lab.until_rung(number)) == "us"


async def test_a_person_who_hangs_up_while_we_listen_for_a_machine(lab: Lab) -> None:
    number = "+493023120005"
    await lab.log_in("agent01")
    await lab.dial("hangs_up", number)
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.joined_at) == ("left", "customer", None)
    assert call.answered_at is not None
    assert await lab.over(await lab.until_rung(number)) == "it"
    await lab.until_agent("agent01", "idle")
