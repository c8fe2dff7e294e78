"""`dialer quality voice` on a store with some legs."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from quality_double import HEARD

from dialer.calls.outcome import Outcome
from dialer.config.loader import load
from dialer.service import store_url
from dialer.store.records import CallRecord
from dialer.store.store import Store

Run = Callable[..., Any]
NIGHT = datetime(2026, 11, 22, 0, 30, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
"""Of the 22nd in Berlin, of the 21st in UTC."""


@pytest.fixture
def site(root: Path) -> Path:
    async def fill() -> None:
        store = Store.open(store_url(load(root, {}).plant.store.url, root))
        call = CallRecord(HEARD.call_id, "inbound", "node1", "main", "acme", "+4930111", "+4930222", NIGHT - 60,
                          ended_at=NIGHT, outcome=Outcome.ANSWERED)  # fmt: skip
        await store.settle(call, None)
        leg = replace(HEARD, started_at=NIGHT - 60, ended_at=NIGHT)
        await store.voice.save([leg, replace(leg, direction="out"), replace(leg, leg="agent", agent="anna")])
        await store.close()

    asyncio.run(fill())
    return root


@pytest.mark.parametrize(("by", "names"), [
    ("client", [("acme", "agent", "in"), ("acme", "customer", "in"), ("acme", "customer", "out")]),
    ("trunk", [("main/trunk", "customer", "in"), ("main/trunk", "customer", "out")]),
    ("agent", [("anna", "agent", "in")]),
])  # fmt: skip
def test_a_days_legs(dialer: Run, site: Path, by: str, names: list[tuple[str, str, str]]) -> None:
    done = dialer(site, "quality", "voice", "--by", by, "--day", "2026-11-21", "--json")
    assert done.exit_code == 0
    told = json.loads(done.output)
    assert [(row["name"], row["leg"], row["direction"]) for row in told] == names
    assert {row["r"] for row in told} == {80.0} and told[0]["round_trip_s"] is None


def test_a_day_is_that_of_the_zone(dialer: Run, site: Path) -> None:
    def legs(*options: str) -> int:
        return len(json.loads(dialer(site, "quality", "voice", "--json", *options).output))

    assert legs("--day", "2026-11-22") == 0
    assert legs("--day", "2026-11-22", "--zone", "Europe/Berlin") == 3
    assert legs("--day", "2026-11-21", "--zone", "Europe/Berlin") == 0


def test_on_a_narrow_terminal_nothing_is_cut_off(dialer: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = dialer(site, "quality", "voice", "--by", "trunk", "--day", "2026-11-21").output
    assert "main/trunk" in said and "…" not in said


def test_for_people_it_is_a_table(dialer: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    done = dialer(site, "quality", "voice", "--by", "trunk", "--day", "2026-11-21")
    assert "main/trunk" in done.output and "10.00%" in done.output and "80.0" in done.output
    empty = dialer(site, "quality", "voice", "--by", "agent", "--day", "2020-01-01")
    assert (empty.exit_code, empty.output.strip()) == (0, "no voice by agent")


@pytest.mark.parametrize(("options", "said"), [
    (("--day", "22.11.2026"), "write year-month-day"),
    (("--zone", "Berlin"), "IANA name"),
    (("--zone", "../../etc/passwd"), "IANA name"),
])  # fmt: skip
def test_what_is_no_day(dialer: Run, site: Path, options: tuple[str, ...], said: str) -> None:
    done = dialer(site, "quality", "voice", *options)
    assert done.exit_code == 2 and said in done.stderr
