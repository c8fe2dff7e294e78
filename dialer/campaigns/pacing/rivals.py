"""What other campaigns mean for the agents that one shares with them, as its own pacer needs it.

People who are live may all be served when, of every set of campaigns, those live are no more than the agents that may
serve any of them (Hall 1935). So a pacer looks at its own agents, less what those take who can only be served by them,
and at each wider set; a dial's risk is the highest of those.
"""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from dialer.campaigns.pacing.excess import Excess, Rows


@dataclass(frozen=True, slots=True)
class Rivals:
    """A set of agents that contains this campaign's, and the other campaigns whose people only these can serve."""

    idle: int = 0
    """Agents idle there beyond this campaign's, less those whom the others' people on the line take."""
    supply: Rows = ()
    """Busy agents there whom the pacer does not know of (those of its own set: in the first): the chances of each
    to be free by the pacer's horizons."""
    demand: Rows = ()
    """The others' dials: the chances of each to be live by the pacer's points."""
    in_the_air: int = 0
    """The others' dials not yet known to be a person or none."""
    switches: Mapping[str, float] = field(default_factory=dict)
    """Agents there who work for others, by switch."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What of a campaign is on one switch: people there can only be joined to the agents there."""

    switch: str
    agents: frozenset[str]
    dials: Collection[str]
    """Its dials there, and whoever answered them, as far as known."""
    share: float
    """Of the campaign's agents. Of the dials of which nobody knows where they are, as many are taken to be there."""
    coming: int = 0
    """Dials decided for it of which nothing was told yet."""
    elsewhere: int = 0
    """Likewise for the other switches."""
    rivals: tuple[Rivals, ...] = ()
    """First those of these very agents, then each wider set."""

    def untold(self, dials: int) -> int:
        """Of so many dials in the air of which nothing was told, those that are to be reckoned with here."""
        return self.coming + ceil(self.share * max(0, dials - self.coming - self.elsewhere))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a pacer expects of its own dials and agents. Times are seconds from now."""

    points: Sequence[float]
    horizons: Sequence[float]
    demand: Rows
    """By its points."""
    in_the_air: int
    """Its dials not yet known to be a person or none."""
    waiting: int
    """People on the line without an agent."""
    share: float
    """Of its dials, those that a person answers."""
    risk: float
    """What its budget allows a dial."""


class Tightest:
    """Several sets of agents: the risk is that of the one with the highest."""

    def __init__(self, sets: Sequence[Excess]) -> None:
        self._sets = sets

    def risk(self) -> float:
        return max(one.risk() for one in self._sets)

    def add(self, chances: Sequence[float], times: int = 1) -> None:
        for one in self._sets:
            one.add(chances, times)

    def most(self, chances: Sequence[float], allowed: float, limit: int) -> int:
        """The last question: the sets do not agree any more on what was added."""
        return min(one.most(chances, allowed, limit) for one in self._sets)


def at_times(rows: Rows, times: Sequence[float], wanted: Sequence[float]) -> Rows:
    """Chances by `times` (in any order) at other times: linear between them, from none now, level after the last."""
    order = sorted(range(len(times)), key=times.__getitem__)
    weights = [_between([times[i] for i in order], at) for at in wanted]
    rows = [(count, [row[i] for i in order]) for count, row in rows]
    return [
        (count, [low * (row[i - 1] if i else 0.0) + high * row[min(i, len(row) - 1)] for i, low, high in weights])
        for count, row in rows
    ]  # fmt: skip


def _between(times: Sequence[float], at: float) -> tuple[int, float, float]:
    """The place of `at` among the times (ascending), and how much the time before it and that after it weigh."""
    i = bisect_left(times, at)
    if i == len(times):
        return i - 1, 0.0, 1.0
    before = times[i - 1] if i else 0.0
    high = (at - before) / (times[i] - before) if times[i] > before else 1.0
    return i, 1 - high, high
