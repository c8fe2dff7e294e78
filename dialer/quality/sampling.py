"""Which recordings are scored: drawn from what there is by a seed that nobody chooses, spread over the period."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dialer.config.score_cards import Sample
from dialer.quality.mystery import drawn


@dataclass(frozen=True, slots=True)
class Period:
    """A week or a month of a client's."""

    name: str
    """2026-11, or 2026-W47 (ISO 8601)."""
    since: float
    until: float
    """Not included."""

    def part_ends(self, parts: int) -> list[float]:
        return [self.since + (self.until - self.since) * number / parts for number in range(1, parts + 1)]


@dataclass(frozen=True, slots=True)
class Candidate:
    id: str
    """Of the recording."""
    agent: str
    began_at: float


@dataclass(frozen=True, slots=True)
class Drawn:
    id: str
    agent: str
    part: int
    """Of the period, from 0."""
    dropped: bool = False
    """Its recording is gone: another is drawn in its place."""


def period_at(at: float, per: Literal["week", "month"], zone: ZoneInfo) -> Period:
    day = datetime.fromtimestamp(at, zone).date()
    if per == "month":
        first = day.replace(day=1)
        return Period(f"{first:%Y-%m}", _begin(first, zone), _begin((first + timedelta(days=32)).replace(day=1), zone))
    first = day - timedelta(days=day.weekday())
    return Period(f"{first:%G-W%V}", _begin(first, zone), _begin(first + timedelta(days=7), zone))


def _begin(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()


def draw(
    rule: str, sample: Sample, period: Period, candidates: Sequence[Candidate], before: Sequence[Drawn], now: float
) -> Iterator[Drawn]:
    """What is to be drawn besides what was `before`: the same whenever, and by whomever, it is asked. A part is drawn
    when it is over; where an agent has nothing in it, it is made up for from all that the parts before have left."""
    ends = [end for end in period.part_ends(sample.per_agent) if end <= now]
    if not ends:
        return
    by_agent: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if period.since <= candidate.began_at < ends[-1]:
            by_agent.setdefault(candidate.agent, []).append(candidate)
    for agent, own in sorted(by_agent.items()):
        mine = [one for one in before if one.agent == agent]
        yield from _of_agent(f"{rule}\0{period.name}", ends, own, mine, period.since)


def _of_agent(
    seed: str, ends: Sequence[float], own: Sequence[Candidate], before: Sequence[Drawn], since: float
) -> Iterator[Drawn]:
    used = {one.id for one in before}
    filled = {one.part for one in before if not one.dropped}
    left = sorted((one for one in own if one.id not in used), key=lambda one: drawn(seed, one.agent, one.id))
    empty = []
    for part, (begin, end) in enumerate(zip((since, *ends), ends, strict=False)):
        if part in filled:
            continue
        found = next((one for one in left if begin <= one.began_at < end), None)
        if found is None:
            empty.append(part)
            continue
        left.remove(found)
        yield Drawn(found.id, found.agent, part)
    for part, found in zip(empty, left, strict=False):
        yield Drawn(found.id, found.agent, part)
