"""A line of the ledger."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Unit = Literal["call", "s", "day", "sale", "money", "once"]


@dataclass(frozen=True, slots=True)
class Entry:
    """amount = quantity x unit_price / per, rounded once by the term's rule."""

    key: str
    """CLIENT/MONTH/TERM/SUBJECT: the same fact under the same version has the same key for ever."""
    client: str
    month: str
    """Whose facts these are, as 2026-11."""
    term: str
    version: date
    """The contract version's first day."""
    quantity: Decimal
    unit: Unit
    unit_price: Decimal
    per: int
    """How many units the price is for: 60 for a price by the minute of a quantity in seconds."""
    amount: Decimal
    currency: str
    reason: str
    call_id: str | None = None
    revision: int = 0
    """Even: it stands unless a later one is there. Odd: takes the one before back. See `ledger.py`."""
