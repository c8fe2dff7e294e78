"""Scalars of the configuration language: durations, rates, numbers, names, times of day."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_RATE = re.compile(r"(\d+(?:\.\d+)?)%")
DURATION_PATTERN = r"^\d+(\.\d+)?(ms|s|m|h|d)$"


def parse_duration_s(value: Any) -> float:
    """`90s` → 90.0. A bare number is refused: its unit would be a guess."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match[1]) * _UNITS[match[2]]
    raise ValueError("a duration needs a number and a unit: 500ms, 25s, 15m, 4h or 2d")


def parse_rate(value: Any) -> float:
    """`3%` → 0.03; a plain number must lie in 0..1."""
    if isinstance(value, str) and (match := _RATE.fullmatch(value.strip())):
        rate = float(match[1]) / 100
    elif isinstance(value, int | float) and not isinstance(value, bool):
        rate = float(value)
    else:
        raise ValueError("a rate is written 3% or 0.03")
    if not 0 <= rate <= 1:
        raise ValueError("a rate lies between 0 % and 100 %")
    return rate


Duration = Annotated[
    float,
    BeforeValidator(parse_duration_s),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["25s"]}),
]
Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?%$"},
                              {"type": "number", "minimum": 0, "maximum": 1}]}),
]
E164 = Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$", examples=["+4930555010"])]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", examples=["acme_support"])]
"""Names of clients, campaigns, flows, nodes, agents, queues, switches: safe in paths, labels, headers and SQL."""
Language = Annotated[str, Field(pattern=r"^[a-z]{2}(_[A-Z]{2})?$", examples=["de", "pt_BR"])]


class Model(BaseModel):
    """A frozen part of the configuration that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
