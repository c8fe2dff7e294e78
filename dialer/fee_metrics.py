"""What Prometheus sees of fees; `metrics.py` registers it. Clients and terms of contracts bound the labels."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

ROWS: Final = (
    ("dialer_fee", ("client", "term", "currency"), "The running month's fee so far, by term of the contract."),
    ("dialer_fee_forecast", ("client", "currency", "bound"),
     "The running month's fee at its end, before taxes: expected, low (P10), high (P90)."),
    ("dialer_fee_updated_timestamp_seconds", ("client",), "When the fee was last rated."),
    ("dialer_budget", ("client", "currency"), "The month's budget, before taxes."),
    ("dialer_budget_used_ratio", ("client",), "The fee so far, before taxes, in parts of the budget."),
    ("dialer_budget_outbound_stopped", ("client",), "1 while the budget holds the client's campaigns back."),
)
"""Gauges: name, labels, meaning."""
Samples = Iterator[tuple[str, Iterable[tuple[tuple[str, ...], float]]]]


@dataclass(frozen=True, slots=True)
class FeeLive:
    """A client's fee as a scrape has it."""

    client: str
    currency: str
    at: float
    terms: Mapping[str, float]
    forecast: Mapping[str, float]
    """By bound: expected, low, high; empty on a client's first day."""
    budget: tuple[float, float, bool] | None
    """The amount, the part of it that is used, and whether it holds campaigns back."""


class Family(Protocol):
    def inc(self, *labels: str, by: float = 1) -> None: ...


class FeeMetrics:
    def __init__(self, counter: Callable[..., Family]) -> None:
        self._alerts = counter("dialer_budget_alerts", "Alerts of budgets that went out.", "client")

    def alerted(self, client: str) -> None:
        self._alerts.inc(client)


def samples(fees: Iterable[FeeLive]) -> Samples:
    """Of every gauge, also of those without samples."""
    found = list(fees)
    budgets = [(fee, fee.budget) for fee in found if fee.budget is not None]
    yield "dialer_fee", [((fee.client, term, fee.currency), amount)
                         for fee in found for term, amount in fee.terms.items()]
    yield "dialer_fee_forecast", [((fee.client, fee.currency, bound), amount)
                                  for fee in found for bound, amount in fee.forecast.items()]
    yield "dialer_fee_updated_timestamp_seconds", [((fee.client,), fee.at) for fee in found]
    yield "dialer_budget", [((fee.client, fee.currency), amount) for fee, (amount, _, _) in budgets]
    yield "dialer_budget_used_ratio", [((fee.client,), used) for fee, (_, used, _) in budgets]
    yield "dialer_budget_outbound_stopped", [((fee.client,), stopped) for fee, (_, _, stopped) in budgets]
