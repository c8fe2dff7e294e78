"""Contacts shown before the call, and numbers dialled by hand, on the engine's way."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from engine_rig import CAMPAIGN, FILES, RecordingSwitch, Rig, script, seen, write_site

from dialer.calls import events as ev
from dialer.store.records import NewContact, Stop
from dialer.web.port import RefusedError, UnknownError

NUMBER = "+493055500000"


def site(root: Path, **campaign: Any) -> None:
    files = {name: dict(document) for name, document in FILES.items()}
    files[f"configs/campaigns/{CAMPAIGN}.yaml"] |= campaign
    write_site(root, files)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Rig]:
    site(tmp_path, mode="preview", preview={"time": "30s", "skips": 2, "again_after": "10m"})
    rig = Rig(tmp_path)
    yield rig
    await rig.close()


async def shown(rig: Rig, contacts: int = 1, *agents: str) -> None:
    await rig.contacts(contacts)
    rig.link_up()
    for agent in agents or ("ada",):
        rig.log_in(agent)
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()


def dialled(rig: Rig) -> list[str]:
    orders = [order.detail for order in rig.switch.given("originate") if order.detail.exten == "outbound"]
    return [order.endpoint.removeprefix("PJSIP/").removesuffix("@trunk") for order in orders]


def contact(rig: Rig) -> Any:
    return rig.row("SELECT state, attempts, next_at - ? FROM contacts", rig.clock.now())


async def test_a_contact_is_shown_and_dialled_when_accepted(desk: Rig) -> None:
    await shown(desk)
    view = desk.control.agent("ada")
    assert (view.state, view.number, view.campaign, view.client) == ("reserved", NUMBER, CAMPAIGN, "acme")
    assert view.preview is not None
    assert (view.preview.until - desk.clock.now(), view.preview.then, view.preview.skips_left) == (30.0, "dial", 2)
    assert dialled(desk) == []
    assert desk.row("SELECT state FROM calls") == "preview"
    desk.clock.move(10)
    await desk.control.desks.accept("ada")
    await desk.quiet()
    assert dialled(desk) == [NUMBER]
    assert desk.control.agent("ada").preview is None
    assert desk.row("SELECT state, created_at FROM calls") == ("intended", desk.clock.now())
    call, now = desk.switch.given("originate")[-1].channel, desk.clock.now()
    desk.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
    assert desk.agent_state("ada") == "talking"
    with pytest.raises(RefusedError, match="no contact is shown"):
        await desk.control.desks.accept("ada")


async def test_who_is_shown_when_the_mode_changes_may_be_accepted_and_is_not_dialled_by_itself(desk: Rig) -> None:
    await shown(desk, 2)
    await desk.control.steering.change(CAMPAIGN, {"mode": "manual"})
    await desk.control.desks.accept("ada")
    await desk.quiet()
    assert dialled(desk) == [NUMBER]
    await desk.control.steering.change(CAMPAIGN, {"mode": "preview"})
    desk.log_in("bob")
    await desk.quiet()
    assert desk.control.agent("bob").preview is not None
    await desk.control.steering.change(CAMPAIGN, {"mode": "manual"})
    desk.clock.move(31)
    await desk.quiet()
    assert dialled(desk) == [NUMBER]
    assert desk.agent_state("bob") == "idle"
    assert desk.rows("SELECT state FROM contacts ORDER BY id") == [("claimed",), ("due",)]


@pytest.mark.parametrize(("then", "numbers"), [("dial", [NUMBER]), ("skip", [])])
async def test_when_the_time_is_over(tmp_path: Path, then: str, numbers: list[str]) -> None:
    site(tmp_path, mode="preview", preview={"time": "30s", "then": then, "skips": 0})
    rig = Rig(tmp_path)
    await shown(rig)
    rig.clock.move(31)
    await rig.quiet()
    assert dialled(rig) == numbers
    if then == "skip":
        assert rig.row("SELECT state, next_at - ? FROM contacts", rig.clock.now()) == ("waiting", 3599.0)
        assert rig.agent_state("ada") == "idle"
        assert rig.row("SELECT agent, reason FROM preview_skips") == ("ada", "time")
    await rig.close()


async def test_a_skipped_contact_is_due_later_and_skips_are_counted(desk: Rig) -> None:
    await shown(desk, 3)
    first = desk.control.agent("ada").number
    await desk.control.desks.skip("ada", "wrong trade")
    await desk.quiet()
    assert desk.row("SELECT state, next_at - ?, attempts FROM contacts WHERE number = ?", desk.clock.now(), first) == (
        "waiting", 600.0, 0)  # fmt: skip
    assert desk.row("SELECT agent, campaign, reason FROM preview_skips") == ("ada", CAMPAIGN, "wrong trade")
    assert desk.row("SELECT count(*) FROM calls") == 1
    assert desk.control.agent("ada").number != first
    desk.clock.move(1)
    await desk.control.desks.skip("ada", "")
    await desk.quiet()
    view = desk.control.agent("ada")
    assert view.preview is not None and view.preview.skips_left == 0
    with pytest.raises(RefusedError, match="2 are allowed"):
        await desk.control.desks.skip("ada", "")
    assert desk.control.agent("ada").preview is not None, "it is still shown"


async def test_skips_are_remembered_over_a_restart(desk: Rig) -> None:
    await shown(desk, 3)
    await desk.control.desks.skip("ada", "")
    await desk.crash()
    desk.engine.campaigns.previews.remember(await desk.store.skips(desk.clock.now() - 86_400))
    desk.link_up()
    desk.log_in("ada")
    desk.engine.campaigns.set_status(CAMPAIGN, "running")
    await desk.quiet()
    view = desk.control.agent("ada")
    assert view.preview is not None and view.preview.skips_left == 1


async def test_never_two_agents_on_one_contact(desk: Rig) -> None:
    await shown(desk, 2, "ada", "bob", "cy")
    numbers = [desk.control.agent(agent).number for agent in ("ada", "bob", "cy")]
    assert sorted(number for number in numbers if number) == ["+493055500000", "+493055500001"]
    assert desk.status() == "running", "who is shown may come back"


async def test_a_crash_gives_the_contact_back(desk: Rig) -> None:
    await shown(desk)
    leg = desk.engine.floor.desk.state("ada").channel
    assert leg is not None
    await desk.crash()
    await desk.quiet()
    assert contact(desk)[:2] == ("due", 0)
    assert desk.row("SELECT count(*) FROM calls") == 0
    desk.link_up(seen(leg))
    desk.engine.campaigns.set_status(CAMPAIGN, "running")
    await desk.quiet()
    assert desk.control.agent("ada").preview is not None
    assert dialled(desk) == []


@pytest.mark.parametrize("how", ["leg", "pause", "stop", "drain", "reload"])
async def test_what_is_shown_is_given_back(desk: Rig, how: str) -> None:
    await shown(desk)
    leg = desk.engine.floor.desk.state("ada").channel
    match how:
        case "leg":
            desk.post(ev.HungUp(leg or "", desk.clock.now(), 16))
        case "reload":
            path = desk.root / f"configs/campaigns/{CAMPAIGN}.yaml"
            path.unlink()
            assert await desk.control.reload() == []
        case _:
            await desk.control.command_campaign(CAMPAIGN, how)  # type: ignore[arg-type]
    await desk.quiet()
    assert contact(desk)[:2] == ("due", 0)
    assert desk.agent_state("ada") == ("logged_out" if how == "leg" else "idle")
    assert desk.control.agent("ada").preview is None
    desk.clock.move(60)
    await desk.quiet()
    assert dialled(desk) == []
    if how == "reload":
        assert CAMPAIGN not in desk.engine.campaigns.runs


async def test_who_asked_for_a_pause_is_given_no_call_when_the_time_is_over(desk: Rig) -> None:
    await shown(desk)
    await desk.control.command_agent("ada", "pause", "lunch")
    desk.clock.move(31)
    await desk.quiet()
    assert desk.agent_state("ada") == "paused"
    assert dialled(desk) == []
    assert contact(desk)[:2] == ("due", 0)


async def test_the_rules_are_asked_when_it_is_accepted(desk: Rig) -> None:
    await shown(desk)
    await desk.engine.law.stop([Stop("client:acme", NUMBER, "api", desk.clock.now())])
    with pytest.raises(RefusedError, match=r"do_not_call\.client"):
        await desk.control.desks.accept("ada")
    await desk.quiet()
    assert dialled(desk) == []
    assert desk.row("SELECT state, result FROM contacts") == ("done", "do_not_call.client")
    assert desk.agent_state("ada") == "idle"


async def test_after_a_restart_without_the_switch_the_shown_contact_is_due_again(desk: Rig) -> None:
    await shown(desk)
    desk.switch = RecordingSwitch("other")
    await desk.crash()
    await desk.quiet()
    assert contact(desk)[:2] == ("due", 0)
    assert desk.row("SELECT count(*) FROM calls") == 0
    assert desk.engine.reconciler.settled


async def test_who_is_erased_is_on_no_screen_any_more(desk: Rig) -> None:
    await shown(desk)
    assert desk.control.agent("ada").number == NUMBER
    await desk.control.persons.erase(NUMBER, None, "letter")
    view = desk.control.agent("ada")
    assert (view.preview, view.number, view.state) == (None, None, "idle")
    await desk.quiet()
    assert desk.control.agent("ada").preview is None
    assert dialled(desk) == []
    assert desk.row("SELECT state, result FROM contacts") == ("done", "erased")


# -- by hand ----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def hand(tmp_path: Path) -> AsyncIterator[Rig]:
    site(tmp_path, mode="manual")
    rig = Rig(tmp_path)
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    yield rig
    await rig.close()


async def test_a_number_nobody_has_becomes_a_contact_and_is_dialled(hand: Rig) -> None:
    await hand.control.desks.dial("ada", CAMPAIGN, NUMBER)
    await hand.quiet()
    assert dialled(hand) == [NUMBER]
    order = hand.switch.given("originate")[-1].detail
    assert order.caller_id == "+493023125001"
    assert json.loads(hand.row("SELECT fields FROM contacts")) == {"source": "by_hand"}
    assert hand.row("SELECT agent, number, outcome FROM calls") == ("ada", NUMBER, None)
    assert hand.agent_state("ada") == "reserved"
    call, now = order.channel, hand.clock.now()
    hand.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
    assert hand.agent_state("ada") == "talking"
    hand.post(ev.HungUp(call, now, 16))
    await hand.quiet()
    assert hand.row("SELECT state, result, attempts FROM contacts") == ("done", "answered", 1)
    totals = await hand.store.totals(CAMPAIGN)
    assert dict(totals.contacts) == {"waiting": 0, "due": 0, "claimed": 0, "done": 1}


async def test_a_campaign_by_hand_dials_nobody_by_itself(hand: Rig) -> None:
    await hand.store.add_contacts(CAMPAIGN, [NewContact(NUMBER)])
    hand.engine.campaigns.contact_added(CAMPAIGN)
    await hand.quiet()
    assert dialled(hand) == []
    assert hand.engine.campaigns.runs[CAMPAIGN].reason == "by_hand"
    await hand.control.desks.dial("ada", CAMPAIGN, NUMBER)
    await hand.quiet()
    assert dialled(hand) == [NUMBER]
    assert hand.row("SELECT count(*) FROM contacts") == 1


async def test_what_the_rules_forbid_is_refused_with_the_rule(hand: Rig) -> None:
    await hand.engine.law.stop([Stop("global", NUMBER, "api", hand.clock.now())])
    with pytest.raises(RefusedError, match=r"do_not_call\.global"):
        await hand.control.desks.dial("ada", CAMPAIGN, NUMBER)
    await hand.quiet()
    assert dialled(hand) == []
    assert hand.agent_state("ada") == "idle"
    assert hand.rows("SELECT rule FROM refusals") == [("do_not_call.global",)]
    assert hand.row("SELECT state FROM contacts") == "done"
    assert hand.row("SELECT count(*) FROM calls") == 0


async def test_what_cannot_be_is_refused(hand: Rig) -> None:
    desks = hand.control.desks
    with pytest.raises(UnknownError, match="no agent"):
        await desks.dial("nobody", CAMPAIGN, NUMBER)
    with pytest.raises(UnknownError, match="no campaign"):
        await desks.dial("ada", "nothing", NUMBER)
    with pytest.raises(RefusedError, match="logged_out"):
        await desks.dial("bob", CAMPAIGN, NUMBER)
    await desks.dial("ada", CAMPAIGN, NUMBER)
    hand.log_in("bob")
    with pytest.raises(RefusedError, match="another call"):
        await desks.dial("bob", CAMPAIGN, NUMBER)
    assert hand.agent_state("bob") == "idle"
    await hand.control.command_campaign(CAMPAIGN, "pause")
    with pytest.raises(RefusedError, match="paused"):
        await desks.dial("bob", CAMPAIGN, "+493055500001")
    hand.link_down()
    with pytest.raises(RefusedError, match="start it first"):
        await desks.dial("bob", CAMPAIGN, "+493055500001")
