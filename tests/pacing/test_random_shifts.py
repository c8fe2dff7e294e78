"""Shifts of all sorts of campaigns that share agents: what holds in each of them, whatever they are."""

from collections import deque
from random import Random

import pytest

from dialer.campaigns.pacing.windows import Limit
from dialer.simulation.shared import Line, SharedShift, Sharer
from dialer.simulation.world import world

HOURS = 0.2
SPENT = {"answered": 2_000, "abandoned": 70}
LATE = 1
"""A call that was in the air when the last one of a budget was lost may be lost as well."""


class Watched(SharedShift):
    """Looks at each dial and each loss."""

    def __init__(self, sharers: list[Sharer], agents: int, seed: int, switches: list[int], lines: int) -> None:
        super().__init__(sharers, agents, HOURS, seed, switches)
        self._lines = dict.fromkeys(self._lines, lines)
        self.least = lines
        self.last: dict[str, deque[bool]] = {name: deque(maxlen=100) for name in self.sharers}
        self.most_of_hundred = dict.fromkeys(self.sharers, 0)

    def _place(self, sharer: Sharer, switch: str, agent: str | None) -> None:
        super()._place(sharer, switch, agent)
        self.least = min(self.least, self._lines[switch])

    def _person(self, line: Line) -> None:
        self.last[line.sharer.name].append(False)
        super()._person(line)

    def _lost(self, line: Line) -> None:
        super()._lost(line)
        last, name = self.last[line.sharer.name], line.sharer.name
        last[len(last) - 1] = True
        self.most_of_hundred[name] = max(self.most_of_hundred[name], sum(last))


def drawn(seed: int) -> tuple[list[Sharer], Watched]:
    draw = Random(f"shift {seed}")
    agents = draw.randint(4, 9)
    first = draw.randint(1, agents - 1)
    sharers = []
    for i in range(draw.randint(1, 3)):
        team = frozenset(draw.sample(range(agents), draw.randint(2, agents))) if draw.random() < 0.5 else None
        few = Limit("few", draw.randint(1, 3), answers=100) if draw.random() < 0.4 else None
        sharers.append(Sharer(
            f"c{i}", world(draw.choice(["hishort", "lowshort"]), agents),
            draw.choice(["predictive", "predictive", "progressive"]),
            share=draw.choice([1.0, 2.0, 5.0]), priority=draw.choice([0, 0, 1]), agents=team,
            begins=draw.choice([0.0, 240.0]), contacts=draw.choice([draw.randint(10, 60), 1e9]), limit=few,
            **(SPENT if draw.random() < 0.25 else {}),
        ))  # fmt: skip
    switches = draw.choice([[], [first, agents - first]])
    return sharers, Watched(sharers, agents, seed, switches, draw.choice([agents, 3 * agents, 60]))


@pytest.mark.parametrize("seed", range(10))
def test_no_shift_goes_beyond_its_limits(seed: int):
    sharers, shift = drawn(seed)
    shift.run()
    assert shift.least >= 0, "never more dials than channels"
    for sharer in sharers:
        came = shift.came[sharer.name]
        assert came.dials <= sharer.contacts
        if sharer.mode == "progressive" or sharer.abandoned:
            assert came.lost == 0, "an agent is held for each dial"
        lent = 3 * max(0.0, 1 - came.answers / 150)
        assert came.lost <= 0.03 * came.answers + lent + 2 + LATE
        if sharer.limit is not None:
            assert shift.most_of_hundred[sharer.name] <= sharer.limit.most + LATE
