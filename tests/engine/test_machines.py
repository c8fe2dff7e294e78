"""Answering machines on the engine's way: a sample for agents, a message after the tone, what detection is told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine_rig import CAMPAIGN, FILES, Rig, script, write_site

from dialer.calls import events as ev
from dialer.config.machines import Detection
from dialer.flows.commands import AwaitSilence, AwaitTone, Play, Reply


def site(root: Path, machine: dict[str, Any], audiosocket: bool = False, **campaign: Any) -> None:
    files = {name: dict(document) for name, document in FILES.items()}
    files["configs/plant.yaml"] |= {"audiosocket": {"port": 0}} if audiosocket else {}
    files[f"configs/campaigns/{CAMPAIGN}.yaml"] |= {
        "machine": {"detect": True, **machine}, "agents": {"skills": ["sales"], "wrap_up": "5s"},
        "dispositions": {"sale": {}, "robot": {"machine": True}}, "retry": {"machine": {"after": "1h", "times": 1}},
        **campaign,
    }  # fmt: skip
    write_site(root, files)


@pytest.fixture
async def rig(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    site(tmp_path, request.param)
    rig = Rig(tmp_path)
    yield rig
    await rig.close()


def answered_by_machine(rig: Rig, call: str) -> None:
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound", by="machine"))


async def hung_up(rig: Rig, call: str) -> None:
    rig.post(ev.ScriptEnded(call, rig.clock.now()), ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()


MESSAGE = {"then": "message", "message": {"en": "Please call us back."}, "after_tone": {"silence": "2s"}}


@pytest.mark.parametrize("rig", [MESSAGE], indirect=True)
async def test_a_message_is_left_after_the_tone(rig: Rig) -> None:
    call, _ = await rig.dial()
    answered_by_machine(rig, call)
    await rig.quiet()
    assert rig.agent_state("ada") == "idle", "nobody is kept waiting by a machine"
    assert rig.switch.given("run")[-1].detail == AwaitSilence(2.0, 30.0)
    rig.clock.move(9)
    rig.post(ev.ScriptReplied(call, rig.clock.now(), Reply("done")))
    [played] = [order.detail for order in rig.switch.given("run") if isinstance(order.detail, Play)]
    assert len(played.sounds) == 1 and "/spoken/en/" in played.sounds[0]
    rig.clock.move(3)
    rig.post(ev.ScriptReplied(call, rig.clock.now(), Reply("done")))
    assert rig.switch.given("hangup")[-1].channel == call
    await hung_up(rig, call)
    assert rig.outcome(call) == "machine"
    assert rig.row("SELECT tries FROM contacts").startswith('{"machine')
    value = rig.engine.metrics.registry.get_sample_value
    assert value("dialer_machine_messages_total", {"campaign": CAMPAIGN, "result": "left"}) == 1


async def test_a_campaign_may_have_the_tone_itself_waited_for(tmp_path: Path) -> None:
    site(tmp_path, {**MESSAGE, "after_tone": {"tone": True, "silence": "4s", "max_wait": "20s"}}, audiosocket=True)
    rig = Rig(tmp_path)
    call, _ = await rig.dial()
    answered_by_machine(rig, call)
    await rig.quiet()
    assert rig.switch.given("run")[-1].detail == AwaitTone(4.0, 20.0)
    await rig.close()


@pytest.mark.parametrize("rig", [MESSAGE], indirect=True)
async def test_a_message_whose_script_was_lost_begins_anew(rig: Rig) -> None:
    call, _ = await rig.dial()
    answered_by_machine(rig, call)
    now = rig.clock.now()
    rig.post(ev.ScriptReplied(call, now, Reply("expired")), ev.ScriptEnded(call, now))
    rig.post(script(call, now, "outbound", by="machine"))
    kinds = [type(order.detail) for order in rig.switch.given("run")]
    assert kinds == [AwaitSilence, Play, AwaitSilence]
    rig.post(ev.ScriptReplied(call, now, Reply("failed", reason="gone")))
    assert rig.switch.given("hangup")[-1].channel == call
    await hung_up(rig, call)
    assert rig.outcome(call) == "machine"


@pytest.mark.parametrize("rig", [MESSAGE], indirect=True)
async def test_a_machine_that_hangs_up_in_the_message(rig: Rig) -> None:
    call, _ = await rig.dial()
    answered_by_machine(rig, call)
    await hung_up(rig, call)
    assert rig.outcome(call) == "machine"
    assert len(rig.engine.calls) == 0


@pytest.mark.parametrize("rig", [{"sample": 1.0}], indirect=True)
async def test_a_sampled_machine_goes_to_an_agent_who_says_what_it_was(rig: Rig) -> None:
    call, _ = await rig.dial()
    answered_by_machine(rig, call)
    assert rig.switch.given("bridge")[-1].channel == call
    rig.post(ev.Bridged(call, rig.clock.now(), "b1"))
    assert rig.agent_state("ada") == "talking"
    await rig.control.dispose("ada", "sale")
    [view] = [one for one in rig.control.campaigns() if one.id == CAMPAIGN]
    assert view.detection is not None
    assert (view.detection.samples, view.detection.people, view.detection.rate) == (1, 1, 1.0)
    estimates = rig.engine.budgets._measured[CAMPAIGN]
    assert estimates.false_positives == pytest.approx((1 + 0.02 * 50) / 51)
    await rig.control.dispose("ada", "robot")  # a slip of the finger
    [view] = [one for one in rig.control.campaigns() if one.id == CAMPAIGN]
    assert view.detection is not None
    assert (view.detection.samples, view.detection.people) == (1, 0)
    await hung_up(rig, call)
    assert rig.rows("SELECT campaign, said_machine, was_machine FROM detections") == [(CAMPAIGN, 1, 1)]
    await rig.crash()
    rig.engine.machines.remember(await rig.store.detections(0.0))
    [view] = [one for one in rig.control.campaigns() if one.id == CAMPAIGN]
    assert view.detection is not None and view.detection.samples == 1


@pytest.mark.parametrize("rig", [{"sample": 0.3}], indirect=True)
async def test_about_as_many_as_asked_for(rig: Rig) -> None:
    call, _ = await rig.dial()
    rig.log_in("bob")
    await rig.quiet()
    live = rig.engine.calls.get(call)
    assert live is not None
    event = script(call, rig.clock.now(), "outbound", by="machine")
    drawn = 0
    for index in range(2000):
        live.call = replace(live.call, id=f"{call}{index}")
        drawn += rig.engine.machines.sampled(live, event)
    assert 510 < drawn < 690
    live.call = replace(live.call, id=call)


@pytest.mark.parametrize("rig", [{"sample": 1.0}], indirect=True)
async def test_nobody_is_sampled_without_an_agent_nor_people(rig: Rig) -> None:
    call, leg = await rig.dial()
    rig.post(ev.HungUp(leg, rig.clock.now(), 16))
    answered_by_machine(rig, call)
    assert rig.switch.given("hangup")[-1].channel == call
    await hung_up(rig, call)
    assert rig.outcome(call) == "machine"


async def test_what_agents_had_as_people_counts_as_well(tmp_path: Path) -> None:
    site(tmp_path, {})
    rig = Rig(tmp_path)
    call, _ = await rig.dial()
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound", by="person"), ev.Bridged(call, now, "b1"))
    await rig.control.dispose("ada", "robot")
    [view] = [one for one in rig.control.campaigns() if one.id == CAMPAIGN]
    assert view.detection is not None
    assert (view.detection.samples, view.detection.rate, view.detection.missed) == (0, None, 1.0)
    await rig.close()


async def test_the_dialplan_is_told_the_campaign_s_settings(tmp_path: Path) -> None:
    site(tmp_path, {"settings": {"greeting": "1.2s", "max_words": 4, "silence_threshold": 300}})
    rig = Rig(tmp_path)
    await rig.dial()
    assert rig.switch.given("originate")[-1].detail.variables == {
        "DIALER_DETECT": "1", "DIALER_AMD_GREETING": "1200", "DIALER_AMD_MAX_WORDS": "4",
        "DIALER_AMD_SILENCE_THRESHOLD": "300",
    }  # fmt: skip
    plan = (Path(__file__).parents[2] / "asterisk/extensions.conf").read_text()
    for name in Detection.model_fields:
        assert f"${{DIALER_AMD_{name.upper()}}}" in plan
    await rig.close()
