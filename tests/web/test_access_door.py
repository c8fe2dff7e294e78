"""Who is at the door: tokens that come and go, desks, what is kept of who did it, and those who guess."""

import asyncio
import logging
from dataclasses import replace

import aiohttp
import pytest
from keyed import Keyed, bearing, held
from port_double import Plant, anna
from recording_double import ID

from dialer.config.access import Holder
from dialer.store.records import CampaignTotals
from dialer.web.desk_port import PacingView
from dialer.web.door import FIRST_S, FORGOTTEN_S, FREE, LONGEST_S, MOST_ADDRESSES, MOST_WAITING, Door, Refusals
from dialer.web.port import BudgetView, CampaignView

ACME, GLOBEX = frozenset({"acme"}), frozenset({"globex"})


# -- tokens come and go -----------------------------------------------------------------------------------------------


async def test_a_token_added_or_revoked_counts_at_once(keyed: Keyed) -> None:
    assert (await keyed.ask("maria", "GET /v1/campaigns"))[0] == 401
    keyed.holders = (held("maria", "supervisor"),)
    assert (await keyed.ask("maria", "GET /v1/campaigns"))[0] == 200
    assert (await keyed.ask("operator", "POST /v1/reload"))[0] == 200
    keyed.holders = (replace(held("maria", "supervisor"), digest=b"another"),)
    assert (await keyed.ask("maria", "GET /v1/campaigns"))[0] == 401


async def test_a_stream_ends_with_its_token(keyed: Keyed, plant: Plant) -> None:
    keyed.holders = (held("acme_portal", "client", ACME),)
    async with keyed.session.get("/v1/stream", headers=bearing("acme_portal")) as answer:
        begun = await answer.content.readany()
        assert b"event: campaigns" in begun and b"event: agents" not in begun and b"event: totals" not in begun
        keyed.holders = ()
        async with asyncio.timeout(20):
            await answer.content.read()


async def test_the_streams_of_two_clients_are_two(keyed: Keyed, plant: Plant) -> None:
    keyed.holders = (held("acme_portal", "client", ACME), held("globex_portal", "client", GLOBEX))
    for name, there in (("acme_portal", True), ("globex_portal", False)):
        async with keyed.session.get("/v1/stream", headers=bearing(name)) as answer:
            text = b""
            while b"event: fees" not in text:
                text += await answer.content.readany()
        assert (b"winback" in text) is (b"acme" in text) is there


def test_without_any_token_there_is_no_door() -> None:
    assert not Door().closed and not Door("").closed
    assert Door("x").closed and Door(None, lambda: [held("maria", "supervisor")]).closed
    assert Door(None, list).closed


def test_a_door_that_was_closed_stays_closed() -> None:
    others = [held("maria", "supervisor")]
    found: list[list[Holder] | None] = [others]
    door = Door(None, lambda: found[0])
    assert door.closed and door.stands(others[0])
    found[0] = None
    assert door.closed and door.named and not door.stands(others[0])


# -- desks ------------------------------------------------------------------------------------------------------------


async def test_an_agent_has_its_own_desk_alone(keyed: Keyed, plant: Plant) -> None:
    plant.agents_by_id["ben"] = anna(id="ben")
    keyed.holders = (held("desk1", "agent", agent="anna"),)
    for path, status in (("anna", 200), ("ben", 404), ("nobody", 404)):
        answer = await keyed.session.get(f"/v1/agents/{path}", headers=bearing("desk1"))
        assert answer.status == status
        if status == 404:  # one that there is cannot be told from one that there is not
            assert (await answer.json())["message"] == "there is none of that name"
        assert (await keyed.session.post(f"/v1/agents/{path}/pause", headers=bearing("desk1"))).status == status
    assert plant.orders == [("anna", "pause", "")]


async def test_of_an_agent_at_others_work_nothing_is_told(keyed: Keyed, plant: Plant) -> None:
    keyed.holders = (held("globex_lead", "supervisor", GLOBEX),)
    [agent] = await (await keyed.session.get("/v1/agents", headers=bearing("globex_lead"))).json()
    assert (agent["id"], agent["state"], agent["skills"]) == ("anna", "talking", ["de"])
    assert not any(agent[name] for name in ("client", "campaign", "number", "fields", "call_id"))
    answer = await keyed.session.post("/v1/agents/anna/hangup", headers=bearing("globex_lead"))
    assert (answer.status, (await answer.json())["message"]) == (409, "the agent is at other work")
    assert plant.orders == []


async def test_what_came_of_anothers_call_is_not_told_either(keyed: Keyed, plant: Plant) -> None:
    plant.agents_by_id["anna"] = anna(client=None, state="idle")
    keyed.holders = (held("acme_desk", "agent", ACME), held("globex_desk", "agent", GLOBEX))
    for who, status in (("globex_desk", 409), ("acme_desk", 204)):
        answer = await keyed.session.post(
            "/v1/agents/anna/disposition", json={"disposition": "sale"}, headers=bearing(who))  # fmt: skip
        assert answer.status == status
    assert len(plant.orders) == 1


async def test_a_desk_of_some_clients_dials_for_these_alone(keyed: Keyed, plant: Plant) -> None:
    keyed.holders = (held("desk1", "agent", ACME),)
    for campaign, status in (("winback", 200), ("globex_renewal", 404), ("nothing", 404)):
        body = {"campaign": campaign, "number": "+4930231250123"}
        answer = await keyed.session.post("/v1/agents/anna/dial", json=body, headers=bearing("desk1"))
        assert answer.status == status
    assert [order[0] for order in plant.orders] == ["dial"]


# -- what clients see -------------------------------------------------------------------------------------------------


async def test_a_client_is_not_told_what_it_shares(
    keyed: Keyed, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    budgets = [BudgetView(rule, "30d", 9.0, 1.0, 0.03, 4.0, True) for rule in ("own", "group:all_of_us")]
    view = CampaignView("winback", "acme", "running", "share", 1, 1, CampaignTotals("winback", {}, {}, None),
                        budgets=budgets, pacing=PacingView(0.2, 60.0, 10.0, 0.1, 3))  # fmt: skip
    monkeypatch.setattr(plant, "campaigns", lambda: [view])
    keyed.holders = (held("portal", "client", ACME), held("lead", "supervisor", ACME))
    [shown] = await (await keyed.session.get("/v1/campaigns", headers=bearing("portal"))).json()
    assert (shown["reason"], shown["pacing"], [one["rule"] for one in shown["budgets"]]) == ("", None, ["own"])
    [shown] = await (await keyed.session.get("/v1/campaigns", headers=bearing("lead"))).json()
    assert (shown["reason"], len(shown["budgets"])) == ("share", 2)


async def test_recordings_are_asked_for_by_the_only_client(keyed: Keyed, plant: Plant) -> None:
    keyed.holders = (held("portal", "client", ACME, recordings=True), held("two", "supervisor", ACME | GLOBEX))
    assert (await keyed.session.get("/v1/recordings", headers=bearing("portal"))).status == 200
    assert plant.recordings.asked[-1].client == "acme"  # type: ignore[attr-defined]
    assert (await keyed.session.get("/v1/recordings?client=globex", headers=bearing("portal"))).status == 404
    assert (await keyed.session.get("/v1/recordings", headers=bearing("two"))).status == 403  # which of the two?
    assert (await keyed.session.get("/v1/recordings?client=globex", headers=bearing("two"))).status == 200


async def test_everybody_is_not_a_scoped_holders_to_erase(keyed: Keyed, plant: Plant) -> None:
    keyed.holders = (held("acme_admin", "operator", ACME),)
    body = {"number": "+4930231250123", "reason": "letter"}
    for client, status in ((None, 403), ("globex", 404), ("acme", 201)):
        answer = await keyed.session.post(
            "/v1/erasures", json={**body, "client": client}, headers=bearing("acme_admin"))  # fmt: skip
        assert answer.status == status
    for scope, status in (("global", 403), ("client:globex", 404), ("campaign:globex_renewal", 404),
                          ("campaign:winback", 204)):  # fmt: skip
        stop = {"number": "+4930231250123", "scope": scope}
        answer = await keyed.session.post("/v1/do-not-call", json=stop, headers=bearing("acme_admin"))
        assert answer.status == status
    assert [order[:3:2] for order in plant.orders] == [("erase", "acme"), ("stop", "+4930231250123")]


async def test_a_holder_of_some_clients_imports_the_lists_that_are_theirs(keyed: Keyed, plant: Plant) -> None:
    keyed.holders = (held("lead", "supervisor", ACME), held("all", "supervisor"))
    told = [
        (who, campaign, file, (await keyed.session.post(f"/v1/campaigns/{campaign}/import", json={"path": file},
                                                        headers=bearing(who) | accept)).status)
        for who, campaign, file, accept in (
            ("lead", "winback", "a.csv", {}), ("lead", "winback", "/etc/passwd", {}),
            ("lead", "winback", "/etc/passwd", {"Accept": "application/x-ndjson"}),
            ("lead", "globex_renewal", "a.csv", {}), ("all", "winback", "b.csv", {}))
    ]  # fmt: skip
    assert [one[-1] for one in told] == [200, 403, 403, 404, 200]
    assert [order[2] for order in plant.orders if order[0] == "import"] == ["a.csv", "b.csv"]


# -- metrics ----------------------------------------------------------------------------------------------------------


async def test_the_page_of_a_holder_of_some_clients_has_their_series_alone(
    keyed: Keyed, plant: Plant
) -> None:
    keyed.metrics.call_started("outbound", "acme", "winback")
    keyed.metrics.call_started("outbound", "globex", "renewal")
    keyed.holders = (held("all", "metrics"), held("mine", "metrics", GLOBEX), held("portal", "client", ACME))
    for accept in ("text/plain", "application/openmetrics-text"):
        headers = {"Accept": accept}
        page = await (await keyed.session.get("/metrics", headers=bearing("all") | headers)).text()
        assert 'client="acme"' in page and "dialer_agents{" in page
        page = await (await keyed.session.get("/metrics", headers=bearing("mine") | headers)).text()
        series = [line for line in page.splitlines() if not line.startswith("#")]
        assert len(series) == 1 and series[0].startswith("dialer_calls_started_total{") and "globex" in series[0]
    assert (await keyed.session.get("/metrics", headers=bearing("portal"))).status == 403
    assert (await keyed.session.get("/metrics")).status == 401  # from this host, too, once others have tokens


# -- what is kept -----------------------------------------------------------------------------------------------------


async def test_who_did_it_is_the_holder(
    keyed: Keyed, plant: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    keyed.holders = (held("maria", "supervisor"), held("crm", "operator"))
    ask, behalf = keyed.session, {"On-Behalf-Of": "paul"}
    await ask.get(f"/v1/recordings/{ID}/audio", headers=bearing("maria"))
    await ask.get(f"/v1/recordings/{ID}/audio?by=anna", headers=bearing("crm"))
    await ask.get(f"/v1/recordings/{ID}/audio", headers=bearing("crm") | behalf)
    heard = [(one.by, one.on_behalf_of) for one in plant.recordings.listened]
    assert heard == [("maria", None), ("crm", "anna"), ("crm", "paul")]
    card = {"points": {"greeting": 5}}
    told = await ask.post(f"/v1/recordings/{ID}/card", json=card | {"by": "anna"}, headers=bearing("maria"))
    assert [(await told.json())[name] for name in ("by", "on_behalf_of")] == ["maria", "anna"]
    erased = await ask.post("/v1/erasures", json={"number": "+4930231250123", "reason": "letter"},
                            headers=bearing("crm") | behalf)  # fmt: skip
    assert (await erased.json())["by"] == "crm/paul"
    stop = {"scope": "global", "number": "+4930231250123"}
    assert (await ask.post("/v1/do-not-call", json=stop, headers=bearing("maria"))).status == 204
    assert ("stop", "global", "+4930231250123", "api maria", None) in plant.orders
    assert (await ask.post("/v1/campaigns/winback/pause", headers=bearing("maria") | behalf)).status == 200
    assert [one.who for one in caplog.records if one.getMessage().endswith("/pause")] == ["maria/paul"]
    wrong = await ask.post("/v1/campaigns/winback/start", headers=bearing("maria") | {"On-Behalf-Of": "Paul\u00fc"})
    assert wrong.status == 400
    assert "token-of" not in caplog.text


# -- those who guess --------------------------------------------------------------------------------------------------


async def test_refusals_are_counted_by_their_reason(
    keyed: Keyed, caplog: pytest.LogCaptureFixture
) -> None:
    keyed.holders = (held("portal", "client", ACME),)
    ask = keyed.session
    await ask.get("/v1/calls")
    await ask.get("/v1/calls", headers={"Authorization": "Bearer guess-me-not"})
    await ask.get("/v1/calls", headers={"Authorization": "Bearer guess-me-not"})
    await ask.get("/v1/agents", headers=bearing("portal"))
    await ask.get("/v1/clients/globex/caller-ids", headers=bearing("portal"))
    page = await (await ask.get("/metrics", headers=bearing("operator"))).text()
    counts = {line.split('"')[1]: float(line.split()[-1]) for line in page.splitlines()
              if line.startswith("dialer_api_denials_total")}  # fmt: skip
    assert counts == {"no_token": 1, "wrong_token": 2, "no_right": 1, "not_theirs": 1}
    assert "guess-me-not" not in caplog.text
    assert caplog.text.count("without a valid token") == 1


def test_whoever_guesses_waits_longer_and_longer_and_others_do_not() -> None:
    refusals = Refusals()
    waits = [refusals.wait_s("10.0.0.1", float(at)) for at in range(FREE + 8)]
    assert waits[:FREE] == [0.0] * FREE
    assert waits[FREE:] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S, 8 * FIRST_S, *[LONGEST_S] * 4]
    assert refusals.wait_s("10.0.0.2", 20.0) == 0.0
    assert refusals.wait_s("10.0.0.1", FREE + 7 + FORGOTTEN_S + 1) == 0.0
    refusals.waiting = MOST_WAITING
    assert [refusals.wait_s("10.0.0.3", 0.0) for _ in range(FREE + 2)] == [0.0] * (FREE + 2)
    for one in range(MOST_ADDRESSES + 10):
        refusals.wait_s(f"10.1.{one}", 0.0)
    assert len(refusals._counts) == MOST_ADDRESSES


async def test_a_refusal_is_held_back(
    keyed: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(Refusals, "wait_s", lambda self, address, now: waited.append(now) or 0.01)
    assert (await keyed.session.get("/v1/calls")).status == 401
    assert (await keyed.ask("operator", "GET /v1/calls"))[0] == 200
    assert len(waited) == 1


@pytest.mark.parametrize("path", ["/v1/agents/ben", "/v1/calls/node1-abc-9", "/v1/recordings/main-9"])
async def test_nobodys_and_anothers_read_the_same(
    keyed: Keyed, path: str
) -> None:
    keyed.holders = (held("lead", "operator", GLOBEX),)
    ask: aiohttp.ClientSession = keyed.session
    theirs = {"/v1/agents/ben": "/v1/agents/clara", "/v1/calls/node1-abc-9": "/v1/calls/node1-abc-1",
              "/v1/recordings/main-9": f"/v1/recordings/{ID}"}[path]  # fmt: skip
    method = "DELETE" if "calls" in path else "GET"
    told = [await ask.request(method, one, headers=bearing("lead")) for one in (path, theirs)]
    assert [one.status for one in told] == [404, 404]
    assert await told[0].read() == await told[1].read()
