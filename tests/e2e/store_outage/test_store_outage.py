"""The database goes away while calls run, and comes back: nothing is dialled that is not on disk, calls go on without
it, and what became of them is written when it is back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.e2e.eventually import eventually
from tests.e2e.fault_lab import FaultLab
from tests.e2e.files import campaign, flow
from tests.store.postgres_server import Server

pytestmark = pytest.mark.postgres

HOTLINE = "+493023125010"
FILES = {
    **campaign("whole"), **campaign("calls"), **campaign("mass"),
    **flow("hotline", {
        "line": {"queue": {"skills": ["en"], "max_wait": "60s", "wrap_up": "0s"}, "next": "bye", "overflow": "bye"},
        "bye": {"say": {"en": "Goodbye."}, "next": "end"},
        "end": {"hangup": {}},
    }, number=HOTLINE),
}  # fmt: skip
ENDINGS = {"05": "answered", "86": "busy", "04": "invalid_number", "03": "congestion", "80": "no_answer"}


async def test_a_whole_campaign_on_postgresql(lab: FaultLab) -> None:
    endings = list(ENDINGS)
    numbers = [f"+4930236{place:04}{endings[place % len(endings)]}" for place in range(15)]
    await lab.log_in("agent01", "agent02", "agent03")
    await lab.dial("whole", *numbers)
    calls = await lab.settled(len(numbers), 40.0)
    assert {call.number: call.outcome for call in calls} == {number: ENDINGS[number[-2:]] for number in numbers}
    assert {agent for call in calls for agent in [call.agent] if call.outcome == "answered"} != {None}
    assert {state: n for state, n in lab.ledger.totals("whole").contacts.items() if n} == {"done": len(numbers)}
    await eventually(lambda: _status(lab, "whole", "exhausted"))


async def test_a_talk_goes_on_and_is_written_when_the_store_is_back(lab: FaultLab, database: Server) -> None:
    first, second = "+493023700110", "+493023700211"
    await lab.log_in("agent01")
    await lab.dial("calls", first)
    person = await lab.until_rung(first)
    talk = await lab.until_agent("agent01", "talking")
    await lab.post("campaigns/calls/contacts", {"number": second})
    async with outage(lab, database) as said:
        assert "store" in said and "up" in said
        assert (await lab.agent("agent01"))["call_id"] == talk["call_id"]
        person.hang_up()
        await lab.until_agent("agent01", "idle")
        await eventually(lambda: "no contacts could be claimed" in lab.engine.last_words(100))
        assert lab.times_called([second]) == {second: 0}, "what is not on disk is not dialled"
    call = (await lab.settled(1))[0]
    assert (call.number, call.outcome, call.agent) == (first, "answered", "agent01")
    await lab.until_rung(second)
    await lab.until_agent("agent01", "talking")
    (await lab.until_rung(second)).hang_up()
    await lab.settled(2)
    assert lab.times_called([first, second]) == {first: 1, second: 1}


async def test_a_caller_is_served_without_the_store(lab: FaultLab, database: Server) -> None:
    await lab.log_in("agent01")
    async with outage(lab, database):
        caller = await lab.call(HOTLINE)
        await lab.until_agent("agent01", "talking")
        caller.hang_up()
        await lab.until_agent("agent01", "idle")
        await eventually(lambda: _no_calls(lab))
    call = await lab.one()
    assert (call.outcome, call.agent, call.hung_up_by) == ("answered", "agent01", "customer")
    assert [talk.agent for talk in lab.ledger.talks(call.id)] == ["agent01"]


async def test_outages_in_a_campaign_cost_nobody_a_second_call(lab: FaultLab, database: Server) -> None:
    endings = list(ENDINGS)
    numbers = [f"+4930238{place:04}{endings[place % len(endings)]}" for place in range(40)]
    await lab.log_in("agent01", "agent02", "agent03", "agent04")
    await lab.dial("mass", *numbers)
    for calls in (3, 12):
        await lab.settled(calls)
        async with outage(lab, database):
            begun = len(lab.people.invites())
            await eventually(lambda: _no_calls(lab))
            assert len(lab.people.invites()) == begun
    await eventually(lambda: _status(lab, "mass", "exhausted"), 40.0)
    assert set(lab.times_called(numbers).values()) == {1}
    settled = {call.number: call.outcome for call in lab.ledger.settled(lab.since) if call.outcome != "cancelled"}
    assert settled == {number: ENDINGS[number[-2:]] for number in numbers}
    assert {state: n for state, n in lab.ledger.totals("mass").contacts.items() if n} == {"done": len(numbers)}


# -- how ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def outage(lab: FaultLab, database: Server) -> AsyncIterator[str]:
    """The server is stopped for the length of the block; what /healthz says of it."""
    await asyncio.to_thread(database.stop, "immediate")
    try:
        yield await lab.until_ill()
    finally:
        await asyncio.to_thread(database.start)
    await lab.until_well()


async def _no_calls(lab: FaultLab) -> bool:
    return not await lab.get("calls")


async def _status(lab: FaultLab, name: str, status: str) -> bool:
    campaigns = {row["id"]: row["status"] for row in await lab.get("campaigns")}
    return campaigns[name] == status
