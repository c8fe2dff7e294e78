"""An agent's leg drops in a talk. Asterisk tells the end of the bridge first, then the hang-up of the leg."""

import pytest
from engine_rig import Rig, script

from dialer.calls import events as ev


async def test_the_customer_waits_for_another_agent(rig: Rig) -> None:
    call, leg = await rig.talk()
    now = rig.clock.now()
    rig.post(ev.Unbridged(leg, now, "b1"), ev.Unbridged(call, now, "b1"))
    rig.post(script(call, now, "outbound"))
    rig.post(ev.HungUp(leg, now, 16))
    assert (rig.agent_state("ada"), rig.call_state(call)) == ("logged_out", "queued")
    rig.log_in("bob")
    assert rig.call_state(call) == "joining"


async def test_an_agent_who_hangs_up_and_then_drops_has_finished(rig: Rig) -> None:
    call, leg = await rig.talk()
    now = rig.clock.now()
    rig.engine.floor.command("ada", "hangup")
    rig.post(ev.Unbridged(leg, now, "b1"), ev.Unbridged(call, now, "b1"))
    rig.post(ev.HungUp(leg, now, 16))
    rig.post(script(call, now, "outbound"))
    assert (rig.agent_state("ada"), rig.call_state(call)) == ("logged_out", "ending")


async def test_a_phone_that_is_not_reached_is_told(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.engine.floor.command("ada", "login")
    leg = rig.switch.given("originate")[-1].channel
    rig.post(ev.OriginateFailed(leg, rig.clock.now(), "failure"))
    assert rig.agent_state("ada") == "logged_out"
    assert "was not reached: failure" in caplog.text
