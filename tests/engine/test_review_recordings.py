"""Recordings where something else happens at the same time, or files are not as they should be."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine_rig import SWITCH, Rig, script, seen
from test_recordings import ANNOUNCED, DAY_S, orders, over, part, row, rows, site, told, write

from dialer.calls import events as ev
from dialer.engine import recording_files as files
from dialer.flows.commands import Reply
from dialer.store.recordings import RecordingRow, Sought
from dialer.web.port import RefusedError

ASKED = {"announce": {"en": "Recorded, if you press 1."}, "agree": "1"}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    site(tmp_path)
    made = Rig(tmp_path)
    yield made
    await made.close()


def talks(rig: Rig) -> Path:
    directory = files.directory_of(rig.configuration, SWITCH)
    assert directory is not None
    return directory


async def over_among_others(rig: Rig) -> RecordingRow:
    call, _ = await rig.talk()
    rig.clock.move(30)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    rig.clock.move(6)
    await rig.quiet()
    [found] = await rig.store.recordings.found(Sought(0.0, 1e11, call_id=call))
    return found


# -- files ------------------------------------------------------------------------------------------------------------


async def test_one_folder_that_cannot_be_read_keeps_nothing_else_from_its_end(rig: Rig) -> None:
    found = await over(rig)
    path = write(rig, found, 29.5)
    (talks(rig) / "globex").write_text("in the place of a folder")
    await rig.store.recordings.save(replace(found, id="a", call_id="c", file="globex/2023-11-14/a.raw"))
    rig.clock.move(90 * DAY_S)
    await rig.engine.recording_keeper.round()
    by_id = {one.id: one for one in await rows(rig)}
    assert not path.exists() and by_id[found.id].removed_at is not None and by_id["a"].removed_at is None


async def test_many_that_cannot_be_deleted_keep_nobody_waiting(rig: Rig) -> None:
    at = rig.clock.now()
    for name in (f"a{index:05}" for index in range(1_000)):
        last = rig.store.recordings.save(RecordingRow(
            name, name, "n1", SWITCH, "globex", None, None, "bob", f"globex/2023-11-14/{name}.raw", "mixed", at, at, at,
            1.0, deleted_at=at, deleted_why="erased"))  # fmt: skip
    await last
    path = write(rig, await over_among_others(rig), 29.5)
    (talks(rig) / "globex").write_text("in the place of a folder")
    made = await rig.control.persons.erase("+493055500000", "acme", "letter")
    assert made.erased["recordings"] == 1 and made.elsewhere == () and not path.exists()


async def test_a_certificate_tells_what_was_to_be_gone_before_and_is_not(rig: Rig) -> None:
    path = write(rig, await over(rig), 29.5)
    path.unlink()
    path.mkdir()
    rig.clock.move(90 * DAY_S)
    await rig.engine.recording_keeper.round()
    made = await rig.control.persons.erase("+493055500000", "acme", "letter")
    assert made.erased["recordings"] == 1 and "could not be deleted" in made.elsewhere[0]


async def test_a_certificate_tells_of_switches_that_are_not_ours(rig: Rig) -> None:
    found = await over(rig)
    await rig.store.recordings.save(replace(found, id="a", switch="branch", file="acme/2023-11-14/a.raw"))
    write(rig, found, 29.5)
    made = await rig.control.persons.erase("+493055500000", "acme", "letter")
    assert len(made.elsewhere) == 1 and "branch" in made.elsewhere[0]


async def test_a_directory_that_is_away_for_a_while_loses_nothing(rig: Rig) -> None:
    found = await over(rig)
    path = write(rig, found, 29.5)
    away = talks(rig).rename(rig.root / "unmounted")
    await rig.engine.recording_keeper.round()
    made = await rig.control.persons.erase("+493055500000", "acme", "letter")
    assert len(made.elsewhere) == 1
    assert (await row(rig)).removed_at is None and (await row(rig)).fault is None
    away.rename(talks(rig))
    await rig.engine.recording_keeper.round()
    assert (await row(rig)).removed_at is not None and not path.exists()


async def test_a_file_with_nothing_in_it_is_no_recording(rig: Rig) -> None:
    write(rig, await over(rig), 0.0)
    await rig.engine.recording_keeper.round()
    assert (await row(rig)).fault == "no_file"


async def test_a_name_that_is_no_text_ends_nothing(rig: Rig) -> None:
    odd = os.fsencode(talks(rig)) + b"/acme/2023-11-10/\xff.raw"
    os.makedirs(os.path.dirname(odd))
    (talks(rig) / "acme" / "2023-11-10" / "known.raw").write_bytes(b"\0" * 16_000)
    Path(os.fsdecode(odd)).write_bytes(b"\0" * 16_000)
    for path in (talks(rig) / "acme" / "2023-11-10").iterdir():
        os.utime(path, (rig.clock.now() - 7200,) * 2)
    await rig.engine.recording_keeper.round()
    assert [one.id for one in await rows(rig)] == ["known"]


async def test_a_stranger_that_cannot_be_deleted_keeps_no_other_from_being_found(rig: Rig) -> None:
    found = await over(rig)
    await rig.store.recordings.change(found.id, deleted_at=1.0, deleted_why="expired", removed_at=1.0, seconds=1.0)
    again = write(rig, found, 0.0)
    again.unlink()
    again.mkdir()
    stray = talks(rig) / "acme" / "2023-11-10" / "z.raw"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"\0" * 16_000)
    for path in (again, stray):
        os.utime(path, (rig.clock.now() - 7200,) * 2)
    await rig.engine.recording_keeper.round()
    assert "z" in {one.id for one in await rows(rig)}


async def test_a_clock_that_went_back_keeps_nobody_from_looking(rig: Rig) -> None:
    await rig.engine.recording_keeper.round()
    rig.clock.move(-10 * DAY_S)
    stray = talks(rig) / "acme" / "2023-11-01" / "z.raw"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"\0" * 16_000)
    os.utime(stray, (rig.clock.now() - 7200,) * 2)
    await rig.engine.recording_keeper.round()
    assert [one.id for one in await rows(rig)] == ["z"]


async def test_a_hold_that_comes_too_late_says_so(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """It expires between the look at it and the hold."""
    found = await over(rig)
    write(rig, found, 29.5)
    real = rig.store.recordings.one
    seen_before = await real(found.id)
    rig.clock.move(91 * DAY_S)
    await rig.engine.recording_keeper.round()
    answers = [seen_before]

    async def one(recording: str) -> RecordingRow | None:
        return answers.pop() if answers else await real(recording)

    monkeypatch.setattr(rig.store.recordings, "one", one)
    with pytest.raises(RefusedError, match="deleted: expired"):
        await rig.control.recordings.hold(found.id, "claim 4711")
    assert (await row(rig)).hold is None


# -- the link, and the engine, lost in between ------------------------------------------------------------------------


async def test_an_order_lost_on_its_way_may_have_been_obeyed(rig: Rig) -> None:
    """So it counts as recorded, and can be ended; when there is no file, that is found."""
    call, _ = await rig.talk()
    told(rig, call, "start", "the link was lost", lost=True)
    assert rig.control.agent("ada").recording == "on" and (await row(rig)).fault is None
    part(rig, call)
    assert orders(rig) == ["start", "stop"]


async def test_nobody_knows_of_a_pause_whose_end_was_lost(rig: Rig) -> None:
    """The agent is told that it was refused, and may take a card's number."""
    call, _ = await rig.talk()
    rig.engine.recordings.pause("ada", True)
    told(rig, call, "mute")
    rig.engine.recordings.pause("ada", False)
    told(rig, call, "unmute", "the link was lost", lost=True)
    assert orders(rig)[-1] == "stop" and (await row(rig)).ended_at is not None


async def test_who_left_while_the_engine_was_down_is_recorded_no_more(rig: Rig) -> None:
    """The customer is back in the flow when the engine finds the call."""
    call, leg = await rig.talk()
    await rig.crash()
    rig.engine.recordings.inherit(await rig.store.recordings.unfinished("n1"))
    rig.link_up(seen(call), seen(leg))
    await rig.quiet()
    rig.engine.tick()
    assert orders(rig)[-1] == "stop"
    assert (await row(rig)).ended_at == rig.clock.now()


async def test_another_agent_after_a_crash_ends_the_recording_of_the_first(rig: Rig) -> None:
    call, leg = await rig.talk()
    await rig.crash()
    rig.engine.recordings.inherit(await rig.store.recordings.unfinished("n1"))
    rig.link_up(seen(call), seen(leg))
    await rig.quiet()
    live = rig.engine.calls.get(call)
    assert live is not None
    rig.engine.recordings.joined(live, "bob")
    first, second = await rows(rig)
    assert (first.agent, second.agent) == ("ada", "bob")
    assert first.ended_at is not None and second.ended_at is None
    assert orders(rig)[-2:] == ["stop", "start"]


# -- who agreed, and to what ------------------------------------------------------------------------------------------


async def to_the_queue(rig: Rig) -> None:
    rig.link_up()
    rig.log_in("ada")
    rig.post(script("main-1.2", rig.clock.now(), "inbound", "+49301", "+493023125010"))
    for digits in ("", "1"):
        rig.post(ev.ScriptReplied("main-1.2", rig.clock.now(), Reply(digits=digits)))
    await rig.quiet()


def talked_with(rig: Rig, call: str) -> None:
    rig.post(ev.Bridged(call, rig.clock.now(), "b1"))


async def test_a_key_that_cut_the_announcement_short_is_no_agreement(rig: Rig) -> None:
    """The caller may not have come to hear which key objects."""
    await to_the_queue(rig)
    rig.post(ev.ScriptReplied("main-1.2", rig.clock.now(), Reply(digits="4")))
    talked_with(rig, "main-1.2")
    assert orders(rig) == []


async def test_who_agreed_to_one_thing_is_asked_for_another(tmp_path: Path) -> None:
    site(tmp_path)
    rig = Rig(tmp_path)
    await to_the_queue(rig)
    rig.post(ev.ScriptReplied("main-1.2", rig.clock.now(), Reply()))
    live = rig.engine.calls.get("main-1.2")
    assert live is not None and not rig.engine.recordings.announces(live)
    client = rig.configuration.clients["acme"]
    asks: Any = type(client.recording).model_validate(ASKED)  # type: ignore[arg-type]
    assert ANNOUNCED["object"] == "9" and client.recording is not None
    clients = {"acme": client.model_copy(update={"recording": asks})}
    rig.engine.configuration = replace(rig.engine.configuration, clients=clients)
    assert rig.engine.recordings.announces(live)
    await rig.close()
