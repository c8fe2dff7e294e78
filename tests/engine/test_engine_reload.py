"""A changed configuration taken while calls go on, or refused whole."""

import json
from typing import Any

from engine_rig import CAMPAIGN, DESK, FILES, Rig, script

from dialer.calls import events as ev
from dialer.flows.commands import Play, Reply


async def test_a_faulty_configuration_is_refused_whole(rig: Rig) -> None:
    change(rig, "configs/agents.yaml", agents={"bob": {"name": "Bob", "phone": "p-bob", "skills": ["sales"]}})
    change(rig, f"configs/campaigns/{CAMPAIGN}.yaml", ring_timeout="soon")
    before = rig.engine.configuration
    faults = await rig.reloader.reload()
    assert len(faults) == 1 and f"{CAMPAIGN}.yaml" in faults[0] and "`soon` is not a duration" in faults[0]
    assert rig.engine.configuration is before
    assert rig.agent_state("ada") == "logged_out", "still an agent"


async def test_a_changed_campaign_goes_on_with_the_change_and_its_calls_as_they_began(rig: Rig) -> None:
    call, _ = await rig.dial(contacts=2)
    change(rig, f"configs/campaigns/{CAMPAIGN}.yaml", ring_timeout="60s")
    assert await rig.reloader.reload() == []
    live = rig.engine.calls.get(call)
    assert live is not None and live.call.plan.ring_s == 20
    rig.post(ev.HungUp(call, rig.clock.now(), 1))
    await rig.quiet()
    assert rig.status() == "running"
    assert rig.switch.given("originate")[-1].detail.ring_s == 60


async def test_an_agent_taken_out_finishes_the_talk_and_is_logged_out(rig: Rig) -> None:
    call, leg = await rig.talk()
    change(rig, "configs/agents.yaml", agents={"bob": {"name": "Bob", "phone": "p-bob", "skills": ["sales"]}})
    rig.switch.orders.clear()
    assert await rig.reloader.reload() == []
    assert (rig.call_state(call), rig.agent_state("ada")) == ("talking", "talking")
    assert rig.switch.given("hangup") == []
    rig.post(ev.Unbridged(call, rig.clock.now(), "b1"), ev.HungUp(call, rig.clock.now(), 16))
    rig.clock.move(6)
    assert [order.channel for order in rig.switch.given("hangup")] == [leg]
    rig.post(ev.HungUp(leg, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.outcome(call) == "answered"
    assert not rig.engine.floor.anyone()
    assert "ada" not in [state.agent for state in rig.engine.floor.desk.states()]


async def test_a_flow_changes_for_the_next_caller_only(rig: Rig) -> None:
    rig.link_up()
    old = greeting(rig, "1.1")
    nodes = {"hello": {"say": {"en": "Good evening."}, "next": "hello_again"},
             "hello_again": {"say": {"en": "And again."}, "next": "end"}, "end": {"hangup": {}}}  # fmt: skip
    change(rig, "ivr_flows/desk.yaml", nodes=nodes)
    assert await rig.reloader.reload() == []
    assert greeting(rig, "1.2") != old
    rig.switch.orders.clear()
    rig.post(ev.ScriptReplied("1.1", rig.clock.now(), Reply()))
    assert [order.verb for order in rig.switch.orders] == ["hangup"], "the flow it began with is over"
    rig.post(ev.ScriptReplied("1.2", rig.clock.now(), Reply()))
    assert isinstance(rig.switch.orders[-1].detail, Play)


async def test_changed_skills_count_at_once(rig: Rig) -> None:
    rig.link_up()
    rig.log_in("ada")
    await rig.contacts(1)
    skills: Any = FILES["configs/agents.yaml"]["agents"] | {
        "ada": {"name": "Ada", "phone": "p-ada", "skills": ["billing"]}
    }
    change(rig, "configs/agents.yaml", agents=skills)
    assert await rig.reloader.reload() == []
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    assert (rig.agent_state("ada"), rig.engine.campaigns.runs[CAMPAIGN].reason) == ("idle", "no_idle_agent")


# -- how ------------------------------------------------------------------------------------------------------


def change(rig: Rig, file: str, **keys: Any) -> None:
    (rig.root / file).write_text(json.dumps({**FILES[file], **keys}))


def greeting(rig: Rig, channel: str) -> tuple[str, ...]:
    """What a new caller hears first."""
    now = rig.clock.now()
    rig.post(script(channel, now, "inbound", "+49301", DESK), ev.ScriptReplied(channel, now, Reply()))  # answered
    command = rig.switch.given("run")[-1].detail
    assert isinstance(command, Play)
    return command.sounds
