"""What Asterisk tells when a bridge is refused, or raced by a hang-up; and a phone that logs in twice."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from demo.ami import Ami, AmiError
from tests.e2e.files import flow
from tests.e2e.lab import Lab

NUMBER = "+493023125001"
FILES = flow(
    "line",
    {"line": {"queue": {"skills": ["sales"], "wrap_up": "1s", "max_wait": "60s"}, "overflow": "bye"},
     "bye": {"hangup": None}},
    number=NUMBER,
)  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def ami(lab: Lab) -> AsyncIterator[Ami]:
    """A second link, for what the engine would not ask."""
    plant = lab.plant
    link = await Ami.connect(plant.host, plant.ami_port, plant.ami_user, plant.ami_secret)
    yield link
    await link.close()


@pytest.mark.parametrize(("dead", "word"), [(0, "Channel1"), (1, "Channel2")])
async def test_a_refused_bridge_says_whose_channel_is_dead(lab: Lab, ami: Ami, dead: int, word: str) -> None:
    await lab.log_in("agent01")
    [leg] = [row["Uniqueid"] for row in await ami.listing("CoreShowChannels")]
    pair = [leg, leg]
    pair[dead] = "1.1"
    with pytest.raises(AmiError, match=word):
        await ami.action("Bridge", {"Channel1": pair[0], "Channel2": pair[1], "Tone": "no"})


async def test_callers_who_hang_up_while_they_are_joined_log_no_agent_out(lab: Lab) -> None:
    names = ("agent01", "agent02", "agent03")
    await lab.log_in(*names)
    for name in names:
        await lab.post(f"agents/{name}/pause")
    await lab.post("agents/agent04/login")
    await lab.until_agent("agent04", "paused")
    await lab.post("agents/agent04/ready")
    first = await lab.call(NUMBER)
    await lab.until_agent("agent04", "talking")
    callers = [await lab.call(NUMBER) for _ in range(8)]
    for caller in callers:
        await lab.until_answered(caller)
    await lab.until(lambda: lab.waiting(8))

    async def join() -> None:
        for name in names:
            await lab.post(f"agents/{name}/ready")

    async def leave() -> None:
        for caller in callers:
            caller.hang_up()
            await asyncio.sleep(0.002)

    await asyncio.gather(join(), leave())
    first.hang_up()
    calls = await lab.settled(9)
    assert {call.outcome for call in calls} <= {"abandoned", "answered"}
    for name in (*names, "agent04"):
        await lab.until_agent(name, "idle")


async def test_a_phone_that_logs_in_twice_keeps_its_newer_leg(lab: Lab) -> None:
    first = await lab.log_in_by_phone("agent01")
    await lab.until_answered(first)
    second = await lab.call("*11", sender="agent01")
    assert await lab.over(first) == "us"
    await lab.until_answered(second)
    await lab.post("agents/agent01/ready")
    caller = await lab.call(NUMBER)
    await lab.until_agent("agent01", "talking")
    third = await lab.call("*11", sender="agent01")
    assert await lab.over(third) == "us"
    assert (await lab.agent("agent01"))["state"] == "talking"
    caller.hang_up()
    assert (await lab.one()).outcome == "answered"
    second.hang_up()
    await lab.until_agent("agent01", "logged_out")
