"""Campaigns of two clients share three agents, two parts to one: by the time of the agents, whoever is asked first."""

from collections import Counter

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = {
    "configs/clients/globex.yaml": {
        "client": "globex", "name": "Globex", "caller_id": "+441632960001", "languages": ["en"],
    },
    **campaign("acme_calls", share=2),
    **campaign("globex_calls", client="globex"),
    **campaign("globex_first", client="globex", priority=1),
}  # fmt: skip


def brief(area: int) -> list[str]:
    """People who answer, and hang up by themselves after a moment."""
    return [f"+49302313{area}{n:02d}05" for n in range(15)]


async def test_agents_are_shared_two_to_one(lab: Lab) -> None:
    """Of the calls that both still had people for."""
    for name, numbers in (("acme_calls", brief(1)), ("globex_calls", brief(2))):
        for number in numbers:
            await lab.post(f"campaigns/{name}/contacts", {"number": number})
        await lab.post(f"campaigns/{name}/start")
    await lab.log_in("agent01", "agent02", "agent03")
    calls = sorted(await lab.settled(30, within_s=90.0), key=lambda call: call.created_at)
    both = Counter(call.client for call in calls[:20])
    assert 11 <= both["acme"] <= 15, both
    assert Counter(call.client for call in calls) == {"acme": 15, "globex": 15}


async def test_the_higher_priority_goes_first(lab: Lab) -> None:
    for name, area in (("acme_calls", 3), ("globex_first", 4)):
        for number in brief(area)[:5]:
            await lab.post(f"campaigns/{name}/contacts", {"number": number})
        await lab.post(f"campaigns/{name}/start")
    await lab.log_in("agent01")
    calls = sorted(await lab.settled(10, within_s=60.0), key=lambda call: call.created_at)
    assert [call.client for call in calls] == ["globex"] * 5 + ["acme"] * 5
