"""An agent's phone is gone in the middle of a talk: the agent is logged out, the customer waits before all others."""

from tests.e2e.files import campaign, flow
from tests.e2e.lab import Lab

NUMBER = "+493023125001"
FILES = {
    **flow("line", {"line": {"queue": {"skills": ["sales"], "wrap_up": "5s", "max_wait": "60s"}, "overflow": "bye"},
                    "bye": {"hangup": None}}, number=NUMBER),
    **campaign("calls"),
}  # fmt: skip


async def test_the_caller_goes_to_another_agent(lab: Lab) -> None:
    await lab.log_in("agent01")
    caller = await lab.call(NUMBER)
    await lab.until_agent("agent01", "talking")
    await lab.log_in("agent02")
    lab.phone("agent01").hang_up()
    await lab.until_agent("agent01", "logged_out")
    await lab.until_agent("agent02", "talking")
    await lab.until_bridged(2)
    assert caller.over_by == ""
    caller.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.agent) == ("answered", "customer", "agent02")
    assert [talk.agent for talk in lab.ledger.talks(call.id)] == ["agent01", "agent02"]
    await lab.until_agent("agent02", "wrap_up")


async def test_it_waits_before_others_when_nobody_is_free(lab: Lab) -> None:
    await lab.log_in("agent01", "agent02")
    dropped = await lab.call(NUMBER, sender="+4930231251")
    await lab.until_agent("agent01", "talking")
    other = await lab.call(NUMBER, sender="+4930231252")
    await lab.until_agent("agent02", "talking")
    waiting = await lab.call(NUMBER, sender="+4930231253")
    await lab.until_call("queued")
    lab.phone("agent01").hang_up()
    await lab.until_agent("agent01", "logged_out")
    await lab.until(lambda: lab.waiting(2))
    other.hang_up()
    await lab.settled(1)
    await lab.post("agents/agent02/ready")
    row = await lab.until_agent("agent02", "talking")
    assert row["number"].endswith("51"), "the one whose agent was lost comes first"
    dropped.hang_up()
    await lab.settled(2)
    await lab.post("agents/agent02/ready")
    await lab.until_agent("agent02", "talking")
    waiting.hang_up()
    calls = {call.number[-2:]: call for call in await lab.settled(3)}
    assert [talk.agent for talk in lab.ledger.talks(calls["51"].id)] == ["agent01", "agent02"]
    assert {call.outcome for call in calls.values()} == {"answered"}


async def test_an_outbound_customer_goes_to_another_agent(lab: Lab) -> None:
    number = "+493023120099"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    await lab.until_agent("agent01", "talking")
    await lab.log_in("agent02")
    lab.phone("agent01").hang_up()
    await lab.until_agent("agent02", "talking")
    assert (await lab.agent("agent01"))["state"] == "logged_out"
    phone = await lab.until_rung(number)
    phone.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.agent) == ("answered", "customer", "agent02")
    assert [talk.agent for talk in lab.ledger.talks(call.id)] == ["agent01", "agent02"]
    assert await lab.over(phone) == "it"


async def test_an_agent_who_has_no_successor_leaves_the_customer_to_the_message(lab: Lab) -> None:
    number = "+493023120199"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    await lab.until_agent("agent01", "talking")
    lab.phone("agent01").hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.agent) == ("answered", "system", "agent01")
    assert await lab.over(await lab.until_rung(number)) == "us"
    assert len(lab.ledger.talks(call.id)) == 1


async def test_a_leg_that_drops_in_pause_logs_out(lab: Lab) -> None:
    await lab.log_in("agent01")
    await lab.post("agents/agent01/pause", {"reason": "lunch"})
    lab.phone("agent01").hang_up()
    await lab.until_agent("agent01", "logged_out")
    assert [(span.state, span.reason) for span in await lab.spans("agent01")][-1] == ("paused", "lunch")


async def test_both_hang_up_at_once(lab: Lab) -> None:
    """Whatever comes first, the call is settled once, with its talk, and nobody waits for it."""
    for turn in range(4):
        await lab.log_in("agent01")
        caller = await lab.call(NUMBER, sender=f"+49302318{turn:03}")
        await lab.until_agent("agent01", "talking")
        await lab.until_answered(caller)
        first, second = (caller, lab.phone("agent01")) if turn % 2 else (lab.phone("agent01"), caller)
        first.hang_up()
        second.hang_up()
        call = (await lab.settled(turn + 1))[-1]
        assert (call.outcome, call.agent) == ("answered", "agent01")
        assert len(lab.ledger.talks(call.id)) == 1
        await lab.until_agent("agent01", "logged_out")
    assert await lab.waiting(0)
