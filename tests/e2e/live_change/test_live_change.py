"""A campaign is changed while people talk, and nobody notices."""

import signal

import aiohttp

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = campaign("calls", agents={"skills": ["sales"], "wrap_up": "0s"}, limits={"channels": 8})


async def change(lab: Lab, **values: object) -> str:
    """What the engine says when it refuses."""
    url = f"http://{lab.plant.host}:{lab.engine.web_port}/v1/campaigns/calls"
    headers = {"Authorization": f"Bearer {lab.engine.token}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.patch(url, json=values) as response:
        return "" if response.status == 200 else (await response.json())["message"]


async def view(lab: Lab) -> dict[str, object]:
    [row] = await lab.get("campaigns")
    return dict(row)


async def shown(lab: Lab, agent: str) -> bool:
    return (await lab.get(f"agents/{agent}"))["preview"] is not None


async def test_progressive_to_predictive_to_preview_with_a_talk_and_a_ringing_phone(lab: Lab) -> None:
    talking, ringing, last = "+493023120099", "+493023120008", "+493023120199"
    await lab.log_in("agent01")
    await lab.dial("calls", talking)
    await lab.until_agent("agent01", "talking")
    await lab.log_in("agent02")
    await lab.post("campaigns/calls/contacts", {"number": ringing})
    await lab.until_rung(ringing)
    assert await change(lab, mode="predictive") == ""
    assert await change(lab, limits={"channels": 3}, abandon={"max": "2%"}) == ""
    assert (await view(lab))["overrides"] == {"mode": "predictive", "limits.channels": 3, "abandon.max": 0.02}
    assert await change(lab, mode="preview") == ""
    assert "nothing to say" in await change(lab, mode="agentless")
    assert {row["state"] for row in await lab.get("calls")} == {"talking", "ringing"}, "nothing is lost"
    assert (await lab.agent("agent01"))["state"] == "talking"
    await lab.post("campaigns/calls/contacts", {"number": last})
    (await lab.until_rung(talking)).hang_up()
    await lab.until(lambda: shown(lab, "agent01"))
    await lab.post("agents/agent01/preview/accept")
    await lab.until_agent("agent01", "talking")
    (await lab.until_rung(last)).hang_up()
    by_number = {call.number: call.outcome for call in await lab.settled(3)}
    assert by_number == {talking: "answered", last: "answered", ringing: "no_answer"}


async def test_kept_over_a_restart_and_undone(lab: Lab) -> None:
    await change(lab, mode="power", ratio=2, priority=3)
    lab.engine.send(signal.SIGTERM)
    assert await lab.engine.ended() == 0
    await lab.engine.start()
    row = await view(lab)
    assert row["mode"] == "power"
    assert {"mode": "power", "ratio": 2.0, "priority": 3}.items() <= dict(row["overrides"]).items()  # type: ignore[call-overload]
    assert await lab.delete("campaigns/calls/overrides") == 200
    row = await view(lab)
    assert (row["mode"], row["overrides"]) == ("progressive", {})
