"""How much risk a dial may take: the law's share of abandoned calls, over several windows at once.

The price of a lost call is steered by what was lost: the risk allowed goes up while fewer are lost than the law lets
pass, and down with each loss. Whatever the steering says, the budget is hard.
"""

from collections import deque
from math import exp, inf

from dialer.campaigns.pacing.model import Pace, Window
from dialer.campaigns.pacing.steering import Steering

CREDIT, CREDIT_ANSWERS = 3.0, 150.0
"""Losses lent at a cold start, paid back evenly over so many answers: nobody can lose a thirtieth of a call."""
NARROW = 1.2
"""How much (in the logarithm of the risk) each loss short of one in hand moves, in the shorter windows."""
HOLD_S = 3600.0
"""So long after a break of the answer share the shorter windows are held tightly: what is believed is news, ..."""
BEYOND, HELD, NEAREST = 1.5, 1.0, 0.4
"""... with so many losses beyond the law's own share; one over how many are left (not below the nearest), times this,
is what it holds back in the logarithm of the risk."""
PARTS = 30


class Counted:
    """People who answered and people lost within one window, in slices of its thirtieth."""

    def __init__(self, window: Window) -> None:
        self._slice = window.seconds / PARTS
        self._share = window.share
        self._slices: deque[list[float]] = deque()
        self.answered = 0.0
        self.lost = 0.0

    def add(self, now: float, answered: float, lost: float) -> None:
        if not self._slices or now >= self._slices[-1][0] + self._slice:
            self._slices.append([now, 0.0, 0.0])
        self._slices[-1][1] += answered
        self._slices[-1][2] += lost
        self.answered += answered
        self.lost += lost

    def spare(self, now: float) -> float:
        """How many more may be lost just now."""
        while self._slices and self._slices[0][0] < now - self._slice * PARTS:
            _, answered, lost = self._slices.popleft()
            self.answered -= answered
            self.lost -= lost
        return self._share * self.answered - self.lost


class Budget:
    def __init__(self, pace: Pace) -> None:
        self._whole, *self._short = [Counted(window) for window in pace.windows]
        self._before: tuple[float, float] | None = (pace.answered, pace.abandoned)
        """Answered and lost before the first time that we are told."""
        self._share = pace.windows[0].share
        self._steering = Steering()
        self._risk = 0.0
        """As last allowed."""

    def answered(self, now: float) -> None:
        """A person answered."""
        self._begin(now)
        for counted in (self._whole, *self._short):
            counted.add(now, 1.0, 0.0)
        self._steering.answered(self._risk)

    def lost(self, now: float) -> None:
        """A person who answered was let go."""
        self._begin(now)
        for counted in (self._whole, *self._short):
            counted.add(now, 0.0, 1.0)
        self._steering.lost(now)

    def risk(self, now: float, broken_at: float = -inf) -> float:
        """The greatest chance of loss at which to dial, 0..1. `broken_at`: when people last began to answer more often
        or less."""
        self._begin(now)
        spare = self._whole.spare(now) + CREDIT * max(0.0, 1 - self._whole.answered / CREDIT_ANSWERS)
        risk = self._steering.risk(self._share, self._whole.answered, spare)
        hold = now - broken_at < HOLD_S
        for counted in self._short:
            risk *= exp(-self._strain(now, counted, hold))
        self._risk = risk
        return risk

    def _strain(self, now: float, counted: Counted, hold: bool) -> float:
        """How much a shorter window holds back, in the logarithm of the risk. A count of few is not held to its
        fraction."""
        spare = counted.spare(now)
        left = max(spare + 0.5, 1.0 - counted.lost)
        strain = NARROW * max(0.0, 1.0 - left)
        if hold:
            tight = min(max(spare, 1.0 - counted.lost), self._share * counted.answered + BEYOND - counted.lost)
            strain = max(strain, HELD / max(NEAREST, tight) + NARROW * max(0.0, NEAREST - tight))
        return strain

    def _begin(self, now: float) -> None:
        if self._before is not None:
            self._whole.add(now, *self._before)
            self._before = None
