"""Service level: the share of queued callers who had an agent in time, by the formulas that contracts use.

Callers count as queued once they waited for an agent: those who were joined to one, and those who gave up. One who
was sent elsewhere by the flow while waiting is neither.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Formula = Literal["offered", "answered", "patient", "forgiving"]
"""In time, of all queued; of those answered; of all but those who gave up within the time; in time or given up within
the time, of all queued. The first, third and fourth are the usual ones."""
FORMULAS: tuple[Formula, ...] = get_args(Formula)


@dataclass(slots=True)
class Level:
    """Counts of inbound calls."""

    within_s: float
    queued: int = 0
    connected: int = 0
    in_time: int = 0
    gave_up: int = 0
    gave_up_in_time: int = 0
    """Within `within_s` of queueing."""

    def count(
        self, outcome: str, queued_at: float | None, joined_at: float | None, ended_at: float | None
    ) -> None:
        if queued_at is None:
            return
        if joined_at is not None:
            self.queued += 1
            self.connected += 1
            self.in_time += joined_at - queued_at <= self.within_s
        elif outcome == "abandoned":
            self.queued += 1
            self.gave_up += 1
            self.gave_up_in_time += (queued_at if ended_at is None else ended_at) - queued_at <= self.within_s

    def share(self, formula: Formula) -> tuple[int, int]:
        """How many, of how many; the second may be 0."""
        match formula:
            case "offered":
                return self.in_time, self.queued
            case "answered":
                return self.in_time, self.connected
            case "patient":
                return self.in_time, self.queued - self.gave_up_in_time
            case "forgiving":
                return self.in_time + self.gave_up_in_time, self.queued
