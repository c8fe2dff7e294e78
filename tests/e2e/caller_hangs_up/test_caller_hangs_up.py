"""A caller hangs up, in each state that a call can be in."""

import asyncio

import pytest

from tests.e2e.files import LONG, flow
from tests.e2e.lab import Lab

SURVEY = {"menu": {"en": LONG}, "choices": {"1": "bye"}, "otherwise": "bye"}
FILES = {
    **flow("partner", {"partner": {"dial": "+493023120008", "ring": "60s"}}, number="+493023125001"),
    **flow("talks", {"talks": {"say": {"en": LONG}}}, number="+493023125002"),
    **flow(
        "asks", {"asks": {"menu": {"en": LONG}, "choices": {"1": "bye"}, "otherwise": "bye"}, "bye": {"hangup": None}},
        number="+493023125003",
    ),
    **flow(
        "sells",
        {
            "line": {"queue": {"skills": ["sales"], "wrap_up": "0s"}, "next": "survey", "overflow": "bye"},
            "survey": SURVEY, "bye": {"hangup": None},
        },
        number="+493023125004",
    ),
}  # fmt: skip
PARTNER, SAY, MENU, LINE = (f"+49302312500{n}" for n in (1, 2, 3, 4))


async def test_before_the_answer(lab: Lab) -> None:
    """The flow rings at somebody's: nobody has picked up yet, neither there nor here."""
    caller = await lab.call(PARTNER)
    phone = await lab.until_rung("+493023120008")
    await lab.until(lambda: phone.rings)
    caller.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.answered_at) == ("left", "customer", None)
    assert await lab.final(caller) == "487"
    assert await lab.final(phone) == "487"
    row = await lab.cdr(call.id)
    assert (row["answer"], row["disposition"]) == (None, "NO ANSWER")


@pytest.mark.parametrize("number", [SAY, MENU])
async def test_in_the_flow(lab: Lab, number: str) -> None:
    caller = await lab.call(number)
    await lab.until_answered(caller)
    caller.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.agent) == ("left", "customer", None)
    assert call.answered_at is not None and call.queued_at is None
    assert await lab.over(caller) == "it"


async def test_in_the_queue(lab: Lab) -> None:
    await lab.log_in("agent01")
    first = await lab.call(LINE)
    await lab.until_agent("agent01", "talking")
    waiting = await lab.call(LINE, sender="+4930231251")
    await lab.until_answered(waiting)
    await lab.until_call("queued")
    assert [(row["waiting"]) for row in await lab.get("queues")] == [1]
    waiting.hang_up()
    (call,) = await lab.settled()
    assert (call.number, call.outcome, call.hung_up_by) == ("+4930231251", "abandoned", "customer")
    assert call.queued_at is not None and call.joined_at is None
    assert await lab.over(waiting) == "it"
    assert sum(row["waiting"] for row in await lab.get("queues")) == 0
    first.hang_up()
    assert {call.outcome for call in await lab.settled(2)} == {"abandoned", "answered"}
    await lab.until_agent("agent01", "idle")


async def test_while_an_agent_is_joined(lab: Lab) -> None:
    """The hang-up and the join cross: whichever is first, both agree on what happened and the agent is free."""
    await lab.log_in("agent01", "agent02")
    for turn in range(8):
        sender = f"+49302319{turn:03}"
        await lab.post("agents/agent01/pause")
        busy = await lab.call(LINE)
        await lab.until_agent("agent02", "talking")
        caller = await lab.call(LINE, sender=sender)
        await lab.until_answered(caller)
        await lab.until_call("queued")
        if turn % 2:
            caller.hang_up()
            await lab.post("agents/agent01/ready")
        else:
            ready = asyncio.create_task(lab.post("agents/agent01/ready"))
            await asyncio.sleep(turn / 2000)
            caller.hang_up()
            await ready
        await lab.settled(2 * turn + 1)
        busy.hang_up()
        (call,) = (call for call in await lab.settled(2 * turn + 2) if call.number == sender)
        assert call.outcome == ("answered" if call.joined_at else "abandoned")
        assert call.hung_up_by == "customer"
        assert await lab.over(caller) == "it"
        assert bool(lab.ledger.talks(call.id)) == (call.joined_at is not None)
        await lab.until_agent("agent01", "idle")
        await lab.until_agent("agent02", "idle")


async def test_in_the_talk(lab: Lab) -> None:
    await lab.log_in("agent01")
    caller = await lab.call(LINE)
    await lab.until_agent("agent01", "talking")
    await lab.until_bridged(2)
    caller.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.agent) == ("answered", "customer", "agent01")
    (talk,) = lab.ledger.talks(call.id)
    assert call.ended_at is not None and abs(talk.ended_at - call.ended_at) < 1
    assert await lab.over(caller) == "it"
    await lab.until_agent("agent01", "idle")
    assert lab.phone("agent01").over_by == "", "the agent's leg outlives the call"


async def test_in_the_survey_after_the_talk(lab: Lab) -> None:
    await lab.log_in("agent01")
    caller = await lab.call(LINE)
    await lab.until_agent("agent01", "talking")
    await lab.post("agents/agent01/hangup")
    await lab.until_call("flow")
    assert caller.over_by == ""
    caller.hang_up()
    call = await lab.one()
    assert (call.outcome, call.agent) == ("answered", "agent01")
    (talk,) = lab.ledger.talks(call.id)
    assert call.ended_at is not None and talk.ended_at < call.ended_at
    assert await lab.over(caller) == "it"
