"""Months that ended otherwise than the month of every day."""

import asyncio
from pathlib import Path

import pytest
from test_billing_commands import Run, call, ledger, store_of

MONTH = "2026-10"
NO_FEES = """\
contract:
  - from: 2026-01-01
    talk: {per_minute: 0.65}
    service_level: {within: 20s, bands: {80: 1, 0: 0.9}}
    taxes: [{tax: USt, rate: 19%}]
"""


def client_of(root: Path) -> Path:
    return root / "configs" / "clients" / "acme.yaml"


def settle(root: Path, index: int, **changes: object) -> None:
    from dataclasses import replace

    async def write() -> None:
        store = await store_of(root)
        await store.settle(replace(call(index), **changes), None)
        await store.close()

    asyncio.run(write())


def test_a_month_without_business_is_closed_without_a_number(root: Path, dialer: Run) -> None:
    """A number on which no invoice can be drawn would be a gap in the books."""
    client = client_of(root)
    client.write_text(client.read_text().partition("contract:")[0] + NO_FEES)
    done = dialer(root, "rate", "acme", MONTH, "--close")
    assert done.exit_code == 0 and "closed without an invoice" in done.output
    assert asyncio.run(ledger(root, MONTH)) == []
    drawn = dialer(root, "invoice", "acme", MONTH)
    assert drawn.exit_code == 0 and "nothing to invoice" in drawn.output


def test_what_is_late_for_a_closed_month_comes_with_the_next(root: Path, dialer: Run) -> None:
    client = client_of(root)
    client.write_text(client.read_text().partition("contract:")[0] + NO_FEES)
    settle(root, 0, created_at=call(0).created_at - 30 * 86_400)
    assert "closed, invoice" in dialer(root, "rate", "acme", "2026-09", "--close").output
    settle(root, 1, created_at=call(1).created_at - 30 * 86_400)
    settle(root, 2)
    done = dialer(root, "rate", "acme", MONTH, "--close")
    assert "more about 2026-09, closed, invoice" in done.output, done.output
    assert {entry.call_id for entry in asyncio.run(ledger(root, MONTH)) if entry.month == "2026-09"} >= {"c01"}
    assert "c00" not in {entry.call_id for entry in asyncio.run(ledger(root, MONTH))}


@pytest.mark.parametrize(("name", "shown"), [("Ἑρμῆς Łódź Ёлка", True), ("株式会社アクメ", False), ("Acme 😀", False)])
def test_a_name_that_the_page_cannot_show_is_refused(root: Path, dialer: Run, name: str, shown: bool) -> None:
    client = client_of(root)
    text = client.read_text()
    said = next(line for line in text.splitlines() if line.startswith("name:"))
    client.write_text(text.replace(said, f"name: {name}"))
    dialer(root, "rate", "acme", MONTH, "--close")
    done = dialer(root, "invoice", "acme", MONTH)
    assert (done.exit_code == 0) is shown, done.output
    assert (root / f"acme-{MONTH}.pdf").exists() is shown
    if shown:
        return
    assert "the PDF's font cannot show '\\" in done.output and "acme.yaml:" in done.output
    client.write_text(text)
    assert dialer(root, "invoice", "acme", MONTH).exit_code == 0
