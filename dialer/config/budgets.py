"""How many people may be abandoned, as a campaign writes it."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from dialer.config.scalars import RATE_PATTERN, Count, Duration, Flag, Model, parse_rate, seen


def parse_most(value: Any) -> float:
    """`3%` → 0.03; `3` → 3.0 calls."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise ValueError(f"{seen(value)} calls; write at least 1, or a rate: 3%")
        return float(value)
    if isinstance(value, str) and value.endswith("%"):
        return parse_rate(value)
    raise ValueError(f"{seen(value)} is neither a rate nor a number of calls; write 3% or 3")


Most = Annotated[
    float,
    BeforeValidator(parse_most),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": RATE_PATTERN}, {"type": "integer", "minimum": 1}],
                    "examples": ["3%"]}),
]
"""A rate, or a number of calls: what is 1 or more is calls, and 100 % is written `99.9%`, for nobody limits that."""
Of = Literal["answered_by_person", "answered"]


class AbandonWindow(Model):
    """At most `max` abandoned, over a time or per so many answered."""

    max: Most
    """`3%` of the answered, or, with `per`, a number of calls."""
    over: Duration | None = None
    """Within any stretch so long."""
    per: Count | None = None
    """Of the last so many answered."""
    of: Of = "answered_by_person"
    """What counts as answered; `answered`: machines as well."""
    false_positives: Flag = False
    """People hung up as machines, as estimated, count as abandoned."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.over is None) == (self.per is None):
            raise ValueError("`over` and `per` are two kinds of window; write one of them: `over: 1h` or `per: 100`")
        if self.over is not None and self.max >= 1:
            raise ValueError("a number of calls over a time; write a rate, `max: 3%`, or `per: 100` for the last 100")
        return self


Clock = Literal["answer", "greeting"]
Windows = Annotated[list[AbandonWindow], Field(max_length=20)]
