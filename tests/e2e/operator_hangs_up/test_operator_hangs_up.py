"""An operator ends a call by the API, in each state; nobody else notices."""

from tests.e2e.files import LONG, campaign, flow
from tests.e2e.lab import Lab

FILES = {
    **flow("talks", {"talks": {"say": {"en": LONG}}}, number="+493023125001"),
    **flow("line", {"line": {"queue": {"skills": ["sales"], "wrap_up": "0s", "max_wait": "60s"}, "overflow": "bye"},
                    "bye": {"hangup": None}}, number="+493023125002"),
    **campaign("calls"),
}  # fmt: skip
SAY, LINE = "+493023125001", "+493023125002"


async def test_in_the_flow(lab: Lab) -> None:
    caller = await lab.call(SAY)
    await lab.until_answered(caller)
    assert await lab.delete(f"calls/{(await lab.until_call('flow'))['id']}") == 204
    call = await lab.one()
    assert (call.outcome, call.hung_up_by) == ("self_served", "system")
    assert await lab.over(caller) == "us"


async def test_in_the_queue_and_in_the_talk(lab: Lab) -> None:
    await lab.log_in("agent01")
    talking = await lab.call(LINE, sender="+4930231251")
    await lab.until_agent("agent01", "talking")
    waiting = await lab.call(LINE, sender="+4930231252")
    assert await lab.delete(f"calls/{(await lab.until_call('queued'))['id']}") == 204
    await lab.settled(1)
    assert await lab.over(waiting) == "us"
    assert talking.over_by == ""
    assert await lab.delete(f"calls/{(await lab.until_call('talking'))['id']}") == 204
    calls = {call.number: call for call in await lab.settled(2)}
    assert (calls["+4930231251"].outcome, calls["+4930231252"].outcome) == ("answered", "abandoned")
    assert {call.hung_up_by for call in calls.values()} == {"system"}
    assert await lab.over(talking) == "us"
    await lab.until_agent("agent01", "idle")
    assert lab.phone("agent01").over_by == ""


async def test_while_it_rings(lab: Lab) -> None:
    number = "+493023120008"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    phone = await lab.until_rung(number)
    await lab.until(lambda: phone.rings)
    row = await lab.until_call("ringing", direction="outbound")
    await lab.post("campaigns/calls/pause")
    assert await lab.delete(f"calls/{row['id']}") == 204
    call = await lab.one()
    assert (call.outcome, call.hung_up_by) == ("cancelled", "system")
    assert await lab.final(phone) == "487"
    await lab.until_agent("agent01", "idle")
    assert await lab.delete(f"calls/{row['id']}") == 404
