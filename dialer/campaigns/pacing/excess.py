"""The chance that somebody who is live at a time finds no agent: P(D ≥ 0) for D = live by then − idle − freed by then.

Both counts are sums of independent yes-or-no's with chances of their own. Few: the exact distribution. Many: the
normal distribution refined by the third cumulant (Edgeworth), with the continuity correction.
"""

from collections.abc import Iterable, Sequence
from math import erf, exp, pi, sqrt
from typing import Protocol

EXACT = 44
"""Up to so many chances are convolved; more are summed up by their cumulants."""

Rows = Sequence[tuple[int, Sequence[float]]]
"""(how many, the chance of each by each point in time)"""


class Excess(Protocol):
    def risk(self) -> float:
        """The chance that one more dial, live at any of the points with the same chance, costs a call: its own, or a
        later one that it takes the agent from."""
        ...

    def add(self, chances: Sequence[float]) -> None:
        """One more dial, live by each point with these chances."""
        ...


def excess(idle: int, demand: Rows, supply: Rows, points: int, variation: float) -> Excess:
    """`idle` less who waits already. `variation`: standard deviation over mean of the answer share's estimate."""
    if sum(count for count, _ in demand) + sum(count for count, _ in supply) <= EXACT:
        return Exact(idle, demand, supply, points)
    return Refined(idle, demand, supply, points, variation)


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
    def __init__(self, idle: int, demand: Rows, supply: Rows, points: int) -> None:
        self._idle = idle
        self._dials = sum(count for count, _ in demand)
        self._freed, self._live = [], []
        freed_most = min(FREED, max(1, sum(count for count, _ in supply)))
        self._most = max(1, idle + freed_most)
        for k in range(points):
            self._freed.append(
                counts([(n, row[k]) for n, row in supply if row[k] > NEGLIGIBLE], freed_most)
            )
            self._live.append(counts([(n, row[k]) for n, row in demand if row[k] > NEGLIGIBLE], self._most))

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

    def add(self, chances: Sequence[float]) -> None:
        for live, chance in zip(self._live, chances, strict=True):
            _one_more(live, chance, self._dials, self._most)
        self._dials += 1


class Refined:
    def __init__(self, idle: int, demand: Rows, supply: Rows, points: int, variation: float) -> None:
        self._variation = variation
        self._live = [_cumulants((n, row[k]) for n, row in demand) for k in range(points)]
        self._rest = []
        for k in range(points):
            mean, variance, third = _cumulants((n, row[k]) for n, row in supply)
            self._rest.append((-idle - mean, variance, -third))

    def risks(self) -> list[float]:
        """P(D ≥ 0) at each point."""
        risks = []
        for (mean, variance, third), (rest, spread, skew) in zip(self._live, self._rest, strict=True):
            unsure = mean * self._variation
            risks.append(upper_tail(-0.5 - mean - rest, variance + spread + unsure * unsure, third + skew))
        return risks

    def risk(self) -> float:
        return _displacing(self.risks())

    def add(self, chances: Sequence[float]) -> None:
        self._live = [
            (mean + q, variance + q * (1 - q), third + q * (1 - q) * (1 - 2 * q))
            for (mean, variance, third), q in zip(self._live, chances, strict=True)
        ]


def _displacing(risks: Sequence[float]) -> float:
    """The mean over the points of the highest risk from there on: who gets the agent keeps a later one from it."""
    highest = total = 0.0
    for risk in reversed(risks):
        highest = max(highest, risk)
        total += highest
    return total / len(risks)


def _cumulants(chances: Iterable[tuple[int, float]]) -> tuple[float, float, float]:
    mean = variance = third = 0.0
    for count, q in chances:
        own = count * q * (1 - q)
        mean += count * q
        variance += own
        third += own * (1 - 2 * q)
    return mean, variance, third


def upper_tail(above: float, variance: float, third: float) -> float:
    """P(X − mean > above) from the second and third cumulants (Edgeworth's first term)."""
    if variance < 1e-9:
        return 1.0 if above < 0 else 0.0
    sigma = sqrt(variance)
    z = above / sigma
    density = exp(-z * z / 2) / sqrt(2 * pi)
    tail = 0.5 * (1 - erf(z / sqrt(2))) + density * third / (6 * variance * sigma) * (z * z - 1)
    return min(1.0, max(0.0, tail))
