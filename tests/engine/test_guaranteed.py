"""After an abandoned call the next one has an agent held for it, also in a campaign that dials ahead of its agents."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine_rig import CAMPAIGN, FILES, Rig, script, seen, write_site

from dialer.calls import events as ev
from dialer.calls.outcome import Outcome
from dialer.flows.commands import Reply
from dialer.store.records import CallRecord, NewContact

NUMBER = "+493023125141"
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PACK: dict[str, Any] = {
    "rules": "always", "title": "Always", "version": 1, "dated": "2026-11-22", "notice": "A lawyer must check it.",
    "sources": [{"rule": "none", "where": "here"}], "hours": [{"days": WEEK, "from": "00:00", "to": "24:00"}],
    "pauses": {"next_with_agent": {"after": "abandoned", "days": 366, "unless": "agent"}},
}  # fmt: skip


def site(root: Path, pack: dict[str, Any] = PACK, **campaign: Any) -> None:
    path = f"configs/campaigns/{CAMPAIGN}.yaml"
    document = FILES[path] | {"rules": ["always"], "mode": "power", "ratio": 3.0} | campaign
    write_site(root, {**FILES, path: document, "configs/rules/always.yaml": pack})


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    site(tmp_path)
    made = Rig(tmp_path)
    yield made
    await made.close()


async def was_abandoned(rig: Rig, number: str) -> None:
    """An hour ago, for the same client in another campaign."""
    then = rig.clock.now() - 3600
    call = CallRecord("before-1", "outbound", "n1", "main", "acme", number, "+493023125001", then, "before")
    await rig.store.settle(
        replace(call, outcome=Outcome.ABANDONED, answered_at=then, ended_at=then + 5, message="heard"), None
    )


def outbound(rig: Rig) -> list[str]:
    orders = [order.detail for order in rig.switch.given("originate") if order.detail.exten == "outbound"]
    return [order.endpoint.removeprefix("PJSIP/").removesuffix("@trunk") for order in orders]


async def begin(rig: Rig, *numbers: str, agents: tuple[str, ...] = ("ada",)) -> None:
    await rig.store.add_contacts(CAMPAIGN, [NewContact(number) for number in numbers])
    rig.link_up()
    for agent in agents:
        rig.log_in(agent)
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()


async def test_who_was_abandoned_is_dialled_with_an_agent_held_and_others_ahead(rig: Rig) -> None:
    await was_abandoned(rig, NUMBER)
    others = [f"+4930231252{index:02}" for index in range(4)]
    await begin(rig, NUMBER, *others, agents=("ada", "bob"))
    await rig.quiet()
    assert NUMBER in outbound(rig)
    call = rig.row("SELECT id FROM calls WHERE number = ? AND campaign = ?", NUMBER, CAMPAIGN)
    agent = rig.engine.floor.desk.by_call(call)
    assert agent in ("ada", "bob")
    assert rig.row("SELECT agent FROM calls WHERE id = ?", call) == agent
    assert rig.row("SELECT agent FROM calls WHERE number = ?", others[0]) is None, "the others are dialled ahead"
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"))
    assert [order.detail for order in rig.switch.given("bridge") if order.channel == call]
    assert rig.row("SELECT rule FROM refusals") == "always.next_with_agent"


async def test_without_an_agent_free_the_contact_waits(rig: Rig) -> None:
    await was_abandoned(rig, NUMBER)
    await begin(rig, NUMBER, agents=())
    for _ in range(3):
        rig.clock.move(61)
        await rig.quiet()
    assert outbound(rig) == []
    assert rig.row("SELECT state FROM contacts WHERE campaign = ?", CAMPAIGN) == "due"
    rig.log_in("ada")
    for _ in range(3):
        rig.clock.move(61)
        await rig.quiet()
    assert outbound(rig) == [NUMBER]


async def test_a_restart_finds_them_again(rig: Rig) -> None:
    await was_abandoned(rig, NUMBER)
    await begin(rig, NUMBER, agents=())
    await rig.crash()
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    for _ in range(3):
        rig.clock.move(61)
        await rig.quiet()
    assert outbound(rig) == [NUMBER]


@pytest.mark.parametrize("leaves", ["while it rings", "before the engine is back", "into a pause"])
async def test_it_is_taken_back_also_when_the_engine_was_started_anew_meanwhile(rig: Rig, leaves: str) -> None:
    await was_abandoned(rig, NUMBER)
    await begin(rig, NUMBER)
    await rig.quiet()
    call = rig.switch.given("originate")[-1].channel
    leg = rig.engine.floor.leg_for(call) or ""
    if leaves == "into a pause":
        session = next(iter(rig.engine.floor.desk.sessions()))
        await rig.store.save_session(replace(session, state="paused"))
    await rig.crash()
    rig.link_up(seen(call, "ringing"), *([] if leaves == "before the engine is back" else [seen(leg)]))
    if leaves == "while it rings":
        assert rig.agent_state("ada") == "reserved"
        assert call not in [order.channel for order in rig.switch.given("hangup")]
        rig.post(ev.HungUp(leg, rig.clock.now(), 16))
    assert rig.switch.given("hangup")[-1].channel == call
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.outcome(call) == "cancelled"


async def test_the_dial_is_taken_back_when_its_agent_is_gone(rig: Rig) -> None:
    await was_abandoned(rig, NUMBER)
    await begin(rig, NUMBER)
    await rig.quiet()
    call = rig.switch.given("originate")[-1].channel
    leg = rig.engine.floor.leg_for(call)
    rig.post(ev.Ringing(call, rig.clock.now()), ev.HungUp(leg or "", rig.clock.now(), 16))
    assert rig.switch.given("hangup")[-1].channel == call
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.outcome(call) == "cancelled"


async def test_whom_our_silence_reached_hears_no_second_one(tmp_path: Path) -> None:
    """The message was missing: the contact is dialled with an agent held only, whatever else the pack allows."""
    silent = {"no_second_silent": {"after": "silent", "days": 366, "unless": "agent"}}
    site(tmp_path, PACK | {"pauses": silent}, retry={"abandoned": {"after": "1m", "times": 3}})
    rig = Rig(tmp_path)
    await begin(rig, NUMBER)
    call, now = rig.switch.given("originate")[-1].channel, rig.clock.now()
    for agent in ("ada",):
        rig.engine.floor.command(agent, "logout")
    rig.post(ev.Answered(call, now), script(call, now, "outbound"))
    rig.clock.move(2.1)
    rig.post(ev.ScriptReplied(call, rig.clock.now(), Reply(status="expired")))
    rig.post(ev.ScriptReplied(call, rig.clock.now(), Reply(status="failed", reason="no such sound")))
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.row("SELECT outcome, message FROM calls WHERE id = ?", call) == ("abandoned", "silent")
    rig.log_in("bob")
    for _ in range(4):
        rig.clock.move(61)
        await rig.quiet()
    calls = rig.rows("SELECT id, agent FROM calls WHERE number = ? ORDER BY created_at", NUMBER)
    assert len(calls) == 2
    assert calls[1][1] == "bob"
    await rig.close()


async def test_a_campaign_without_agents_waits_for_the_end_of_the_pause(tmp_path: Path) -> None:
    site(tmp_path, mode="agentless", flow="after", ratio=None, agents=None)
    path = tmp_path / f"configs/campaigns/{CAMPAIGN}.yaml"
    document = {key: value for key, value in json.loads(path.read_text()).items() if value is not None}
    path.write_text(json.dumps(document | {"dispositions": {}, "abandon": {}}))
    rig = Rig(tmp_path)
    await was_abandoned(rig, NUMBER)
    await begin(rig, NUMBER, agents=())
    assert outbound(rig) == []
    until = rig.row("SELECT next_at FROM contacts WHERE campaign = ?", CAMPAIGN)
    assert until - rig.clock.now() > 364 * 86400
    await rig.close()


async def test_a_campaign_changed_to_dialling_by_hand_dials_nobody_by_itself(rig: Rig) -> None:
    await was_abandoned(rig, NUMBER)
    await begin(rig, NUMBER, agents=())
    rig.log_in("ada")
    rig.engine.floor.command("ada", "pause")
    rig.clock.move(61)
    await rig.quiet()
    rig.engine.guaranteed._wanted = {CAMPAIGN: {rig.row("SELECT id FROM contacts"): None}}
    assert await rig.engine.overrides.change(CAMPAIGN, {"mode": "manual"}) == ()
    rig.engine.floor.command("ada", "ready")
    await rig.quiet()
    assert outbound(rig) == []
