"""A person answers and no agent is there: the message within the time that the law allows, and the outcome says it."""

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = campaign("calls", abandon={"connect_within": "2s", "message": {"en": "Sorry, nobody is free."}})
OPTIONS = {"people": {"ring_ms": 1500}}


async def test_an_agent_who_leaves_while_it_rings_leaves_the_person_to_the_message(lab: Lab) -> None:
    number = "+493023120099"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    phone = await lab.until_rung(number)
    lab.phone("agent01").hang_up()
    await lab.until_agent("agent01", "logged_out")
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.joined_at, call.talk_s) == ("abandoned", "system", None, 0.0)
    assert call.answered_at is not None and call.ended_at is not None
    assert 2.5 < call.ended_at - call.answered_at < 8.0, "two seconds of waiting and the message"
    assert await lab.over(phone) == "us"
    assert lab.ledger.contact("calls", number).result == "abandoned"


async def test_another_agent_takes_the_person_over(lab: Lab) -> None:
    number = "+493023120199"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    phone = await lab.until_rung(number)
    lab.phone("agent01").hang_up()
    await lab.until_agent("agent01", "logged_out")
    await lab.log_in("agent02")
    await lab.until_agent("agent02", "talking")
    phone.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.agent) == ("answered", "customer", "agent02")
    assert call.joined_at is not None and call.answered_at is not None
    assert call.joined_at - call.answered_at < 2.0


async def test_a_person_who_hangs_up_while_there_was_time_to_connect_is_not_abandoned(lab: Lab) -> None:
    number = "+493023120299"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    phone = await lab.until_rung(number)
    lab.phone("agent01").hang_up()
    await lab.until_agent("agent01", "logged_out")
    await lab.until_call("queued", direction="outbound")
    phone.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.joined_at) == ("left", "customer", None)
    assert await lab.over(phone) == "it"
