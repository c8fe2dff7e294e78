"""Callers refused for overload, in each way: told apart from closed hours, from who left, from a fault of the trunk."""

from tests.e2e.files import LONG, flow
from tests.e2e.lab import Lab

QUEUE = {"skills": ["sales"], "wrap_up": "0s"}
SORRY = {"sorry": {"hangup": {"cause": 17}}}
FILES = {
    **flow("full", {"line": {"queue": {**QUEUE, "max_waiting": 1}, "overflow": "sorry"}, **SORRY},
           number="+493023125001"),
    **flow("brief", {"line": {"queue": {**QUEUE, "max_wait": "1s"}, "overflow": "sorry"}, **SORRY},
           number="+493023125002"),
    **flow("one", {"talks": {"say": {"en": LONG}}}, number="+493023125003", max_calls=1),
    **flow("many", {"talks": {"say": {"en": LONG}}}, number="+493023125004"),
}  # fmt: skip
FULL, BRIEF, ONE, MANY = (f"+49302312500{n}" for n in (1, 2, 3, 4))
CHANNELS = 4
OPTIONS = {"switch": {"channels": CHANNELS}}


async def test_a_full_queue(lab: Lab) -> None:
    await lab.log_in("agent01")
    talking = await lab.call(FULL, sender="+4930231251")
    await lab.until_agent("agent01", "talking")
    waiting = await lab.call(FULL, sender="+4930231252")
    await lab.until(lambda: lab.waiting(1))
    await lab.until_answered(waiting)
    refused = await lab.call(FULL, sender="+4930231253")
    (call,) = await lab.settled(1)
    assert (call.number, call.outcome, call.hung_up_by) == ("+4930231253", "overloaded", "system")
    assert (call.queued_at, call.joined_at) == (None, None)
    assert await lab.over(refused) == "us"
    talking.hang_up()
    await lab.until(lambda: lab.waiting(0))
    await lab.until_agent("agent01", "talking")
    waiting.hang_up()
    outcomes = [str(call.outcome) for call in await lab.settled(3)]
    assert outcomes == ["answered", "answered", "overloaded"]


async def test_the_longest_wait(lab: Lab) -> None:
    await lab.log_in("agent01")
    talking = await lab.call(BRIEF, sender="+4930231251")
    await lab.until_agent("agent01", "talking")
    waiting = await lab.call(BRIEF, sender="+4930231252")
    (call,) = await lab.settled(1)
    assert (call.number, call.outcome, call.hung_up_by) == ("+4930231252", "overloaded", "system")
    assert call.queued_at is not None and call.ended_at is not None and call.joined_at is None
    assert 0.9 < call.ended_at - call.queued_at < 3
    assert await lab.over(waiting) == "us"
    talking.hang_up()
    await lab.settled(2)


async def test_nobody_logged_in(lab: Lab) -> None:
    caller = await lab.call(FULL)
    call = await lab.one()
    assert (call.outcome, call.queued_at) == ("overloaded", None)
    assert await lab.over(caller) == "us"


async def test_more_calls_than_the_flow_takes(lab: Lab) -> None:
    first = await lab.call(ONE, sender="+4930231251")
    await lab.until_answered(first)
    second = await lab.call(ONE, sender="+4930231252")
    (call,) = await lab.settled(1)
    assert (call.number, call.outcome, call.answered_at) == ("+4930231252", "overloaded", None)
    assert await lab.final(second) == "503"
    first.hang_up()
    assert [str(call.outcome) for call in await lab.settled(2)] == ["left", "overloaded"]
    again = await lab.call(ONE, sender="+4930231253")
    await lab.until_answered(again)
    again.hang_up()
    await lab.settled(3)


async def test_no_channel_left_and_each_is_given_back(lab: Lab) -> None:
    for turn in range(2):
        callers = [await lab.call(MANY, sender=f"+493023125{turn}{n}") for n in range(CHANNELS)]
        for caller in callers:
            await lab.until_answered(caller)
        refused = await lab.call(MANY, sender=f"+493023125{turn}9")
        assert await lab.final(refused) == "503"
        await lab.settled(turn * (CHANNELS + 1) + 1)
        for caller in callers:
            caller.hang_up()
        calls = (await lab.settled((turn + 1) * (CHANNELS + 1)))[turn * (CHANNELS + 1) :]
        assert [str(call.outcome) for call in calls] == ["left"] * CHANNELS + ["overloaded"]
        assert calls[-1].answered_at is None
    totals = await lab.get("totals")
    assert totals["by_outcome"]["inbound:overloaded"] >= 2
