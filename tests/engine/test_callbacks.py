"""Promised calls, on the engine's way: at the promised minute, with the agent who promised or with any."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from engine_rig import CAMPAIGN, FILES, SURVEYED, Rig, script, seen, write_site

from dialer.calls import events as ev
from dialer.store.records import NewContact, Stop
from dialer.web.desk_port import Wish
from dialer.web.port import RefusedError, UnknownError

NUMBER = "+493055500000"


def site(root: Path, **campaign: Any) -> None:
    files = {name: dict(document) for name, document in FILES.items()}
    files[f"configs/campaigns/{CAMPAIGN}.yaml"] |= {
        "agents": {"skills": ["sales"], "wrap_up": "0s"}, "retry": {"callback": {"after": "10m", "times": 1}},
        "dispositions": {"sale": {}, "later": {"callback": True}}, **campaign,
    }  # fmt: skip
    write_site(root, files)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    site(tmp_path)
    rig = Rig(tmp_path)
    yield rig
    await rig.close()


async def tick(rig: Rig, seconds: float = 0.0) -> None:
    """As the service does it once a second."""
    rig.clock.move(seconds)
    rig.engine.callbacks._read_at = 0.0
    rig.engine.tick()
    await rig.quiet()


async def promise(rig: Rig, in_s: float, personal: bool = True, number: str | None = None, **more: Any) -> None:
    """Ada talks with a person who wishes to be called again."""
    call, _ = await rig.talk()
    await rig.control.dispose("ada", "later", None, Wish(rig.clock.now() + in_s, personal, number))
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await tick(rig)
    assert rig.row("SELECT state, tries FROM contacts") == ("callback", '{"promised": 1}')


def dialled(rig: Rig) -> list[str]:
    orders = [order.detail for order in rig.switch.given("originate") if order.detail.exten == "outbound"]
    return [order.endpoint.removeprefix("PJSIP/").removesuffix("@trunk") for order in orders]


async def test_a_personal_one_is_made_by_its_agent_who_is_kept_free(rig: Rig) -> None:
    await promise(rig, 600)
    rig.log_in("bob")
    assert rig.status() == "running", "somebody is to be called yet"
    await tick(rig, 569)
    assert rig.agent_state("ada") == "idle"
    await tick(rig, 2)
    assert (rig.agent_state("ada"), rig.agent_state("bob")) == ("reserved", "idle")
    await rig.store.add_contacts(CAMPAIGN, [NewContact("+493055500009")])
    rig.engine.campaigns.contact_added(CAMPAIGN)
    await tick(rig)
    assert dialled(rig) == [NUMBER, "+493055500009"], "the list goes on with the others"
    assert rig.agent_state("bob") == "reserved"
    await tick(rig, 29)
    assert dialled(rig)[2:] == [NUMBER]
    call = rig.switch.given("originate")[-1].channel
    assert rig.row("SELECT agent FROM calls WHERE id = ?", call) == "ada"
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
    assert rig.agent_state("ada") == "talking"
    rig.post(ev.HungUp(call, now, 16))
    await tick(rig)
    assert rig.row("SELECT state, result FROM contacts WHERE number = ?", NUMBER) == ("done", "answered")


@pytest.mark.parametrize("then", ["anyone", "wait"])
async def test_an_agent_who_is_away(tmp_path: Path, then: str) -> None:
    site(tmp_path, callbacks={"grace": "15m", "then": then})
    rig = Rig(tmp_path)
    await promise(rig, 60)
    rig.log_in("bob")
    rig.engine.floor.command("ada", "pause")
    await tick(rig, 60 + 899)
    assert dialled(rig) == [NUMBER]
    await tick(rig, 2)
    assert dialled(rig) == [NUMBER] * (2 if then == "anyone" else 1)
    if then == "wait":
        rig.engine.floor.command("ada", "ready")
        await tick(rig)
        assert rig.row("SELECT agent FROM calls ORDER BY created_at DESC") == "ada"
    await rig.close()


async def test_one_to_anyone_comes_before_the_list(rig: Rig) -> None:
    await promise(rig, 60, personal=False)
    rig.engine.floor.command("ada", "pause")
    await rig.contacts(5)
    await rig.store.add_contacts(CAMPAIGN, [NewContact(f"+4930555001{index:02}") for index in range(5)])
    await tick(rig, 61)
    assert len(dialled(rig)) == 1
    rig.log_in("bob")
    await tick(rig)
    assert dialled(rig)[1:] == [NUMBER]
    assert rig.agent_state("bob") == "reserved"


async def test_an_agent_is_kept_free_for_one_to_anyone_too(rig: Rig) -> None:
    await promise(rig, 600, personal=False)
    await tick(rig, 569)
    assert rig.agent_state("ada") == "idle"
    await tick(rig, 1)
    assert rig.agent_state("ada") == "reserved"
    await rig.store.add_contacts(CAMPAIGN, [NewContact("+493055500009")])
    rig.engine.campaigns.contact_added(CAMPAIGN)
    await tick(rig, 29)
    assert len(dialled(rig)) == 1  # no list gets the agent
    await tick(rig, 1)
    assert dialled(rig)[1:] == [NUMBER]


async def test_nobody_is_kept_free_for_one_that_another_engine_has_put_off(rig: Rig) -> None:
    await promise(rig, 600, personal=False)
    await tick(rig, 570)
    assert rig.agent_state("ada") == "reserved"
    contact = rig.row("SELECT id FROM contacts")
    await rig.store.move_callback(CAMPAIGN, contact, rig.clock.now() + 600)
    await tick(rig, 1)
    assert rig.agent_state("ada") == "idle"


async def test_the_agent_freed_at_the_promised_minute_is_taken_at_once(rig: Rig) -> None:
    """Not at the next look: no list gets the agent in between."""
    await promise(rig, 60)
    rig.engine.floor.command("ada", "pause")
    await rig.store.add_contacts(CAMPAIGN, [NewContact("+493055500009")])
    await tick(rig, 60)
    rig.engine.floor.command("ada", "ready")
    await rig.quiet()
    assert dialled(rig)[1:] == [NUMBER]


async def test_nobody_answers_and_it_is_called_again_by_the_rule_and_then_no_more(rig: Rig) -> None:
    await promise(rig, 60, number="+493055500077")
    await tick(rig, 60)
    for again in (True, False):
        assert dialled(rig)[-1] == "+493055500077"
        rig.post(ev.HungUp(rig.switch.given("originate")[-1].channel, rig.clock.now(), 19))
        await tick(rig)
        state, in_s = rig.row("SELECT state, next_at - ? FROM contacts", rig.clock.now())
        assert (state, in_s) == ("callback", 600.0) if again else state == "done"
        if again:
            await tick(rig, 600)
    assert rig.row("SELECT result, attempts FROM contacts") == ("no_answer", 3)
    await tick(rig, 1)
    assert rig.status() == "exhausted"


async def test_what_cannot_be_promised_is_refused(rig: Rig) -> None:
    await rig.talk()
    now = rig.clock.now()
    for code, wish, why in (
        ("later", None, "the time that the person wishes"), ("sale", Wish(now + 60, True), "these do: later"),
        ("later", Wish(now - 60, True), "in the future"), ("later", Wish(now + 367 * 86_400, True), "a year at most"),
    ):  # fmt: skip
        with pytest.raises(RefusedError, match=why):
            await rig.control.dispose("ada", code, None, wish)
    await rig.engine.law.stop([Stop("global", "+493055500077", "api", now)])
    with pytest.raises(RefusedError, match=r"do_not_call\.global"):
        await rig.control.dispose("ada", "later", None, Wish(now + 60, True, "+493055500077"))
    assert rig.row("SELECT count(*) FROM callbacks") == 0
    assert rig.row("SELECT count(*) FROM dispositions") == 0


async def test_listed_moved_and_cancelled(rig: Rig) -> None:
    await promise(rig, 600)
    callbacks = rig.control.callbacks
    [one] = await callbacks.listed(CAMPAIGN)
    assert (one.at - rig.clock.now(), one.agent, one.made_by, one.number) == (600.0, "ada", "ada", "+49…00")
    await tick(rig, 580)
    assert rig.agent_state("ada") == "reserved"
    await callbacks.move(CAMPAIGN, one.contact, rig.clock.now() + 300, "bob")
    await rig.quiet()
    assert rig.agent_state("ada") == "idle"
    [moved] = await callbacks.listed(CAMPAIGN)
    assert (moved.at - rig.clock.now(), moved.agent) == (300.0, "bob")
    await callbacks.cancel(CAMPAIGN, one.contact)
    assert await callbacks.listed(CAMPAIGN) == []
    assert rig.row("SELECT state, result FROM contacts") == ("done", "callback_cancelled")
    for wrong in (callbacks.cancel(CAMPAIGN, one.contact), callbacks.cancel(SURVEYED, one.contact),
                  callbacks.move(CAMPAIGN, 99, None, None), callbacks.move(CAMPAIGN, one.contact, None, "nobody"),
                  callbacks.listed("nothing")):  # fmt: skip
        with pytest.raises(UnknownError):
            await wrong
    await tick(rig, 400)
    assert len(dialled(rig)) == 1


async def test_a_promise_outlives_a_crash_and_a_pause_holds_it(rig: Rig) -> None:
    await promise(rig, 60)
    await rig.crash()
    rig.link_up()
    rig.log_in("ada")
    await tick(rig, 61)
    assert len(dialled(rig)) == 1, "the campaign is stopped"
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await tick(rig)
    assert dialled(rig)[1:] == [NUMBER]


async def test_a_call_that_outlives_the_engine_still_keeps_the_promise(rig: Rig) -> None:
    await promise(rig, 60)
    await tick(rig, 60)
    call = rig.switch.given("originate")[-1].channel
    leg = rig.engine.floor.leg_for(call)
    await rig.crash()
    rig.engine.callbacks.inherit(await rig.store.keeping([call, "another"]))
    rig.link_up(seen(call, "ringing"), seen(leg or ""))
    rig.post(ev.HungUp(call, rig.clock.now(), 17))
    await rig.quiet()
    assert rig.row("SELECT state, next_at - ? FROM contacts", rig.clock.now()) == ("callback", 600.0)


@pytest.mark.parametrize("crash", [False, True])
async def test_a_personal_one_is_taken_back_when_its_agent_leaves_while_it_rings(rig: Rig, crash: bool) -> None:
    """Also when the engine was started anew meanwhile. Nobody else is to have it, and nobody is to find silence."""
    await promise(rig, 60)
    await tick(rig, 60)
    call = rig.switch.given("originate")[-1].channel
    leg = rig.engine.floor.leg_for(call) or ""
    rig.log_in("bob")
    if crash:
        await rig.crash()
        rig.engine.callbacks.inherit(await rig.store.keeping([call]))
        rig.link_up(seen(call, "ringing"), seen(leg))
    assert rig.agent_state("ada") == "reserved"
    rig.post(ev.HungUp(leg, rig.clock.now(), 16))
    assert rig.switch.given("hangup")[-1].channel == call
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert (rig.outcome(call), rig.row("SELECT state FROM contacts")) == ("cancelled", "callback")


async def test_one_dialled_by_hand_is_taken_back_as_well_when_its_agent_leaves(rig: Rig) -> None:
    rig.link_up()
    leg = rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    await rig.control.desks.dial("ada", CAMPAIGN, "+493055599999")
    call = rig.switch.given("originate")[-1].channel
    rig.post(ev.Ringing(call, rig.clock.now()), ev.HungUp(leg, rig.clock.now(), 16))
    assert rig.switch.given("hangup")[-1].channel == call


async def test_the_pacer_is_told_and_a_drain_frees_the_agent(rig: Rig) -> None:
    await promise(rig, 600)
    await tick(rig, 500)
    assert rig.engine.callbacks.needs(frozenset({"sales", "de"})) == (100.0,)
    assert rig.engine.callbacks.needs(frozenset({"support"})) == ()
    await tick(rig, 80)
    assert (rig.engine.callbacks.needs(frozenset({"sales"})), rig.agent_state("ada")) == ((), "reserved")
    rig.engine.draining = True
    rig.engine.callbacks.let_all_go()
    assert rig.agent_state("ada") == "idle"


async def test_a_code_without_a_time_calls_again_as_it_says(tmp_path: Path) -> None:
    site(tmp_path, dispositions={"later": {"callback": True, "final": False, "retry_after": "2h"}})
    rig = Rig(tmp_path)
    call, _ = await rig.talk()
    await rig.control.dispose("ada", "later")
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.row("SELECT state, next_at - ? FROM contacts", rig.clock.now()) == ("waiting", 7200.0)
    await rig.close()
