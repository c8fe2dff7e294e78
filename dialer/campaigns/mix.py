"""From which of several lists the next contact comes: the highest priority first, among equals by their weights. Pure.

Smooth weighted round robin, as nginx balances servers: each turn every list gains its weight, the richest is chosen and
pays the sum of all. Over one round each has its exact share, and no list waits longer than it must.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from math import gcd

from dialer.config.campaign import Campaign

LIVE = ""
"""Contacts that were put in by themselves: somebody waits for that call, so they go before every list."""
_BEFORE_ALL = 1000


@dataclass(frozen=True, slots=True)
class Mix:
    """Of one claim. A list that is not in the configuration any more counts as any with weight 1 and priority 0."""

    shares: Mapping[str, tuple[int, int]]
    """Weight and priority by list."""
    before: int
    """How many places had their turn before this claim's."""

    @classmethod
    def of(cls, campaign: Campaign, before: int) -> "Mix":
        return cls({source.name: (source.weight, source.priority) for source in campaign.sources}, before)

    def __call__(self, lists: Sequence[str], place: int) -> str:
        shares = {name: (1, _BEFORE_ALL) if name == LIVE else self.shares.get(name, (1, 0)) for name in lists}
        highest = max(priority for _, priority in shares.values())
        names = sorted(name for name, (_, priority) in shares.items() if priority == highest)
        turns = order(tuple(shares[name][0] for name in names))
        return names[turns[(self.before + place) % len(turns)]]


@lru_cache(maxsize=256)
def order(weights: tuple[int, ...]) -> tuple[int, ...]:
    """One round: which of them has its turn, one after the other."""
    divisor = reduce(gcd, weights)
    shares = [weight // divisor for weight in weights]
    gained = [0] * len(shares)
    turns = []
    for _ in range(sum(shares)):
        gained = [had + share for had, share in zip(gained, shares, strict=True)]
        chosen = gained.index(max(gained))
        gained[chosen] -= sum(shares)
        turns.append(chosen)
    return tuple(turns)
