"""A log-in that comes to nothing leaves the agent logged out, and the next one works."""

from tests.e2e.lab import Lab

FILES: dict[str, object] = {}
OPTIONS = {"switch": {"channels": 2}}


async def test_no_channel_left(lab: Lab) -> None:
    await lab.log_in("agent01", "agent02")
    assert "no free channel" in await lab.refused("agents/agent03/login")
    await lab.post("agents/agent01/logout")
    await lab.until_agent("agent01", "logged_out")
    await lab.log_in("agent03")


async def test_logging_out_while_the_phone_is_called_and_twice(lab: Lab) -> None:
    await lab.post("agents/agent01/login")
    await lab.post("agents/agent01/login")
    await lab.post("agents/agent01/logout")
    await lab.until_agent("agent01", "logged_out")
    await lab.until(lab.plant.idle)
    await lab.log_in("agent01")

