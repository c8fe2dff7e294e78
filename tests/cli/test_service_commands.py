"""`dialer quality service`, and the contract that goes by the same figure."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dialer.billing.months import parse_month
from dialer.bookkeeping import agreement_of, rated
from dialer.calls.outcome import Outcome
from dialer.config.loader import load
from dialer.quality.level import FORMULAS
from dialer.service import store_url
from dialer.store.records import CallRecord, Talk
from dialer.store.store import Store
from dialer.store.test_calls import TestCallRow

Run = Callable[..., Any]
WAITS = [(5, True), (12, True), (30, True), (60, True), (3, False), (50, False), (50, False)]


def store_of(root: Path) -> Store:
    return Store.open(store_url(load(root, {}).plant.store.url, root))


@pytest.fixture
def site(root: Path) -> Path:
    """Seven callers of acme in October; the first at the month's first second in the client's zone."""

    async def fill() -> None:
        store = store_of(root)
        zone = agreement_of(load(root, {}).clients["acme"]).zone
        first = datetime(2026, 10, 1, tzinfo=zone).timestamp()
        for index, (wait_s, joined) in enumerate(WAITS):
            at = first + 400_000 * index
            call = CallRecord(f"c{index}", "inbound", "node1", "main", "acme", f"+493011{index}", "+4930222", at,
                              answered_at=at, queued_at=at, ended_at=at + wait_s, outcome=Outcome.ABANDONED,
                              queue="sales")  # fmt: skip
            if joined:
                ended = at + wait_s + 60
                call = replace(call, joined_at=at + wait_s, ended_at=ended, talk_s=60.0, outcome=Outcome.ANSWERED)
            await store.settle(call, None, [Talk(call.id, "anna", at + wait_s, at + wait_s + 60)] if joined else [])
        await store.close()

    asyncio.run(fill())
    return root


OCTOBER = ("--from", "2026-10-01", "--to", "2026-10-31")


def test_the_contracts_service_level_is_that_of_the_report(dialer: Run, site: Path) -> None:
    path = site / "configs" / "clients" / "acme.yaml"
    text = path.read_text(encoding="utf-8")
    found = set()
    for formula in FORMULAS:
        path.write_text(text.replace("service_level: {within: 20s, bands: {90: 1.03, 80: 1, 0: 0.95}",
                                     f"service_level: {{within: 20s, formula: {formula}, bands: {{0: 0.9}}"))

        async def reason() -> str:
            store = store_of(site)
            entries = await rated(store, agreement_of(load(site, {}).clients["acme"]), parse_month("2026-10"))
            await store.close()
            return next(entry.reason for entry in entries if entry.term == "service_level")

        report = json.loads(dialer(site, "quality", "service", "--client", "acme", *OCTOBER, "--json").output)
        [figure] = [it for it in report["figures"] if it["definition"].endswith("this client's")]
        assert figure["name"] == f"service_level_{formula}"
        assert float(asyncio.run(reason()).partition(" ")[0]) == pytest.approx(figure["value"] * 100, abs=0.0001)
        found.add(figure["value"])
    assert len(found) == len(FORMULAS)


def test_a_client_may_count_its_own_way_but_for_what_its_contract_says(dialer: Run, site: Path) -> None:
    path = site / "configs" / "clients" / "acme.yaml"
    text = path.read_text(encoding="utf-8")
    term = next(line for line in text.splitlines(keepends=True) if line.lstrip().startswith("service_level:"))
    own = "service: {within: 55s, formula: patient, short: 51s, again: 3d}\n"

    def told() -> dict[str, Any]:
        report = json.loads(dialer(site, "quality", "service", "--client", "acme", *OCTOBER, "--json").output)
        return {figure["name"]: figure for figure in report["figures"]}

    path.write_text(text + own)
    figures = told()
    assert figures["service_level_offered"]["definition"].endswith("within 20 s / queued; this client's")
    assert figures["short_calls"]["numerator"] == 3  # the two of 50 s and the one of 3 s
    assert "within 3 days" in figures["first_call_resolution"]["definition"]
    path.write_text(text.replace(term, "") + own)
    chosen = [figure for figure in told().values() if figure["definition"].endswith("this client's")]
    [(name, within)] = [(figure["name"], "within 55 s" in figure["definition"]) for figure in chosen]
    assert (name, within) == ("service_level_patient", True)
    path.write_text(text + own.replace("3d", "32d"))
    assert "out of range" in dialer(site, "quality", "service", "--client", "acme", *OCTOBER).stderr


def test_a_table_with_definitions(dialer: Run, site: Path) -> None:
    done = dialer(site, "quality", "service", "--queue", "sales", *OCTOBER, "--within", "40", "--zone", "UTC")
    assert done.exit_code == 0
    assert "queue sales, 2026-10-01 to 2026-10-31 (UTC): 6 calls" in done.output  # the first is September's in UTC
    [line] = [line for line in done.output.splitlines() if line.startswith("service_level_offered")]
    assert "33.33%" in line and "within 40 s / queued" in line
    [line] = [line for line in done.output.splitlines() if line.startswith("answer_seizure_ratio")]
    assert "–" in line


@pytest.mark.parametrize(("options", "code", "said"), [
    ((), 2, "name one of"),
    (("--client", "acme", "--agent", "anna"), 2, "name one of"),
    (("--client", "nobody"), 1, "there is no client `nobody`"),
    (("--client", "acme", "--from", "2026-10-02", "--to", "2026-10-01"), 2, "is before"),
    (("--client", "acme", "--from", "1.10.2026"), 2, "write year-month-day"),
    (("--client", "acme", "--zone", "Berlin"), 2, "IANA name"),
])  # fmt: skip
def test_what_cannot_be_asked(dialer: Run, root: Path, options: tuple[str, ...], code: int, said: str) -> None:
    done = dialer(root, "quality", "service", *options)
    assert (done.exit_code, said in done.stderr) == (code, True), done.stderr


def test_test_calls_of_a_day(dialer: Run, root: Path) -> None:
    async def fill() -> None:
        store = store_of(root)
        row = TestCallRow("t1", "hotline", "acme", "node1", "main", "+4930222", "+4915111", 86_400.0 * 20_000, "c1",
                          rules=[{"rule": "queue", "met": False}, {"rule": "language", "met": True}], by_rules=50.0)
        await store.test_calls.save(row)
        await store.close()

    asyncio.run(fill())
    told = dialer(root, "quality", "test-calls", "--day", "2024-10-04")
    assert all(word in told.output for word in ("hotline", "00:00:00 UTC", "c1", "queue", "50"))
    assert "language" not in told.output
    [row] = json.loads(dialer(root, "quality", "test-calls", "--day", "2024-10-04", "--json").output)
    assert row["by_rules"] == 50.0
    assert "no test calls" in dialer(root, "quality", "test-calls", "--test", "other", "--day", "2024-10-04").output
