"""Asterisk dies, or is restarted, in the middle of a campaign: what it carried is settled, its agents are logged out,
and when they are back the campaign goes on. Nobody is called twice on a guess."""

from contextlib import suppress

import pytest

from demo.api import ApiError
from tests.e2e.eventually import eventually
from tests.e2e.fault_lab import FaultLab
from tests.e2e.files import campaign, flow

HOTLINE = "+493023125010"
FILES = {
    **campaign("crashed"), **campaign("stopped"), **campaign("ringing"),
    **flow("hotline", {
        "line": {"queue": {"skills": ["en"], "max_wait": "60s", "wrap_up": "0s"}, "next": "end", "overflow": "end"},
        "end": {"hangup": {}},
    }, number=HOTLINE),
}  # fmt: skip
ENDINGS = ("05", "86", "05", "10", "05", "04")


@pytest.mark.parametrize("end", ["crashed", "stopped"])
async def test_a_campaign_goes_on_after_the_restart(lab: FaultLab, end: str) -> None:
    area = "+4930233" if end == "crashed" else "+4930234"
    numbers = [f"{area}{place:04}{ENDINGS[place % len(ENDINGS)]}" for place in range(24)]
    await lab.log_in("agent01", "agent02", "agent03")
    await lab.dial(end, *numbers)
    await lab.settled(4)
    await lab.until_call("talking", direction="outbound")
    async with lab.blind(amnesia=True):
        await (lab.plant.kill() if end == "crashed" else lab.plant.restart())
        await lab.plant.start()
        await lab.until_well()
        for agent in ("agent01", "agent02", "agent03"):
            await lab.until_agent(agent, "logged_out")
        await eventually(lambda: _no_calls(lab))
    before = lab.ledger.settled(lab.since)
    await eventually(lambda: lab.ledger.claimed() == 0)
    assert len(before) < len(numbers)
    await lab.log_in("agent01", "agent02", "agent03")
    await eventually(lambda: _hung_up_and_exhausted(lab, end), 40.0)
    calls = [call for call in lab.ledger.settled(lab.since) if call.outcome != "cancelled"]
    lost = {call.number for call in calls if call.outcome == "lost"}  # Asterisk may have died before it sent the INVITE
    called = lab.times_called(numbers)
    wrong = {number: times for number, times in called.items() if times != 1 and (times or number not in lost)}
    assert wrong == {}
    assert len(lost) <= 3, "no more than were under way: one for each agent"
    assert sorted(call.number for call in calls) == sorted(numbers)
    assert {state: n for state, n in lab.ledger.totals(end).contacts.items() if n} == {"done": len(numbers)}


async def test_what_rings_and_who_waits_is_settled(lab: FaultLab) -> None:
    number = "+493023500108"
    await lab.log_in("agent01")
    await lab.dial("ringing", number)
    await lab.until_rung(number)
    await lab.until_call("ringing", direction="outbound")
    await lab.call(HOTLINE)
    await lab.until_call("queued")
    async with lab.blind(amnesia=True):
        await lab.plant.kill()
        await lab.plant.start()
        await lab.until_well()
        calls = {call.direction: call for call in await lab.settled(2)}
    assert calls["outbound"].outcome == "lost"
    assert calls["inbound"].outcome in ("lost", "abandoned")
    assert lab.ledger.contact("ringing", number).state == "done"
    assert lab.times_called([number]) == {number: 1}
    await lab.until_agent("agent01", "logged_out")


async def test_what_ended_before_asterisk_was_started_anew_is_known_after_it(lab: FaultLab) -> None:
    """The engine was dead as well. What Asterisk has kept outlives it."""
    person = await lab.die_in_talk("ringing", "+493023600110")
    person.hang_up()
    await eventually(lambda: person.over_by)
    async with lab.blind():
        await lab.plant.restart()
        await lab.engine.start()
        call = await lab.one()
    row = await lab.cdr(call.id, or_events=True)
    assert (call.outcome, call.hung_up_by) == ("answered", "customer")
    assert call.joined_at is not None
    assert call.joined_at + call.talk_s == pytest.approx(row["end"], abs=0.5)


# -- how ------------------------------------------------------------------------------------------------------


async def _no_calls(lab: FaultLab) -> bool:
    return not await lab.get("calls")


async def _hung_up_and_exhausted(lab: FaultLab, name: str) -> bool:
    """People who talk for as long as one lets them are hung up by their agents."""
    for agent in await lab.get("agents"):
        if agent["state"] == "talking" and (agent["number"] or "").endswith("10"):
            with suppress(ApiError):  # refused: it is over by itself
                await lab.post(f"agents/{agent['id']}/hangup")
    campaigns = {row["id"]: row["status"] for row in await lab.get("campaigns")}
    return campaigns[name] == "exhausted" and not await lab.get("calls")
