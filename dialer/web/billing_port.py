"""What the API may ask of the engine about money. Amounts are texts: a JSON number is no decimal everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SaleView:
    id: str


@dataclass(frozen=True, slots=True)
class ForecastView:
    """Of the whole month, before taxes."""

    expected: str
    low: str
    """Nine of ten draws came to more."""
    high: str
    """Nine of ten draws came to less."""


@dataclass(frozen=True, slots=True)
class MonthBudgetView:
    month: str
    """The amount."""
    used: float
    """The part of it that the fee so far is; 1 is all of it."""
    alerts: tuple[float, ...]
    """The parts of the budget whose alert has gone out this month."""
    outbound_stopped: bool
    """The client's campaigns dial no more this month."""


@dataclass(frozen=True, slots=True)
class FeeView:
    client: str
    month: str
    """As 2026-11."""
    currency: str
    at: float
    """Epoch seconds: what was settled by then is in it."""
    net: str
    """So far, before taxes; the month's fee and what is missing to a minimum are in it whole."""
    terms: Mapping[str, str]
    """By term of the contract, taxes among them."""
    forecast: ForecastView | None
    """None on the first day of a client."""
    budget: MonthBudgetView | None


class Billing(Protocol):
    def fees(self) -> Sequence[FeeView]:
        """Of each client with a contract, at most some minutes old; empty until the first rating is through."""
        ...

    async def record_sale(self, call_id: str, amount: Decimal, sale_id: str | None) -> SaleView:
        """What a call sold. The same again changes nothing. Raises UnknownError, RefusedError."""
        ...

    async def cancel_sale(self, call_id: str, sale_id: str) -> None:
        """`sale_id` is the call's own for what its disposition told. Raises UnknownError, RefusedError."""
        ...

    async def save_score(self, call_id: str, score: Decimal) -> None:
        """Of a test call, 0 to 100; a later one takes its place. Raises UnknownError, RefusedError."""
        ...
