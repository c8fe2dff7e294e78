"""A list with all kinds of people, two agents: each is dialled once, within the limits, and ends as it should."""

from collections import Counter

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

ENDINGS = {"86": "busy", "04": "invalid_number", "03": "congestion", "80": "no_answer", "05": "answered"}
NUMBERS = [f"+493023121{row}{ending}" for ending in ENDINGS for row in range(3)]
FILES = {
    "configs/lists/people.csv": "phone,name\n" + "".join(f"{number},P{n}\n" for n, number in enumerate(NUMBERS)),
    **campaign("calls", limits={"channels": 2}, list="lists/people.csv", country="DE"),
}
OPTIONS = {"people": {"brief_ms": 300}}


async def test_every_contact_is_dialled_once_and_settled(lab: Lab) -> None:
    await lab.log_in("agent01", "agent02")
    await lab.post("campaigns/calls/start")
    calls = await lab.settled(len(NUMBERS), within_s=60)
    assert sorted(call.number for call in calls) == sorted(NUMBERS)
    for call in calls:
        assert call.outcome == ENDINGS[call.number[-2:]]
    assert Counter(str(call.outcome) for call in calls) == lab.ledger.totals("calls").outcomes
    assert sorted(invite.header("To").split("@")[0][5:] for invite in lab.people.invites()) == sorted(NUMBERS)
    await lab.until_campaign("calls", "exhausted")
    assert lab.ledger.totals("calls").contacts == {"waiting": 0, "due": 0, "claimed": 0, "done": len(NUMBERS)}
    moments = sorted(
        [(call.dialled_at or 0.0, 1) for call in calls] + [(call.ended_at or 0.0, -1) for call in calls]
    )
    at_once = [sum(step for _, step in moments[: index + 1]) for index in range(len(moments))]
    assert max(at_once) == 2, "the campaign's channels, both of them used"
    talked = [call for call in calls if call.outcome == "answered"]
    assert {call.hung_up_by for call in talked} == {"customer"}
    assert {call.agent for call in talked} <= {"agent01", "agent02"}
