"""What talk to come will cost: minutes by the price that holds then, included minutes and tiers as far as the month has
used them up by that time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from dialer.billing.money import ZERO
from dialer.billing.months import Part
from dialer.billing.talk import Step, steps_of
from dialer.billing.terms import Talk

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Talked:
    """Of some calls."""

    ms: int = 0
    """As charged, increments and minimum included."""
    weighed: Decimal = ZERO
    """Milliseconds times the factor of the tariff that they fell in."""

    def __add__(self, other: "Talked") -> "Talked":
        return Talked(self.ms + other.ms, self.weighed + other.weighed)

    def __sub__(self, other: "Talked") -> "Talked":
        """What is left of it."""
        left = max(self.ms - other.ms, 0)
        return Talked(left, self.weighed * left / self.ms if left else ZERO)


NOTHING = Talked()
ByDirection = Mapping[str, Talked]


def total(many: Sequence[ByDirection]) -> ByDirection:
    return {way: sum((one.get(way, NOTHING) for one in many), NOTHING) for way in {way for one in many for way in one}}


def less(one: ByDirection, other: ByDirection) -> ByDirection:
    return {way: talked - other.get(way, NOTHING) for way, talked in one.items()}


@dataclass(frozen=True, slots=True)
class Prices:
    """Of talk in a part of a month that has come some way."""

    _terms: Sequence[tuple[Talk, Sequence[Step], int]]
    """Each with its steps, and the milliseconds of the part used so far."""

    @classmethod
    def of(cls, part: Part, used: ByDirection) -> "Prices":
        return cls([(term, steps_of(term, part), _for(term, used).ms) for term in part.version.talks])

    def cost(self, coming: ByDirection) -> Decimal:
        """Of talk after what was used, unrounded."""
        return sum((_cost(steps, used, _for(term, coming)) for term, steps, used in self._terms), ZERO)


def _for(term: Talk, talked: ByDirection) -> Talked:
    """What the term charges."""
    return sum((one for way, one in talked.items() if term.direction in ("both", way)), NOTHING)


def _cost(steps: Sequence[Step], used_ms: int, coming: Talked) -> Decimal:
    if not coming.ms:
        return ZERO
    end = used_ms + coming.ms
    edges = [*(step.above_ms for step in steps), end]
    cost = ZERO
    for step, (low, high) in zip(steps, pairwise(edges), strict=True):
        piece = min(end, max(high, low)) - max(used_ms, low)
        if piece > 0:
            cost += step.per_minute * piece
    return cost * coming.weighed / coming.ms / MINUTE_MS
