"""When a contact is called again: rules by outcome and disposition, the parts of the day, and what is too often."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from dialer.config.scalars import Count, Duration, Flag, Model

Times = Annotated[int, Strict(), Field(ge=1, le=100)]
Delays = Duration | Annotated[list[Duration], Field(min_length=1, max_length=100)]
"""One for every time, or one after the other; the last one again and again."""
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

RetryReason = Literal[
    "busy", "no_answer", "congestion", "machine", "abandoned", "hung_up", "failed", "rejected", "lost",
    "callback",
]


def delays_of(delays: float | list[float]) -> list[float]:
    return delays if isinstance(delays, list) else [delays]


class RetryRule(Model):
    """Call again, so long after the attempt, at most so many times for this reason and number."""

    after: Delays
    """`15m`, or one after the other: `[15m, 2h, 1d]`."""
    times: Times | None = None
    """May be left out with several delays: once each."""
    next_number: Flag = False
    """The contact's other numbers come first, at once; `after` is waited for when all of them were tried."""
    other_part: Flag = False
    """The next call falls in another of the `day_parts`."""

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.times is None and not isinstance(self.after, list):
            raise ValueError("nothing says how often; add `times: 3`")
        return self

    @property
    def most(self) -> int:
        return self.times if self.times is not None else len(delays_of(self.after))

    def delay_s(self, tried: int) -> float:
        """After so many earlier times."""
        delays = delays_of(self.after)
        return delays[min(tried, len(delays) - 1)]


class DayPart(Model):
    """From one time of the day to another, on the contact's clock."""

    from_: Annotated[str, Field(alias="from", pattern=_CLOCK, examples=["09:00"])]
    to: Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["12:00"])]
    times: Times | None = None
    """Attempts at a contact in this part, on whatever days; left out, any number."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ >= self.to:
            raise ValueError(f"`{self.from_}` to `{self.to}` is no part of a day; write the earlier time first")
        return self


class Caps(Model):
    """How often at most, whatever the rules for retries say. What is left out has no cap."""

    contact: Count | None = None
    """Attempts at a contact in this campaign; then it is done."""
    contact_per_day: Count | None = None
    """Attempts at a contact on one day, on its own clock, whichever of its numbers."""
    number_per_day_client: Count | None = None
    """Attempts at a number on one day, over all campaigns of the client."""


def overlap(parts: Mapping[str, DayPart]) -> tuple[str, str] | None:
    """Two parts that share a time."""
    by_begin = sorted(parts, key=lambda name: parts[name].from_)
    for first, second in pairwise(by_begin):
        if parts[second].from_ < parts[first].to:
            return first, second
    return None
