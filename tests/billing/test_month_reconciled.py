"""A month of traffic, thousands of calls both ways, with the hour that comes twice in it: the seconds on the invoice
are the seconds of the calls' records, whatever the contract makes of them. Difference 0."""

import math
import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from billing_facts import BERLIN, contract

from dialer.billing.invoice import Heading, Invoice, Sum
from dialer.billing.months import Month, bounds
from dialer.billing.rating import Agreement
from dialer.bookkeeping import book, booked_entries, close
from dialer.calls.outcome import Outcome
from dialer.store.records import CallRecord
from dialer.store.store import Store

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
SINCE, UNTIL = bounds(OCTOBER, BERLIN)
CALLS = 4_000
TERMS = """
- from: 2026-01-01
  talk: &talk
    - direction: inbound
      per_minute: 0.65
      boundary: {boundary}
      included_minutes: 1000
      tiers: [{{above_minutes: 3000, per_minute: 0.58}}]
      tariffs:
        - {{tariff: night, from: "20:00", to: "07:00", factor: 1.25}}
        - {{tariff: sunday, days: [sun], factor: 1.5}}
    - {{direction: outbound, per_minute: 0.90, boundary: {boundary}, measure: connected}}
  taxes: [{{tax: USt, rate: 19%}}]
- {{from: 2026-10-19, talk: *talk, taxes: [{{tax: USt, rate: 16%}}]}}
"""


def traffic(chance: random.Random) -> Iterable[CallRecord]:
    """From a day before the month to its very end, at every hour; a tenth of it in the night the clock is put back, and
    a hundredth in the last minutes."""
    night = datetime.combine(date(2026, 10, 25), time(1), BERLIN).timestamp()
    for index in range(CALLS):
        began, over = (night, night + 3 * 3600) if index % 10 == 0 else (SINCE - 86_400, UNTIL)
        at = chance.uniform(UNTIL - 600 if index % 100 == 1 else began, over)
        inbound, talk_s = bool(index % 3), 0.0 if index % 6 == 0 else chance.expovariate(1 / 240)
        talk_s, ring_s, wait_s = round(talk_s, 3), round(chance.uniform(0, 20), 3), round(chance.uniform(0, 40), 3)
        answered = at + ring_s if talk_s or inbound else None
        joined = at + ring_s + wait_s if talk_s else None
        ended = at + ring_s + wait_s + talk_s + (round(chance.uniform(0, 30), 3) if inbound else 0.0)
        outcome = Outcome.ANSWERED if talk_s else Outcome.ABANDONED if inbound else Outcome.BUSY
        yield CallRecord(
            f"c{index:05}", "inbound" if inbound else "outbound", "n1", "main", "acme", "+4930111", "+4930222", at,
            state="over", dialled_at=None if inbound else at, answered_at=answered, queued_at=answered,
            joined_at=joined, ended_at=ended, talk_s=talk_s, outcome=outcome)


def whole_seconds(seconds: float) -> int:
    return math.ceil(round(seconds * 1000) / 1000)


def recorded(calls: Iterable[CallRecord], direction: str) -> int:
    """Computed from the records alone, in the plainest way: each call up to its whole second."""
    lengths = (call.talk_s if direction == "inbound" else (call.ended_at or 0) - call.answered_at
               for call in calls if call.direction == direction and call.answered_at)
    return sum(whole_seconds(length) for length in lengths if length > 0)


@pytest.mark.parametrize("boundary", ["start", "split"])
async def test_invoice_seconds_are_the_records_seconds(tmp_path: Path, boundary: str) -> None:
    calls = list(traffic(random.Random(25)))
    agreement = Agreement("acme", "EUR", BERLIN, contract(TERMS.format(boundary=boundary)))
    store = Store.open(f"sqlite:///{tmp_path}/month.db")
    try:
        for call in calls:
            last = store.settle(call, None)
        await last
        for month in (OCTOBER.before, OCTOBER, NOVEMBER):
            await book(store, agreement, month)
        await close(store, "acme", OCTOBER)
        months: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        directions = {call.id: call.direction for call in calls}
        invoice = Invoice("acme", "Acme", str(OCTOBER), "EUR")
        for month in (OCTOBER.before, OCTOBER, NOVEMBER):
            async for entry in booked_entries(store.books, "acme", month):
                if month == OCTOBER:
                    invoice.add(entry)
                if entry.term == "talk":
                    months[str(month)][directions[entry.call_id]] += entry.quantity
    finally:
        await store.close()
    for direction in ("inbound", "outbound"):
        assert sum(month[direction] for month in months.values()) == recorded(calls, direction)
    if boundary == "start":
        own = [call for call in calls if SINCE <= call.created_at < UNTIL]
        assert months[str(OCTOBER)] == {way: recorded(own, way) for way in ("inbound", "outbound")}
        assert months[str(NOVEMBER)] == {}
    else:
        assert sum(months[str(NOVEMBER)].values()) > 0, "calls over the month's end are November's from midnight on"
    assert talk(invoice) == sum(months[str(OCTOBER)].values())
    assert len({heading.text for heading in invoice.lines if heading.term == "talk"}) > 3


def talk(invoice: Invoice) -> Decimal:
    lines: list[tuple[Heading, Sum]] = [one for one in invoice.lines.items() if one[0].term == "talk"]
    return sum((line.quantity for _, line in lines), Decimal(0))


def test_the_month_has_the_hour_that_comes_twice() -> None:
    assert timedelta(days=31, hours=1).total_seconds() == UNTIL - SINCE
