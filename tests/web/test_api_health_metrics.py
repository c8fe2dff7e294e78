import aiohttp
import pytest
from port_double import Plant, anna
from prometheus_client.parser import text_string_to_metric_families

from dialer.web.port import Health


async def test_health_tells_the_parts_apart(api: aiohttp.ClientSession, plant: Plant) -> None:
    answer = await api.get("/healthz")
    assert (answer.status, await answer.json()) == (
        200, {"status": "up", "switches": {"main": "up"}, "store": "up", "warnings": []})
    plant.now = Health({"main": "up", "second": "login refused"}, "up", False)
    answer = await api.get("/healthz")
    assert answer.status == 503
    assert await answer.json() == {
        "status": "down",
        "switches": {"main": "up", "second": "login refused"},
        "store": "up",
        "warnings": [],
    }
    plant.now = Health({"main": "up"}, "disk full", False)
    assert (await (await api.get("/healthz")).json())["store"] == "disk full"


async def test_a_draining_engine_is_still_alive(api: aiohttp.ClientSession, plant: Plant) -> None:
    plant.now = Health({"main": "up"}, "up", True)
    answer = await api.get("/healthz")
    assert (answer.status, (await answer.json())["status"]) == (200, "draining")


async def test_gauges_are_what_lives_at_the_scrape(api: aiohttp.ClientSession, plant: Plant) -> None:
    assert await sample(api, "dialer_agents", state="talking") == 1
    assert await sample(api, "dialer_campaign_dialling", client="acme", campaign="winback") == 1
    assert await sample(api, "dialer_queue_longest_wait_seconds", queue="support") == 12.5
    plant.agents_by_id["bert"] = anna(id="bert")
    plant.now = Health({"main": "lost"}, "up", False)
    assert await sample(api, "dialer_agents", state="talking") == 2
    assert await sample(api, "dialer_agents", state="paused") == 0
    assert await sample(api, "dialer_switch_up", switch="main") == 0
    plant.agents_by_id.clear()
    assert await sample(api, "dialer_agents", state="talking") == 0


async def test_requests_are_counted_by_route_not_by_path(api: aiohttp.ClientSession) -> None:
    await api.post("/v1/agents/anna/ready")
    await api.get("/v1/some/where")
    assert (
        await sample(api, "dialer_http_requests_total", method="POST", route="/v1/agents/{agent}/{verb}", status="200")
        == 1
    )
    assert await sample(api, "dialer_http_requests_total", method="GET", route="unmatched", status="404") == 1


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("", "text/plain"), ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text")],
)
async def test_the_format_is_the_one_asked_for(api: aiohttp.ClientSession, accept: str, kind: str) -> None:
    answer = await api.get("/metrics", headers={"Accept": accept})
    assert answer.headers["Content-Type"].startswith(kind)
    assert (await answer.text()).endswith("# EOF\n") is (kind != "text/plain")


async def sample(api: aiohttp.ClientSession, name: str, **labels: str) -> float:
    text = await (await api.get("/metrics")).text()
    for family in text_string_to_metric_families(text):
        for it in family.samples:
            if it.name == name and it.labels == labels:
                return it.value
    raise AssertionError(f"no {name}{labels} in\n{text}")
