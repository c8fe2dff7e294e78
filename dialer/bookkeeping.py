"""Months into the ledger and out of it: what joins rating, which is pure, with the store."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from random import Random
from typing import Literal, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from dialer.billing.entry import Entry
from dialer.billing.facts import Facts
from dialer.billing.forecast import Fees, Tally, fees
from dialer.billing.months import Month, bounds, month_at
from dialer.billing.parties import Seller, series_of
from dialer.billing.rating import Agreement, rate, timed
from dialer.config.models import Client
from dialer.store.books import PAGE, Books
from dialer.store.invoices import InvoiceRow
from dialer.store.store import Store

T = TypeVar("T")
SEED = 16931
LONGEST_CALL_S = 7 * 86_400.0
"""A call that is split over the ends of months may last so long."""


@dataclass(frozen=True, slots=True)
class Booked:
    """What rating a month did to the ledger."""

    month: Month
    """On whose invoice it stands: the month itself, or the first one that is open."""
    entries: int
    """That the facts call for."""
    added: int
    """Rows that the ledger did not have."""


def agreement_of(client: Client) -> Agreement:
    return Agreement(client.client, client.currency, ZoneInfo(client.timezone), client.contract)


async def rated(store: Store, agreement: Agreement, month: Month) -> Iterator[Entry]:
    """What the month costs by now; writes nothing."""
    return rate(agreement, await _facts(store, agreement, month), month)


async def _facts(store: Store, agreement: Agreement, month: Month) -> Facts:
    since, until = bounds(month, agreement.zone)
    reach_s = LONGEST_CALL_S if agreement.splits else 0.0
    return await store.books.facts(agreement.client, since, until, agreement.agents, reach_s)


async def fees_of(store: Store, agreement: Agreement, now: float) -> Fees:
    """What the month of `now` has cost so far, and its forecast, by the calls that are settled. The draws are the same
    at every run."""
    when = month_at(now, agreement.zone)
    month = await _tally(store, agreement, when)
    before = await _tally(store, agreement, when.before)
    return fees(agreement, now, month, before, Random(SEED).randrange)


async def _tally(store: Store, agreement: Agreement, month: Month) -> Tally:
    tally = Tally(agreement)
    return tally.add(timed(agreement, await _facts(store, agreement, month), month, tally.talk))


async def book(store: Store, agreement: Agreement, month: Month) -> Booked:
    """Brings the ledger to say what the month costs. It may stop anywhere and be run again: keys make every step the
    same as if it had gone through at once. While it runs, and until it has gone through, the month is `rating`. Of two
    at once the later goes through, for it has read more, and the other fails with StoreError."""
    books, client = store.books, agreement.client
    states = await books.months(client)
    booked, run = _first_open(month, states), uuid4().hex
    before = states.get(str(booked))
    await books.begin(client, str(booked), run)
    seen: set[str] = set()
    added = 0
    for batch in _batches(await rated(store, agreement, month), PAGE):
        added += await books.post(batch, str(booked), run)
        seen.update(entry.key for entry in batch)
    if str(month) in states:
        gone = [key async for key in _standing(books, client, month) if key not in seen]
        for keys in _batches(gone, PAGE):
            added += await books.withdraw(client, keys, str(booked), run)
    if booked == month or before == "rated":
        await books.end(client, str(booked), run)
    return Booked(booked, len(seen), added)


async def close(
    store: Store, client: str, month: Month, on: date | None = None, seller: Seller | None = None,
) -> InvoiceRow | None:
    """From now on nothing is booked into the month, and its invoice has its number: None if nothing stands on it. `on`
    is the invoice's date, the day after the month if left out. Raises StoreError if it is closed already."""
    on = on or month.next.first
    return await store.invoices.close(client, str(month), on, series_of(seller, on))


async def booked_entries(
    books: Books, client: str, month: Month, by: Literal["booked", "month"] = "booked",
) -> AsyncIterator[Entry]:
    """In the order of their keys."""
    after = ("", -1)
    while page := await books.page(client, str(month), after, by):
        for entry in page:
            yield entry
        after = (page[-1].key, page[-1].revision)


async def _standing(books: Books, client: str, month: Month) -> AsyncIterator[str]:
    """Keys about the month that are not taken back."""
    last: Entry | None = None
    async for entry in booked_entries(books, client, month, "month"):
        if last is not None and last.key != entry.key and last.revision % 2 == 0:
            yield last.key
        last = entry
    if last is not None and last.revision % 2 == 0:
        yield last.key


def _first_open(month: Month, states: Mapping[str, str]) -> Month:
    while states.get(str(month)) == "closed":
        month = month.next
    return month


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
