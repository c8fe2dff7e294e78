"""An abandoned person hears who called, and may say by a key that there shall be no other call."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from engine_rig import CAMPAIGN, FILES, SURVEYED, Rig, script, write_site

from dialer.calls import events as ev
from dialer.flows.commands import Collect, Hold, Play, Reply
from dialer.store.records import NewContact

NUMBER = "+493055500000"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    path = f"configs/campaigns/{CAMPAIGN}.yaml"
    abandon = {"message": {"en": "Acme. Nine: no more."}, "opt_out": {"key": "9", "confirm": {"en": "Done."}}}
    write_site(tmp_path, {**FILES, path: FILES[path] | {"abandon": abandon}})
    made = Rig(tmp_path)
    yield made
    await made.close()


def told(rig: Rig, call: str, reply: Reply) -> None:
    rig.post(ev.ScriptReplied(call, rig.clock.now(), reply))


async def abandoned(rig: Rig) -> str:
    """The agent's leg drops, the person answers: the message is on."""
    call, leg = await rig.dial()
    rig.post(ev.HungUp(leg, rig.clock.now(), 16))
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"))
    assert isinstance(said(rig)[-1], Hold)
    rig.clock.move(2.1)
    told(rig, call, Reply(status="expired"))
    return call


def said(rig: Rig) -> list[Any]:
    return [order.detail for order in rig.switch.given("run")]


async def over(rig: Rig, call: str) -> tuple[Any, ...]:
    """Hung up by us; what the row says."""
    assert rig.switch.given("hangup")[-1].channel == call
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    row: tuple[Any, ...] = rig.row("SELECT outcome, message, hung_up_by FROM calls WHERE id = ?", call)
    return row


async def test_the_key_puts_the_number_on_the_client_s_list_at_once(rig: Rig) -> None:
    call = await abandoned(rig)
    assert isinstance(said(rig)[-1], Play) and said(rig)[-1].interrupt == "9"
    told(rig, call, Reply(digits="9"))
    assert isinstance(said(rig)[-1], Play) and said(rig)[-1].interrupt == ""  # "Done."
    assert not [order for order in rig.switch.given("hangup") if order.channel == call]
    told(rig, call, Reply())
    assert await over(rig, call) == ("abandoned", "opted_out", "system")
    assert rig.rows("SELECT number, scope, source FROM do_not_call") == [(NUMBER, "client:acme", f"key in call {call}")]
    await rig.store.add_contacts(SURVEYED, [NewContact(NUMBER)])
    rig.log_in("bob")
    rig.engine.campaigns.set_status(SURVEYED, "running")
    await rig.quiet()
    assert rig.row("SELECT state, result FROM contacts WHERE campaign = ?", SURVEYED) == ("done", "do_not_call.client")


async def test_the_key_may_follow_the_message(rig: Rig) -> None:
    call = await abandoned(rig)
    told(rig, call, Reply())
    assert said(rig)[-1] == Collect((), most=1, first_s=4.0, finish="")
    told(rig, call, Reply(digits="9"))
    told(rig, call, Reply())
    assert await over(rig, call) == ("abandoned", "opted_out", "system")


@pytest.mark.parametrize("key", ["", "1"])
async def test_without_the_key_it_ends_and_nobody_is_on_a_list(rig: Rig, key: str) -> None:
    call = await abandoned(rig)
    told(rig, call, Reply())
    told(rig, call, Reply(digits=key))
    assert await over(rig, call) == ("abandoned", "heard", "system")
    assert rig.row("SELECT count(*) FROM do_not_call") == 0


async def test_a_message_that_cannot_be_played_leaves_a_silent_call(rig: Rig) -> None:
    call = await abandoned(rig)
    told(rig, call, Reply(status="failed", reason="no such file"))
    assert await over(rig, call) == ("abandoned", "silent", "system")


async def test_who_hangs_up_in_the_message_has_heard_some_of_it(rig: Rig) -> None:
    call = await abandoned(rig)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.row("SELECT outcome, message FROM calls WHERE id = ?", call) == ("abandoned", "begun")


async def test_a_dial_that_rings_is_taken_back_when_the_person_says_stop(rig: Rig) -> None:
    call, _ = await rig.dial()
    rig.post(ev.Ringing(call, rig.clock.now()))
    await rig.control.stop_calling("client:acme", NUMBER, "api", None)
    assert (rig.call_state(call), rig.switch.given("hangup")[-1].channel) == ("ending", call)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.outcome(call) == "cancelled"


async def test_a_talk_goes_on_when_the_person_says_stop(rig: Rig) -> None:
    call, _ = await rig.talk()
    await rig.control.stop_calling("client:acme", NUMBER, "api", None)
    assert rig.call_state(call) == "talking"


async def test_a_flow_says_stop_for_a_caller_and_only_for_a_number(rig: Rig) -> None:
    path = rig.root / "ivr_flows/desk.yaml"
    nodes = {"stop": {"do_not_call": "client", "next": "bye"}, "bye": {"hangup": {}}}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"start": "stop", "nodes": nodes}))
    assert await rig.control.reload() == []
    rig.link_up()
    for channel, caller in (("1.1", "+4930231250"), ("1.2", "anonymous")):
        rig.post(script(channel, rig.clock.now(), "inbound", caller=caller, dialled="+493023125011"))
    await rig.quiet()
    assert rig.rows("SELECT number, scope, source FROM do_not_call") == [
        ("+4930231250", "client:acme", "flow in call 1.1")]
