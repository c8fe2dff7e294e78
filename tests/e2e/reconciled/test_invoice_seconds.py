"""The seconds on an invoice against Asterisk's CDR, call by call: difference 0.

The engine takes a call's answer and end from the time stamps of Asterisk's events, and the CDR has its own, a
millisecond or two apart (more on a loaded machine). A contract in steps of 200 ms rounds both up to the same step,
unless the length is that close to a whole one: then either neighbour is right.
"""

import math
from decimal import Decimal
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from dialer.billing.facts import Facts, call_of
from dialer.billing.invoice import invoice_of
from dialer.billing.months import Month, month_at
from dialer.billing.rating import Agreement, rate
from dialer.billing.terms import Contracts
from tests.e2e.files import campaign, flow
from tests.e2e.lab import Lab

NUMBER = "+493023125010"
REACHED = [f"+493023121{row}05" for row in range(9)]
BUSY = [f"+493023121{row}86" for row in range(3)]
FILES = {
    **flow("hotline", {"hello": {"say": {"en": "Hello."}, "next": "bye"}, "bye": {"hangup": {}}}, number=NUMBER),
    "configs/lists/people.csv": "phone\n" + "".join(f"{number}\n" for number in [*REACHED, *BUSY]),
    **campaign("calls", list="lists/people.csv", country="DE"),
}
OPTIONS = {"people": {"brief_ms": 500}}
INBOUND = 3
STEP = Decimal("0.2")
APART_S = 0.05
TERMS = """[{"from": "2020-01-01", "taxes": [{"tax": "VAT", "rate": "19%"}], "talk": [
    {"direction": "inbound", "measure": "connected", "increment": "200ms", "per_minute": 0.6},
    {"direction": "outbound", "measure": "connected", "increment": "200ms", "per_minute": 0.9}]}]"""


async def test_the_invoice_has_the_seconds_of_the_cdr(lab: Lab) -> None:
    await lab.log_in("agent01", "agent02", "agent03")
    await lab.post("campaigns/calls/start")
    for _ in range(INBOUND):
        await lab.call(NUMBER)
    calls = await lab.settled(len(REACHED) + len(BUSY) + INBOUND, within_s=60)
    facts = Facts([call_of(call) for call in calls])
    agreement = Agreement("acme", "EUR", ZoneInfo("UTC"), TypeAdapter(Contracts).validate_json(TERMS))
    months: list[Month] = sorted({month_at(call.created_at, agreement.zone) for call in calls})
    entries = [entry for month in months for entry in rate(agreement, facts, month)]
    billed = {entry.call_id: entry.quantity for entry in entries if entry.term == "talk"}

    certain, difference = 0, Decimal(0)
    for call in calls:
        row = await lab.cdr(call.id, or_events=True)
        length_s = row["end"] - row["answer"] if row["answer"] else 0.0
        least, most = _steps(length_s - APART_S), _steps(length_s + APART_S) if length_s else Decimal(0)
        assert least <= billed.get(call.id, 0) <= most, (call.id, length_s)
        if least == most:
            certain += 1
            difference += billed.get(call.id, Decimal(0)) - least
    assert difference == 0 and certain > len(BUSY)
    assert set(billed) == {call.id for call in calls if call.answered_at is not None}
    invoice = invoice_of("acme", "Acme", str(months[0]), "EUR", entries)
    seconds = sum((line.quantity for heading, line in invoice.lines.items() if heading.term == "talk"), Decimal(0))
    assert seconds == sum(billed.values())


def _steps(length_s: float) -> Decimal:
    return math.ceil(max(length_s, 0.0) / float(STEP)) * STEP
