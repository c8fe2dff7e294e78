"""Campaigns that dial ahead of their agents: more calls than agents, within the channels, and a word for who waits in
vain."""

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

MESSAGE = {"connect_within": "1s", "message": {"en": "Acme called; nobody is free just now."}}
FILES = {
    **campaign("twice", mode="power", ratio=2, abandon=MESSAGE, limits={"channels": 6}),
    **campaign("ahead", mode="predictive", abandon=MESSAGE, limits={"channels": 6}),
}
STAYS = [f"+4930231254{n:02d}" for n in (11, 12, 13, 14)]


async def test_power_dials_its_ratio_and_who_waits_in_vain_is_told_so(lab: Lab) -> None:
    await lab.log_in("agent01", "agent02")
    await lab.dial("twice", *STAYS)
    calls = await lab.settled(2)
    assert {call.outcome for call in calls} == {"abandoned"}
    assert all(call.hung_up_by == "system" for call in calls)
    for call in calls:
        assert call.answered_at is not None
        assert call.ended_at is not None
        assert call.ended_at - call.answered_at > 1.5, "the message takes its time"
    rows = await lab.get("calls")
    assert sorted(row["agent"] for row in rows if row["state"] == "talking") == ["agent01", "agent02"]
    for agent in ("agent01", "agent02"):
        await lab.post(f"agents/{agent}/hangup")


async def test_predictive_works_through_its_list(lab: Lab) -> None:
    """Busy lines, lines that nobody answers, and people who hang up by themselves after a moment."""
    numbers = [f"+49302312{n}{last}" for n in range(600, 612) for last in ("86", "05")]
    await lab.log_in("agent01", "agent02", "agent03")
    await lab.dial("ahead", *numbers)
    calls = await lab.settled(len(numbers), within_s=60.0)
    assert {call.number for call in calls} == set(numbers)
    outcomes = [call.outcome for call in calls]
    assert outcomes.count("busy") == 12
    assert outcomes.count("answered") + outcomes.count("abandoned") + outcomes.count("left") == 12
    assert outcomes.count("answered") >= 9
    await lab.until_campaign("ahead", "exhausted")
