"""How long things last, learnt: the chance that what has lasted so long is over within so much more.

Every survival curve is what was seen, weighed by age, mixed with a lognormal curve of the same two log-moments, so
that few samples are smooth and many are themselves, whatever their shape.
"""

from collections.abc import Iterable, Sequence
from math import erf, exp, log, pi, sqrt
from operator import mul

RATIO = 1.12
FIRST_S = 1.0
BINS = 80
LEAST_TRUST = 6.0
"""Samples that what was learnt counts as at least, however long ago."""
SMOOTH = 20.0
"""The lognormal curve counts as so many samples."""
ROUNDS = 3
"""So often the curve is made from what it says of those that are not over (expectation and maximisation)."""


class Lasting:
    """The distribution of one kind of duration, in seconds. `memory`: samples older than so many fade away."""

    def __init__(self, mean_s: float, variation: float, trust: float, memory: float = 2000.0) -> None:
        spread = log(1 + variation * variation)
        self._weight = trust
        self._sum = trust * (log(mean_s) - spread / 2)
        self._squares = trust * (spread + (log(mean_s) - spread / 2) ** 2)
        self._bins = [0.0] * (BINS + 1)
        self._seen = 0.0
        self._keep = 1 - 1 / memory
        self._unit = 1.0
        self.samples = 0
        self._survival = [1.0]
        self.refresh()

    def learn(self, seconds: float) -> None:
        self.samples += 1
        self._unit /= self._keep
        value = log(max(0.1, seconds))
        self._weight = self._weight * self._keep + 1
        self._sum = self._sum * self._keep + value
        self._squares = self._squares * self._keep + value * value
        self._bins[_bin(seconds)] += self._unit
        self._seen += self._unit
        if self._unit > 1e9:
            self._bins = [weight / self._unit for weight in self._bins]
            self._seen /= self._unit
            self._unit = 1.0

    @property
    def mean_s(self) -> float:
        """Of the lognormal curve."""
        mean = self._sum / self._weight
        return exp(mean + max(0.0, self._squares / self._weight - mean * mean) / 2)

    def learned(self) -> list[float]:
        bins = [round(weight / self._unit, 4) for weight in self._bins]
        return [self._weight, self._sum, self._squares, float(self.samples), *bins]

    def recall(self, learned: Sequence[float], keep: float) -> None:
        """`keep`: how much of its weight counts still, 0..1."""
        weight, total, squares, samples, *bins = learned
        if len(bins) != len(self._bins) or weight <= 0:
            return
        scale = max(keep, min(1.0, LEAST_TRUST / weight))
        self._weight, self._sum, self._squares = scale * weight, scale * total, scale * squares
        self._bins, self._unit, self.samples = [scale * own for own in bins], 1.0, int(samples)
        self._seen = sum(self._bins)
        self.refresh()

    def refresh(self, going_on: Iterable[float] = ()) -> None:
        """Make the curve anew from what was learnt, and from how long others have lasted that are not over."""
        lasted = [0.0] * (BINS + 1)
        for seconds in going_on:
            lasted[_bin(seconds)] += self._unit
        mean, sigma = self._smooth(lasted)
        seen = self._seen / self._unit
        own, at_risk, left, survival = seen / (seen + SMOOTH), self._seen + sum(lasted), 1.0, [1.0]
        for i in range(BINS):
            if at_risk > 1e-9:
                left *= max(0.0, 1 - self._bins[i] / at_risk)
            at_risk -= self._bins[i] + lasted[i]
            smooth = _tail((log(FIRST_S) + i * log(RATIO) - mean) / sigma)
            survival.append(own * left + (1 - own) * smooth)
        self._survival = survival

    def _smooth(self, lasted: Sequence[float]) -> tuple[float, float]:
        """Mean and deviation of the lognormal curve, in the logarithm."""
        mean, variance = self._mean_log, self._squares / self._weight - self._mean_log**2
        sigma = sqrt(max(0.01, variance))
        counts = [(log(FIRST_S) + i * log(RATIO), count / self._unit) for i, count in enumerate(lasted) if count]
        for _ in range(ROUNDS if counts else 0):
            weight, total, squares = self._weight, self._sum, self._squares
            for at, count in counts:
                more, square = _beyond(at, mean, sigma)
                weight, total, squares = weight + count, total + count * more, squares + count * square
            mean = total / weight
            sigma = sqrt(max(0.01, squares / weight - mean * mean))
        return mean, sigma

    @property
    def _mean_log(self) -> float:
        return self._sum / self._weight

    def outlasts(self, seconds: float) -> float:
        """The chance that it lasts longer."""
        if seconds <= 0:
            return 1.0
        if seconds < FIRST_S:
            return 1 - seconds / FIRST_S * (1 - self._survival[1])
        place = log(seconds / FIRST_S) / log(RATIO)
        i = int(place)
        if i >= BINS - 1:
            return self._survival[BINS] * exp(-(place - BINS + 1) * log(RATIO))
        low, high = self._survival[i + 1], self._survival[i + 2]
        return low + (high - low) * (place - i)


def _bin(seconds: float) -> int:
    """0 is up to FIRST_S; i is up to FIRST_S · RATIO**i."""
    return min(BINS, int(log(seconds / FIRST_S) / log(RATIO)) + 1) if seconds > FIRST_S else 0


def _beyond(at: float, mean: float, sigma: float) -> tuple[float, float]:
    """The means of x and of x² where x is normal and more than `at`."""
    z = (at - mean) / sigma
    tail = _tail(z)
    hazard = exp(-z * z / 2) / sqrt(2 * pi) / tail if tail > 1e-6 else z + 1 / z
    return mean + sigma * hazard, mean * mean + sigma * sigma + sigma * hazard * (mean + at)


def _tail(z: float) -> float:
    return 0.5 * (1 - erf(z / sqrt(2)))


STEP_S = 2.0
"""Of the convolution of a talk's rest with the wrap-up after it."""


class Freeing:
    """The chance that a busy agent is free within each of `horizons`, given the time in talk or in wrap-up."""

    def __init__(self, talk: Lasting, wrap: Lasting) -> None:
        self._talk, self._wrap = talk, wrap
        self._back = 20.0
        self._gone = 1.0
        self._works_on = self._share_back()
        """As it was when the tables were made."""
        self._talking: dict[int, list[float]] = {}
        self._wrapping: dict[int, list[float]] = {}
        """Each row is made when it is asked for first: most never are."""
        self._horizons: list[float] = []
        self._wrapped: list[list[float]] = []
        """By horizon, by the step in which the talk ends: the chance that the wrap-up is over as well."""

    def ended_work(self, came_back: bool) -> None:
        """After the wrap-up an agent takes the next call, or goes."""
        self._back = self._back * 0.99 + came_back
        self._gone = self._gone * 0.99 + (not came_back)

    def learned(self) -> list[float]:
        return [self._back, self._gone]

    def recall(self, back: float, gone: float) -> None:
        if back > 0 and gone > 0:
            self._back, self._gone = back, gone

    def refresh(
        self, horizons: list[float], talking: Iterable[float] = (), wrapping: Iterable[float] = ()
    ) -> None:
        """Make the tables anew, while talks and wrap-ups go on for so many seconds."""
        self._talk.refresh(talking)
        self._wrap.refresh(wrapping)
        self._horizons = horizons
        steps = range(int(max(horizons) / STEP_S) + 1)
        self._wrapped = [
            [1 - self._wrap.outlasts(horizon - (step + 0.5) * STEP_S) for step in steps] for horizon in horizons
        ]
        self._works_on = self._share_back()
        self._talking, self._wrapping = {}, {}

    def talking(self, elapsed: float) -> list[float]:
        row = ROW_OF_SECOND[max(0, min(LONGEST_S, int(elapsed)))]
        if row not in self._talking:
            self._talking[row] = self._rest_of_talk(_elapsed(row))
        return self._talking[row]

    def wrapping(self, elapsed: float) -> list[float]:
        if elapsed >= WRAP_ROWS:
            return self._rest_of_wrap(elapsed, self._share_back())
        row = max(0, int(elapsed))
        if row not in self._wrapping:
            self._wrapping[row] = self._rest_of_wrap(float(row), self._works_on)
        return self._wrapping[row]

    def _share_back(self) -> float:
        return self._back / (self._back + self._gone)

    def _rest_of_wrap(self, elapsed: float, works_on: float) -> list[float]:
        now = max(1e-9, self._wrap.outlasts(elapsed + 0.5))
        back = works_on * now / (now + UNTOLD_WRAP)
        return [back * (1 - self._wrap.outlasts(elapsed + 0.5 + horizon) / now) for horizon in self._horizons]

    def _rest_of_talk(self, elapsed: float) -> list[float]:
        now = max(1e-9, self._talk.outlasts(elapsed))
        back = self._works_on * now / (now + UNTOLD_TALK)
        steps = len(self._wrapped[0])
        left = [self._talk.outlasts(elapsed + step * STEP_S) for step in range(steps + 1)]
        ends = [(left[step] - left[step + 1]) / now * back for step in range(steps)]
        return [sum(map(mul, ends, wrapped)) for wrapped in self._wrapped]


TALK_ROWS = 36
WRAP_ROWS = 180
"""Of the tables: by time in talk, wider the longer; by the second in wrap-up."""
UNTOLD_TALK, UNTOLD_WRAP = 0.0005, 0.005
"""So many talks, and wrap-ups, end without a word: who has been at it longer than nearly all will not be back."""
LONGEST_S = 3600
ROW_OF_SECOND = [min(TALK_ROWS - 1, int(log(1 + (second + 0.5) / 8.0) * 6)) for second in range(LONGEST_S + 1)]
"""The row of the table of talks for each second of talk."""


def _elapsed(row: int) -> float:
    """The middle of a row of the table of talks: rows are 8 s·(e^(1/6) − 1) wide at first, wider later."""
    return 8.0 * (exp((row + 0.5) / 6) - 1)
