"""Months on a client's clock, and the parts that contract versions cut them into."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dialer.billing.terms import Contract


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def next(self) -> "Month":
        return Month(self.year + 1, 1) if self.month == 12 else Month(self.year, self.month + 1)

    @property
    def before(self) -> "Month":
        return Month(self.year - 1, 12) if self.month == 1 else Month(self.year, self.month - 1)

    @property
    def days(self) -> int:
        return (self.next.first - self.first).days


def parse_month(text: str) -> Month:
    """`2026-11`. Raises ValueError."""
    if not re.fullmatch(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])", text) or text.startswith("9999"):
        raise ValueError(f"`{text}` is not a month; write year-month: 2026-11")
    return Month(int(text[:4]), int(text[5:]))


def midnight(day: date, zone: ZoneInfo) -> float:
    """When the day begins, as epoch seconds."""
    return datetime.combine(day, time(), zone).timestamp()


def bounds(month: Month, zone: ZoneInfo) -> tuple[float, float]:
    return midnight(month.first, zone), midnight(month.next.first, zone)


def month_at(at: float, zone: ZoneInfo) -> Month:
    local = datetime.fromtimestamp(at, zone)
    return Month(local.year, local.month)


@dataclass(frozen=True, slots=True)
class Part:
    """The days of a month on which one version holds."""

    version: Contract
    days: int
    month_days: int
    since: float
    until: float
    """Not included."""
    first: date
    last: date

    def of_month(self, monthly: int) -> int:
        """This part's share of a monthly whole number, rounded down."""
        return monthly * self.days // self.month_days


def parts(versions: Sequence[Contract], month: Month, zone: ZoneInfo) -> list[Part]:
    """In order. Days before the first version are in none: nothing was agreed."""
    found = []
    ends = [version.from_ for version in versions[1:]] + [date.max]
    for version, end in zip(versions, ends, strict=True):
        first, last = max(version.from_, month.first), min(end, month.next.first)
        if first < last:
            found.append(Part(version, (last - first).days, month.days, midnight(first, zone), midnight(last, zone),
                              first, last - timedelta(days=1)))
    return found
