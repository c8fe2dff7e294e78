"""The live stream: what changed, bounded for every reader."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from port_double import Plant, anna

from dialer.config.models import Listen
from dialer.metrics import Metrics
from dialer.web import stream as streaming
from dialer.web.app import address, make_app, serve
from dialer.web.stream import Stream


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "PERIOD_S", 0.02)
    monkeypatch.setattr(Stream.__init__, "__defaults__", (0.02, 2))


async def frames(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, object]]:
    """(event, data) as they come."""
    event = ""
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield event, json.loads(line.removeprefix("data: "))


async def first(answer: aiohttp.ClientResponse, count: int) -> dict[str, object]:
    found: dict[str, object] = {}
    async for event, data in frames(answer):
        found[event] = data
        if len(found) == count:
            break
    return found


async def test_it_begins_with_everything(api: aiohttp.ClientSession) -> None:
    async with api.get("/v1/stream") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        found = await first(answer, 6)
    assert set(found) == {"agents", "calls", "campaigns", "queues", "totals", "fees"}
    [agent] = found["agents"]  # type: ignore[misc]
    assert agent["number"] == "+49…23"
    assert agent["fields"] == {}


async def test_then_only_what_changed(api: aiohttp.ClientSession, plant: Plant) -> None:
    async with api.get("/v1/stream") as answer:
        stream = frames(answer)
        for _ in range(6):
            await anext(stream)
        plant.agents_by_id["anna"] = anna(state="wrap_up")
        event, data = await anext(stream)
        assert event == "agents"
        assert data[0]["state"] == "wrap_up"  # type: ignore[index]
        plant.living.clear()
        assert await anext(stream) == ("calls", [])


async def test_a_second_reader_gets_everything_too(api: aiohttp.ClientSession) -> None:
    async with api.get("/v1/stream") as one:
        await first(one, 6)
        async with api.get("/v1/stream") as two:
            assert len(await first(two, 6)) == 6


async def test_readers_are_bounded_and_places_come_back(api: aiohttp.ClientSession, plant: Plant) -> None:
    async with api.get("/v1/stream") as one, api.get("/v1/stream") as two:
        await first(one, 6)
        await first(two, 6)
        assert (await api.get("/v1/stream")).status == 503
        two.close()
        for count in range(1000):  # the server learns of the closed reader when it writes to it
            plant.status = f"status {count}"
            async with api.get("/v1/stream") as three:
                if three.status == 200:
                    break
        assert three.status == 200


async def test_a_fault_in_a_view_does_not_end_the_stream(
    api: aiohttp.ClientSession, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api.get("/v1/stream") as answer:
        stream = frames(answer)
        for _ in range(6):
            await anext(stream)
        with monkeypatch.context() as broken:
            looked = asyncio.Event()

            def fail() -> None:
                looked.set()
                raise ZeroDivisionError

            broken.setattr(plant, "queues", fail)
            await looked.wait()
        plant.living.clear()
        assert await anext(stream) == ("calls", [])


async def test_a_slow_reader_holds_the_newest_only() -> None:
    reader = streaming._Reader()
    for count in range(1000):
        reader.put("agents", b"agents %d\n" % count)
        reader.put("calls", b"calls %d\n" % count)
    assert await reader.take() == b"agents 999\ncalls 999\n"


async def test_silence_is_broken_by_a_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.01)
    assert (await streaming._Reader().take()).startswith(b":")


async def test_a_shutdown_ends_every_reader(plant: Plant, metrics: Metrics) -> None:
    runner = await serve(make_app(plant, metrics, None), Listen(port=0))
    async with aiohttp.ClientSession(address(runner)) as api, api.get("/v1/stream") as answer:
        await first(answer, 6)
        await asyncio.wait_for(runner.cleanup(), 3)
        assert (await answer.content.read()).strip() == b""
