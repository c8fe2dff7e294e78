"""`/v1/test-calls`."""

import aiohttp
import pytest


async def test_listed_placed_and_carded(api: aiohttp.ClientSession) -> None:
    [row] = await (await api.get("/v1/test-calls?test=hotline&from=2026-11-01&to=2026-11-30")).json()
    assert (row["by_rules"], row["rules"][0]["met"]) == (100.0, True)
    assert await (await api.get("/v1/test-calls?test=other")).json() == []
    placed = await api.post("/v1/test-calls/hotline/place")
    assert (placed.status, (await placed.json())["id"]) == (201, "node1-abc-1")
    body = {"by": "maria", "points": {"greeting": 5}, "comment": "kind"}
    card = await api.post("/v1/test-calls/node1-abc-1/card", json=body)
    told = await card.json()
    assert (card.status, told["score"], told["cards"][0]["comment"]) == (200, 75.0, "kind")


@pytest.mark.parametrize(("path", "body", "status"), [
    ("nothing/place", None, 404), ("node1-abc-2/card", {"by": "maria", "points": {"greeting": 1}}, 404),
    ("node1-abc-1/card", {"by": "maria", "points": {}}, 409), ("node1-abc-1/card", {"by": "Maria", "points": {}}, 400),
    ("node1-abc-1/card", {"by": "maria", "points": {"greeting": -1}}, 400), ("node1-abc-1/card", {}, 400),
])  # fmt: skip
async def test_what_is_refused(api: aiohttp.ClientSession, path: str, body: object, status: int) -> None:
    assert (await api.post(f"/v1/test-calls/{path}", json=body)).status == status


@pytest.mark.parametrize("query", ["from=2026-13-01", "to=0001-01-01", "test=UPPER", "from=9999-12-31"])
async def test_what_is_no_day(api: aiohttp.ClientSession, query: str) -> None:
    assert (await api.get(f"/v1/test-calls?{query}")).status == 400
