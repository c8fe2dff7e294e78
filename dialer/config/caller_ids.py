"""Which of several numbers a called person sees."""

from typing import Annotated, Literal

from pydantic import Field

from dialer.config.scalars import E164, Count, Flag, Model

Prefix = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{0,13}$", examples=["+4930"])]


class ShownNumber(Model):
    number: E164
    """A caller who calls it back should reach one of the client's flows."""
    areas: list[Prefix] = Field(default_factory=list)
    """Shown to numbers that begin so; of several numbers those with the longest beginning. Left out: to any."""
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    """Among equals: shown so much more often, or preferred so much."""


class CallerIds(Model):
    """Several numbers in rotation."""

    numbers: Annotated[list[ShownNumber], Field(min_length=1, max_length=1000)]
    rotate: Literal["answer_rate", "least_used"] = "answer_rate"
    """Among the numbers for an area: the one that people answer most, as far as is known (each is tried from time to
    time, and what is older than some days counts less), or the one shown least today."""
    max_per_day: Count | None = None
    """No number is shown more often in a day of the client's."""
    sticky: Flag = False
    """Who was called before sees the same number again."""
