"""The agent ends the talk, by the API or by keys on the phone; the leg stays up for the next one."""

import pytest

from tests.e2e.files import campaign, flow
from tests.e2e.lab import Lab, Puppet

NUMBER = "+493023125001"
FILES = {
    **flow("line", {"line": {"queue": {"skills": ["sales"], "wrap_up": "1s"}, "overflow": "bye"},
                    "bye": {"hangup": None}}, number=NUMBER),
    **campaign("calls", agents={"skills": ["sales"], "wrap_up": "30s"}),
}  # fmt: skip


async def log_in(lab: Lab, how: str) -> Puppet:
    if how == "api":
        await lab.log_in("agent01")
        return lab.phone("agent01")
    phone = await lab.log_in_by_phone("agent01")
    phone.press("*1")
    await lab.until_agent("agent01", "idle")
    return phone


async def hang_up(lab: Lab, how: str, phone: Puppet) -> None:
    if how == "api":
        await lab.post("agents/agent01/hangup")
    else:
        phone.press("*3")


@pytest.mark.parametrize("how", ["api", "keys"])
async def test_an_inbound_talk(lab: Lab, how: str) -> None:
    phone = await log_in(lab, how)
    caller = await lab.call(NUMBER)
    await lab.until_agent("agent01", "talking")
    await lab.until_bridged(2)
    await hang_up(lab, how, phone)
    await lab.until_agent("agent01", "wrap_up")
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.agent) == ("answered", "agent", "agent01")
    assert await lab.over(caller) == "us"
    (talk,) = lab.ledger.talks(call.id)
    assert abs(talk.ended_at - talk.started_at - call.talk_s) < 0.001
    await lab.until_agent("agent01", "idle")
    assert phone.over_by == ""
    spans = [(span.state, span.call_id) for span in await lab.spans("agent01")]
    assert ("talking", call.id) in spans and ("wrap_up", call.id) in spans


@pytest.mark.parametrize(("how", "number"), [("api", "+493023120099"), ("keys", "+493023120199")])
async def test_an_outbound_talk(lab: Lab, how: str, number: str) -> None:
    phone = await log_in(lab, how)
    await lab.dial("calls", number)
    await lab.until_agent("agent01", "talking")
    await lab.until_bridged(2)
    await hang_up(lab, how, phone)
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.agent) == ("answered", "agent", "agent01")
    assert await lab.over(await lab.until_rung(number)) == "us"
    await lab.until_agent("agent01", "wrap_up")
    if how == "api":
        await lab.post("agents/agent01/end_wrap_up")
    else:
        phone.press("*4")
    await lab.until_agent("agent01", "idle")
    assert lab.ledger.contact("calls", number).result == "answered"


async def test_talk_after_talk_on_one_leg(lab: Lab) -> None:
    """The leg comes back from each bridge; nobody hears the one before."""
    await lab.log_in("agent01")
    for turn in range(4):
        caller = await lab.call(NUMBER, sender=f"+4930231{turn:04}")
        await lab.until_agent("agent01", "talking")
        if turn % 2:
            caller.hang_up()
        else:
            await lab.post("agents/agent01/hangup")
        await lab.settled(turn + 1)
        await lab.until_agent("agent01", "wrap_up", "idle")
        await lab.post("agents/agent01/ready")
    calls = await lab.settled(4)
    assert [call.hung_up_by for call in calls] == ["agent", "customer", "agent", "customer"]
    assert len(lab.phones.invites("agent01")) - lab.invited_before("agent01") == 1


async def test_there_is_nothing_to_hang_up(lab: Lab) -> None:
    phone = await log_in(lab, "keys")
    assert "no call to hang up" in await lab.refused("agents/agent01/hangup")
    phone.press("*3")
    caller = await lab.call(NUMBER)
    await lab.until_agent("agent01", "talking")
    assert caller.over_by == ""
    caller.hang_up()
    assert (await lab.one()).hung_up_by == "customer"
