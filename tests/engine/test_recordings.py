"""Talks that are recorded: what the switch is ordered, what is written, what becomes of the files."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine_rig import FILES, HOTLINE, SWITCH, Rig, script, seen, write_site

from dialer.calls import events as ev
from dialer.engine import recording_files as files
from dialer.flows.commands import Collect, Play, Reply
from dialer.store.recordings import RecordingRow, Sought
from dialer.switch.port import RecordOrder
from dialer.web.port import RefusedError

ANNOUNCED = {"announce": {"en": "Recorded."}, "object": "9", "sound": "stereo", "keep": "1d"}
DAY_S = 86_400.0


def site(root: Path, **recording: Any) -> None:
    plant = FILES["configs/plant.yaml"]
    place = {"read": str(root / "talks"), "seen_as": "/srv/talks"}
    switches = {SWITCH: {**plant["switches"][SWITCH], "recordings": place}}
    client = {**FILES["configs/clients/acme.yaml"], "recording": ANNOUNCED}
    campaign = {**FILES["configs/campaigns/winback.yaml"], "recording": {"consent": True, **recording}}
    write_site(root, {**FILES, "configs/plant.yaml": {**plant, "switches": switches},
                      "configs/clients/acme.yaml": client, "configs/campaigns/winback.yaml": campaign})  # fmt: skip


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    site(tmp_path)
    made = Rig(tmp_path)
    yield made
    await made.close()


def orders(rig: Rig) -> list[str]:
    return [order.detail.verb for order in rig.switch.given("record")]


async def rows(rig: Rig) -> list[RecordingRow]:
    await rig.quiet()
    return await rig.store.recordings.found(Sought(0.0, 1e11))


async def row(rig: Rig) -> RecordingRow:
    [found] = await rows(rig)
    return found


def told(rig: Rig, call: str, verb: Any, fault: str = "", *, lost: bool = False) -> None:
    file = rig.switch.given("record")[-1].detail.file
    rig.post(ev.RecordingTold(call, rig.clock.now(), verb, file, fault, lost))


def part(rig: Rig, call: str) -> None:
    rig.post(ev.Unbridged(call, rig.clock.now(), "b1"))


def write(rig: Rig, one: RecordingRow, seconds: float) -> Path:
    path = files.path_of(rig.configuration, one)
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0" * round(seconds * 16_000 * one.channels))
    return path


async def test_a_talk_is_recorded_from_join_to_end(rig: Rig) -> None:
    call, _ = await rig.talk()
    [order] = [order.detail for order in rig.switch.given("record")]
    begun = await row(rig)
    assert order == RecordOrder(call, "start", f"/srv/talks/{begun.file}", "mixed")
    assert begun.file.startswith("acme/2023-11-14/") and begun.file.endswith(f"{begun.id}.raw")
    assert (begun.call_id, begun.campaign, begun.agent, begun.ended_at) == (call, "winback", "ada", None)
    assert begun.until == begun.began_at + 90 * DAY_S
    told(rig, call, "start")
    live = rig.engine.calls.get(call)
    assert live is not None
    rig.engine.recordings.joined(live, "ada")  # a listing tells it again
    rig.clock.move(30)
    part(rig, call)
    assert orders(rig) == ["start", "stop"]
    ended = await row(rig)
    assert ended.ended_at == begun.began_at + 30 and ended.fault is None
    told(rig, call, "stop")
    rig.engine.tick()
    assert orders(rig) == ["start", "stop"]


async def test_who_hangs_up_ends_the_recording_by_himself(rig: Rig) -> None:
    call, _ = await rig.talk()
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    assert orders(rig) == ["start"] and (await row(rig)).ended_at is not None


async def test_a_second_talk_is_a_second_recording(rig: Rig) -> None:
    call, leg = await rig.talk()
    rig.clock.move(5)
    rig.post(ev.HungUp(leg, rig.clock.now(), 16), script(call, rig.clock.now(), "outbound"))
    other = rig.log_in("bob")
    now = rig.clock.now()
    rig.post(ev.Bridged(call, now, "b2"), ev.Bridged(other, now, "b2"))
    first, second = await rows(rig)
    assert (first.agent, second.agent) == ("ada", "bob") and first.file != second.file
    assert first.ended_at is not None and second.ended_at is None
    assert orders(rig) == ["start", "stop", "stop", "start"]  # the first end may not have come through


async def test_no_card_before_the_talk_is_over(rig: Rig) -> None:
    await rig.talk()
    with pytest.raises(RefusedError, match="not over"):
        await rig.control.recordings.score((await row(rig)).id, "maria", {}, "", "service")


async def test_a_refused_recording_is_noted(rig: Rig) -> None:
    call, _ = await rig.talk()
    told(rig, call, "start", "No such file")
    assert (await row(rig)).fault == "not_started"
    with pytest.raises(RefusedError, match="nothing is recorded"):
        rig.engine.recordings.pause("ada", True)


async def test_the_end_is_ordered_again_when_the_link_is_back(rig: Rig) -> None:
    call, _ = await rig.talk()
    rig.link_down()
    part(rig, call)
    told(rig, call, "stop", "no link")
    rig.engine.tick()
    assert orders(rig) == ["start", "stop"]
    rig.switch.up = True
    rig.engine.tick()
    assert orders(rig) == ["start", "stop", "stop"]
    told(rig, call, "stop")
    rig.engine.tick()
    assert orders(rig) == ["start", "stop", "stop"]


# -- pauses -----------------------------------------------------------------------------------------------------------


async def test_paused_only_when_the_switch_says_so(rig: Rig) -> None:
    call, _ = await rig.talk()
    asking = asyncio.ensure_future(rig.control.command_agent("ada", "pause_recording"))
    await asyncio.sleep(0)
    assert orders(rig)[-1] == "mute" and not asking.done()
    told(rig, call, "mute")
    assert (await asking).recording == "paused"
    rig.clock.move(20)
    asking = asyncio.ensure_future(rig.control.command_agent("ada", "resume_recording"))
    await asyncio.sleep(0)
    told(rig, call, "unmute")
    assert (await asking).recording == "on"
    found = await row(rig)
    assert found.pauses == ((found.began_at, found.began_at + 20),)


async def test_what_cannot_be_paused_is_ended(rig: Rig) -> None:
    call, _ = await rig.talk()
    asking = asyncio.ensure_future(rig.control.command_agent("ada", "pause_recording"))
    await asyncio.sleep(0)
    told(rig, call, "mute", "No such channel")
    with pytest.raises(RefusedError):
        await asking
    assert orders(rig) == ["start", "mute", "stop"] and (await row(rig)).ended_at is not None
    assert rig.control.agent("ada").recording is None


async def test_a_pause_ends_with_the_talk(rig: Rig) -> None:
    call, leg = await rig.talk()
    rig.post(ev.Digit(leg, rig.clock.now(), "*"), ev.Digit(leg, rig.clock.now(), "5"))
    assert orders(rig)[-1] == "mute"
    told(rig, call, "mute")
    rig.clock.move(3)
    part(rig, call)
    found = await row(rig)
    assert found.pauses == ((found.began_at, found.began_at + 3),)


async def test_a_crash_loses_neither_the_recording_nor_its_pause(rig: Rig) -> None:
    call, leg = await rig.talk()
    rig.engine.recordings.pause("ada", True)
    told(rig, call, "mute")
    await rig.crash()
    rig.engine.recordings.inherit(await rig.store.recordings.unfinished("n1"))
    before = len(orders(rig))
    rig.link_up(seen(call, bridge="b1"), seen(leg, bridge="b1"))
    await rig.quiet()
    assert rig.control.agent("ada").recording == "paused" and orders(rig)[before:] == ["mute"]
    rig.clock.move(7)
    part(rig, call)
    found = await row(rig)
    assert found.ended_at is not None and found.pauses[0][1] == found.ended_at


async def test_what_a_crash_left_behind_is_ended(rig: Rig) -> None:
    await rig.talk()
    begun = await row(rig)
    await rig.store.recordings.save(replace(begun, id="older", call_id="n1-gone"))
    await rig.crash()
    rig.engine.recordings.inherit(await rig.store.recordings.unfinished("n1"))
    rig.link_up()
    at = rig.clock.now()
    rig.clock.move(61)
    await rig.quiet()
    rig.engine.tick()
    assert {one.id: one.ended_at for one in await rows(rig)} == {begun.id: at, "older": rig.clock.now()}


# -- callers ----------------------------------------------------------------------------------------------------------


async def to_the_queue(rig: Rig) -> Any:
    """A caller who has chosen: the command that his script got last."""
    rig.link_up()
    rig.log_in("ada")
    rig.post(script("main-1.2", rig.clock.now(), "inbound", "+49301", HOTLINE))
    for digits in ("", "1"):
        rig.post(ev.ScriptReplied("main-1.2", rig.clock.now(), Reply(digits=digits)))
    await rig.quiet()
    return rig.switch.given("run")[-1].detail


@pytest.mark.parametrize(("digits", "status", "recorded"), [("", "done", True), ("9", "done", False),
                                                             ("", "failed", False)])  # fmt: skip
async def test_a_caller_is_told_first(rig: Rig, digits: str, status: Any, recorded: bool) -> None:
    said = await to_the_queue(rig)
    assert isinstance(said, Collect) and said.most == 1 and len(said.sounds) == 1
    assert rig.call_state("main-1.2") == "flow"
    rig.post(ev.ScriptReplied("main-1.2", rig.clock.now(), Reply(status, digits)))
    assert rig.call_state("main-1.2") == "joining"
    rig.post(ev.Bridged("main-1.2", rig.clock.now(), "b1"))
    assert orders(rig) == (["start"] if recorded else [])
    assert [one.sound for one in await rows(rig)] == (["stereo"] if recorded else [])


async def test_the_announcement_is_begun_anew_with_its_script(rig: Rig) -> None:
    await to_the_queue(rig)
    before = len(rig.switch.given("run"))
    rig.post(ev.ScriptEnded("main-1.2", rig.clock.now()))
    rig.post(script("main-1.2", rig.clock.now(), "inbound", "+49301", HOTLINE))
    [again] = rig.switch.given("run")[before:]
    assert isinstance(again.detail, Collect)
    assert rig.call_state("main-1.2") == "flow"


@pytest.mark.parametrize(("terms", "count"), [({"share": "0%"}, 0), ({"share": "100%"}, 1)])
async def test_the_share(tmp_path: Path, terms: dict[str, Any], count: int) -> None:
    site(tmp_path, **terms)
    rig = Rig(tmp_path)
    await rig.talk()
    assert len(orders(rig)) == count
    await rig.close()


async def test_a_client_with_an_announcement_records_no_called_person(tmp_path: Path) -> None:
    site(tmp_path)
    write_site(tmp_path, {"configs/campaigns/winback.yaml": FILES["configs/campaigns/winback.yaml"]})
    rig = Rig(tmp_path)
    await rig.talk()
    assert orders(rig) == [] and not any(isinstance(order.detail, Play) for order in rig.switch.given("run"))
    await rig.close()


# -- files ------------------------------------------------------------------------------------------------------------


async def over(rig: Rig) -> RecordingRow:
    call, _ = await rig.talk()
    rig.clock.move(30)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    rig.clock.move(6)
    return await row(rig)


async def test_measured_kept_and_deleted_in_time(rig: Rig) -> None:
    path = write(rig, await over(rig), 29.5)
    await rig.engine.recording_keeper.round()
    assert (await row(rig)).seconds == 29.5 and path.exists()
    rig.clock.move(90 * DAY_S)
    await rig.engine.recording_keeper.round()
    gone = await row(rig)
    assert (gone.deleted_why, gone.removed_at) == ("expired", rig.clock.now()) and not path.exists()


async def test_a_held_recording_outlives_its_time(rig: Rig) -> None:
    path = write(rig, await over(rig), 29.5)
    found = await row(rig)
    await rig.control.recordings.hold(found.id, "claim 4711")
    rig.clock.move(91 * DAY_S)
    await rig.engine.recording_keeper.round()
    assert path.exists()
    with pytest.raises(RefusedError, match="held: claim 4711"):
        await rig.control.recordings.delete(found.id, "please")
    await rig.control.recordings.hold(found.id, None)
    await rig.engine.recording_keeper.round()
    assert not path.exists()


async def test_a_row_without_a_file_and_a_file_without_a_row_are_noted(rig: Rig) -> None:
    found = await over(rig)
    directory = files.directory_of(rig.configuration, SWITCH)
    assert directory is not None
    stray = directory / "acme" / "2023-11-10" / "main-1.9-18bcfe56800.raw"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"\0" * 32_000 * 8)
    os.utime(stray, (rig.clock.now() - 7200,) * 2)
    await rig.engine.recording_keeper.round()
    by_id = {one.id: one for one in await rows(rig)}
    assert by_id[found.id].fault == "no_file"
    taken = by_id["main-1.9-18bcfe56800"]
    assert (taken.fault, taken.call_id, taken.client, taken.agent, taken.seconds) == (
        "no_record", "main-1.9", "acme", None, 8.0)  # fmt: skip
    assert taken.until == taken.ended_at + DAY_S  # type: ignore[operator]
    rig.clock.move(2 * DAY_S)
    await rig.engine.recording_keeper.round()
    assert not stray.exists()
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"")  # from a backup
    os.utime(stray, (rig.clock.now(),) * 2)
    rig.clock.move(DAY_S / 2)
    await rig.engine.recording_keeper.round()
    assert not stray.exists()


async def test_an_erased_person_is_heard_no_more(rig: Rig) -> None:
    path = write(rig, await over(rig), 29.5)
    made = await rig.control.persons.erase("+493055500000", "acme", "letter")
    assert made.erased["recordings"] == 1 and made.elsewhere == () and not path.exists()
    gone = await row(rig)
    assert gone.deleted_why == "erased" and gone.removed_at is not None
    with pytest.raises(RefusedError, match="deleted: erased"):
        await rig.control.recordings.audio(gone.id, "maria")


async def test_a_file_that_cannot_be_deleted_is_told_and_tried_again(rig: Rig) -> None:
    path = write(rig, await over(rig), 29.5)
    path.unlink()
    path.mkdir()
    made = await rig.control.persons.erase("+493055500000", None, "letter")
    assert len(made.elsewhere) == 1 and "could not be deleted" in made.elsewhere[0]
    path.rmdir()
    await rig.engine.recording_keeper.round()
    assert (await row(rig)).removed_at is not None


async def test_who_listens_is_written_down_first(rig: Rig) -> None:
    path = write(rig, await over(rig), 29.5)
    found = await row(rig)
    sound = await rig.control.recordings.audio(found.id, "maria")
    assert sound.path == path and sound.header[:4] == b"RIFF"
    [listening] = (await rig.control.recordings.one(found.id)).listened
    assert (listening.by, listening.at) == ("maria", rig.clock.now())
