"""The risk that a dial may take, so that at no moment more are lost than may be, at the least price in idle agents.

A risk taken becomes losses at a ratio that is learnt: how many were lost of those that the risks foretold. The risk to
take is the share that may be lost over that ratio, more or less by how many losses are in hand. With u for the
logarithm of that more or less and a price of u² for it, what keeps a walk of losses above a barrier for ever is
u = −c κ cot κx, x losses above the barrier, lost c at a time, κ = π over the width that it walks in (the ergodic
control of a diffusion, by the transform of Cole and Hopf): it turns steep only where the next loss is the one too many.
"""

from math import exp, pi, tan

RATIO, TRUST, MEMORY = 0.65, 8.0, 100.0
"""Losses for each that was foretold, before anything is known; as sure as after so many; so many are remembered."""
TOGETHER_S = 10.0
"""Losses that come so soon after one another have one cause: nothing could be done between them."""
FOLLOW, FOLLOW_TRUST = 0.3, 10.0
"""The share of losses that follow another so soon, before anything is known; as sure as after so many losses."""
BARRIER, BARRIER_FOLLOW = 0.6, 2.0
"""Losses to have in hand at least: and more, where all of them follow another."""
WIDTH, WIDTH_FOLLOW, WIDTH_SHARE, WIDEST = 6.0, 20.0, 0.06, 24.0
"""How many more the walk takes up, likewise; of each loss that was allowed so far; at most."""
HARD = 1.3
"""How hard it is steered, over what would cost least if the ratio were known and nothing came late."""
NEAREST, DEEP = 0.5, 1.0
"""Nearer to the barrier than this, and beyond it, each loss counts so much in the logarithm."""
MORE = 0.5
"""In the logarithm: how far the risk goes above its middle."""
STOP = -2.0
"""Losses in hand at which nothing is risked any more."""
HIGHEST = 0.6


class Steering:
    def __init__(self) -> None:
        self._lost, self._foretold = TRUST, TRUST / RATIO
        self._losses, self._followed = FOLLOW_TRUST, FOLLOW_TRUST * FOLLOW
        self._lost_at = float("-inf")

    def answered(self, risk: float) -> None:
        """A person answered while `risk` was allowed, or about that a moment ago, when the dial was placed."""
        self._foretold += risk

    def lost(self, now: float) -> None:
        keep = 1 - 1 / MEMORY
        self._lost = (self._lost + 1) * keep
        self._foretold *= keep
        self._losses = (self._losses + 1) * keep
        self._followed = (self._followed + (now - self._lost_at <= TOGETHER_S)) * keep
        self._lost_at = now

    def risk(self, share: float, answered: float, spare: float) -> float:
        """The greatest chance of loss at which to dial, 0..1: of `answered` people a `share` may be lost, `spare` more
        than were."""
        if spare < STOP:
            return 0.0
        follow = self._followed / self._losses
        width = min(WIDEST, WIDTH + WIDTH_FOLLOW * follow + WIDTH_SHARE * share * answered)
        above = spare - BARRIER - BARRIER_FOLLOW * follow
        at = pi * min(0.9, max(NEAREST, above) / width)
        more = -HARD * (1 + follow) * pi / width / tan(at) - DEEP * max(0.0, NEAREST - above)
        return min(HIGHEST, share * self._foretold / self._lost * exp(min(MORE, more)))
