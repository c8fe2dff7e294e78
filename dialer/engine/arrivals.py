"""Callers who take agents away from campaigns: how many come a second, and how many wait."""

from collections import Counter, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dialer.agents.routing import Skills

if TYPE_CHECKING:
    from dialer.engine.core import Engine

QUICK_S, LONG_S = 300.0, 1_800.0
"""The rate is the mean of what came within the last five minutes and the last thirty."""
MOST = 20_000
REFRESH_S = 1.0


class Arrivals:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._began = engine.clock.now()
        self._came: deque[tuple[float, Skills]] = deque(maxlen=MOST)
        self._rates: dict[Skills, float] = {}
        self._reckoned_at = float("-inf")

    def came(self, skills: Skills) -> None:
        """A caller asks for an agent with these skills."""
        self._came.append((self._engine.clock.now(), skills))

    def per_s(self, serving: Mapping[str, str]) -> float:
        """Callers a second who are to take one of these agents: of those who could serve a caller, anyone is as
        likely."""
        return sum(rate * self._part(skills, serving) for skills, rate in self._reckoned().items())

    def waiting(self, serving: Mapping[str, str]) -> int:
        """Of those in line, callers whom these agents are to take as they come free."""
        campaigns = self._engine.campaigns.runs.keys()
        line = Counter(one.skills for one in self._engine.floor.desk.line() if one.queue not in campaigns)
        return round(sum(count * self._part(skills, serving) for skills, count in line.items()))

    def _part(self, skills: Skills, serving: Mapping[str, str]) -> float:
        able = self._engine.floor.desk.at_work(skills)
        if able is serving:
            return 1.0
        return len(able.keys() & serving.keys()) / len(able) if able else 0.0

    def _reckoned(self) -> Mapping[Skills, float]:
        now = self._engine.clock.now()
        if not 0 <= now - self._reckoned_at < REFRESH_S:
            self._reckoned_at = now
            while self._came and self._came[0][0] < now - LONG_S:
                self._came.popleft()
            running = max(QUICK_S, now - self._began)
            self._rates = {}
            for at, skills in self._came:
                weight = 0.5 / min(LONG_S, running) + (0.5 / QUICK_S if at >= now - QUICK_S else 0.0)
                self._rates[skills] = self._rates.get(skills, 0.0) + weight
        return self._rates
