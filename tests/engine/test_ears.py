"""Test calls in the engine: what their own sides heard is listened to, scored again, and deleted."""

import asyncio
import os
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from engine_rig import DESK, FILES, SWITCH, Rig, script, write_site

from dialer.calls import events as ev
from dialer.engine.ears import wanted
from dialer.engine.reload import render_prompts
from dialer.flows.pcm import read_wav, write_wav
from dialer.flows.prompts import utterance
from dialer.quality.mystery import due
from dialer.store.test_calls import TestCallRow, TestCard

SHOWN = "+4915112300042"
TEST = {
    "test": "desk", "client": "acme", "number": DESK, "caller_ids": [SHOWN], "stays": "5s",
    "script": [{"wait": "2500ms"}, {"press": "1"}, {"say": {"en": "Anybody?"}}],
    "expect": {"outcome": "answered", "hears": [{"prompt": "hello"}, {"silence": "1s", "from": "4s", "never": True}]},
    "card": {"weight": "50%", "items": {"tone": {"text": "Friendly", "points": 10}}},
}  # fmt: skip


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    plant = FILES["configs/plant.yaml"]
    switch = plant["switches"][SWITCH] | {"recordings": {"read": "talks", "seen_as": "/spool/talks"}}
    write_site(tmp_path, {**FILES, "configs/plant.yaml": plant | {"switches": {SWITCH: switch}},
                          "configs/test_calls/desk.yaml": TEST})  # fmt: skip
    made = Rig(tmp_path)
    await asyncio.to_thread(render_prompts, made.configuration)
    ears = asyncio.get_running_loop().create_task(made.engine.mystery.ears.run())
    yield made
    ears.cancel()
    await made.close()


async def a_test_call(rig: Rig) -> TestCallRow:
    """Placed, come back and over: the row without what was heard."""
    rig.link_up()
    own = rig.engine.mystery.place(rig.configuration.test_calls["desk"])
    assert own is not None
    now = rig.clock.now()
    rig.post(ev.Answered(own, now), script("in", now, "inbound", SHOWN, DESK), ev.Answered("in", now))
    rig.clock.move(8)
    rig.post(ev.HungUp("in", rig.clock.now(), 16))
    await rig.quiet()
    rig.post(ev.HungUp(own, rig.clock.now(), 16))
    await rig.quiet()
    row = await rig.store.test_calls.one(own)
    assert row is not None
    return row


def path_of(rig: Rig, row: TestCallRow) -> Path:
    return rig.root / "talks" / "tests" / f"{row.id}.wav"


def record(rig: Rig, row: TestCallRow, *texts: str) -> None:
    """What the switch writes: the texts one after another."""
    said = array("h", [0] * 4000)
    for text in texts:
        name = utterance(rig.configuration.plant.speech, "en", text).name
        said += read_wav(rig.root / "var" / "sounds" / f"{name}.wav")[0] + array("h", [0] * 4000)
    write_wav(path_of(rig, row), said)


async def listened(rig: Rig, row: TestCallRow) -> TestCallRow:
    for _ in range(1500):
        found = await rig.store.test_calls.one(row.id)
        if found is not None and met(found)[1] is not None and not path_of(rig, row).exists():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("nobody listened")


def met(row: TestCallRow) -> list[Any]:
    return [rule["met"] for rule in row.rules or ()]


async def test_it_is_scored_at_once_and_again_when_it_was_listened_to(rig: Rig) -> None:
    row = await a_test_call(rig)
    [order] = rig.switch.given("originate")
    assert {name: value for name, value in order.detail.variables.items() if "SAY" not in name} == {
        "DIALER_STAYS": "5", "DIALER_WAIT_1": "2", "DIALER_KEYS_2": "w1", "DIALER_STEPS": "3",
        "DIALER_HEARD": f"/spool/talks/tests/{row.id}.wav"}  # fmt: skip
    assert Path(order.detail.variables["DIALER_SAY_3"] + ".wav").exists()
    assert met(row)[1:] == [None, None] and row.by_rules in (0, 100)
    await rig.store.test_calls.save_card(TestCard(row.id, "maria", 1.0, {"tone": 4}, 40.0))
    record(rig, row, "Hello.")
    row = await listened(rig, row)
    assert met(row)[1:] == [True, True] and row.by_rules is not None
    await rig.quiet()
    [(score,)] = rig.rows("SELECT score FROM test_scores WHERE call_id = ?", row.call_id)
    assert float(score) == pytest.approx((row.by_rules + 40) / 2, abs=0.001), "the card that came before counts, too"


async def test_another_prompt_is_not_the_one_expected(rig: Rig) -> None:
    row = await a_test_call(rig)
    record(rig, row, "Press one.")
    assert met(await listened(rig, row))[1] is False


async def test_what_cannot_be_listened_to_stays_unknown_and_ends_nothing(rig: Rig) -> None:
    broken = await a_test_call(rig)
    path_of(rig, broken).parent.mkdir(parents=True)
    path_of(rig, broken).write_bytes(b"no sound")
    for _ in range(1500):
        if not path_of(rig, broken).exists():
            break
        await asyncio.sleep(0.02)
    after = await rig.store.test_calls.one(broken.id)
    assert after is not None and met(after)[1:] == [None, None]


def test_what_is_sought_and_what_else_may_be_said(rig: Rig) -> None:
    test = rig.configuration.test_calls["desk"]
    flow = rig.configuration.flow_for(DESK)
    assert flow is not None and test.expect.hears is not None
    asked = [wanted(rig.configuration, test, flow, one, Path("/s")) for one in test.expect.hears]
    hello = utterance(rig.configuration.plant.speech, "en", "Hello.").name
    assert asked == [
        {"kind": "prompt", "from_s": 0.0, "never": False, "prompts": [f"/s/{hello}.wav"], "others": []},
        {"kind": "silence", "seconds": 1.0, "from_s": 4.0, "never": True},
    ]


async def gone(path: Path) -> None:
    for _ in range(1500):
        if not path.exists():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it is still there")


async def test_what_was_recorded_of_a_call_that_came_in_nowhere_is_deleted(rig: Rig) -> None:
    """A stranger may have answered it."""
    rig.link_up()
    own = rig.engine.mystery.place(rig.configuration.test_calls["desk"])
    assert own is not None
    rig.post(ev.Answered(own, rig.clock.now()))
    path = rig.root / "talks" / "tests" / f"{own}.wav"
    write_wav(path, array("h", [0] * 8000))
    rig.clock.move(8)
    rig.post(ev.HungUp(own, rig.clock.now(), 16))
    rig.clock.move(6)
    rig.engine.tick()
    await gone(path)
    await rig.quiet()
    row = await rig.store.test_calls.one(own)
    assert row is not None and row.fault == "did_not_arrive"


async def test_what_an_earlier_life_left_goes_also_after_the_start(rig: Rig) -> None:
    row = await a_test_call(rig)
    left = path_of(rig, row).with_name("n1-left.wav")
    write_wav(left, array("h", [0] * 8000))
    os.utime(left, (1.0, rig.clock.now() - 4000))
    record(rig, row, "Hello.")
    await listened(rig, row)
    await gone(left)


# -- when it is placed ------------------------------------------------------------------------------------------------


async def test_a_moment_is_made_up_for_after_a_crash_but_not_twice(tmp_path: Path) -> None:
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    times = {"days": days, "from": "00:00", "to": "24:00", "per_day": 2}
    written = TEST | {"expect": {"outcome": "answered"}, "times": times}
    write_site(tmp_path, {**FILES, "configs/test_calls/desk.yaml": written})
    rig = Rig(tmp_path)
    test = rig.configuration.test_calls["desk"]
    assert test.times is not None
    now, zone = rig.clock.now(), ZoneInfo(rig.configuration.clients["acme"].timezone)
    first, second, *_ = due(test.test, test.times, now, now + 3 * 86_400.0, zone)

    async def placed() -> list[str]:
        rig.switch.orders.clear()
        rig.link_up()
        rig.engine.tick()
        await rig.quiet()
        return [order.channel for order in rig.switch.given("originate")]

    rig.clock.move(first - now + 1.0)
    assert len(await placed()) == 1
    await rig.crash()
    assert await placed() == [], "it was placed by the life before"
    rig.clock.move(second - rig.clock.now() - 1.0)
    await placed()
    rig.clock.move(2.0)
    await rig.crash()
    assert len(await placed()) == 1, "nobody placed it yet"
    await rig.close()
