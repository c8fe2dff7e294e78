"""States that would have ended only by an event that need not come: each has another way out."""

from typing import Any

import pytest
from engine_rig import CAMPAIGN, FILES, Rig, seen, write_site

from dialer.calls import events as ev
from dialer.config.loader import load


async def pass_seconds(rig: Rig, seconds: int) -> None:
    """As the service does it: a tick and fresh totals once a second."""
    for _ in range(seconds):
        rig.clock.move(1)
        rig.engine.tick()
        await rig.control.refresh()
        await rig.quiet()


def dialled(rig: Rig) -> int:
    return sum(order.detail.exten == "outbound" for order in rig.switch.given("originate"))


async def test_a_campaign_is_not_through_while_the_calls_of_an_earlier_life_are_looked_for(rig: Rig) -> None:
    call, leg = await rig.dial()
    await rig.crash()
    rig.switch.orders.clear()
    rig.switch.up = False
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await pass_seconds(rig, 3)
    assert rig.status() == "running"
    rig.link_up(seen(call, "ringing"), seen(leg))
    rig.post(ev.HungUp(call, rig.clock.now(), 17))
    await pass_seconds(rig, 33)
    assert dialled(rig) == 1, "busy: again after 30 s"


async def test_a_dial_by_hand_after_the_end_of_the_list_is_tried_again_as_any_other(rig: Rig) -> None:
    call, _ = await rig.talk()
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await pass_seconds(rig, 8)
    assert rig.status() == "exhausted"
    await rig.control.desks.dial("ada", CAMPAIGN, "+4930555777")
    await rig.quiet()
    rig.switch.orders.clear()
    call = rig.row("SELECT id FROM calls WHERE outcome IS NULL")
    rig.post(ev.HungUp(call, rig.clock.now(), 17))
    await pass_seconds(rig, 33)
    assert rig.rows("SELECT state FROM contacts WHERE number = '+4930555777'") == [("claimed",)]
    assert dialled(rig) == 1


def agents_file(**skills: list[str]) -> dict[str, Any]:
    return {"configs/agents.yaml": {"agents": {
        name: {"name": name.title(), "phone": f"p-{name}", "skills": able} for name, able in skills.items()}}}


async def in_wrap_up(rig: Rig) -> Any:
    """Ada is in after-call work for a campaign that dials ahead; the pacer's agents at work."""
    name = f"configs/campaigns/{CAMPAIGN}.yaml"
    write_site(rig.root, {name: FILES[name] | {"mode": "predictive"}})
    assert await rig.reloader.reload() == []
    call, _ = await rig.talk()
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.agent_state("ada") == "wrap_up"
    roster = rig.engine.campaigns.pacing._joint.members[CAMPAIGN].forecast._roster
    assert roster.busy() == 1
    return roster


@pytest.mark.parametrize("skills", [{"bob": ["sales"]}, {"ada": ["other"], "bob": ["sales"]}])
async def test_nobody_waits_for_an_agent_who_is_gone(rig: Rig, skills: dict[str, list[str]]) -> None:
    """One who is taken out of the configuration, or can do something else from now on: to dial for them would cost
    people their agent."""
    roster = await in_wrap_up(rig)
    write_site(rig.root, agents_file(**skills))
    assert await rig.reloader.reload() == []
    rig.clock.move(10)
    await rig.quiet()
    assert roster.busy() == 0
    assert not rig.engine.campaigns.pacing._joint.shares.busy(CAMPAIGN)


async def test_nobody_waits_for_an_agent_who_is_taken_out_while_talking(rig: Rig) -> None:
    name = f"configs/campaigns/{CAMPAIGN}.yaml"
    write_site(rig.root, {name: FILES[name] | {"mode": "predictive"}})
    assert await rig.reloader.reload() == []
    call, _ = await rig.talk()
    roster = rig.engine.campaigns.pacing._joint.members[CAMPAIGN].forecast._roster
    write_site(rig.root, agents_file(bob=["sales"]))
    assert await rig.reloader.reload() == []
    assert roster.busy() == 1
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    rig.clock.move(10)
    await rig.quiet()
    assert roster.busy() == 0
    with pytest.raises(KeyError):
        rig.agent_state("ada")


async def test_nobody_waits_for_an_agent_whose_leg_died_with_the_engine(rig: Rig) -> None:
    name = f"configs/campaigns/{CAMPAIGN}.yaml"
    write_site(rig.root, {name: FILES[name] | {"mode": "predictive"}})
    rig.configuration = load(rig.root, {})
    call, _ = await rig.talk()
    await rig.crash()
    rig.link_up()
    await rig.quiet()
    assert rig.outcome(call) == "answered"
    assert rig.engine.campaigns.pacing._joint.members[CAMPAIGN].forecast._roster.busy() == 0
