"""What rating a large month costs: pure rating, and posting it into a ledger, closing and drawing the invoice.

    python bench/rating.py [--calls 1000000] [--ledger 50000]
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from dialer.billing.facts import Call, Facts
from dialer.billing.invoice import invoice_of
from dialer.billing.months import Month, bounds
from dialer.billing.page import html
from dialer.billing.rating import Agreement, rate
from dialer.billing.terms import Contracts
from dialer.bookkeeping import book, booked_entries, close
from dialer.calls.outcome import Outcome
from dialer.store.records import CallRecord
from dialer.store.store import Store

MONTH = Month(2026, 10)
TERMS = [{
    "from": "2026-01-01", "monthly": 1500, "handled_call": {"price": "1.2", "counts_from": "10s"},
    "talk": {"per_minute": "0.65", "increment": "6s", "minimum": "30s", "included_minutes": 1000,
             "tiers": [{"above_minutes": 5000, "per_minute": "0.58"}],
             "tariffs": [{"tariff": "night", "from": "20:00", "to": "07:00", "factor": "1.25"}]},
    "outbound": {"per_attempt": "0.08", "per_contact": "1.1", "per_success": 12, "successes": ["sale"]},
    "service_level": {"within": "20s", "bands": {"80": "1.02", "0": 1}}, "taxes": [{"tax": "USt", "rate": "19%"}],
}]
ZONE = ZoneInfo("Europe/Berlin")
AGREEMENT = Agreement("acme", "EUR", ZONE, TypeAdapter(Contracts).validate_python(TERMS))
SINCE, UNTIL = bounds(MONTH, ZONE)


def calls(number: int) -> Iterator[Call]:
    """Two inbound to one outbound; every seventh without an agent; in no order."""
    for index in range(number):
        at = SINCE + (index * 7919 % number) / number * (UNTIL - SINCE)
        talk_s = 0.0 if index % 7 == 0 else 20.0 + index % 400
        outbound = index % 3 == 0
        yield Call(
            f"node1-{index:016x}", at, "outbound" if outbound else "inbound", "answered" if talk_s else "abandoned",
            "sale" if index % 50 == 0 else None, at if outbound else None, at, at, at + 8 if talk_s else None,
            at + 8 + talk_s, talk_s)


def pure(number: int) -> None:
    facts = Facts(list(calls(number)))
    cpu, entries, total = time.process_time(), 0, Decimal(0)
    for entry in rate(AGREEMENT, facts, MONTH):
        entries += 1
        total += entry.amount
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"rating     {number:9,} calls  {entries:9,} entries  {time.process_time() - cpu:6.1f} s CPU  "
          f"{peak_mb:5.0f} MB at most  {total:,.2f} EUR")


def _record(call: Call) -> CallRecord:
    return CallRecord(
        call.id, "outbound" if call.direction == "outbound" else "inbound", "node1", "a1", "acme", "+4930111",
        "+4930222", call.at, state="over", dialled_at=call.dialled_at, answered_at=call.answered_at,
        queued_at=call.queued_at, joined_at=call.joined_at, ended_at=call.ended_at, talk_s=call.talk_s,
        outcome=Outcome(call.outcome), disposition=call.disposition)


async def ledger(number: int, folder: str) -> None:
    store = Store.open(f"sqlite:///{folder}/bench.db")
    rows = iter(calls(number))
    while batch := [_record(call) for call, _ in zip(rows, range(2000), strict=False)]:
        await asyncio.gather(*(store.settle(one, None) for one in batch))
    began = time.perf_counter()
    done = await book(store, AGREEMENT, MONTH)
    booked = time.perf_counter()
    await book(store, AGREEMENT, MONTH)
    again = time.perf_counter()
    await close(store, "acme", MONTH)
    entries = [entry async for entry in booked_entries(store.books, "acme", MONTH)]
    page = html(invoice_of("acme", "Acme", str(MONTH), "EUR", entries), draft=False)
    drawn = time.perf_counter()
    await store.close()
    print(f"ledger     {number:9,} calls  {done.entries:9,} entries  {booked - began:6.1f} s booked  "
          f"{again - booked:5.1f} s booked again  {drawn - again:5.1f} s closed and drawn ({len(page):,} bytes)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--ledger", type=int, default=50_000)
    options = parser.parse_args()
    pure(options.calls)
    with tempfile.TemporaryDirectory(dir=Path()) as folder:
        asyncio.run(ledger(options.ledger, folder))


if __name__ == "__main__":
    main()
