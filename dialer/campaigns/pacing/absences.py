"""Agents who are away, and when they are likely back: pauses tend to be as long as pauses were.

The chance to be back within so many seconds, given how long the agent has been away, is counted among the absences
seen: those that ended by then, of all that lasted as long, and of those that last still.
"""

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Sequence

MEMORY = 200
"""Absences."""
DOUBT = 3.0
"""So many besides lasted as long and did not end soon: few absences say little."""
LONGEST_S = 4 * 3600.0
"""Whoever is away longer is gone."""
LEAST = 0.02
"""A chance below this is none."""


class Absences:
    def __init__(self) -> None:
        self._away: dict[str, float] = {}
        """Since when, those away longest first."""
        self._seen: deque[float] = deque()
        self._sorted: list[float] = []

    def left(self, now: float, agent: str) -> None:
        self._away.setdefault(agent, now)

    def back(self, now: float, agent: str) -> None:
        since = self._away.pop(agent, None)
        if since is not None and 0 <= now - since < LONGEST_S:
            self._learn(now - since)

    def learned(self) -> list[float]:
        return [round(seconds, 1) for seconds in self._seen]

    def recall(self, seen: Sequence[float]) -> None:
        self._seen.clear()
        self._sorted.clear()
        for seconds in seen:
            self._learn(float(seconds))

    def _learn(self, seconds: float) -> None:
        self._seen.append(seconds)
        insort(self._sorted, seconds)
        if len(self._seen) > MEMORY:
            self._sorted.remove(self._seen.popleft())

    def returning(self, now: float, horizons: Sequence[float]) -> list[tuple[int, list[float]]]:
        """The chances to be back by each horizon, in seconds from now, of everybody who may be back by one."""
        rows = []
        for longer, (agent, since) in enumerate(list(self._away.items())):
            elapsed = now - since
            if elapsed > LONGEST_S:
                del self._away[agent]
                continue
            known = self._sorted
            over = bisect_right(known, elapsed)
            lasting = len(known) - over + longer + DOUBT
            chances = [(bisect_right(known, elapsed + horizon) - over) / lasting for horizon in horizons]
            if chances and max(chances) > LEAST:
                rows.append((1, chances))
        return rows
