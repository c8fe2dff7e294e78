"""The simulated world: its mix of called people, on real Asterisks, and its callers."""

import asyncio
import contextlib
import itertools
import os
import random
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio

from demo.ami import Ami
from demo.habits import habits
from demo.plant import REPOSITORY, Asterisk, CdrRow, Phone
from demo.voices import make_voices
from demo.world import Caller, World, callers, manner
from dialer.config.loader import load

STEM = "+4930231251"
RING_S = 6


@pytest_asyncio.fixture
async def pair(fresh_asterisk: Callable[..., Any]) -> AsyncIterator[tuple[Asterisk, World, Ami]]:
    """An Asterisk and the world at its trunk, without any engine."""
    plant = await fresh_asterisk("main")
    async with World.beside(plant) as world:
        ami = await Ami.connect(plant.host, plant.ami_port, plant.ami_user, plant.ami_secret)
        yield plant, world, ami
        await ami.close()


async def dial(ami: Ami, channel: str, endpoint: str) -> None:
    await ami.action(
        "Originate",
        {"Channel": endpoint, "ChannelId": channel, "Application": "Wait", "Data": "4", "Async": "true",
         "Timeout": str(RING_S * 1000), "CallerID": "+493023125001"},
    )  # fmt: skip


async def rows_of(plant: Asterisk, field: Literal["uniqueid", "src"], *values: str) -> dict[str, CdrRow]:
    """CDR rows by a field, once there is one for each value."""
    async with asyncio.timeout(30):
        while True:
            rows = {row[field]: row for row in plant.cdr()}
            if rows.keys() >= set(values):
                return rows
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def heard_keys(plant: Asterisk, count: int) -> AsyncIterator[tuple[asyncio.Event, asyncio.Future[str]]]:
    """A script for the next channel that waits for so many keys, then stays on the line."""
    asked = asyncio.Event()
    keys: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\n\n")
        heard = ""
        for command in ("ANSWER", *["WAIT FOR DIGIT 9000"] * count):
            writer.write(f"{command}\n".encode())
            asked.set()
            result = (await reader.readline()).decode().partition("result=")[2].split()
            heard += chr(int(result[0])) if command != "ANSWER" else ""
        keys.set_result(heard)
        writer.write(b"WAIT FOR DIGIT 20000\n")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(script, plant.host, 0) as server:
        await plant.point_engine(plant.host, server.sockets[0].getsockname()[1])
        yield asked, keys


async def test_called_people_behave_by_their_last_two_digits(pair: tuple[Asterisk, World, Ami]):
    plant, _, ami = pair
    refused = {"00": "BUSY", "19": "NO ANSWER", "23": "CONGESTION"}
    numbers = {**refused, "30": "ANSWERED", "40": "ANSWERED", "80": "ANSWERED"}
    for digits in numbers:
        await dial(ami, digits, f"PJSIP/{STEM}{digits}@trunk")
    rows = await rows_of(plant, "uniqueid", *numbers)
    assert {digits: rows[digits]["disposition"] for digits in numbers} == numbers
    answer_s = {digits: row["answer"] - row["start"] for digits, row in rows.items() if row["answer"]}
    assert answer_s["80"] == pytest.approx(1, abs=0.7)  # 1 + 80 mod 8
    assert answer_s["30"] == pytest.approx(4, abs=0.7)
    assert rows["19"]["end"] - rows["19"]["start"] == pytest.approx(RING_S, abs=1)
    shy = rows["40"]
    assert shy["answer"] is not None
    assert shy["end"] - shy["answer"] == pytest.approx(0.5, abs=0.4)


async def test_an_agents_phone_answers_and_presses_keys(pair: tuple[Asterisk, World, Ami]):
    plant, world, ami = pair
    await plant.set_phones([Phone("agent07", f"{plant.host}:{plant.trunk_port}")])
    async with heard_keys(plant, 2) as (asked, keys):
        await ami.action(
            "Originate",
            {"Channel": "PJSIP/agent07", "Context": "dialer", "Exten": "agent", "Priority": "1", "Async": "true"},
        )
        await asyncio.wait_for(asked.wait(), 10)
        await world.press("agent07", "*2")
        assert await asyncio.wait_for(keys, 10) == "*2"


async def test_an_agent_logs_in_from_his_phone(pair: tuple[Asterisk, World, Ami]):
    plant, world, _ = pair
    await plant.set_phones([Phone("agent03", f"{plant.host}:{plant.trunk_port}")])
    async with heard_keys(plant, 2) as (asked, keys):
        await world.pick_up("agent03", "*11")
        await asyncio.wait_for(asked.wait(), 10)
        await world.press("agent03", "*1")
        assert await asyncio.wait_for(keys, 10) == "*1"
        assert [name for name in await plant.channels() if name.startswith("PJSIP/agent03-")]


async def test_keys_on_a_phone_that_is_on_hook_do_nothing(pair: tuple[Asterisk, World, Ami]):
    _, world, _ = pair
    await world.press("agent01", "*1")


async def test_a_caller_comes_in_and_presses_his_keys(pair: tuple[Asterisk, World, Ami]):
    plant, world, _ = pair
    async with heard_keys(plant, 3) as (_, keys):
        await world.call(Caller("+493023125010", "+493023125999", "1W2#", listens_s=0.5, stays_s=6.0))
        assert await asyncio.wait_for(keys, 10) == "12#"
    assert world.sent == 1
    row = (await rows_of(plant, "src", "+493023125999"))["+493023125999"]
    assert row["answer"] is not None
    assert row["end"] - row["answer"] == pytest.approx(6, abs=1)  # he hangs up by himself


def test_the_mix_has_every_manner():
    found = [manner(f"{STEM}{digits:02}") for digits in range(100)]
    assert found[0] == "busy"
    assert found[19] == "no_answer"
    assert [found.count(one) for one in ("unknown", "no_circuit", "declines", "machine", "shy")] == [3, 2, 1, 12, 3]
    assert found.count("talks") == 39
    assert found[99] == "talks_briefly"


def test_the_sample_lists_hold_every_manner():
    configuration = load(REPOSITORY, {})
    for campaign in configuration.campaigns.values():
        path = configuration.list_path(campaign)
        assert path is not None
        numbers = [re.split("[,;]", line)[0] for line in path.read_text().splitlines()[1:]]
        found = {manner(number) for number in numbers if number[-2:].isdecimal()}
        assert found >= {"busy", "no_answer", "unknown", "machine", "talks", "talks_briefly"}


def test_callers_dial_numbers_that_the_sample_flows_answer():
    configuration = load(REPOSITORY, {})
    answered = {habit.dials: configuration.flow_for(habit.dials) for habit in habits()}
    assert all(answered.values())
    assert {flow.client for flow in answered.values() if flow} == set(configuration.clients)


def test_callers_are_the_same_for_the_same_seed():
    def first(seed: int) -> list[Caller]:
        return list(itertools.islice(callers(habits(), random.Random(seed)), 50))

    assert first(1) == first(1)
    assert first(1) != first(2)
    numbers = {habit.dials for habit in habits()}
    assert {caller.dials for caller in first(1)[: len(numbers)]} == numbers
    assert len({caller.keys for caller in first(1)}) > 6


async def test_every_voice_of_the_dialplan_is_made(tmp_path: Path):
    await make_voices(tmp_path)
    dialplan = (REPOSITORY / "asterisk/world/extensions.conf").read_text()
    assert set(re.findall(r"@SOUNDS@/(\w+)", dialplan)) == {name.removesuffix(".wav") for name in os.listdir(tmp_path)}


def test_the_documented_mix_is_the_one_there_is():
    text = (REPOSITORY / "docs/demo.md").read_text()
    rows = [(int(first), int(last or first)) for first, last in re.findall(r"^\| (\d\d)(?:–(\d\d))? \|", text, re.M)]
    found = [manner(f"{number:02}") for number in range(100)]
    changes = [number for number in range(1, 100) if found[number] != found[number - 1]]
    assert [first for first, _ in rows] == [0, *changes]
    assert [last for _, last in rows] == [*(number - 1 for number in changes), 99]
