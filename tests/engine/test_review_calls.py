"""Calls whose events come in another order than they happened, channels that count, and what a fault leaves behind."""

import json

import pytest
from engine_rig import CAMPAIGN, DESK, FILES, HOTLINE, SURVEYED, SWITCH, Rig, script, seen, write_site

from dialer.calls import events as ev
from dialer.coordination.limits import Scope
from dialer.flows.commands import Dial, Play, Reply

ALL = Scope("switch", SWITCH)
FORWARD = {
    "flow": "desk", "client": "acme", "numbers": [DESK], "languages": ["en"], "start": "there",
    "nodes": {"there": {"dial": "+493023125099", "next": "end", "failed": "end"}, "end": {"hangup": {}}},
}  # fmt: skip


async def test_a_caller_whose_hang_up_overtakes_his_script_leaves_nothing_behind(rig: Rig) -> None:
    rig.link_up()
    now = rig.clock.now()
    rig.post(ev.HungUp("1.1", now, 16), script("1.1", now, "inbound", "+49301", DESK), ev.ScriptEnded("1.1", now))
    await rig.quiet()
    assert rig.outcome("1.1") == "left"
    assert len(rig.engine.calls) == 0
    assert rig.engine.limits.used(ALL) == 0


async def test_a_leg_whose_hang_up_overtakes_its_script_logs_nobody_in(rig: Rig) -> None:
    rig.link_up()
    rig.post(ev.HungUp("1.1", rig.clock.now(), 16), script("1.1", rig.clock.now(), "agent", caller="p-ada"))
    assert rig.agent_state("ada") == "logged_out"
    rig.engine.floor.command("ada", "login")
    leg = rig.switch.given("originate")[-1].channel
    rig.post(ev.HungUp(leg, rig.clock.now(), 16), script(leg, rig.clock.now(), "agent", caller="p-ada"))
    assert rig.agent_state("ada") == "logged_out"
    assert not rig.engine.floor.anyone()


async def test_the_script_of_a_call_that_is_over_begins_no_second_one(rig: Rig) -> None:
    rig.link_up()
    now = rig.clock.now()
    rig.post(script("1.1", now, "inbound", "+49301", DESK), ev.HungUp("1.1", now, 16))
    rig.post(script("1.1", now, "inbound", "+49301", DESK))
    assert len(rig.engine.calls) == 0
    assert rig.engine.totals["offered"] == 1


async def test_what_is_remembered_of_channels_that_are_over_has_a_bound(rig: Rig) -> None:
    for number in range(5000):
        rig.post(ev.HungUp(f"1.{number}", rig.clock.now(), 16))
    assert len(rig.engine._over) <= 2000


async def test_refused_callers_take_no_place_in_a_flow(rig: Rig) -> None:
    write_site(rig.root, {"ivr_flows/desk.yaml": FILES["ivr_flows/desk.yaml"] | {"max_calls": 1}})
    assert await rig.reloader.reload() == []
    rig.link_up()
    now = rig.clock.now()
    rig.post(script("1.1", now, "inbound", "+49301", DESK), script("1.2", now, "inbound", "+49302", DESK))
    assert rig.call_state("1.2") == "ending"
    rig.post(ev.HungUp("1.1", now, 16))
    rig.post(script("1.3", now, "inbound", "+49303", DESK))
    assert rig.call_state("1.3") == "flow"


async def test_a_forwarded_call_counts_twice_while_it_lasts(rig: Rig) -> None:
    write_site(rig.root, {"ivr_flows/desk.yaml": FORWARD})
    assert await rig.reloader.reload() == []
    rig.link_up()
    now = rig.clock.now()
    rig.post(script("1.1", now, "inbound", "+49301", DESK))
    assert isinstance(rig.switch.given("run")[-1].detail, Dial)
    assert rig.engine.limits.used(ALL) == 2
    rig.post(ev.ScriptReplied("1.1", now, Reply("busy")))
    assert rig.engine.limits.used(ALL) == 1
    rig.post(ev.HungUp("1.1", now, 16))
    assert rig.engine.limits.used(ALL) == 0
    rig.post(script("1.2", now, "inbound", "+49301", DESK), ev.ScriptEnded("1.2", now), ev.HungUp("1.2", now, 16))
    assert rig.engine.limits.used(ALL) == 0


async def test_nobody_is_forwarded_over_a_full_switch(rig: Rig) -> None:
    write_site(rig.root, {"ivr_flows/desk.yaml": FORWARD})
    plant = json.loads((rig.root / "configs/plant.yaml").read_text())
    plant["switches"][SWITCH]["channels"] = 1
    write_site(rig.root, {"configs/plant.yaml": plant})
    assert await rig.reloader.reload() == []
    rig.link_up()
    rig.post(script("1.1", rig.clock.now(), "inbound", "+49301", DESK))
    assert [type(order.detail) for order in rig.switch.given("run") if isinstance(order.detail, Dial)] == []
    assert rig.call_state("1.1") in ("flow", "ending")
    assert rig.engine.limits.used(ALL) == 1


async def test_the_impossible_in_a_match_costs_only_that_call(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.link_up()
    legs = [rig.log_in(agent) for agent in ("ada", "bob")]
    for agent in ("ada", "bob"):
        rig.engine.floor.command(agent, "pause")
    for channel in ("1.1", "1.2"):
        now = rig.clock.now()
        rig.post(script(channel, now, "inbound", "+49301", HOTLINE))
        rig.engine.floor.desk  # noqa: B018
    monkeypatch.setattr(rig.engine.floor, "refuses", lambda *_: None)
    for channel in ("1.1", "1.2"):
        rig.post(ev.Answered(channel, now), ev.ScriptReplied(channel, now, Reply()))
        rig.post(ev.ScriptReplied(channel, now, Reply(digits="1")))
        assert rig.call_state(channel) == "queued"
    bridge = rig.switch.bridge

    def fails(customer: str, agent: str) -> None:
        if customer == "1.1":
            raise RuntimeError("impossible")
        bridge(customer, agent)

    monkeypatch.setattr(rig.switch, "bridge", fails)
    idle = rig.engine.post

    def both() -> None:
        rig.engine.floor.command("ada", "ready")
        rig.engine.floor.command("bob", "ready")

    idle(both)
    assert rig.call_state("1.1") is None
    assert rig.call_state("1.2") == "joining"
    rig.post(ev.HungUp("1.2", now, 16))
    assert {rig.agent_state("ada"), rig.agent_state("bob")} == {"idle"}, legs


@pytest.mark.parametrize(("where", "told"), [("voice.of_call", "lost"), ("metrics.call_settled", "answered")])
async def test_a_call_whose_end_fails_is_on_disk(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, where: str, told: str
) -> None:
    call, _ = await rig.talk()

    def fails(*_: object) -> None:
        raise RuntimeError("impossible")

    part, _, method = where.partition(".")
    monkeypatch.setattr(getattr(rig.engine, part), method, fails)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert (rig.call_state(call), rig.outcome(call)) == (None, told)
    assert rig.row("SELECT state FROM contacts") == "done"
    assert not rig.engine.campaigns.runs[CAMPAIGN].calls
    assert rig.agent_state("ada") == "wrap_up"


async def test_a_survey_goes_on_after_a_crash(rig: Rig) -> None:
    call, leg = await rig.talk(SURVEYED)
    rig.post(ev.Unbridged(call, rig.clock.now(), "b1"), script(call, rig.clock.now(), "outbound"))
    rig.clock.move(0.6)
    assert isinstance(rig.switch.given("run")[-1].detail, Play)
    await rig.crash()
    rig.post(script(call, rig.clock.now(), "outbound"))
    rig.link_up(seen(call), seen(leg))
    await rig.quiet()
    assert rig.call_state(call) == "flow"
    assert isinstance(rig.switch.given("run")[-1].detail, Play)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.outcome(call) == "answered"
    assert rig.row("SELECT state, result FROM contacts") == ("done", "answered")


async def test_who_talked_before_the_crash_is_not_given_another_agent(rig: Rig) -> None:
    """The talk ended while nobody looked: the person is still on the line."""
    call, leg = await rig.talk()
    await rig.crash()
    rig.clock.move(2)
    rig.post(script(call, rig.clock.now(), "outbound"))
    rig.link_up(seen(call), seen(leg))
    await rig.quiet()
    assert rig.switch.given("bridge")[1:] == []
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.outcome(call) == "answered"


async def test_a_caller_who_talked_before_the_crash_goes_on_in_his_flow(rig: Rig) -> None:
    rig.link_up()
    leg = rig.log_in("ada")
    now = rig.clock.now()
    rig.post(script("1.1", now, "inbound", "+49301", HOTLINE))
    rig.post(ev.Answered("1.1", now), ev.ScriptReplied("1.1", now, Reply()))
    rig.post(ev.ScriptReplied("1.1", now, Reply(digits="1")))
    rig.post(ev.Bridged("1.1", now, "b1"), ev.ScriptEnded("1.1", now))
    assert rig.call_state("1.1") == "talking"
    await rig.crash()
    rig.clock.move(2)
    rig.post(script("1.1", rig.clock.now(), "inbound", "+49301", HOTLINE))
    rig.link_up(seen("1.1"), seen(leg))
    rig.clock.move(1)
    await rig.quiet()
    assert rig.call_state("1.1") == "ending", "his flow has nothing after the talk"
    assert len(rig.switch.given("bridge")) == 1
    rig.post(ev.HungUp("1.1", rig.clock.now(), 16))
    await rig.quiet()
    assert rig.outcome("1.1") == "answered"


async def test_an_unanswered_caller_is_not_taken_for_answered_after_a_crash(rig: Rig) -> None:
    rig.link_up()
    rig.post(script("1.1", rig.clock.now(), "inbound", "+49301", HOTLINE))
    await rig.crash()
    rig.link_up(seen("1.1", "ring"))
    rig.post(script("1.1", rig.clock.now(), "inbound", "+49301", HOTLINE))
    rig.post(ev.HungUp("1.1", rig.clock.now(), 16))
    await rig.quiet()
    assert rig.row("SELECT answered_at, outcome FROM calls") == (None, "left")


async def test_an_answer_to_a_caller_missed_in_an_outage_is_learnt_from_the_listing(rig: Rig) -> None:
    rig.link_up()
    rig.post(script("1.1", rig.clock.now(), "inbound", "+49301", HOTLINE))
    rig.link_down()
    rig.post(ev.ScriptReplied("1.1", rig.clock.now(), Reply()))
    rig.link_up(seen("1.1"))
    rig.post(ev.HungUp("1.1", rig.clock.now(), 16))
    await rig.quiet()
    assert rig.row("SELECT answered_at FROM calls") is not None


async def test_whom_the_dialplan_gave_up_while_no_engine_was_there_was_abandoned(rig: Rig) -> None:
    call, leg = await rig.dial()
    await rig.crash()
    rig.link_up(seen(call), seen(leg))
    assert rig.call_state(call) == "answered"
    rig.post(ev.HungUp(call, rig.clock.now() + 1, 34, "", 503))
    rig.post(script("1.1", rig.clock.now(), "inbound", "+49301", DESK), ev.ScriptEnded("1.1", rig.clock.now()))
    rig.post(ev.HungUp("1.1", rig.clock.now() + 1, 34))
    await rig.quiet()
    assert rig.row("SELECT outcome, hung_up_by FROM calls WHERE id = ?", call) == ("abandoned", "system")
    assert rig.row("SELECT outcome, hung_up_by FROM calls WHERE id = '1.1'") == ("failed", "system")
