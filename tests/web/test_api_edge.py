"""What a client gets for nonsense, too much, or nothing at all: a clear answer, and never the inside."""

import asyncio
import logging
from dataclasses import replace

import aiohttp
import pytest
from port_double import Plant

from dialer.config.models import Listen
from dialer.metrics import Metrics
from dialer.web import app as web_app
from dialer.web.app import ListenError, address, make_app, serve


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"number": "030 123"}, "number", "not a phone number; write it with +"),
        ({}, "number", "is missing"),
        ({"number": "+4930231250123", "nmae": "x"}, "nmae", "not known"),
        ({"number": "+4930231250123", "fields": {"name": 5}}, "fields.name", "text"),
        ({"number": "+4930231250123", "fields": {"name": "a\rb"}}, "fields.name", "control characters"),
        ({"number": "+4930231250123", "fields": {"name": "x" * 1001}}, "fields.name", "1000"),
        ({"number": "+4930231250123", "next_at": -1}, "next_at", "at least 0"),
        ({"number": "+4930231250123", "next_at": "soon"}, "next_at", "number"),
    ],
)
async def test_a_wrong_field_is_named(
    api: aiohttp.ClientSession, plant: Plant, body: object, field: str, message: str
) -> None:
    answer = await api.post("/v1/campaigns/winback/contacts", json=body)
    told = await answer.json()
    assert answer.status == 400
    assert told["fields"][0]["field"] == field
    assert message in told["fields"][0]["message"]
    assert field in told["message"]
    assert plant.orders == []


async def test_a_wrong_choice_is_told_the_choices(api: aiohttp.ClientSession, plant: Plant) -> None:
    answer = await api.patch("/v1/campaigns/winback", json={"mode": "bogus"})
    told = await answer.json()
    assert (answer.status, told["message"]) == (
        400, "mode: must be one of manual, preview, progressive, power, predictive, agentless")  # fmt: skip
    assert plant.orders == []


async def test_every_wrong_field_is_named_at_once(api: aiohttp.ClientSession) -> None:
    answer = await api.post("/v1/campaigns/winback/contacts", json={"number": "1", "next_at": "x", "extra": 1})
    assert {it["field"] for it in (await answer.json())["fields"]} == {"number", "next_at", "extra"}


async def test_what_was_sent_is_not_repeated(api: aiohttp.ClientSession) -> None:
    answer = await api.post("/v1/campaigns/winback/contacts", json={"number": "030231250123"})
    assert "030231250123" not in await answer.text()


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"null", b'"x"', b'{"number":"\\ud800"}', b"\xff", b'{"number":"+4930231250123","next_at":NaN}'],
)
async def test_what_is_no_json_object_is_400(api: aiohttp.ClientSession, body: bytes) -> None:
    answer = await api.post("/v1/campaigns/winback/contacts", data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 400
    assert (await answer.json())["error"] == "invalid"


async def test_a_body_that_is_no_json_by_its_type_is_415(api: aiohttp.ClientSession) -> None:
    answer = await api.post("/v1/agents/anna/pause", data="reason=x", headers={"Content-Type": "text/plain"})
    assert answer.status == 415


async def test_a_large_body_is_refused(api: aiohttp.ClientSession, plant: Plant) -> None:
    answer = await api.post("/v1/agents/anna/pause", json={"reason": "x" * web_app.MOST_BODY})
    assert (answer.status, (await answer.json())["error"]) == (413, "too_large")
    assert plant.orders == []


async def test_a_body_that_never_comes_is_given_up(
    api: aiohttp.ClientSession, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_app, "BODY_S", 0.05)
    never = asyncio.Event()

    async def dribble():  # type: ignore[no-untyped-def]
        yield b"{"
        await never.wait()

    async with api.post(
        "/v1/agents/anna/pause", data=dribble(), headers={"Content-Type": "application/json"}
    ) as answer:
        assert answer.status == 408
    assert plant.orders == []


async def test_an_engine_that_does_not_answer_is_504(
    plant: Plant, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(plant, "hang_up", never)
    monkeypatch.setattr(web_app, "ROUTES", tuple(replace(route, seconds=0.05) for route in web_app.ROUTES))
    runner = await serve(make_app(plant, metrics, None), Listen(port=0))
    async with aiohttp.ClientSession(address(runner)) as api:
        assert (await api.delete("/v1/calls/node1-abc-1")).status == 504
    await runner.cleanup()


async def test_a_fault_of_ours_is_500_without_its_inside(
    api: aiohttp.ClientSession, plant: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    plant.fault = ZeroDivisionError("secret inside")
    with caplog.at_level(logging.ERROR):
        answer = await api.post("/v1/agents/anna/ready")
    text = await answer.text()
    assert (answer.status, (await answer.json())["error"]) == (500, "internal")
    assert "secret" not in text
    assert "Traceback" not in text
    assert "secret inside" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/", 404),
        ("PUT", "/v1/agents", 405),
        ("POST", "/v1/agents/anna/fly", 404),
        ("POST", "/v1/agents/An%0Ana/ready", 404),
        ("POST", "/v1/agents/..%2F..%2Fx/ready", 404),
        ("PROPFIND", "/v1/agents", 405),
    ],
)
async def test_what_is_not_there(api: aiohttp.ClientSession, method: str, path: str, status: int) -> None:
    answer = await api.request(method, web_url(api, path))
    assert answer.status == status
    assert set(await answer.json()) == {"error", "message", "fields", "faults"}


def web_url(api: aiohttp.ClientSession, path: str):  # type: ignore[no-untyped-def]
    from yarl import URL

    assert api._base_url is not None
    return URL(str(api._base_url).rstrip("/") + path, encoded=True)


async def test_security_headers_are_on_every_answer(api: aiohttp.ClientSession) -> None:
    for path in ("/healthz", "/v1/agents", "/v1/nothing", "/metrics"):
        headers = (await api.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Server"] == "dialer"


async def test_other_hosts_are_not_listened_to_without_a_token(plant: Plant, metrics: Metrics) -> None:
    with pytest.raises(ListenError, match="token"):
        await serve(make_app(plant, metrics, None), Listen(host="0.0.0.0", port=0))
    with pytest.raises(ListenError, match="token"):
        await serve(make_app(plant, metrics, ""), Listen(host="0.0.0.0", port=0))


async def test_a_taken_port_is_said_in_words(plant: Plant, metrics: Metrics) -> None:
    runner = await serve(make_app(plant, metrics, None), Listen(port=0))
    with pytest.raises(ListenError, match=r"cannot listen on 127\.0\.0\.1 port"):
        await serve(make_app(plant, metrics, None), Listen(port=runner.addresses[0][1]))
    await runner.cleanup()


async def test_a_client_that_dribbles_its_headers_is_cut_off(
    plant: Plant, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_app, "KEEP_ALIVE_S", 0.1)
    runner = await serve(make_app(plant, metrics, None), Listen(port=0))
    reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localh")
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    await runner.cleanup()


async def test_every_order_is_noted_and_no_question(
    api: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "dialer.web"):
        await api.get("/v1/agents")
        await api.post("/v1/agents/anna/pause")
        await api.post("/v1/campaigns/other/start")
    noted = [(it.getMessage(), it.__dict__["status"], it.__dict__["from"]) for it in caplog.records]
    assert noted == [
        ("order POST /v1/agents/anna/pause", 200, "127.0.0.1"),
        ("order POST /v1/campaigns/other/start", 404, "127.0.0.1"),
    ]
