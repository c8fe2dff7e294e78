"""One campaign whose agents are on two switches."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from engine_rig import CAMPAIGN, FILES, SWITCH, RecordingSwitch, Rig, script, write_site

from dialer.calls import events as ev
from dialer.campaigns.pacing import Decision
from dialer.campaigns.pacing.joint import Ask, Joint
from dialer.config.loader import load

SECOND = "second"


async def test_the_pacer_is_told_what_is_on_which_switch(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, agents, name = "configs/plant.yaml", "configs/agents.yaml", f"configs/campaigns/{CAMPAIGN}.yaml"
    switch: dict[str, Any] = {"channels": 40, "calls_per_second": 100}
    people = {one: config | {"switch": SECOND if one == "bob" else SWITCH}
              for one, config in FILES[agents]["agents"].items()}  # fmt: skip
    write_site(rig.root, {
        plant: FILES[plant] | {"switches": {SWITCH: switch, SECOND: switch}},
        agents: {"agents": people}, name: FILES[name] | {"mode": "predictive"},
    })  # fmt: skip
    rig.configuration = load(rig.root, {})
    await rig.crash()
    there = RecordingSwitch(SECOND)
    rig.engine.switches[SECOND] = there
    now = rig.clock.now()
    rig.link_up()
    rig.post(ev.LinkUp(SECOND, now, now - 1000.0), ev.ChannelsListed(SECOND, now, now, (), {}))
    rig.log_in("ada")
    rig.engine.floor.command("bob", "login")
    leg = there.given("originate")[-1].channel
    rig.post(replace(script(leg, now, "agent", caller="p-bob"), switch=SECOND))
    rig.engine.floor.command("bob", "ready")
    asked: list[Mapping[str, Ask]] = []
    decide = Joint.decide

    def watched(joint: Joint, now: float, asks: Mapping[str, Ask]) -> dict[str, Decision]:
        asked.append(asks)
        return decide(joint, now, asks)

    monkeypatch.setattr(Joint, "decide", watched)
    await rig.contacts(9)
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    for _ in range(3):
        await rig.quiet()
        rig.clock.move(1.1)
    calls = {name: {order.channel for order in switch.given("originate")
                    if rig.engine.calls.get(order.channel) is not None}
             for name, switch in ((SWITCH, rig.switch), (SECOND, there))}  # fmt: skip
    assert asked[-1][CAMPAIGN].agents == {"ada": SWITCH, "bob": SECOND}
    assert calls[SWITCH] and calls[SECOND]
    assert asked[-1][CAMPAIGN].state.dials == calls
