"""An agent works with the phone alone: *11 logs in, keys on the leg do the rest."""

from tests.e2e.files import flow
from tests.e2e.lab import Lab

NUMBER = "+493023125001"
FILES = flow(
    "line", {"line": {"queue": {"skills": ["sales"], "wrap_up": "30s"}, "overflow": "bye"}, "bye": {"hangup": None}},
    number=NUMBER,
)  # fmt: skip


async def test_a_shift_by_keys(lab: Lab) -> None:
    phone = await lab.log_in_by_phone("agent01")
    assert (await lab.agent("agent01"))["reason"] == "login", "not ready until it says so"
    phone.press("*1")
    await lab.until_agent("agent01", "idle")
    caller = await lab.call(NUMBER)
    await lab.until_agent("agent01", "talking")
    await lab.until_bridged(2)
    phone.press("*3")
    await lab.until_agent("agent01", "wrap_up")
    assert await lab.over(caller) == "us"
    phone.press("*4")
    await lab.until_agent("agent01", "idle")
    phone.press("*2")
    await lab.until_agent("agent01", "paused")
    phone.press("*0")
    await lab.until_agent("agent01", "logged_out")
    assert await lab.over(phone) == "us"
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.agent) == ("answered", "agent", "agent01")
    states = [span.state for span in await lab.spans("agent01")]
    assert states == ["paused", "idle", "reserved", "talking", "wrap_up", "idle", "paused"]
    await lab.until(lambda: lab.ledger.sessions() == [])


async def test_hanging_up_the_phone_logs_out(lab: Lab) -> None:
    phone = await lab.log_in_by_phone("agent02")
    await lab.until(lambda: [session.agent for session in lab.ledger.sessions()] == ["agent02"])
    phone.hang_up()
    await lab.until_agent("agent02", "logged_out")
    assert await lab.over(phone) == "it"
    await lab.until(lambda: lab.ledger.sessions() == [])


async def test_a_second_log_in_moves_the_agent_to_the_new_leg(lab: Lab) -> None:
    first = await lab.log_in_by_phone("agent01")
    second = await lab.call("*11", sender="agent01")
    assert await lab.over(first) == "us"
    await lab.until_answered(second)
    assert (await lab.agent("agent01"))["state"] == "paused"
    assert second.over_by == ""
    second.press("*1")
    await lab.until_agent("agent01", "idle")


async def test_keys_that_mean_nothing_change_nothing(lab: Lab) -> None:
    phone = await lab.log_in_by_phone("agent01")
    phone.press("19#*9*5**1")
    await lab.until_agent("agent01", "idle")
    assert phone.over_by == ""
