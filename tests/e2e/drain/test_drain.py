"""SIGTERM: no new calls, talks may end within the limit, what is left is hung up and settled, the engine is gone."""

import signal

from tests.e2e.files import campaign, flow
from tests.e2e.lab import Lab

NUMBER = "+493023125001"
FILES = {
    **flow("line", {"line": {"queue": {"skills": ["sales"], "wrap_up": "0s"}, "overflow": "bye"},
                    "bye": {"hangup": None}}, number=NUMBER),
    **campaign("calls"),
}  # fmt: skip
OPTIONS = {"drain": "4s"}


async def test_a_talk_may_end_and_nobody_new_comes_in(lab: Lab) -> None:
    await lab.log_in("agent01", "agent02")
    caller = await lab.call(NUMBER, sender="+4930231251")
    await lab.until_agent("agent01", "talking", "idle")
    await lab.until_call("talking")
    lab.engine.send(signal.SIGTERM)
    await lab.until(lambda: "draining" in lab.engine.last_words(10))
    late = await lab.call(NUMBER, sender="+4930231252")
    assert await lab.final(late) == "503"
    assert "shutting down" in await lab.refused("campaigns/calls/start")
    assert caller.over_by == ""
    caller.hang_up()
    assert await lab.engine.ended() == 0
    calls = {call.number: call for call in await lab.settled(2)}
    assert (calls["+4930231251"].outcome, calls["+4930231251"].hung_up_by) == ("answered", "customer")
    assert calls["+4930231252"].outcome == "overloaded"
    assert await lab.over(lab.phone("agent01")) == await lab.over(lab.phone("agent02")) == "us"


async def test_a_talk_that_does_not_end_is_ended(lab: Lab) -> None:
    await lab.log_in("agent01")
    caller = await lab.call(NUMBER)
    await lab.until_agent("agent01", "talking")
    assert await lab.engine.stop() == 0
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.agent) == ("answered", "system", "agent01")
    assert call.ended_at is not None and call.joined_at is not None
    assert call.ended_at - call.joined_at > 3.5, "it had its time"
    assert await lab.over(caller) == "us"


async def test_a_second_signal_does_not_wait(lab: Lab) -> None:
    await lab.log_in("agent01")
    number = "+493023120099"
    await lab.dial("calls", number)
    await lab.until_agent("agent01", "talking")
    lab.engine.send(signal.SIGTERM)
    await lab.until(lambda: "draining" in lab.engine.last_words(10))
    lab.engine.send(signal.SIGTERM)
    assert await lab.engine.ended() == 0
    call = await lab.one()
    assert (call.outcome, call.hung_up_by) == ("answered", "system")
    assert await lab.over(await lab.until_rung(number)) == "us"
    assert lab.ledger.contact("calls", number).state == "done"
