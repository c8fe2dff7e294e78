"""The entries of one part of a month as they are made, and what each term comes to."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from dialer.billing.entry import Entry, Unit
from dialer.billing.money import ZERO, Round, rounded
from dialer.billing.months import Month, Part


@dataclass(frozen=True, slots=True)
class Line:
    """What an entry is about."""

    term: str
    subject: str
    """Distinguishes the entries of a term and version."""
    quantity: Decimal
    unit: Unit
    price: Decimal
    per: int
    reason: str
    call_id: str | None = None


@dataclass(slots=True)
class Sheet:
    client: str
    currency: str
    month: Month
    part: Part
    sums: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """Of the terms that have entries."""

    def entry(self, line: Line, rule: Round | None) -> Entry:
        """Without a rule the line's price is an amount that needs no rounding."""
        amount = line.quantity * line.price / line.per
        if rule is not None:
            amount = rounded(amount, rule, self.currency)
        self.sums[line.term] += amount
        version = self.part.version.from_
        return Entry(
            f"{self.client}/{self.month}/{line.term}/{version}/{line.subject}", self.client, str(self.month), line.term,
            version, line.quantity, line.unit, line.price, line.per, amount, self.currency, line.reason, line.call_id)

    def net(self, without: frozenset[str] = frozenset()) -> Decimal:
        return sum((amount for term, amount in self.sums.items() if term not in without), ZERO)
