"""A month as it is charged: the ledger's entries, added up by what they are for. It computes no amounts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from dialer.billing.entry import Entry, Unit
from dialer.billing.ledger import TAKEN_BACK
from dialer.billing.money import ZERO, exponent, plain

TITLES: Mapping[str, str] = {
    "monthly": "Monthly fee", "connection": "Connections", "talk": "Talk time", "handled_call": "Calls handled",
    "agent_hour": "Agents' hours", "wrap_up": "After-call work", "pause": "Billable pauses",
    "outbound": "Outbound calls", "revenue_share": "Share of revenue", "rejected_call": "Calls turned away",
    "service_level": "Service level", "abandon_rate": "Abandoned calls", "test_calls": "Test calls",
    "score_cards": "Score cards",
    "minimum": "Minimum of the month", "cap": "Cap of the month", "set_up": "Set-up", "rounding": "Rounding",
    "tax": "Tax",
}  # fmt: skip
_ORDER = tuple(TITLES)
COLUMNS = (
    "month", "term", "version", "quantity", "unit", "unit_price", "per", "amount", "currency", "call_id", "reason",
    "key", "revision",
)
"""Of the call-by-call lines."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What the entries of one line have in common."""

    term: str
    month: str
    version: date
    price: Decimal
    per: int
    unit: Unit
    text: str
    """Of single things (a set-up fee, a tax, a bonus) the reason; of calls what tells their prices apart."""


@dataclass(slots=True)
class Sum:
    entries: int = 0
    quantity: Decimal = ZERO
    amount: Decimal = ZERO


@dataclass(slots=True)
class Invoice:
    client: str
    name: str
    month: str
    currency: str
    lines: dict[Heading, Sum] = field(default_factory=dict)
    net: Decimal = ZERO
    tax: Decimal = ZERO

    def add(self, entry: Entry) -> None:
        """Every entry of the month, once. Raises ValueError for another currency: the client's was changed."""
        if entry.currency != self.currency:
            raise ValueError(f"{entry.key} is in {entry.currency}, not in {self.currency}")
        heading = Heading(
            entry.term, entry.month, entry.version, entry.unit_price, entry.per, entry.unit, _text(entry))
        line = self.lines.setdefault(heading, Sum())
        line.entries += 1
        line.quantity += entry.quantity
        line.amount += entry.amount
        if entry.term == "tax":
            self.tax += entry.amount
        else:
            self.net += entry.amount

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    def money(self, amount: Decimal) -> str:
        return plain(amount, exponent(self.currency))

    def sorted(self) -> list[tuple[Heading, Sum]]:
        """Earlier months' corrections first, then in the order of a contract. What was taken back whole is left out."""
        shown = [(heading, line) for heading, line in self.lines.items() if line.quantity or line.amount]
        return sorted(shown, key=lambda one: (
            one[0].month, _ORDER.index(one[0].term), one[0].version, -one[0].price, one[0].per, one[0].text))


def _text(entry: Entry) -> str:
    reason = entry.reason.removeprefix(TAKEN_BACK)
    if entry.term == "talk":  # `61 s talk, night, above 300 s`: the tariff and the tier
        return reason.partition(", ")[2]
    if entry.term == "outbound":  # `attempt: busy`
        return reason.partition(":")[0]
    return reason if entry.call_id is None and entry.unit != "s" else ""


def invoice_of(client: str, name: str, month: str, currency: str, entries: Iterable[Entry]) -> Invoice:
    invoice = Invoice(client, name, month, currency)
    for entry in entries:
        invoice.add(entry)
    return invoice


def presented(invoice: Invoice) -> tuple[Invoice, bool]:
    """As it is handed to the client, and whether it is a credit note: what is owed to them stands there as positive
    amounts (EN 16931, type 381), so that page and XML say the same. The ledger, JSON and CSV keep their signs."""
    if invoice.gross >= 0:
        return invoice, False
    lines: dict[Heading, Sum] = {}
    for heading, line in invoice.lines.items():
        deducted = heading.price < 0  # so many pieces at a price; else pieces taken back
        shown = lines.setdefault(replace(heading, price=-heading.price) if deducted else heading, Sum())
        shown.entries += line.entries
        shown.quantity += line.quantity if deducted else -line.quantity
        shown.amount -= line.amount
    return replace(invoice, lines=lines, net=ZERO - invoice.net, tax=ZERO - invoice.tax), True


def as_json(invoice: Invoice, draft: bool) -> dict[str, Any]:
    """Amounts are texts: a JSON number is no decimal everywhere."""
    return {
        "client": invoice.client, "name": invoice.name, "month": invoice.month, "currency": invoice.currency,
        "draft": draft, "credit_note": invoice.gross < 0,
        "lines": [
            {"term": heading.term, "text": heading.text or TITLES[heading.term], "month": heading.month,
             "version": heading.version.isoformat(), "entries": line.entries, "quantity": plain(line.quantity),
             "unit": heading.unit, "unit_price": plain(heading.price), "per": heading.per,
             "amount": invoice.money(line.amount)}
            for heading, line in invoice.sorted()
        ],
        "net": invoice.money(invoice.net), "tax": invoice.money(invoice.tax), "gross": invoice.money(invoice.gross),
    }


def as_row(entry: Entry) -> list[str]:
    """The entry's cells, in the order of COLUMNS."""
    return [
        entry.month, entry.term, entry.version.isoformat(), plain(entry.quantity), entry.unit, plain(entry.unit_price),
        str(entry.per), format(entry.amount, "f"), entry.currency, entry.call_id or "", entry.reason, entry.key,
        str(entry.revision),
    ]
