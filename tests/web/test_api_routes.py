"""What each route asks of the engine, and what it gives back."""

import aiohttp
import pytest
from port_double import Plant

from dialer.campaigns.selection import FIRST
from dialer.store.records import NewContact
from dialer.web.port import RefusedError

AGENT_VERBS = ["login", "ready", "pause", "logout", "hangup", "end_wrap_up", "pause_recording", "resume_recording"]


async def test_views_are_masked(api: aiohttp.ClientSession) -> None:
    [agent] = await (await api.get("/v1/agents")).json()
    [call] = await (await api.get("/v1/calls")).json()
    assert agent["number"] == call["number"] == "+49…23"
    assert agent["fields"] == {"name": "Müller"}
    assert agent["skills"] == ["sales", "de"]


@pytest.mark.parametrize("verb", AGENT_VERBS)
async def test_an_agents_verb_reaches_the_engine(api: aiohttp.ClientSession, plant: Plant, verb: str) -> None:
    answer = await api.post(f"/v1/agents/anna/{verb}", json={"reason": "lunch"})
    assert answer.status == 200
    assert (await answer.json())["id"] == "anna"
    assert plant.orders == [("anna", verb, "lunch")]


async def test_a_verb_needs_no_body(api: aiohttp.ClientSession, plant: Plant) -> None:
    assert (await api.post("/v1/agents/anna/ready")).status == 200
    assert plant.orders == [("anna", "ready", "")]


async def test_the_answer_to_a_verb_is_masked(api: aiohttp.ClientSession) -> None:
    answer = await api.post("/v1/agents/anna/ready")
    assert (await answer.json())["number"] == "+49…23"


async def test_dispositions(api: aiohttp.ClientSession, plant: Plant) -> None:
    answer = await api.post("/v1/agents/anna/disposition", json={"disposition": "sale", "call_id": "node1-abc-1"})
    assert answer.status == 204
    assert plant.orders == [("dispose", "anna", "sale", "node1-abc-1")]
    refused = await api.post("/v1/agents/anna/disposition", json={"disposition": "weather"})
    assert refused.status == 409
    assert "sale, refused" in (await refused.json())["message"]


@pytest.mark.parametrize(
    ("verb", "status"), [("start", "running"), ("pause", "paused"), ("drain", "draining"), ("stop", "stopped")]
)
async def test_a_campaigns_verb(api: aiohttp.ClientSession, verb: str, status: str) -> None:
    answer = await (await api.post(f"/v1/campaigns/winback/{verb}")).json()
    assert answer["status"] == status
    assert answer["totals"]["contacts"] == {"due": 10, "claimed": 1, "done": 5}


async def test_contacts(api: aiohttp.ClientSession, plant: Plant) -> None:
    body = {"number": "+4930231250123", "fields": {"name": "Ö"}, "next_at": 12}
    answer = await api.post("/v1/campaigns/winback/contacts", json=body)
    assert (answer.status, await answer.json()) == (201, {"id": 7})
    assert plant.orders == [("contact", "winback", NewContact("+4930231250123", {"name": "Ö"}, 12.0))]


async def test_do_not_call(api: aiohttp.ClientSession, plant: Plant) -> None:
    body = {"scope": "client:acme", "number": "+4930231250123"}
    assert (await api.post("/v1/do-not-call", json=body)).status == 204
    assert (await api.post("/v1/do-not-call", json={**body, "scope": "global", "until": 9})).status == 204
    assert plant.orders == [
        ("stop", "client:acme", "+4930231250123", "api local", None),
        ("stop", "global", "+4930231250123", "api local", 9.0)]
    assert (await api.post("/v1/do-not-call", json={**body, "scope": "client:nobody"})).status == 404
    for wrong in ({"scope": "acme"}, {"scope": "client:"}, {"number": "030 23125"}):
        assert (await api.post("/v1/do-not-call", json={**body, **wrong})).status == 400


async def test_hanging_up_a_call(api: aiohttp.ClientSession, plant: Plant) -> None:
    assert (await api.delete("/v1/calls/node1-abc-1")).status == 204
    assert plant.orders == [("hang_up", "node1-abc-1")]
    assert (await api.delete("/v1/calls/1763760000.12")).status == 404


async def test_queues_and_totals(api: aiohttp.ClientSession) -> None:
    assert await (await api.get("/v1/queues")).json() == [{"id": "support", "waiting": 2, "longest_wait_s": 12.5}]
    assert (await (await api.get("/v1/totals")).json())["by_outcome"] == {"answered": 4, "busy": 2}


async def test_a_reload_is_taken_or_refused_with_its_faults(api: aiohttp.ClientSession, plant: Plant) -> None:
    assert await (await api.post("/v1/reload")).json() == {"reloaded": True}
    plant.faults = ["configs/agents.yaml:3:5: unknown key `nam`; did you mean `name`?"]
    refused = await api.post("/v1/reload")
    assert refused.status == 409
    assert (await refused.json())["faults"] == plant.faults


async def test_an_import_gives_its_counts(api: aiohttp.ClientSession, plant: Plant) -> None:
    answer = await api.post("/v1/campaigns/winback/import", json={"path": "lists/a.csv"})
    assert await answer.json() == plant.counts
    assert plant.orders == [("import", "winback", "lists/a.csv", None), ("imported", "winback")]


async def test_an_import_may_name_its_list_and_a_contact_its_place(api: aiohttp.ClientSession, plant: Plant) -> None:
    await api.post("/v1/campaigns/winback/import", json={"path": "a.xlsx", "list": "spring"})
    assert plant.orders[0] == ("import", "winback", "a.xlsx", "spring")
    body = {"number": "+4930231250123", "others": ["+4930231250124", "+4930231250123"], "list": "spring", "first": True}
    await api.post("/v1/campaigns/winback/contacts", json=body)
    contact = NewContact("+4930231250123", {}, 0.0, ("+4930231250124",), "spring", FIRST)
    assert plant.orders[-1] == ("contact", "winback", contact)


async def test_unknown_names_are_404_and_said_in_words(api: aiohttp.ClientSession) -> None:
    for method, path in (
        ("POST", "/v1/agents/bert/ready"),
        ("POST", "/v1/campaigns/none/start"),
        ("DELETE", "/v1/calls/nope"),
    ):
        answer = await api.request(method, path)
        assert answer.status == 404
        told = await answer.json()
        assert told["error"] == "unknown"
        assert told["message"].startswith("there is no ")


async def test_a_refusal_is_409_with_its_reason(api: aiohttp.ClientSession, plant: Plant) -> None:
    plant.fault = RefusedError("anna is talking: hang up first")
    answer = await api.post("/v1/agents/anna/ready")
    assert (answer.status, (await answer.json())["message"]) == (409, "anna is talking: hang up first")
