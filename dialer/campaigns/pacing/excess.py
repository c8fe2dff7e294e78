"""The chance that somebody who is live at a time finds no agent: P(D ≥ 0) for D = live by then − idle − freed by then.

Both counts are sums of independent yes-or-no's with chances of their own. Few: the exact distribution. Many: the
normal distribution refined by the third cumulant (Edgeworth), with the continuity correction.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from math import erf, exp, pi, sqrt
from typing import Protocol

EXACT = 32
"""Up to so many chances are convolved; more are summed up by their cumulants."""

Rows = Sequence[tuple[int, Sequence[float]]]
"""(how many, the chance of each by each point in time)"""
Cumulants = tuple[float, float, float]


class Excess(Protocol):
    def risk(self) -> float:
        """The chance that one more dial, live at any of the points with the same chance, costs a call: its own, or a
        later one that it takes the agent from."""
        ...

    def add(self, chances: Sequence[float], times: int = 1) -> None:
        """So many more dials, each live by each point with these chances."""
        ...

    def most(self, chances: Sequence[float], allowed: float, limit: int) -> int:
        """How many such dials may be added, `limit` at most, each at a risk of at most `allowed`."""
        ...


class Agents:
    """Those idle now, less who waits already, and the chances of the busy ones to be free by each point.

    One decision asks about several sets of dials and the same agents: what can be done once is done once.
    """

    def __init__(self, idle: int, supply: Rows, points: int) -> None:
        self.idle, self.points = idle, points
        self.supply = supply
        self.busy = sum(count for count, _ in supply)

    def excess(self, demand: Rows, variation: float) -> Excess:
        """`variation`: standard deviation over mean of the answer share's estimate."""
        if self.busy + sum(count for count, _ in demand) <= EXACT:
            return Exact(self, demand)
        return Refined(self, demand, variation)

    @cached_property
    def freed(self) -> list[list[float]]:
        """P(0), P(1) … of how many are freed by each point."""
        most = min(FREED, max(1, self.busy))
        return [
            counts([(n, row[k]) for n, row in self.supply if row[k] > NEGLIGIBLE], most) for k in range(self.points)
        ]

    @cached_property
    def cumulants(self) -> list[Cumulants]:
        return _cumulants(self.supply, self.points)


def counts(chances: Iterable[tuple[int, float]], most: int) -> list[float]:
    """P(0), P(1) … P(most − 1), P(most or more) of how many of these come true. `most` is 1 at least."""
    pmf = [1.0] + [0.0] * most
    top = 0
    for count, chance in chances:
        for _ in range(count):
            _one_more(pmf, chance, top, most)
            top += 1
    return pmf


def _one_more(pmf: list[float], chance: float, top: int, most: int) -> None:
    """`top` trials are in already; the last place of `pmf` takes `most` and more."""
    miss = 1.0 - chance
    pmf[most] += pmf[most - 1] * chance
    for i in range(min(top + 1, most - 1), 0, -1):
        pmf[i] = pmf[i] * miss + pmf[i - 1] * chance
    pmf[0] *= miss


FREED = 7
"""Freed agents beyond so many are not counted, which is careful."""
NEGLIGIBLE = 2e-3


class Exact:
    def __init__(self, agents: Agents, demand: Rows) -> None:
        self._idle, self._freed = agents.idle, agents.freed
        self._dials = sum(count for count, _ in demand)
        self._most = max(1, agents.idle + len(agents.freed[0]) - 1)
        self._live = [
            counts([(n, row[k]) for n, row in demand if row[k] > NEGLIGIBLE], self._most) for k in range(agents.points)
        ]

    def risks(self) -> list[float]:
        """P(D ≥ 0) at each point."""
        return [self._risk(live, freed) for live, freed in zip(self._live, self._freed, strict=True)]

    def risk(self) -> float:
        return _displacing(self.risks())

    def _risk(self, live: list[float], freed: list[float]) -> float:
        """Σ over y of P(y freed) · P(idle + y or more live)."""
        idle, below, at, total = self._idle, 0.0, 0, 0.0
        for y, chance in enumerate(freed):
            while at < idle + y:
                below += live[at]
                at += 1
            total += chance * (1.0 - below)
        return max(0.0, total)

    def add(self, chances: Sequence[float], times: int = 1) -> None:
        for _ in range(times):
            for live, chance in zip(self._live, chances, strict=True):
                _one_more(live, chance, self._dials, self._most)
            self._dials += 1

    def most(self, chances: Sequence[float], allowed: float, limit: int) -> int:
        count = 0
        while count < limit and self.risk() <= allowed:
            self.add(chances)
            count += 1
        return count


class Refined:
    def __init__(self, agents: Agents, demand: Rows, variation: float) -> None:
        self._idle, self._variation = agents.idle, variation
        self._freed = agents.cumulants
        self._live = _cumulants(demand, agents.points)

    def risks(self) -> list[float]:
        """P(D ≥ 0) at each point."""
        risks = []
        for (mean, variance, third), (freed, spread, skew) in zip(self._live, self._freed, strict=True):
            unsure = mean * self._variation
            above = self._idle + freed - mean - 0.5
            risks.append(upper_tail(above, variance + spread + unsure * unsure, third - skew))
        return risks

    def risk(self) -> float:
        return _displacing(self.risks())

    def add(self, chances: Sequence[float], times: int = 1) -> None:
        self._live = [
            (mean + times * q, variance + times * q * (1 - q), third + times * q * (1 - q) * (1 - 2 * q))
            for (mean, variance, third), q in zip(self._live, chances, strict=True)
        ]

    def most(self, chances: Sequence[float], allowed: float, limit: int) -> int:
        before, low, high = self._live, 0, limit
        while low < high:
            count = (low + high) // 2
            self._live = before
            self.add(chances, count)
            if self.risk() <= allowed:
                low = count + 1
            else:
                high = count
        self._live = before
        self.add(chances, low)
        return low


def _displacing(risks: Sequence[float]) -> float:
    """The mean over the points of the highest risk from there on: who gets the agent keeps a later one from it."""
    highest = total = 0.0
    for risk in reversed(risks):
        highest = max(highest, risk)
        total += highest
    return total / len(risks)


def _cumulants(rows: Rows, points: int) -> list[Cumulants]:
    """Mean, variance and third cumulant of the sum, by each point."""
    sums = [(0.0, 0.0, 0.0)] * points
    for count, row in rows:
        sums = [
            (mean + count * q, variance + (own := count * q * (1 - q)), third + own * (1 - 2 * q))
            for (mean, variance, third), q in zip(sums, row, strict=False)  # a row may look at more points
        ]
    return sums


def upper_tail(above: float, variance: float, third: float) -> float:
    """P(X − mean > above) from the second and third cumulants (Edgeworth's first term)."""
    if variance < 1e-9:
        return 1.0 if above < 0 else 0.0
    sigma = sqrt(variance)
    z = above / sigma
    density = exp(-z * z / 2) / sqrt(2 * pi)
    tail = 0.5 * (1 - erf(z / sqrt(2))) + density * third / (6 * variance * sigma) * (z * z - 1)
    return min(1.0, max(0.0, tail))
