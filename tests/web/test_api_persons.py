"""Routes about persons."""

import aiohttp
import pytest
from port_double import Plant

NUMBER = "+4930231250123"
GIVEN = {"client": "acme", "number": NUMBER, "purpose": "advertising", "source": "web form", "proof": "form 4711"}


async def test_consents(api: aiohttp.ClientSession, plant: Plant) -> None:
    answer = await api.post("/v1/consents", json=GIVEN | {"given_at": 5})
    assert (answer.status, await answer.json()) == (201, {"count": 1})
    assert plant.orders == [("consent", NUMBER, "acme", "advertising", "form 4711")]
    [shown] = await (await api.get("/v1/consents/%2B4930231250123")).json()
    assert shown["proof"] == "form 4711"
    revoked = await api.delete("/v1/consents", json={"client": "acme", "number": NUMBER})
    assert (revoked.status, plant.orders[-1]) == (200, ("revoke", "acme", NUMBER, None))


@pytest.mark.parametrize("fault", [
    {"purpose": "fun"}, {"number": "030"}, {"proof": ""}, {"digest": "xyz"}, {"client": "No Name"}, {"given_at": -1},
])  # fmt: skip
async def test_what_is_no_consent(api: aiohttp.ClientSession, fault: dict[str, object]) -> None:
    assert (await api.post("/v1/consents", json=GIVEN | fault)).status == 400


async def test_erasure(api: aiohttp.ClientSession, plant: Plant) -> None:
    answer = await api.post("/v1/erasures", json={"number": NUMBER, "reason": "letter"})
    made = await answer.json()
    assert (answer.status, made["id"], made["kept"]) == (201, 7, [{"what": "calls", "count": 2, "why": "billing"}])
    assert plant.orders == [("erase", NUMBER, None, "letter")]
    assert made["by"] == "local"
    assert (await (await api.get("/v1/erasures/7")).json()) == {**made, "by": ""}
    assert (await api.post("/v1/erasures", json={"number": NUMBER})).status == 400


async def test_caller_ids(api: aiohttp.ClientSession) -> None:
    [shown] = await (await api.get("/v1/clients/acme/caller-ids")).json()
    assert (shown["dials"], shown["answered"], shown["today"]) == (100, 21, 4)
