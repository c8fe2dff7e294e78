"""The commands' client against the real server."""

import asyncio
import logging
import socket

import aiohttp
import pytest
from aiohttp import web
from port_double import Plant

from dialer.web.client import Api, AskError, DownError
from dialer.web.port import RefusedError


@pytest.fixture
def asking(api: aiohttp.ClientSession) -> Api:
    return Api.of_url(str(api._base_url), None)


async def test_asking(asking: Api, plant: Plant) -> None:
    assert (await asyncio.to_thread(asking.get, "/v1/totals"))["offered"] == 9
    assert (await asyncio.to_thread(asking.post, "/v1/agents/anna/pause", {"reason": "tea"}))["state"] == "paused"
    assert await asyncio.to_thread(asking.ask, "DELETE", "/v1/calls/node1-abc-1") is None


async def test_a_refusal_is_said_in_the_engines_words(asking: Api, plant: Plant) -> None:
    plant.fault = RefusedError("not now")
    with pytest.raises(AskError, match="not now"):
        await asyncio.to_thread(asking.post, "/v1/agents/anna/ready")


async def test_the_faults_of_a_reload(asking: Api, plant: Plant) -> None:
    plant.faults = ("configs/plant.yaml:1:1: x",)
    with pytest.raises(AskError) as caught:
        await asyncio.to_thread(asking.post, "/v1/reload")
    assert caught.value.faults == plant.faults


async def test_an_import_is_told_as_it_goes(asking: Api, plant: Plant) -> None:
    plant.held = asyncio.Event()
    lines = await asyncio.to_thread(asking.import_list, "winback", "a.csv")
    assert await asyncio.to_thread(next, lines) == {"done": 50, "total": 100}
    plant.held.set()
    assert await asyncio.to_thread(next, lines) == plant.counts
    assert await asyncio.to_thread(next, lines, None) is None


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (RefusedError("a.csv: there is no such file"), "no such file"),
        (ZeroDivisionError("inside"), "fault of the engine"),
    ],
)
async def test_an_import_that_fails(asking: Api, plant: Plant, fault: Exception, message: str) -> None:
    plant.fault = fault
    with pytest.raises(AskError, match=message):
        await asyncio.to_thread(list, asking.import_list("winback", "a.csv"))


async def test_an_unknown_campaign(asking: Api) -> None:
    with pytest.raises(AskError, match="no campaign other"):
        await asyncio.to_thread(list, asking.import_list("other", "a.csv"))


async def test_an_import_goes_on_without_its_client(
    asking: Api, plant: Plant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plant.held, lost = asyncio.Event(), asyncio.Event()

    async def write(self: web.StreamResponse, data: bytes) -> None:
        lost.set()
        raise ConnectionResetError

    monkeypatch.setattr(web.StreamResponse, "write", write)
    asked = asyncio.create_task(asyncio.to_thread(list, asking.import_list("winback", "a.csv")))
    await lost.wait()
    plant.held.set()
    with pytest.raises(AskError, match="lost during the import"):
        await asked
    assert plant.orders == [("import", "winback", "a.csv", None), ("imported", "winback")]
    assert not [it for it in caplog.records if it.levelno >= logging.ERROR]


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(DownError, match=f"127.0.0.1 port {port}"):
            Api("127.0.0.1", port, None).get("/healthz")


async def test_something_else_listens() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"Asterisk Call Manager\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    api = Api("127.0.0.1", server.sockets[0].getsockname()[1], None)
    with pytest.raises(AskError, match="gave no answer"):
        await asyncio.to_thread(api.get, "/healthz")
    server.close()
    await server.wait_closed()
