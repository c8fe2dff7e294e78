"""A test call goes out over the trunk, comes back as a call like any other, and is scored.

The trunk of this Asterisk leads to itself: the carrier that brings the call back.
"""

import json
from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest_asyncio

from demo.plant import Asterisk
from dialer.billing.months import month_at
from dialer.bookkeeping import agreement_of, book
from dialer.config.loader import load
from dialer.invoice_files import draw
from dialer.store.store import Store
from tests.e2e.eventually import eventually
from tests.e2e.files import flow
from tests.e2e.lab import Lab

NUMBER, SHOWN = "+493023125070", "+4915112300042"
TEST = {
    "test": "hotline", "client": "acme", "number": NUMBER, "caller_ids": [SHOWN],
    "script": [{"wait": "2500ms"}, {"press": "2"}, {"say": {"de": "Guten Tag."}}, {"wait": "500ms"}], "stays": "1s",
    "expect": {"queue": "mystery_line", "answered_within": "15s", "agent_skill": "sales", "language": "de",
               "hears": [{"prompt": "menu", "language": "en", "to": "6s"}, {"prompt": "bye", "language": "en"},
                         {"speech": "1s", "from": "20s", "never": True}]},
    "weights": {"queue": 2, "language": 1},
    "card": {"weight": "50%", "items": {"greeting": {"text": "Said the company's name", "points": 10}}},
}  # fmt: skip
BILLED = {
    "client": "acme", "name": "Acme", "caller_id": "+493023125001", "languages": ["en", "de"],
    "contract": [{
        "from": "2026-01-01", "handled_call": {"price": 10}, "taxes": [{"tax": "VAT", "rate": "10%"}],
        "test_calls": {"bands": {"0": 0.5, "60": 0.8, "70": 1.1}, "of": ["handled_call"], "billed": True},
    }],
}  # fmt: skip
FILES = {
    "configs/clients/acme.yaml": BILLED,
    **flow("mystery", {
        "menu": {"menu": {"en": "Press one or two.", "de": "Eins oder zwei?"}, "choices": {"1": "bye", "2": "line"},
                 "otherwise": "bye", "timeout": "5s"},
        "bye": {"say": {"en": "Thank you and good bye.", "de": "Auf Wiederhören."}},
        "line": {"queue": {"skills": ["sales"], "max_wait": "30s", "wrap_up": "0s"}, "next": "bye"},
    }, number=NUMBER, languages=["en", "de"]),
    "configs/test_calls/hotline.yaml": TEST,
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lab_of_module(tmp_path_factory: Any) -> AsyncIterator[Lab]:
    plant = Asterisk("loop")
    plant.trunk = f"{plant.host}:{plant.sip_port}"
    place = {"read": str(plant.directory / "spool" / "talks"), "seen_as": f"{plant.seen_as}/spool/talks"}
    async with plant, Lab(plant, tmp_path_factory.mktemp("mystery"), FILES, switch={"recordings": place}) as lab:
        yield lab


async def _invoiced(lab: Lab, at: float) -> tuple[str, str]:
    """Of the month's invoice, as it is written: what its term of test calls comes to, and the whole."""
    configuration = load(lab.root, {"DIALER_AMI_SECRET": "", "DIALER_API_TOKEN": "set"})
    client, month = configuration.clients["acme"], month_at(at, ZoneInfo("UTC"))
    store = Store.open(lab.engine.store)
    try:
        await book(store, agreement_of(client), month)
        await draw(store, configuration, client, month, lab.root / "invoice")
    finally:
        await store.close()
    written = json.loads((lab.root / "invoice.json").read_text())
    [line] = [line for line in written["lines"] if line["term"] == "test_calls"]
    return line["amount"], written["gross"]


def _listened(row: Any) -> bool:
    return all(rule["met"] is not None for rule in row["rules"] if rule["rule"] == "hears")


async def test_it_comes_back_as_any_other_call_and_is_scored(lab: Lab) -> None:
    lab.strangers = 1  # its own side is in Asterisk's records, and no call of the engine's
    await lab.log_in("agent01")
    placed = await lab.post("test-calls/hotline/place")
    seen = await lab.until_agent("agent01", "talking")
    assert (seen["client"], seen["campaign"], seen["reason"]) == ("acme", None, None)
    assert "test" not in str({**seen, "id": ""}) and "hotline" not in str(seen)
    call = await lab.one()
    assert (call.direction, call.number, call.our_number, call.queue) == ("inbound", SHOWN, NUMBER, "mystery_line")
    assert (call.outcome, call.agent) == ("answered", "agent01") and call.talk_s > 0

    async def over() -> Any:
        found = [row for row in await lab.get("test-calls?test=hotline") if row["rules"] and _listened(row)]
        return found[0] if found else None

    row = await eventually(over)
    assert (row["id"], row["call_id"], row["fault"]) == (placed["id"], call.id, None)
    assert {rule["wanted"]: rule["met"] for rule in row["rules"]} == {
        "mystery_line": True, "15.0": True, "sales": True, "de": False, "prompt menu (en) to 6 s": True,
        "prompt bye (en)": False, "never speech 1 from 20 s": True}, row["rules"]  # fmt: skip
    assert row["by_rules"] == row["score"] == 75  # of 8 in weight two are missed
    assert not list((lab.plant.directory / "spool" / "talks" / "tests").iterdir())  # it was listened to, and is gone

    assert (row["cause"], row["placed_at"] <= row["answered_at"] <= row["ended_at"]) == (16, True)
    assert row["mos"] > 3.6  # of its own side, on a line without loss: a report every 2 s
    assert await _invoiced(lab, call.created_at) == ("1.00", "12.10")  # 75 points: a tenth more

    carded = await lab.post(f"test-calls/{placed['id']}/card", {"by": "maria", "points": {"greeting": 5}})
    assert carded["score"] == 62.5
    assert await _invoiced(lab, call.created_at) == ("-2.00", "8.80")  # 62.5 points: a fifth less
    assert "no points for greeting" in await lab.refused(f"test-calls/{placed['id']}/card", {"by": "m", "points": {}})
    async with lab.request("GET", "/metrics") as answer:
        told = (await answer.text()).splitlines()
    assert 'dialer_test_call_score_count{client="acme",test="hotline"} 1.0' in told
    assert not any(line.startswith("dialer_service_calls_total{") for line in told)  # it is no part of the service
    report = await lab.get("quality/service?client=acme")
    assert (report["calls"], report["test_calls"]) == (0, 1)
