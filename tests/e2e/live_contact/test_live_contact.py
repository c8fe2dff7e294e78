"""A contact inserted by the API is dialled without anybody starting anything again."""

import time

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = campaign("calls")


async def insert(lab: Lab, number: str, **more: object) -> int:
    return int((await lab.post("campaigns/calls/contacts", {"number": number, **more}))["id"])


async def test_a_campaign_that_runs_or_has_run_dry_dials_it(lab: Lab) -> None:
    await lab.log_in("agent01")
    await lab.post("campaigns/calls/start")
    await lab.until_campaign("calls", "exhausted")
    for turn, number in enumerate(("+493023120086", "+493023120186"), start=1):
        contact = await insert(lab, number, fields={"name": "Ada"})
        await lab.until_rung(number)
        call = (await lab.settled(turn))[-1]
        assert (call.number, call.contact_id, call.outcome) == (number, contact, "busy")
        await lab.until_agent("agent01", "idle")


async def test_the_agent_sees_its_fields(lab: Lab) -> None:
    number = "+493023120099"
    await lab.log_in("agent01")
    await lab.post("campaigns/calls/start")
    await insert(lab, number, fields={"name": "Ada"})
    row = await lab.until_agent("agent01", "talking")
    assert (row["campaign"], row["fields"]) == ("calls", {"name": "Ada"})
    (await lab.until_rung(number)).hang_up()
    assert (await lab.one()).outcome == "answered"


async def test_not_while_paused_nor_before_its_time_nor_twice(lab: Lab) -> None:
    await lab.log_in("agent01")
    await lab.post("campaigns/calls/start")
    await lab.post("campaigns/calls/pause")
    await insert(lab, "+493023120286")
    await insert(lab, "+493023120386", next_at=time.time() + 3600)
    assert "409" in await lab.refused("campaigns/calls/contacts", {"number": "+493023120286"})
    assert lab.people.invites("+493023120286") == []
    await lab.post("campaigns/calls/start")
    assert (await lab.one()).number == "+493023120286"
    assert lab.people.invites("+493023120386") == []
    assert (await lab.get("campaigns"))[0]["status"] == "running", "something is due yet"


async def test_before_all_of_a_long_list(lab: Lab) -> None:
    """It is the first to ring, however many are due since long before."""
    waiting, live = lab.root / "long.csv", "+493023120486"
    waiting.write_text("number\n" + "".join(f"+4930231{number:05}\n" for number in range(30_000, 50_000)))
    counts = await lab.post("campaigns/calls/import", {"path": str(waiting)})
    assert counts["imported"] == 20_000
    contact = await insert(lab, live)
    await lab.log_in("agent01")
    await lab.post("campaigns/calls/start")
    await lab.until_rung(live)
    await lab.post("campaigns/calls/stop")
    first = (await lab.settled(1))[0]
    assert (first.number, first.contact_id) == (live, contact)
