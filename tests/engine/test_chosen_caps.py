"""Caps and parts of the day where an agent chose the contact, and where the person asked for the call."""

from pathlib import Path
from typing import Any

import pytest
from engine_rig import CAMPAIGN, SURVEYED, Rig
from test_callbacks import NUMBER, dialled, promise, tick
from test_review_ways import site

from dialer.calls import events as ev
from dialer.store.records import NewContact
from dialer.web.port import RefusedError


async def working(root: Path, **campaign: Any) -> Rig:
    rig = site(root, **campaign)
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    return rig


async def unanswered(rig: Rig) -> None:
    rig.post(ev.HungUp(rig.switch.given("originate")[-1].channel, rig.clock.now(), 19))
    await rig.quiet()


async def test_a_number_dialled_by_hand_as_often_as_a_day_allows_is_refused_with_the_cap(tmp_path: Path) -> None:
    rig = await working(tmp_path, mode="manual", caps={"number_per_day_client": 2})
    for _ in range(2):
        await rig.control.desks.dial("ada", CAMPAIGN, NUMBER)
        await rig.quiet()
        await unanswered(rig)
    with pytest.raises(RefusedError, match=r"cap_number_per_day_client: 2 calls today.*allowed again from"):
        await rig.control.desks.dial("ada", CAMPAIGN, NUMBER)
    assert dialled(rig) == [NUMBER] * 2
    assert rig.agent_state("ada") == "idle"
    assert rig.rows("SELECT rule FROM refusals") == [("cap_number_per_day_client",)]
    await rig.control.desks.dial("ada", CAMPAIGN, "+493055500001")
    await rig.close()


async def test_a_contact_worn_out_or_out_of_its_part_of_the_day_is_not_dialled_by_hand(tmp_path: Path) -> None:
    never = {"night": {"from": "03:00", "to": "03:01", "times": 1}}
    rig = await working(tmp_path, mode="manual", caps={"contact": 1})
    await rig.control.desks.dial("ada", CAMPAIGN, NUMBER)
    await rig.quiet()
    await unanswered(rig)
    with pytest.raises(RefusedError, match="cap_contact"):
        await rig.control.desks.dial("ada", CAMPAIGN, NUMBER)
    await rig.close()
    (other := tmp_path / "other").mkdir()
    rig = await working(other, mode="manual", day_parts=never)
    with pytest.raises(RefusedError, match="day_part: not in this part of the day"):
        await rig.control.desks.dial("ada", CAMPAIGN, NUMBER)
    await rig.close()


async def test_what_another_campaign_did_while_the_contact_was_shown_counts(tmp_path: Path) -> None:
    rig = site(tmp_path, mode="preview", preview={"time": "10m"}, caps={"number_per_day_client": 1})
    await rig.store.add_contacts(CAMPAIGN, [NewContact(NUMBER)])
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    assert rig.control.agent("ada").preview is not None
    await rig.store.add_contacts(SURVEYED, [NewContact(NUMBER)])
    rig.log_in("bob")
    rig.engine.campaigns.set_status(SURVEYED, "running")
    await rig.quiet()
    assert dialled(rig) == [NUMBER]
    with pytest.raises(RefusedError, match="cap_number_per_day_client"):
        await rig.control.desks.accept("ada")
    await rig.quiet()
    assert dialled(rig) == [NUMBER]
    assert rig.row("SELECT state FROM contacts WHERE campaign = ?", CAMPAIGN) == "waiting"
    assert rig.agent_state("ada") == "idle"
    await rig.close()


async def test_a_promised_call_is_made_whatever_the_caps_say(tmp_path: Path) -> None:
    rig = site(tmp_path, caps={"contact": 1, "contact_per_day": 1, "number_per_day_client": 1})
    await promise(rig, 60)
    with pytest.raises(RefusedError, match="cap_contact"):
        await rig.control.desks.dial("ada", CAMPAIGN, NUMBER)
    assert rig.row("SELECT state FROM contacts") == "callback", "the promise is for another minute"
    await tick(rig, 61)
    assert dialled(rig) == [NUMBER] * 2
    await rig.close()
