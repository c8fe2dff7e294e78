"""A shutdown: nothing new begins, and what was about to is given back."""

import pytest
from engine_rig import CAMPAIGN, HOTLINE, SWITCH, Rig, script

from dialer.calls import events as ev
from dialer.coordination.limits import Scope
from dialer.web.port import RefusedError


async def test_a_new_caller_is_refused(rig: Rig) -> None:
    rig.link_up()
    rig.engine.draining = True
    rig.post(script("1.1", rig.clock.now(), "inbound", "+49301", HOTLINE))
    assert [(order.channel, order.detail) for order in rig.switch.given("hangup")] == [("1.1", 42)]
    rig.post(ev.HungUp("1.1", rig.clock.now(), 42))
    await rig.quiet()
    assert rig.outcome("1.1") == "overloaded"
    assert rig.engine.limits.used(Scope("switch", SWITCH)) == 0


async def test_a_contact_being_claimed_is_due_again_and_its_agent_free(rig: Rig) -> None:
    await rig.contacts(1)
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    assert rig.agent_state("ada") == "reserved"
    rig.engine.draining = True
    await rig.quiet()
    assert len(rig.switch.given("originate")) == 1  # the agent's leg
    assert rig.row("SELECT state FROM contacts") == "waiting"
    assert rig.row("SELECT outcome FROM calls") == "cancelled"
    assert rig.agent_state("ada") == "idle"
    assert rig.engine.limits.used(Scope("campaign", CAMPAIGN)) == 0


async def test_a_talk_goes_on_and_no_call_follows_it(rig: Rig) -> None:
    call, _ = await rig.talk()
    await rig.contacts(3)
    rig.engine.draining = True
    assert rig.call_state(call) == "talking"
    rig.post(ev.Unbridged(call, rig.clock.now(), "b1"), ev.HungUp(call, rig.clock.now(), 16))
    rig.clock.move(10)
    rig.engine.campaigns.kick_all()
    await rig.quiet()
    assert rig.outcome(call) == "answered"
    assert rig.agent_state("ada") == "idle"
    assert len(rig.switch.given("originate")) == 2


async def test_nobody_logs_in(rig: Rig) -> None:
    rig.link_up()
    rig.engine.draining = True
    with pytest.raises(RefusedError, match="shutting down"):
        rig.engine.floor.command("ada", "login")
    rig.post(script("1.1", rig.clock.now(), "agent", "p-ada", "*11"))
    assert [order.channel for order in rig.switch.given("hangup")] == ["1.1"]
    assert not rig.engine.floor.anyone()


async def test_everybody_is_logged_out_at_the_end(rig: Rig) -> None:
    rig.link_up()
    legs = [rig.log_in("ada"), rig.log_in("bob")]
    rig.engine.draining = True
    rig.engine.floor.log_out_all()
    assert sorted(order.channel for order in rig.switch.given("hangup")) == sorted(legs)
    rig.post(*(ev.HungUp(leg, rig.clock.now(), 16) for leg in legs))
    await rig.quiet()
    assert not rig.engine.floor.anyone()
    assert rig.row("SELECT count(*) FROM agent_sessions") == 0
