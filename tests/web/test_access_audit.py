"""`/v1/audit`: who gave which order, and nothing of persons."""

from keyed import Keyed, bearing, held
from port_double import Plant

NUMBER = "+4930231250123"


async def test_orders_that_were_carried_out(keyed: Keyed, plant: Plant) -> None:
    keyed.holders = (held("maria", "supervisor"), held("desk", "agent"))
    ask, behalf = keyed.session, {"On-Behalf-Of": "paul"}
    await ask.patch("/v1/campaigns/winback", json={"mode": "power", "ratio": 1.5}, headers=bearing("maria") | behalf)
    await ask.post("/v1/campaigns/winback/pause", headers=bearing("maria"))
    await ask.post("/v1/campaigns/nothing/pause", headers=bearing("maria"))
    await ask.post("/v1/reload", headers=bearing("maria"))
    await ask.post("/v1/agents/anna/pause", headers=bearing("desk"))
    await ask.get("/v1/calls", headers=bearing("maria"))
    body = {"number": NUMBER, "client": "acme", "reason": "letter of a person"}
    await ask.post("/v1/erasures", json=body, headers=bearing("operator"))
    contact = {"number": NUMBER, "others": [NUMBER[:-1] + "9"], "fields": {"name": "M\u00fcller"}}
    await ask.post("/v1/campaigns/winback/contacts", json=contact, headers=bearing("maria"))
    async with ask.post("/v1/campaigns/winback/import", json={"path": "a.csv"},
                        headers=bearing("maria") | {"Accept": "application/x-ndjson"}) as answer:  # fmt: skip
        await answer.read()
    told = await (await ask.get("/v1/audit", headers=bearing("operator"))).json()
    assert [(one["by"], one["on_behalf_of"], one["operation"], one["named"], one["told"]) for one in told] == [
        ("maria", "paul", "PATCH /v1/campaigns/{campaign}", {"campaign": "winback"}, {"mode": "power", "ratio": 1.5}),
        ("maria", None, "POST /v1/campaigns/{campaign}/{verb}", {"campaign": "winback", "verb": "pause"}, {}),
        ("operator", None, "POST /v1/erasures", {}, {"client": "acme"}),
        ("maria", None, "POST /v1/campaigns/{campaign}/contacts", {"campaign": "winback"}, {}),
        ("maria", None, "POST /v1/campaigns/{campaign}/import", {"campaign": "winback"}, {"path": "a.csv"}),
    ]
    text = await (await ask.get("/v1/audit", headers=bearing("operator"))).text()
    assert NUMBER not in text and "letter" not in text and "127.0.0.1" in text
    assert len(await (await ask.get("/v1/audit?by=paul", headers=bearing("operator"))).json()) == 1
