"""Numbers of invoices: one a closed month, without a gap, never twice."""

import asyncio
from datetime import date
from decimal import Decimal

import pytest

from dialer.billing.entry import Entry
from dialer.store.errors import StoreError
from dialer.store.invoices import BudgetAlert
from dialer.store.store import Store

DAY = date(2026, 12, 1)
SERIES = "2026-{number:05}"


def entry(client: str, month: str) -> Entry:
    one = Decimal(1)
    return Entry(f"{client}/{month}/monthly", client, month, "monthly", date(2026, 1, 1), one, "day", one, 1, one,
                 "EUR", "monthly fee")


async def rate(store: Store, client: str, month: str) -> None:
    await store.books.post([entry(client, month)], month)


async def test_numbers_have_no_gap_and_do_not_come_again(store: Store) -> None:
    clients = [f"client{index}" for index in range(20)]
    for client in clients:
        await rate(store, client, "2026-11")
    rows = await asyncio.gather(*(store.invoices.close(client, "2026-11", DAY, SERIES) for client in clients))
    assert sorted(row.number for row in rows) == [f"2026-{index:05}" for index in range(1, 21)]
    later = [await store.invoices.issue(client, "2026-11", date(2027, 1, 1), "other{number}") for client in clients]
    assert later == rows


async def test_a_close_that_fails_takes_no_number(store: Store) -> None:
    for client in ("acme", "globex"):
        await rate(store, client, "2026-11")
    first = await store.invoices.close("acme", "2026-11", DAY, SERIES)
    with pytest.raises(StoreError, match="closed"):
        await store.invoices.close("acme", "2026-11", DAY, SERIES)
    second = await store.invoices.close("globex", "2026-11", DAY, SERIES)
    assert (first.number, second.number) == ("2026-00001", "2026-00002")


async def test_a_number_that_is_taken_closes_nothing(store: Store) -> None:
    for client in ("acme", "globex"):
        await rate(store, client, "2026-11")
    await store.invoices.close("acme", "2026-11", DAY, SERIES)
    with pytest.raises(StoreError, match="there already"):
        await store.invoices.close("globex", "2026-11", DAY, "2026-0000{number}")
    assert (await store.books.months("globex")).get("2026-11") != "closed"


async def test_an_empty_month_takes_no_number_and_an_open_one_has_none(store: Store) -> None:
    assert await store.invoices.close("acme", "2026-11", DAY, SERIES) is None
    await rate(store, "globex", "2026-11")
    with pytest.raises(StoreError, match="not closed"):
        await store.invoices.issue("globex", "2026-11", DAY, SERIES)
    assert (await store.invoices.close("globex", "2026-11", DAY, SERIES)).number == "2026-00001"


async def test_what_was_first_drawn_stands(store: Store) -> None:
    await rate(store, "acme", "2026-11")
    row = await store.invoices.close("acme", "2026-11", DAY, SERIES)
    assert row.parties is None
    assert await store.invoices.freeze(row.number, {"name": "Acme"}) == {"name": "Acme"}
    assert await store.invoices.freeze(row.number, {"name": "Other"}) == {"name": "Acme"}
    assert (await store.invoices.issue("acme", "2026-11", DAY, SERIES)).parties == {"name": "Acme"}


async def test_a_budget_alerts_once_a_threshold_and_month(store: Store) -> None:
    def alert(month: str, threshold: str, at: float) -> BudgetAlert:
        return BudgetAlert("acme", month, Decimal(threshold), at, Decimal("812.50"))

    assert await store.invoices.alert(alert("2026-11", "0.5", 10.0))
    assert not await store.invoices.alert(alert("2026-11", "0.50", 20.0))
    assert await store.invoices.alert(alert("2026-11", "0.8", 20.0))
    assert await store.invoices.alert(alert("2026-12", "0.5", 30.0))
    assert await store.invoices.alerts(20.0) == [alert("2026-11", "0.8", 20.0), alert("2026-12", "0.5", 30.0)]
