"""A campaign with nothing to dial, one that is taken away, one whose agents ask for a callback; a clock set back."""

from dataclasses import replace

import pytest
from engine_rig import CAMPAIGN, FILES, SURVEYED, Rig, script, write_site

from dialer.agents.model import State
from dialer.calls import events as ev
from dialer.coordination.limits import Scope
from dialer.store.records import NewContact
from dialer.web.port import RefusedError


async def test_agents_are_not_reserved_every_second_for_a_list_that_has_nothing_due(rig: Rig) -> None:
    """Each time would cost two rows of their time."""
    later = rig.clock.now() + 3600
    await rig.store.add_contacts(CAMPAIGN, [NewContact("+49305550001", next_at=later)])
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    for _ in range(20):
        rig.clock.move(1)
        await rig.quiet()
    assert rig.row("SELECT count(*) FROM agent_spans") <= 2
    assert rig.engine.campaigns.runs[CAMPAIGN].reason == "nothing_due"
    rig.clock.move(3600)
    for _ in range(3):
        rig.clock.move(1.1)
        await rig.quiet()
    assert rig.agent_state("ada") == State.RESERVED
    assert len(rig.switch.given("originate")) == 2


async def test_a_callback_asked_for_after_the_list_was_exhausted_is_called(rig: Rig) -> None:
    name = f"configs/campaigns/{CAMPAIGN}.yaml"
    written = FILES[name] | {"dispositions": {"later": {"final": False, "retry_after": "60s"}}}
    write_site(rig.root, {name: written})
    assert await rig.reloader.reload() == []
    call, _ = await rig.talk()
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    bob = rig.log_in("bob")
    for _ in range(4):
        rig.clock.move(1.1)
        await rig.quiet()
    assert rig.status() == "exhausted"
    await rig.control.dispose("ada", "later")
    await rig.quiet()
    rig.switch.orders.clear()
    for _ in range(3):
        rig.clock.move(30)
        await rig.quiet()
    assert len(rig.switch.given("originate")) == 1, bob


async def test_a_pacer_that_knows_the_list_is_at_its_end_does_not_keep_the_campaign_open(rig: Rig) -> None:
    name = f"configs/campaigns/{CAMPAIGN}.yaml"
    write_site(rig.root, {name: FILES[name] | {"mode": "predictive"}})
    assert await rig.reloader.reload() == []
    call, _ = await rig.talk()
    await rig.control.refresh()
    assert rig.engine.campaigns.runs[CAMPAIGN].contacts_left == 0
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    for _ in range(8):
        rig.clock.move(1.1)
        await rig.quiet()
    assert rig.status() == "exhausted"
    await rig.store.add_contacts(CAMPAIGN, [NewContact("+493055577777")])
    rig.engine.campaigns.contact_added(CAMPAIGN)
    rig.switch.orders.clear()
    await rig.quiet()
    assert len(rig.switch.given("originate")) == 1, "what the pacer knew of the list is out of date"


async def test_campaigns_that_share_an_agent_take_turns(rig: Rig) -> None:
    await rig.contacts(4)
    await rig.contacts(4, SURVEYED)
    rig.link_up()
    rig.log_in("ada")
    for campaign in (CAMPAIGN, SURVEYED):
        rig.engine.campaigns.set_status(campaign, "running")
    dialled = []
    for _ in range(6):
        await rig.quiet()
        call = rig.switch.given("originate")[-1].channel
        dialled.append(rig.row("SELECT campaign FROM calls WHERE id = ?", call))
        rig.clock.move(0.5)
        rig.post(ev.HungUp(call, rig.clock.now(), 17))
    assert dialled == [CAMPAIGN, SURVEYED] * 3


async def test_a_campaign_taken_out_while_it_dials_ends_and_cannot_be_started(rig: Rig) -> None:
    call, _ = await rig.dial(contacts=3)
    (rig.root / f"configs/campaigns/{CAMPAIGN}.yaml").unlink()
    assert await rig.reloader.reload() == []
    with pytest.raises(RefusedError):
        await rig.control.command_campaign(CAMPAIGN, "start")
    rig.post(ev.HungUp(call, rig.clock.now(), 17))
    await rig.quiet()
    assert CAMPAIGN not in rig.engine.campaigns.runs
    assert len(rig.switch.given("originate")) == 2


async def test_a_campaign_put_back_can_be_started_again(rig: Rig) -> None:
    await rig.dial(contacts=3)
    path = rig.root / f"configs/campaigns/{CAMPAIGN}.yaml"
    path.unlink()
    assert await rig.reloader.reload() == []
    write_site(rig.root)
    assert await rig.reloader.reload() == []
    await rig.control.command_campaign(CAMPAIGN, "start")
    assert rig.status() == "running"


async def test_a_client_taken_out_with_its_campaign_while_contacts_are_claimed(rig: Rig) -> None:
    """The attempts on disk are taken back, and the agent is free."""
    await rig.contacts(1)
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    assert rig.agent_state("ada") == "reserved"
    old = rig.configuration
    rig.engine.take(replace(old, clients={}, campaigns={}, flows={}), rig.engine.sounds)
    await rig.quiet()
    for channel in [order.channel for order in rig.switch.given("originate")][1:]:
        rig.post(ev.HungUp(channel, rig.clock.now(), 17))
    await rig.quiet()
    assert rig.agent_state("ada") == "idle"
    assert len(rig.engine.calls) == 0
    assert rig.engine.limits.used(Scope("campaign", CAMPAIGN)) == 0


async def test_an_import_into_a_campaign_taken_out_meanwhile_harms_nobody(rig: Rig) -> None:
    rig.engine.campaigns.contact_added("gone")


async def test_a_clock_set_back_does_not_stop_dialling(rig: Rig) -> None:
    rig.link_up()
    rig.log_in("ada")
    await rig.store.add_contacts(CAMPAIGN, [NewContact("+49305550001", next_at=rig.clock.now() + 3)])
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    rig.clock._now -= 7200
    await rig.store.add_contacts(CAMPAIGN, [NewContact("+49305550002")])
    rig.engine.campaigns.kick_all()
    for _ in range(3):
        rig.clock.move(1.1)
        rig.engine.campaigns.kick_all()
        await rig.quiet()
    assert len(rig.switch.given("originate")) == 2


async def test_a_dial_of_a_stopped_campaign_gives_everything_back(rig: Rig) -> None:
    call, _ = await rig.dial(contacts=2)
    await rig.control.command_campaign(CAMPAIGN, "stop")
    assert rig.call_state(call) == "ending"
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.outcome(call) == "cancelled"
    assert rig.agent_state("ada") == "idle"
    assert rig.engine.limits.used(Scope("campaign", CAMPAIGN)) == 0
    now = rig.clock.now()
    rig.post(script(call, now, "outbound"))
    assert rig.switch.given("hangup")[-1].channel == call


async def test_a_switch_that_refuses_every_dial_costs_no_contact_and_is_not_stormed(rig: Rig) -> None:
    rig.switch.told = lambda order: order.verb == "originate" and "leg" not in order.channel and rig.post(
        ev.OriginateFailed(order.channel, rig.clock.now(), "Permission denied", sent=False)
    )
    await rig.dial(contacts=2)
    for _ in range(5):
        rig.clock.move(0.1)
        await rig.quiet()
    assert len(rig.switch.given("originate")) == 2
    rig.clock.move(1)
    await rig.quiet()
    assert len(rig.switch.given("originate")) == 3
    assert rig.rows("SELECT DISTINCT state FROM contacts WHERE state = 'done'") == []
    assert rig.agent_state("ada") == "idle"
