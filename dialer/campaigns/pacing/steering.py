"""The risk that a dial may take, so that in the end as many are lost as may be, and never more.

A risk taken becomes losses at a ratio that is learnt: how many were lost of those that the risks foretold. The risk to
take is the share that may be lost over that ratio; a little more while many losses are in hand, less while few are.
Steered too hard it swings from hardly anything to too much, and what is saved in the one is not won in the other.
"""

from math import exp

RATIO, TRUST, MEMORY = 0.65, 8.0, 100.0
"""Losses for each that was foretold, before anything is known; as sure as after so many; so many are remembered."""
GOAL, GOAL_SHARE, GOAL_MOST = 0.8, 0.05, 20.0
"""Losses to have in hand: at first, of each that was allowed so far, at most."""
REACH, REACH_SHARE, REACH_MOST = 5.0, 0.15, 60.0
"""Losses beyond or short of the goal that change the risk by a factor of e, likewise."""
MORE = 0.4
"""In the logarithm: how far the risk goes above its middle."""
LESS, LESS_AT_FIRST, FIRST = 1.2, 2.0, 20.0
"""How far below, and how much further until so many were allowed: people are lost several at a time, and a large team
that is stopped for each such time stands idle more than it saves; a team of few cannot make up for it."""
STEEP = 1.4
"""How much more it goes down for what is short of one loss in hand."""
STOP, STOP_SHARE, STOP_MOST = 1.0, 0.05, 5.0
"""Losses beyond the allowed at which nothing is risked any more: at first, of each that was allowed, at most."""
HIGHEST = 0.6


class Steering:
    def __init__(self) -> None:
        self._lost, self._foretold = TRUST, TRUST / RATIO

    def answered(self, risk: float) -> None:
        """A person answered while `risk` was allowed, or about that a moment ago, when the dial was placed."""
        self._foretold += risk

    def lost(self) -> None:
        keep = 1 - 1 / MEMORY
        self._lost = (self._lost + 1) * keep
        self._foretold *= keep

    def risk(self, share: float, answered: float, spare: float) -> float:
        """The greatest chance of loss at which to dial, 0..1: of `answered` people a `share` may be lost, `spare` more
        than were."""
        allowed = share * answered
        if spare < -min(STOP_MOST, STOP + STOP_SHARE * allowed):
            return 0.0
        goal = min(GOAL_MOST, GOAL + GOAL_SHARE * allowed)
        ahead = (spare - goal) / min(REACH_MOST, REACH + REACH_SHARE * allowed) - STEEP * max(0.0, 1.0 - spare)
        least = -LESS - LESS_AT_FIRST * exp(-allowed / FIRST)
        return min(HIGHEST, share * self._foretold / self._lost * exp(max(least, min(MORE, ahead))))
