"""The engine dies by SIGKILL and is started again: nobody is called twice, no attempt and no channel is left over."""

import asyncio
import random

from tests.e2e.eventually import eventually
from tests.e2e.fault_lab import FaultLab
from tests.e2e.files import AGENTS, LONG, campaign, flow

HOTLINE = "+493023125010"
FILES = {
    **campaign("calls"), **campaign("mass"),
    **campaign("patient", ring_timeout="20s"),  # longer than a new start takes on a busy machine
    **flow("hotline", {
        "pick_up": {"answer": True, "next": "greeting"},
        "greeting": {"say": {"en": "Welcome."}, "next": "choose"},
        "choose": {"menu": {"en": LONG}, "choices": {"1": "line", "2": "bye"}, "otherwise": "bye"},
        "line": {"queue": {"skills": ["sales"], "max_wait": "60s", "wrap_up": "0s"}, "next": "bye", "overflow": "bye"},
        "bye": {"say": {"en": "Goodbye."}, "next": "end"},
        "end": {"hangup": {}},
    }, number=HOTLINE),
}  # fmt: skip
OPTIONS = {"people": {"ring_ms": 600, "brief_ms": 700}, "switch": {"calls_per_second": 20}}


async def test_a_talk_goes_on_undisturbed(lab: FaultLab) -> None:
    number = "+493023120110"
    await lab.log_in("agent01")
    leg = lab.phone("agent01")
    await lab.dial("calls", number)
    person = await lab.until_rung(number)
    talk = await lab.until_agent("agent01", "talking")
    await lab.crash()
    again = await lab.until_agent("agent01", "talking")
    assert again["call_id"] == talk["call_id"]
    assert (person.over_by, leg.over_by) == ("", ""), "nobody was hung up on"
    assert len(lab.phones.invites("agent01")) == 1, "the same leg, no second log-in"
    person.hang_up()
    call = await lab.one()
    assert (call.outcome, call.agent, call.hung_up_by) == ("answered", "agent01", "customer")
    assert [talk.agent for talk in lab.ledger.talks(call.id)] == ["agent01"]
    await lab.until_agent("agent01", "idle")
    assert lab.times_called([number]) == {number: 1}
    assert lab.ledger.contact("calls", number).state == "done"


async def test_killed_while_it_rings_and_nobody_answers(lab: FaultLab) -> None:
    number = "+493023120108"
    await lab.log_in("agent01")
    await lab.dial("patient", number)
    await lab.until_rung(number)
    await lab.crash()
    await lab.until_call("dialling", direction="outbound")
    call = await lab.one()
    assert call.outcome == "no_answer"
    assert lab.times_called([number]) == {number: 1}
    assert (await lab.cdr(call.id))["disposition"] == "NO ANSWER"


async def test_a_caller_in_the_menu_goes_on_in_the_menu(lab: FaultLab) -> None:
    caller = await lab.call(HOTLINE)
    await lab.until_answered(caller)
    await eventually(lambda: _stands_at(lab, "choose"))
    await lab.crash()
    await lab.log_in("agent01")
    await lab.until_call("flow")
    assert _stands_at(lab, "choose")
    caller.press("1")
    await lab.until_agent("agent01", "talking")
    caller.hang_up()
    call = await lab.one()
    assert (call.outcome, call.agent) == ("answered", "agent01")


async def test_a_caller_in_the_line_keeps_waiting_and_is_served(lab: FaultLab) -> None:
    await lab.log_in("agent01")
    await lab.post("agents/agent02/login")
    await lab.until_agent("agent02", "paused")
    first, second = await lab.call(HOTLINE), await lab.call(HOTLINE)
    for caller in (first, second):
        await lab.until_answered(caller)
        await eventually(lambda: _stands_at(lab, "choose", "line"))
        caller.press("1")
        await lab.until_call("queued" if caller is second else "talking")
    await eventually(lambda: {"talking", "queued"} <= {call.state for call in lab.ledger.open()})  # on disk
    await lab.crash()
    await lab.until_call("queued")
    assert (await lab.until_agent("agent02", "paused"))["state"] == "paused"
    assert second.over_by == ""
    first.hang_up()
    await lab.settled(1)
    await lab.until_call("talking")
    second.hang_up()
    one, two = await lab.settled(2)
    assert (one.outcome, two.outcome) == ("answered", "answered")


async def test_killed_again_and_again_in_a_campaign_nobody_is_called_twice(lab: FaultLab) -> None:
    chance = random.Random(7)
    endings = ("05", "86", "05", "04", "05", "03")
    numbers = [f"+4930231{place:04}{endings[place % len(endings)]}" for place in range(60)]
    await lab.log_in(*AGENTS)
    legs = {agent: len(lab.phones.invites(agent)) for agent in AGENTS}
    await lab.dial("mass", *numbers)
    for _ in range(4):
        await asyncio.sleep(chance.uniform(0.05, 1.5))  # an instant of no meaning
        await lab.crash()
    await lab.until_exhausted("mass")
    called = lab.times_called(numbers)
    assert {number: times for number, times in called.items() if times > 1} == {}
    calls = lab.ledger.settled(lab.since)
    assert sorted(call.number for call in calls if call.outcome != "cancelled") == sorted(numbers)
    totals = lab.ledger.totals("mass")
    assert {state: count for state, count in totals.contacts.items() if count} == {"done": 60}
    assert {agent: len(lab.phones.invites(agent)) for agent in AGENTS} == legs, "every leg was adopted"
    assert {row["state"] for row in await lab.get("agents")} == {"idle"}


# -- how ------------------------------------------------------------------------------------------------------


def _stands_at(lab: FaultLab, *nodes: str) -> bool:
    """Where the flow of every open call stands, as it is on disk."""
    positions = [call.flow_position or "" for call in lab.ledger.open()]
    return bool(positions) and all(any(f'"{node}"' in position for node in nodes) for position in positions)
