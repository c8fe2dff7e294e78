"""An invoice in the terms of EN 16931-1: business terms (BT) and groups (BG) by number, as plain data.

The standard wants lines of quantity × net price, all to the currency's unit, each under one rate of VAT. A ledger's
lines are sums of entries that were rounded one by one: what that makes is told on the line, as its allowance or charge.
What cannot be told in it (another tax, amounts of three decimals) is refused, never bent.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from dialer.billing.invoice import TITLES, Heading, Invoice, Sum, presented
from dialer.billing.money import ZERO, exponent, plain
from dialer.billing.months import parse_month
from dialer.billing.parties import Address, Buyer, Seller
from dialer.billing.terms import Category, Contract
from dialer.config.scalars import Model, Text

ADJUSTMENTS = frozenset({"service_level", "abandon_rate", "test_calls", "score_cards", "minimum", "cap", "rounding"})
"""Terms about other terms: allowances and charges of the document (BG-20, BG-21), not lines."""
_UNITS = {"s": "SEC", "day": "DAY", "call": "C62", "once": "C62", "money": "C62", "sale": "C62"}
"""UN/ECE Recommendation 20: seconds, days, and `one`."""
_CODES: Mapping[Category, str] = {
    "standard": "S", "zero": "Z", "exempt": "E", "reverse_charge": "AE", "export": "G", "outside": "O",
}  # fmt: skip
"""UNTDID 5305."""
_EXEMPTIONS: Mapping[Category, tuple[str, str | None]] = {
    "reverse_charge": ("Reverse charge: the buyer owes the tax", "VATEX-EU-AE"),
    "export": ("Supplied outside the European Union", "VATEX-EU-G"),
    "outside": ("Not subject to VAT", "VATEX-EU-O"),
}
OUTSIDE = _CODES["outside"]
"""Has no rate at all, and nobody's VAT identifier (BR-O-02 to BR-O-05)."""
MOST_PLACES = 2
"""Decimals of an amount (BR-DEC-01 and on)."""
INVOICE, CREDIT_NOTE = "380", "381"
"""UNTDID 1001."""
CREDITED = "Paid out or set off by the seller"
"""A credit note's terms of payment."""
TRANSFER, SEPA_TRANSFER = "30", "58"
"""UNTDID 4461."""


class Treatment(Model):
    """Of a contract version's tax."""

    category: Category
    reason: Text | None = None


class Parties(Model):
    """What an issued invoice says beside the ledger: kept with its number, so that a later copy says the same."""

    seller: Seller
    buyer: Buyer
    name: Text
    taxes: dict[str, Treatment]
    """By the version's first day."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that an e-invoice needs and the configuration does not say."""

    file: Literal["plant", "client"]
    at: tuple[str | int, ...]
    wrong: str
    right: str


def lacks(invoice: Invoice, seller: Seller | None, buyer: Buyer | None, versions: Sequence[Contract]) -> Iterator[Lack]:
    if seller is None:
        yield Lack("plant", (), "key `seller` is missing", "add `seller:` with name, address, vat_id and iban")
    if buyer is None:
        yield Lack("client", (), "key `buyer` is missing",
                   "add `buyer: {address: {street: ..., postcode: ..., city: ..., country: DE}}`")
    if any(not _fits(amount) for amount in (invoice.net, invoice.tax, *_of_parts(invoice))):
        yield Lack("client", ("currency",), f"the invoice has amounts of more than two decimals of {invoice.currency}",
                   "EN 16931 has none so fine: give every term `round: {places: 2}`, or invoice without it")
    days = {version.from_: index for index, version in enumerate(versions)}
    for day in sorted({heading.version for heading in invoice.lines}):
        if day not in days:
            yield Lack("client", ("contract",), f"the version from {day} is gone",
                       "put it back: the invoice stands on it")
            continue
        taxes, at = versions[days[day]].taxes, ("contract", days[day])
        if len(taxes) != 1:
            yield Lack("client", at, f"the version has {len(taxes)} taxes, an e-invoice has one: VAT",
                       "write `taxes: [{tax: VAT, rate: 19%}]`, or `rate: 0%` with a `category`")
        elif taxes[0].category == "outside":
            yield from _outside(invoice, seller, versions, at)
        elif taxes[0].category == "reverse_charge" and buyer is not None and buyer.vat_id is None:
            yield Lack("client", ("buyer",), "key `vat_id` is missing: the tax is reversed to the buyer", "add it")


def _fits(amount: Decimal) -> bool:
    return amount == round(amount, MOST_PLACES)


def _of_parts(invoice: Invoice) -> Iterator[Decimal]:
    """What the lines of each part of a month come to: they are told to the unit."""
    found: dict[tuple[str, date], Decimal] = {}
    for heading, line in invoice.lines.items():
        if heading.term != "tax":
            key = (heading.month, heading.version)
            found[key] = found.get(key, ZERO) + line.amount
    yield from found.values()


def _outside(
    invoice: Invoice, seller: Seller | None, versions: Sequence[Contract], at: tuple[str | int, ...]
) -> Iterator[Lack]:
    used = {heading.version for heading in invoice.lines}
    if any(tax.category != "outside" for version in versions if version.from_ in used for tax in version.taxes):
        yield Lack("client", at, "an invoice is outside the scope of VAT as a whole, or not at all (BR-O-11)",
                   "change the category with the first of a month")
    if seller is not None and seller.register_number is None:
        yield Lack("plant", ("seller",), "key `register_number` is missing: without VAT nothing else identifies you",
                   "add it")


def _places(currency: str) -> int:
    return min(exponent(currency), MOST_PLACES)


def parties_of(invoice: Invoice, seller: Seller, buyer: Buyer, versions: Sequence[Contract]) -> Parties:
    """Of what lacks nothing."""
    used = {heading.version for heading in invoice.lines}
    return Parties(
        seller=seller, buyer=buyer, name=buyer.name or invoice.name,
        taxes={str(version.from_): Treatment(category=version.taxes[0].category, reason=version.taxes[0].reason)
               for version in versions if version.from_ in used})


@dataclass(frozen=True, slots=True)
class Issued:
    """The number is given once, and the day is the invoice's date."""

    number: str
    on: date


# -- amounts ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """A line, or an allowance or charge of the document, under one rate."""

    heading: Heading
    line: Sum
    amount: Decimal
    """To the currency's unit."""
    rate: Decimal
    treatment: Treatment

    @property
    def adjusts(self) -> bool:
        return self.heading.term in ADJUSTMENTS

    @property
    def code(self) -> str:
        """UNTDID 5305. A rate above zero is the standard one, whatever is said of it later."""
        if self.rate:
            return "S"
        return "Z" if self.treatment.category == "standard" else _CODES[self.treatment.category]


@dataclass(slots=True)
class Rate:
    """The lines of one category and rate (BG-23)."""

    treatment: Treatment
    base: Decimal = ZERO
    tax: Decimal = ZERO


@dataclass(slots=True)
class Amounts:
    items: list[Item] = field(default_factory=list)
    rates: dict[tuple[str, Decimal], Rate] = field(default_factory=dict)


def amounts_of(invoice: Invoice, taxes: Mapping[str, Treatment]) -> Amounts:
    """Raises ValueError if the ledger's sums cannot be told so: that would be a fault of the rating."""
    found = Amounts()
    parts: dict[tuple[str, date], list[tuple[Heading, Sum]]] = {}
    for heading, line in invoice.sorted():
        parts.setdefault((heading.month, heading.version), []).append((heading, line))
    for (_, version), lines in parts.items():
        treatment = taxes[str(version)]
        for item in _items(invoice, lines, treatment):
            found.items.append(item)
            rate = found.rates.setdefault((item.code, item.rate), Rate(treatment))
            rate.base += item.amount
        for heading, line in lines:
            if heading.term == "tax":
                code = Item(heading, line, ZERO, heading.price, treatment).code
                found.rates.setdefault((code, heading.price), Rate(treatment)).tax += line.amount
    if (sum(rate.base for rate in found.rates.values()), sum(rate.tax for rate in found.rates.values())) != (
            invoice.net, invoice.tax):
        raise ValueError(f"{invoice.client} {invoice.month}: the lines do not come to the ledger's sum")
    return found


def _items(invoice: Invoice, lines: Sequence[tuple[Heading, Sum]], treatment: Treatment) -> Iterator[Item]:
    """Of one part: its lines in units of the currency, whose sum is the part's to the unit."""
    unit = Decimal(1).scaleb(-_places(invoice.currency))
    bases: dict[Decimal, Decimal] = {}
    for heading, line in lines:
        if heading.term == "tax":
            bases[heading.price] = bases.get(heading.price, ZERO) + line.quantity
    rate = max(bases, key=lambda one: (abs(bases[one]), one), default=ZERO)
    exact, told = ZERO, ZERO
    for heading, line in lines:
        if heading.term != "tax":
            exact += line.amount
            amount = exact.quantize(unit, ROUND_HALF_UP) - told
            told += amount
            if amount or heading.term != "rounding":
                yield Item(heading, line, amount, rate, treatment)
    if told != exact:
        raise ValueError(f"{invoice.client} {invoice.month}: a part of the month ends in less than {unit}")
    bases[rate] = bases.get(rate, ZERO) - exact
    for other, base in sorted(bases.items()):
        if base:  # a closed month's rate was changed: its net moves from one rate to another
            head = Heading("tax_base", lines[0][0].month, lines[0][0].version, base, 1, "once", "")
            yield Item(head, Sum(1, Decimal(1), base), base, other, treatment)


# -- the document -----------------------------------------------------------------------------------------------------


def document(invoice: Invoice, issued: Issued, parties: Parties) -> dict[str, Any]:
    """The invoice by EN 16931's numbers; a month that is owed to the client is a credit note."""
    invoice, credit = presented(invoice)
    amounts = amounts_of(invoice, parties.taxes)
    show = _Shown(invoice)
    lines = [item for item in amounts.items if not item.adjusts]
    adjusting = [item for item in amounts.items if item.adjusts]
    if not lines:  # BR-16: at least one line, be it only a minimum's
        lines, adjusting = adjusting, []
    if not lines:
        raise ValueError(f"nothing stands on {invoice.client}'s invoice of {invoice.month}: all of it was taken back")
    off = [item for item in adjusting if item.amount < 0]
    on = [item for item in adjusting if item.amount > 0]
    first, last = _days(invoice.month)
    seller, buyer = parties.seller, parties.buyer
    taxed = not any(code == OUTSIDE for code, _ in amounts.rates)
    found: dict[str, Any] = {
        "BT-1": issued.number, "BT-2": issued.on, "BT-3": CREDIT_NOTE if credit else INVOICE,
        "BT-5": invoice.currency, "BT-10": buyer.reference, "BT-13": buyer.order,
        "BT-72": last, "BT-73": first, "BT-74": last,
        "BG-4": _seller(seller, taxed), "BG-7": _buyer(parties, taxed),
        "BG-25": [show.line(index, item) for index, item in enumerate(lines, 1)],
        "BG-20": [show.adjustment(item) for item in off], "BG-21": [show.adjustment(item) for item in on],
        "BG-23": [show.rate(code, percent, rate) for (code, percent), rate in sorted(
            amounts.rates.items(), key=lambda one: (one[0][0], -one[0][1]))],
        "BT-106": show.money(_sum(lines)), "BT-107": show.money(-_sum(off)), "BT-108": show.money(_sum(on)),
        "BT-109": show.money(invoice.net), "BT-110": show.money(invoice.tax), "BT-112": show.money(invoice.gross),
        "BT-115": show.money(invoice.gross),
        **({"BT-20": CREDITED} if credit else _payment(seller, issued, invoice.currency)),
    }
    return {key: value for key, value in found.items() if value not in (None, [])}


def _days(month: str) -> tuple[date, date]:
    found = parse_month(month)
    return found.first, found.next.first - timedelta(days=1)


def _sum(items: Iterable[Item]) -> Decimal:
    return sum((item.amount for item in items), ZERO)


@dataclass(frozen=True, slots=True)
class _Shown:
    """Amounts as texts: neither a float nor a library touches them."""

    invoice: Invoice

    def money(self, amount: Decimal) -> str:
        return plain(amount + ZERO, _places(self.invoice.currency))

    def line(self, index: int, item: Item) -> dict[str, Any]:
        heading, line = item.heading, item.line
        quantity, price, per = line.quantity, heading.price, heading.per
        if heading.unit == "money" or not quantity:  # a share of something, or corrections of opposite sign
            quantity, price, per = Decimal(1), item.amount, 1
        if price < 0:  # BR-27: a net price is never negative, a quantity may be
            quantity, price = -quantity, -price
        unit = Decimal(1).scaleb(-_places(self.invoice.currency))
        rounding = item.amount - (quantity * price / per).quantize(unit, ROUND_HALF_UP)
        first, last = _days(heading.month)
        told: dict[str, Any] = {
            "BT-126": str(index), "BT-153": title(heading), "BT-154": note(self.invoice, heading, line),
            "BT-129": plain(quantity), "BT-130": _UNITS[heading.unit], "BT-131": self.money(item.amount),
            "BT-134": first, "BT-135": last,
            "BT-146": plain(price), "BT-149": str(per), "BT-151": item.code,
            **self.percent("BT-152", item.code, item.rate),
        }
        if rounding:
            told["BG-28" if rounding > 0 else "BG-27"] = [
                {"amount": self.money(abs(rounding)), "reason": f"Rounding of {line.entries} entries"}]
        return told

    def adjustment(self, item: Item) -> dict[str, Any]:
        about = note(self.invoice, item.heading, item.line)
        return {
            "amount": self.money(abs(item.amount)), "reason": f"{title(item.heading)}: {about}",
            "vat_category_code": item.code, **self.percent("vat_rate", item.code, item.rate),
        }

    def percent(self, term: str, code: str, rate: Decimal) -> dict[str, str]:
        return {} if code == OUTSIDE else {term: plain(rate * 100)}

    def rate(self, code: str, percent: Decimal, rate: Rate) -> dict[str, Any]:
        told = {"BT-116": self.money(rate.base), "BT-117": self.money(rate.tax), "BT-118": code,
                **self.percent("BT-119", code, percent)}
        if code not in ("S", "Z"):
            text, exemption = _EXEMPTIONS.get(rate.treatment.category, ("", None))
            told |= {"BT-120": rate.treatment.reason or text} | ({"BT-121": exemption} if exemption else {})
        return told


def title(heading: Heading) -> str:
    if heading.term == "tax_base":
        return "Net amount moved to another rate"
    return heading.text if heading.term == "set_up" else TITLES[heading.term]


def note(invoice: Invoice, heading: Heading, line: Sum) -> str:
    """What tells the line from its like."""
    said = [heading.text] if heading.text and heading.term != "set_up" else []
    if heading.unit == "money":
        said.append(f"{plain(heading.price * 100)} % of {invoice.money(line.quantity)} {invoice.currency}")
    if heading.month != invoice.month:
        said.append(f"correction of {heading.month}")
    return ", ".join([*said, f"contract of {heading.version}"])


def _seller(seller: Seller, taxed: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"name": seller.name, **_address(seller.address)}
    if taxed:
        found["vat_identifier"] = seller.vat_id
    if seller.register_number:
        found["legal_identifier"] = seller.register_number
    if seller.contact:
        found["contacts"] = [seller.contact.model_dump()]
        found |= {"einvoicing_addr": seller.contact.email, "einvoicing_addr_schemeid": "EM"}
    return found


def _buyer(parties: Parties, taxed: bool) -> dict[str, Any]:
    buyer = parties.buyer
    found = {"name": parties.name, **_address(buyer.address)}
    if buyer.vat_id and taxed:
        found["vat_identifier"] = buyer.vat_id
    if buyer.email:
        found |= {"einvoicing_addr": buyer.email, "einvoicing_addr_schemeid": "EM"}
    return found


def _address(address: Address) -> dict[str, Any]:
    found = {"addr_l1": address.street, "addr_l2": address.extra, "postcode": address.postcode, "city": address.city,
             "country_code": address.country}
    return {key: value for key, value in found.items() if value}


def due_on(seller: Seller, issued: Issued) -> date:
    return issued.on + timedelta(days=seller.payment_days)


def _payment(seller: Seller, issued: Issued, currency: str) -> dict[str, Any]:
    found = {
        "BT-9": due_on(seller, issued), "BT-20": f"Payable within {seller.payment_days} days",
        "BT-81": SEPA_TRANSFER if currency == "EUR" else TRANSFER, "BT-83": issued.number, "BT-84": seller.iban,
        "BT-85": seller.name,
    }
    return found | ({"BT-86": seller.bic} if seller.bic else {})


