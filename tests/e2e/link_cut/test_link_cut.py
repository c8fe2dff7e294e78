"""The link to Asterisk's manager interface breaks and comes back, or falls silent: calls that live go on, those that
ended are settled once, and no Originate leaves twice."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.e2e.eventually import eventually
from tests.e2e.fault_lab import FaultLab
from tests.e2e.files import AGENTS, LONG, campaign, flow
from tests.e2e.link_cut.relay import Relay

HOTLINE = "+493023125010"
FILES = {
    **campaign("calls"), **campaign("mass"),
    **flow("hotline", {
        "pick_up": {"answer": True, "next": "choose"},
        "choose": {"menu": {"en": LONG}, "choices": {"1": "line"}, "otherwise": "bye"},
        "line": {"queue": {"skills": ["sales"], "max_wait": "60s", "wrap_up": "0s"}, "next": "bye", "overflow": "bye"},
        "bye": {"say": {"en": "Goodbye."}, "next": "end"},
        "end": {"hangup": {}},
    }, number=HOTLINE),
}  # fmt: skip


async def test_cut_while_it_rings_the_person_who_answers_gets_the_agent(lab: FaultLab, relay: Relay) -> None:
    number = "+493023120210"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    person = await lab.until_rung(number)
    async with outage(lab, relay):
        await lab.until_answered(person)
    await lab.until_agent("agent01", "talking")
    person.hang_up()
    call = await lab.one()
    assert (call.outcome, call.agent) == ("answered", "agent01")
    assert lab.times_called([number]) == {number: 1}


async def test_a_dial_that_fails_in_the_outage_is_settled_once_and_not_dialled_again(
    lab: FaultLab, relay: Relay
) -> None:
    number = "+493023120208"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    await lab.until_rung(number)
    await lab.until_call("ringing", direction="outbound")
    async with outage(lab, relay):
        await lab.plant.clear()  # the switch drops it, and the agent's leg
    call = await lab.one()
    assert call.outcome == "lost"
    assert lab.ledger.contact("calls", number).state == "done"
    await lab.until_agent("agent01", "logged_out")
    assert lab.times_called([number]) == {number: 1}


async def test_a_flow_goes_on_without_the_link_and_the_caller_is_joined_after_it(lab: FaultLab, relay: Relay) -> None:
    await lab.log_in("agent01")
    caller = await lab.call(HOTLINE)
    await lab.until_answered(caller)
    await lab.until_call("flow")
    async with outage(lab, relay):
        caller.press("1")
        await lab.until_call("queued")
        assert (await lab.agent("agent01"))["state"] == "idle"
    await lab.until_agent("agent01", "talking")
    caller.hang_up()
    call = await lab.one()
    assert (call.outcome, call.agent) == ("answered", "agent01")


async def test_a_caller_who_leaves_the_line_in_the_outage_is_settled_once(lab: FaultLab, relay: Relay) -> None:
    await lab.log_in("agent01")
    served, caller = await lab.call(HOTLINE), await lab.call(HOTLINE)
    for one, state in ((served, "talking"), (caller, "queued")):
        await lab.until_answered(one)
        await lab.until_call("flow")
        one.press("1")
        await lab.until_call(state)
    async with outage(lab, relay):
        caller.hang_up()
        await eventually(lambda: caller.over_by == "it")
    call = await lab.one()
    assert call.outcome in ("lost", "abandoned")
    assert served.over_by == ""
    await lab.until_agent("agent01", "talking")
    served.hang_up()
    await lab.settled(2)
    await lab.until_agent("agent01", "idle")


async def test_a_talk_goes_on_through_the_outage(lab: FaultLab, relay: Relay) -> None:
    number = "+493023120211"
    await lab.log_in("agent01")
    leg = lab.phone("agent01")
    await lab.dial("calls", number)
    person = await lab.until_rung(number)
    talk = await lab.until_agent("agent01", "talking")
    async with outage(lab, relay):
        assert lab.plant.name in await lab.health()
    assert (await lab.until_agent("agent01", "talking"))["call_id"] == talk["call_id"]
    assert (person.over_by, leg.over_by) == ("", "")
    person.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by) == ("answered", "customer")


async def test_a_talk_that_ends_in_the_outage_is_settled_once_and_its_agent_goes_on(
    lab: FaultLab, relay: Relay
) -> None:
    number = "+493023120212"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    person = await lab.until_rung(number)
    await lab.until_agent("agent01", "talking")
    async with outage(lab, relay):
        person.hang_up()
        await eventually(lambda: person.over_by == "it")
    call = await lab.one()
    assert (call.outcome, call.agent) == ("answered", "agent01")
    assert len(lab.ledger.talks(call.id)) == 1
    await lab.until_agent("agent01", "idle")
    assert lab.times_called([number]) == {number: 1}


async def test_an_agent_who_hangs_up_in_the_outage_is_logged_out_after_it(lab: FaultLab, relay: Relay) -> None:
    await lab.log_in("agent01")
    async with outage(lab, relay):
        lab.phone("agent01").hang_up()
        await eventually(lambda: lab.phone("agent01").over_by == "it")
    await lab.until_agent("agent01", "logged_out")


async def test_a_silent_link_is_noticed_and_replaced(lab: FaultLab, relay: Relay) -> None:
    """Nothing arrives, nothing is closed. An Originate that the engine gave into the silence may or may not have been
    taken: only the switch's list of channels says so, and nobody is called on a guess."""
    number = "+493023120213"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    person = await lab.until_rung(number)
    await lab.until_agent("agent01", "talking")
    await lab.log_in("agent02")
    async with lab.blind():
        relay.silence()
        never_left = "+493023120214"
        await lab.dial("calls", never_left)
        await lab.until_agent("agent02", "reserved")
        person.hang_up()
        await lab.settled(2)
    by_number = {call.number: call for call in await lab.settled(2)}
    assert by_number[number].outcome == "answered"
    assert by_number[never_left].outcome == "lost"
    assert lab.times_called([number, never_left]) == {number: 1, never_left: 0}
    assert "no answer to" in lab.engine.last_words(200)
    for agent in ("agent01", "agent02"):
        await lab.until_agent(agent, "idle")
        assert len(lab.phones.invites(agent)) >= 1


async def test_an_originate_whose_answer_is_lost_is_not_sent_again(lab: FaultLab, relay: Relay) -> None:
    number = "+493023120215"
    await lab.log_in("agent01")
    async with lab.blind():
        relay.silence(both_ways=False)
        await lab.dial("calls", number)
        person = await lab.until_rung(number)
        await lab.until_agent("agent01", "talking")
    person.hang_up()
    call = await lab.one()
    assert (call.outcome, call.agent) == ("answered", "agent01")
    assert lab.times_called([number]) == {number: 1}


async def test_cut_again_and_again_in_a_campaign_nobody_is_called_twice(lab: FaultLab, relay: Relay) -> None:
    chance = random.Random(11)
    endings = ("05", "86", "05", "04", "05", "03")
    numbers = [f"+4930232{place:04}{endings[place % len(endings)]}" for place in range(36)]
    await lab.log_in(*AGENTS)
    await lab.dial("mass", *numbers)
    for _ in range(4):
        await asyncio.sleep(chance.uniform(0.05, 1.0))  # an instant of no meaning
        async with outage(lab, relay):
            await asyncio.sleep(chance.uniform(0.05, 1.0))
    await lab.until_exhausted("mass")
    assert {number: times for number, times in lab.times_called(numbers).items() if times > 1} == {}
    calls = lab.ledger.settled(lab.since)
    assert sorted(call.number for call in calls if call.outcome != "cancelled") == sorted(numbers)
    assert {row["state"] for row in await lab.get("agents")} == {"idle"}


# -- how ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def outage(lab: FaultLab, relay: Relay) -> AsyncIterator[None]:
    """Cut for the length of the block, and blind until the link is up again."""
    async with lab.blind():
        relay.cut()
        await lab.until_ill()
        yield
        await relay.restore()
        await lab.until_well()
