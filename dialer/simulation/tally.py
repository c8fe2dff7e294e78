"""What a shift came to."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

HALF_HOUR_S = 1800.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one shift. Shares 0..1, times in seconds."""

    occupancy: float
    """(talk + wrap-up) / (talk + wrap-up + idle)."""
    abandoned: float
    """Of the people who answered."""
    worst_half_hour: float
    """The highest share abandoned in any clock half hour with 20 answers or more."""
    worst_start: float
    """The highest share abandoned since the start, at any moment after the first 100 answers."""
    talk_minutes_per_hour: float
    """For each hour that an agent was at work."""
    wait_p50_s: float
    """Between two calls, idle."""
    wait_p90_s: float
    answers: int
    dials: int
    taken_back: int
    decide_mean_ms: float
    decide_max_ms: float


@dataclass(slots=True)
class Tally:
    end: float
    dials: int = 0
    taken_back: int = 0
    waits: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    spent_s: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("away", "idle", "talk", "wrap"), 0.0))
    _decisions: int = 0
    _decide_s: float = 0.0
    _decide_max_s: float = 0.0
    _worst_start: float = 0.0

    def answered_at(self, now: float) -> None:
        self.answers.append(now)

    def abandoned_at(self, now: float) -> None:
        self.losses.append(now)
        if len(self.answers) >= 100:
            self._worst_start = max(self._worst_start, len(self.losses) / len(self.answers))

    def decided(self, seconds: float) -> None:
        self._decisions += 1
        self._decide_s += seconds
        self._decide_max_s = max(self._decide_max_s, seconds)

    def spent(self, status: str, since: float, until: float) -> None:
        self.spent_s[status] += until - since

    def close(self, end: float, open_spans: Iterable[tuple[str, float]]) -> None:
        for status, since in open_spans:
            self.spent(status, since, end)

    def worst_half_hour(self) -> float:
        worst, at = 0.0, 0.0
        while at < self.end:
            answers = _between(self.answers, at, at + HALF_HOUR_S)
            if answers >= 20:
                worst = max(worst, _between(self.losses, at, at + HALF_HOUR_S) / answers)
            at += HALF_HOUR_S
        return worst

    def figures(self) -> Figures:
        busy = self.spent_s["talk"] + self.spent_s["wrap"]
        work = busy + self.spent_s["idle"]
        waits = sorted(self.waits) or [0.0]
        return Figures(
            occupancy=busy / work if work else 0.0,
            abandoned=len(self.losses) / max(1, len(self.answers)),
            worst_half_hour=self.worst_half_hour(),
            worst_start=self._worst_start,
            talk_minutes_per_hour=60 * self.spent_s["talk"] / work if work else 0.0,
            wait_p50_s=waits[len(waits) // 2],
            wait_p90_s=waits[len(waits) * 9 // 10],
            answers=len(self.answers),
            dials=self.dials,
            taken_back=self.taken_back,
            decide_mean_ms=1000 * self._decide_s / max(1, self._decisions),
            decide_max_ms=1000 * self._decide_max_s,
        )


def _between(times: list[float], at: float, until: float) -> int:
    return bisect_left(times, until) - bisect_left(times, at)
