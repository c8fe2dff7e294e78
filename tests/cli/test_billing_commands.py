"""`dialer rate`, `dialer invoice`, `dialer sale`, `dialer score` on a store with a month's calls."""

import asyncio
import csv
import json
import re
from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader

from dialer.billing.months import Month, bounds
from dialer.calls.outcome import Outcome
from dialer.config.loader import load
from dialer.service import store_url
from dialer.store.records import CallRecord
from dialer.store.store import Store

Run = Callable[..., Any]
SINCE, _ = bounds(Month(2026, 10), ZoneInfo("Europe/Berlin"))


def call(index: int) -> CallRecord:
    at = SINCE + 7200.0 * (index + 1)
    return CallRecord(
        id=f"c{index:02}", direction="inbound", node="node1", switch="a1", client="acme", number="+4930111",
        our_number="+4930222", created_at=at, state="over", answered_at=at, queued_at=at, joined_at=at + 5,
        ended_at=at + 4000, talk_s=3995.0, outcome=Outcome.ANSWERED)


async def store_of(root: Path) -> Store:
    return Store.open(store_url(load(root, {}).plant.store.url, root))


@pytest.fixture
def site(root: Path) -> Path:
    async def fill() -> None:
        store = await store_of(root)
        for index in range(30):
            await store.settle(call(index), None)
        await store.close()

    asyncio.run(fill())
    return root


async def ledger(root: Path, month: str) -> list[Any]:
    store = await store_of(root)
    entries = await store.books.page("acme", month)
    await store.close()
    return entries


def total(site: Path, month: str = "2026-10") -> Decimal:
    return sum((entry.amount for entry in asyncio.run(ledger(site, month))), Decimal(0))


class Cells(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells and data.strip():
            self.cells[-1] += data


def test_every_form_of_the_invoice_has_the_ledgers_total(site: Path, dialer: Run) -> None:
    assert dialer(site, "rate", "acme", "2026-10").exit_code == 0
    done = dialer(site, "invoice", "acme", "2026-10", "--out", "out")
    assert done.exit_code == 0, done.output
    wanted = total(site)
    assert wanted > 2000
    stem = site / "out" / "acme-2026-10"
    rows = list(csv.DictReader(stem.with_suffix(".csv").open()))
    assert sum(Decimal(row["amount"]) for row in rows) == wanted
    for row in rows:
        exact = Decimal(row["quantity"]) * Decimal(row["unit_price"]) / int(row["per"])
        assert abs(Decimal(row["amount"]) - exact) <= Decimal("0.005")
    assert {row["call_id"] for row in rows if row["term"] == "talk"} == {f"c{index:02}" for index in range(30)}
    found = json.loads(stem.with_suffix(".json").read_text())
    assert Decimal(found["gross"]) == wanted == sum(Decimal(line["amount"]) for line in found["lines"])
    assert found["draft"] is True
    page = stem.with_suffix(".html").read_text()
    assert Cells(page).cells[-1] == f"{wanted:.2f}"
    assert not re.search(r"https?:|<script|@import|url\(", page)
    assert f"{wanted:.2f} EUR, a draft" in done.output


def test_rating_again_and_closing(site: Path, dialer: Run) -> None:
    dialer(site, "rate", "acme", "2026-10")
    again = dialer(site, "rate", "acme", "2026-10", "--close")
    assert " 0 rows added" in again.output and "closed" in again.output
    assert "closed already" in dialer(site, "rate", "acme", "2026-10", "--close").output
    out = dialer(site, "invoice", "acme", "2026-10")
    assert "draft" not in out.output and "draft:" not in (site / "acme-2026-10.html").read_text()


def test_a_closed_month_has_a_number_an_e_invoice_and_a_pdf(site: Path, dialer: Run) -> None:
    assert "DRAFT" in drawn(site, dialer)
    assert "invoice 20" in dialer(site, "rate", "acme", "2026-10", "--close").output
    page = drawn(site, dialer)
    number = json.loads((site / "acme-2026-10.json").read_text())["number"]
    assert number.endswith("-00001") and f"Invoice {number}" in page and "DRAFT" not in page
    first = (site / "acme-2026-10.xml").read_bytes()
    assert f">{total(site):.2f}<".encode() in first and number.encode() in first
    assert PdfReader(site / "acme-2026-10.pdf").attachments["factur-x.xml"] == [first]
    # A later copy says the same, whatever has become of the parties since.
    client = site / "configs" / "clients" / "acme.yaml"
    client.write_text(client.read_text().replace("Lindenallee 3", "Elsewhere 9"))
    drawn(site, dialer)
    assert (site / "acme-2026-10.xml").read_bytes() == first


def drawn(site: Path, dialer: Run) -> str:
    dialer(site, "rate", "acme", "2026-10")
    done = dialer(site, "invoice", "acme", "2026-10")
    assert done.exit_code == 0, done.output
    return "".join(page.extract_text() for page in PdfReader(site / "acme-2026-10.pdf").pages)


def test_what_the_e_invoice_lacks_is_named_with_its_place(site: Path, dialer: Run) -> None:
    client, plant = site / "configs" / "clients" / "acme.yaml", site / "configs" / "plant.yaml"
    lines = client.read_text().splitlines(keepends=True)
    at = lines.index("buyer:\n")
    client.write_text("".join(lines[:at] + lines[at + 4:]))
    plant.write_text(plant.read_text().partition("\nseller:")[0])
    dialer(site, "rate", "acme", "2026-10")
    draft = dialer(site, "invoice", "acme", "2026-10")
    assert draft.exit_code == 0 and "key `buyer` is missing; add `buyer:" in draft.output
    dialer(site, "rate", "acme", "2026-10", "--close")
    done = dialer(site, "invoice", "acme", "2026-10")
    assert done.exit_code == 1 and "plant.yaml:4:1: key `seller` is missing" in done.output.replace("\n", "")
    assert {path.suffix for path in site.glob("acme-2026-10.*")} == {".json", ".csv", ".html"}


def test_what_is_not_rated_has_no_invoice(site: Path, dialer: Run) -> None:
    done = dialer(site, "invoice", "acme", "2026-10")
    assert done.exit_code == 1 and "dialer rate acme 2026-10" in done.output
    assert not (site / "acme-2026-10.csv").exists()


def test_a_month_that_is_not_over_is_only_shown(site: Path, dialer: Run) -> None:
    done = dialer(site, "rate", "acme", "2199-01")
    assert "Monthly fee" in done.output and "nothing is written" in done.output
    assert total(site, "2199-01") == 0
    assert dialer(site, "rate", "acme", "2199-01", "--close").exit_code == 1


def test_another_contract_on_the_same_calls(site: Path, dialer: Run) -> None:
    (site / "new.yaml").write_text("contract:\n  - {from: 2026-01-01, monthly: 1000, handled_call: {price: 40}}\n")
    done = dialer(site, "rate", "acme", "2026-10", "--contract", "new.yaml", "--json")
    seen = json.loads(done.output)
    assert seen["other"]["gross"] == "2200.00"
    shown = dialer(site, "rate", "acme", "2026-10", "--contract", "new.yaml").output
    difference = Decimal("2200.00") - Decimal(seen["contract"]["gross"])
    assert re.search(rf"Total .*2200\.00 +{difference}", shown)
    assert total(site) == 0


def test_a_faulty_contract_is_shown_with_its_place(site: Path, dialer: Run) -> None:
    (site / "new.yaml").write_text("contract:\n  - {from: 2026-01-01, monthly: dear}\n")
    done = dialer(site, "rate", "acme", "2026-10", "--contract", "new.yaml")
    assert done.exit_code == 2 and "new.yaml:2:33: `dear` is not an amount" in done.output


@pytest.mark.parametrize(("words", "code", "said"), [
    (("rate", "acne", "2026-10"), 1, "did you mean `acme`?"),
    (("rate", "acme", "2026-13"), 2, "is not a month"),
    (("sale", "record", "c01", "-3"), 2, "No such option"),
    (("sale", "record", "c01", "3,50"), 2, "is not an amount"),
    (("sale", "record", "c99", "3.50"), 1, "there is no call c99"),
    (("sale", "record", "c01", "3.50", "--id", "=1+1"), 2, "cannot be a sale's id"),
    (("sale", "cancel", "nothing"), 1, "there is no sale or call nothing"),
    (("score", "c01", "101"), 2, "is no score"),
])
def test_refusals(site: Path, dialer: Run, words: tuple[str, ...], code: int, said: str) -> None:
    done = dialer(site, *words)
    assert (done.exit_code, said in done.output) == (code, True), done.output


def test_sales_and_scores_are_rated(site: Path, dialer: Run) -> None:
    import time

    now = time.time()
    for words in (("sale", "record", "c01", "100.00"), ("sale", "cancel", "c01.1"), ("score", "c02", "40")):
        done = dialer(site, *words)
        assert done.exit_code == 0, done.output

    async def seen() -> Any:
        store = await store_of(site)
        facts = await store.books.facts("acme", now - 60, now + 600)
        await store.close()
        return facts

    facts = asyncio.run(seen())
    [sale] = facts.sales
    assert (sale.id, sale.call_id, sale.amount, sale.cancelled_at is not None) == ("c01.1", "c01", Decimal(100), True)
    assert [score.score for score in facts.scores] == [Decimal(40)]
