"""Amounts of money: exact decimals, how they are written, how they are rounded."""

import re
from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict, WithJsonSchema

from dialer.config.scalars import RATE_PATTERN, Model, seen

ZERO = Decimal(0)
Mode = Literal["half_up", "half_even", "up", "down"]
MODES: Mapping[Mode, str] = {
    "half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "up": ROUND_UP, "down": ROUND_DOWN,
}
"""All are symmetrical about zero, so that a reversal takes back exactly what was charged."""
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_NO_DECIMALS = frozenset({
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
})  # fmt: skip
_THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_FOUR_DECIMALS = frozenset({"CLF", "UYW"})


def exponent(currency: str) -> int:
    """How many decimals the currency's smallest unit has (ISO 4217, table A.1): EUR 2, JPY 0, KWD 3."""
    if currency in _NO_DECIMALS:
        return 0
    if currency in _THREE_DECIMALS:
        return 3
    return 4 if currency in _FOUR_DECIMALS else 2


def parse_amount(value: Any) -> Decimal:
    """`0.65` → Decimal("0.65"): at most nine digits before the point and six after it, which a float holds exactly
    enough to give them back."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        text = value if isinstance(value, str) else format(Decimal(repr(value)), "f")
        if _AMOUNT.fullmatch(text):
            return Decimal(text)
    raise ValueError(f"{seen(value)} is not an amount; write it as 1500.00, at most 9 digits and 6 decimals")


def parse_share(value: Any) -> Decimal:
    """`19%` → Decimal("0.19"); a plain number must lie in 0..1."""
    if isinstance(value, str) and re.fullmatch(RATE_PATTERN, value):
        share = Decimal(value[:-1]) / 100
    else:
        share = parse_amount(value)
    if not 0 <= share <= 1:
        raise ValueError(f"`{value}` is outside 0 % to 100 %; write 3% or 0.03")
    return share


Money = Annotated[
    Decimal, BeforeValidator(parse_amount), WithJsonSchema({"type": "number", "minimum": 0, "examples": [0.65]}),
]
"""An amount in the client's currency, before taxes."""
Factor = Annotated[
    Decimal, BeforeValidator(parse_amount), WithJsonSchema({"type": "number", "minimum": 0, "examples": [1.25]}),
]
Share = Annotated[
    Decimal,
    BeforeValidator(parse_share),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": RATE_PATTERN},
                              {"type": "number", "minimum": 0, "maximum": 1}], "examples": ["8%"]}),
]


class Round(Model):
    """How each entry of a term is rounded, once, after multiplying."""

    places: Annotated[int, Strict(), Field(ge=0, le=8)] | None = None
    """Decimals; left out, those of the currency."""
    mode: Mode = "half_up"
    """Of what lies between: `half_up` away from zero at the half, `half_even` to the even neighbour, `up` away from
    zero, `down` towards it."""


def rounded(amount: Decimal, rule: Round, currency: str) -> Decimal:
    places = exponent(currency) if rule.places is None else rule.places
    return amount.quantize(Decimal(1).scaleb(-places), MODES[rule.mode])


def plain(number: Decimal, places: int = 0) -> str:
    """Without exponent and trailing zeros, but with at least `places` decimals: one text for one value."""
    whole, _, fraction = format(number, "f").partition(".")
    fraction = fraction.rstrip("0").ljust(places, "0")
    text = f"{whole}.{fraction}" if fraction else whole
    return text.removeprefix("-") if not number else text
