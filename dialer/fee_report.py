"""Fees as JSON, from the process that rates to the engine: amounts are texts."""

from decimal import Decimal
from typing import Any

from dialer.billing.forecast import Fees, Forecast


def as_json(fees: Fees) -> dict[str, Any]:
    ahead = fees.forecast
    return {
        "client": fees.client, "month": fees.month, "currency": fees.currency, "at": fees.at,
        "net": format(fees.net, "f"), "terms": {term: format(amount, "f") for term, amount in fees.terms.items()},
        "forecast": None if ahead is None else {
            "expected": format(ahead.expected, "f"), "low": format(ahead.low, "f"), "high": format(ahead.high, "f")},
    }


def of_json(told: dict[str, Any]) -> Fees:
    """Raises KeyError, TypeError or ArithmeticError for anything else."""
    ahead = told["forecast"]
    return Fees(
        told["client"], told["month"], told["currency"], told["at"],
        {term: Decimal(amount) for term, amount in told["terms"].items()},
        None if ahead is None else Forecast(**{name: Decimal(amount) for name, amount in ahead.items()}),
    )
