"""`GET /v1/quality/service`."""

import aiohttp
import pytest


async def test_what_is_asked_for_comes_to_the_report(api: aiohttp.ClientSession) -> None:
    answer = await api.get("/v1/quality/service?client=acme&from=2026-10-01&to=2026-10-31&within=2.5")
    assert answer.status == 200
    told = await answer.json()
    assert (told["whose"], told["name"], told["first"], told["last"]) == ("client", "acme", "2026-10-01", "2026-10-31")
    assert "within 2.5 s" in told["figures"][0]["definition"] and told["figures"][0]["value"] is None


@pytest.mark.parametrize(("query", "status"), [
    ("", 400), ("client=acme&agent=anna", 400), ("client=ACME", 400), ("client=acme&from=2026-13-01", 400),
    ("client=acme&within=soon", 400), ("agent=nobody", 404), ("queue=sales", 200), ("client=acme&from=today", 400),
    ("client=acme&to=9999-12-31", 400),
])  # fmt: skip
async def test_what_cannot_be_asked(api: aiohttp.ClientSession, query: str, status: int) -> None:
    assert (await api.get(f"/v1/quality/service?{query}")).status == status
