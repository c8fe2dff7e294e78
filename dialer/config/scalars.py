"""Scalars of the configuration language: durations, rates, numbers, names, times of day."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
DURATION_PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,6})?(ms|s|m|h|d)$"
RATE_PATTERN = r"^[0-9]{1,3}(\.[0-9]{1,6})?%$"
E164_PATTERN = r"^\+[1-9][0-9]{6,14}$"
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
LANGUAGE_PATTERN = r"^[a-z]{2}(_[A-Z]{2})?$"
TEXT_PATTERN = r"^[^\x00-\x1f\x7f]{1,200}$"
_DURATION = re.compile(DURATION_PATTERN)


def seen(value: Any) -> str:
    """A value as messages show it: short, and as it was written."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case str() | int() | float():
            text = str(value)
            return f"`{text if len(text) <= 60 else text[:57] + '...'}`"
        case list():
            return "a list"
        case dict():
            return "a mapping"
    return f"a {type(value).__name__}"


def parse_duration_s(value: Any) -> float:
    """`90s` → 90.0. A bare number is refused: its unit would be a guess.

    The text of a ValueError here is `what is wrong; what would be right`, as `explain.py` prints it.
    """
    if isinstance(value, str) and _DURATION.fullmatch(value):
        number = value.rstrip("smhd")
        return float(number) * _UNITS[value[len(number):]]
    raise ValueError(f"{seen(value)} is not a duration; write a number and a unit: 500ms, 25s, 15m, 4h, 2d")


def parse_rate(value: Any) -> float:
    """`3%` → 0.03; a plain number must lie in 0..1."""
    if isinstance(value, str) and re.fullmatch(RATE_PATTERN, value):
        rate = float(value[:-1]) / 100
    elif isinstance(value, int | float) and not isinstance(value, bool):
        rate = float(value)
    else:
        raise ValueError(f"{seen(value)} is not a rate; write 3% or 0.03")
    if not 0 <= rate <= 1:
        raise ValueError(f"`{value}` is outside 0 % to 100 %; write 3% or 0.03")
    return rate


Duration = Annotated[
    float,
    BeforeValidator(parse_duration_s),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["25s"]}),
]
Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": RATE_PATTERN},
                              {"type": "number", "minimum": 0, "maximum": 1}], "examples": ["3%"]}),
]
E164 = Annotated[str, Field(pattern=E164_PATTERN, examples=["+4930555010"])]
Name = Annotated[str, Field(pattern=NAME_PATTERN, examples=["acme_support"])]
"""Names of clients, campaigns, flows, nodes, agents, queues, switches: safe in paths, labels, headers, SQL."""
Language = Annotated[str, Field(pattern=LANGUAGE_PATTERN, examples=["de", "pt_BR"])]
Text = Annotated[str, Field(pattern=TEXT_PATTERN, examples=["Acme GmbH"])]
"""One line to show to people."""

Count = Annotated[int, Strict(), Field(ge=1)]
"""A whole number from 1; `"5"`, `5.0` and `true` are not."""
Whole = Annotated[int, Strict(), Field(ge=0)]
Flag = Annotated[bool, Strict()]
"""`true` or `false`, and not the many words YAML once took for them."""


class Model(BaseModel):
    """A frozen part of the configuration that refuses unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, use_attribute_docstrings=True
    )
