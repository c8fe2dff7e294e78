"""What an agent asks for while busy is kept until the work is over; what cannot be is refused."""

from tests.e2e.files import campaign, flow
from tests.e2e.lab import Lab

NUMBER = "+493023125001"
FILES = {
    **flow("line", {"line": {"queue": {"skills": ["sales"], "wrap_up": "0s", "max_wait": "60s"}, "overflow": "bye"},
                    "bye": {"hangup": None}}, number=NUMBER),
    **campaign("calls"),
}  # fmt: skip


async def test_log_out_in_a_talk(lab: Lab) -> None:
    await lab.log_in("agent01")
    caller = await lab.call(NUMBER)
    await lab.until_agent("agent01", "talking")
    await lab.post("agents/agent01/logout")
    assert caller.over_by == "" and (await lab.agent("agent01"))["state"] == "talking"
    caller.hang_up()
    await lab.until_agent("agent01", "logged_out")
    assert await lab.over(lab.phone("agent01")) == "us"
    assert (await lab.one()).outcome == "answered"


async def test_pause_while_it_rings(lab: Lab) -> None:
    """The person who answers is served all the same, the pause comes after."""
    number = "+493023120083"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    await lab.until_rung(number)
    await lab.until_agent("agent01", "reserved")
    await lab.post("agents/agent01/pause", {"reason": "lunch"})
    await lab.until_agent("agent01", "talking")
    await lab.post("agents/agent01/hangup")
    row = await lab.until_agent("agent01", "paused")
    assert row["reason"] == "lunch"
    assert (await lab.one()).outcome == "answered"


async def test_longest_idle_first_and_nobody_paused(lab: Lab) -> None:
    await lab.log_in("agent01", "agent02", "agent03")
    await lab.post("agents/agent01/pause")
    callers = []
    for name in ("agent02", "agent03"):
        callers.append(await lab.call(NUMBER, sender=f"+49302312{name[-2:]}0"))
        await lab.until_agent(name, "talking")
    waiting = await lab.call(NUMBER, sender="+4930231290")
    await lab.until(lambda: lab.waiting(1))
    await lab.until_answered(waiting)
    await lab.post("agents/agent01/ready")
    await lab.until_agent("agent01", "talking")
    for caller in (*callers, waiting):
        caller.hang_up()
    calls = await lab.settled(3)
    assert [call.agent for call in calls] == ["agent02", "agent03", "agent01"]


async def test_what_makes_no_sense_is_refused(lab: Lab) -> None:
    assert "log in first" in await lab.refused("agents/agent01/ready")
    assert "404" in await lab.refused("agents/nobody/login")
    assert "404" in await lab.refused("campaigns/nothing/start")
    await lab.log_in("agent01")
    assert "after-call work" in await lab.refused("agents/agent01/end_wrap_up")
