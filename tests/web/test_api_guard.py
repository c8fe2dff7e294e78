"""Who gets in."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from port_double import Plant

from dialer.config.models import Listen
from dialer.metrics import Metrics
from dialer.web import guard
from dialer.web.app import address, make_app, serve

TOKEN = "correct horse"


@pytest.fixture
async def closed(plant: Plant, metrics: Metrics) -> AsyncIterator[aiohttp.ClientSession]:
    runner = await serve(make_app(plant, metrics, TOKEN), Listen(port=0))
    async with aiohttp.ClientSession(address(runner)) as session:
        yield session
    await runner.cleanup()


async def test_the_token_opens_the_api(closed: aiohttp.ClientSession) -> None:
    assert (await closed.get("/v1/agents", headers={"Authorization": f"Bearer {TOKEN}"})).status == 200
    assert (await closed.get("/v1/agents", headers={"Authorization": f"bearer {TOKEN}"})).status == 200


@pytest.mark.parametrize(
    "sent", [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer ü", "Bearer correct"]
)
async def test_anything_else_does_not(closed: aiohttp.ClientSession, plant: Plant, sent: str | None) -> None:
    headers = {} if sent is None else {"Authorization": sent}
    for method, path in (
        ("GET", "/v1/agents"),
        ("POST", "/v1/agents/anna/ready"),
        ("GET", "/v1/stream"),
        ("GET", "/v1/openapi.json"),
        ("GET", "/v1/nothing"),
    ):
        answer = await closed.request(method, path, headers=headers)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert plant.orders == []


async def test_health_and_local_metrics_need_no_token(closed: aiohttp.ClientSession) -> None:
    assert (await closed.get("/healthz")).status == 200
    assert (await closed.get("/metrics")).status == 200


async def test_metrics_from_elsewhere_need_the_token(
    closed: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "is_loopback", lambda host: False)
    assert (await closed.get("/metrics")).status == 401
    assert (await closed.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})).status == 200


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("localhost.evil.example", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback(host: str | None, loopback: bool) -> None:
    assert guard.is_loopback(host) is loopback


async def test_without_a_token_a_web_page_does_not_get_through(api: aiohttp.ClientSession, plant: Plant) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}):
        assert (await api.post("/v1/agents/anna/ready", headers=headers)).status == 403
    assert plant.orders == []


async def test_without_a_token_a_page_of_ours_does(api: aiohttp.ClientSession, plant: Plant) -> None:
    host = str(api._base_url).rstrip("/")
    assert (await api.post("/v1/agents/anna/ready", headers={"Origin": host})).status == 200
    assert len(plant.orders) == 1
