"""How long the contacts that are left will last, and whether that is little. Pure.

Contacts left, times the attempts that one takes until it is done, over the attempts a second: both as they were of
late, so that the attempts cancel out. Nobody knows while nobody is done.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

LATELY_S = 900.0
LEAST_S = 60.0
"""A shorter look tells nothing."""
_LEFT = ("waiting", "due", "claimed", "callback")


def left(contacts: Mapping[str, int]) -> int:
    return sum(contacts.get(state, 0) for state in _LEFT)


@dataclass(slots=True)
class Pace:
    """Of one campaign: how many contacts were done at some moments of the last quarter of an hour."""

    seen: deque[tuple[float, int]] = field(default_factory=deque)

    def note(self, now: float, done: int) -> None:
        if self.seen and (done < self.seen[-1][1] or now < self.seen[-1][0]):  # recycled, or the clock was set back
            self.seen.clear()
        self.seen.append((now, done))
        while self.seen[0][0] < now - LATELY_S:
            self.seen.popleft()

    def lasts_s(self, contacts: Mapping[str, int]) -> float | None:
        if not self.seen:
            return None
        (then, before), (now, done) = self.seen[0], self.seen[-1]
        if now - then < LEAST_S or done <= before:
            return None
        return left(contacts) * (now - then) / (done - before)


def is_low(alert_below: float | None, contacts: Mapping[str, int], lasts_s: float | None) -> bool:
    """Below a number of contacts (a whole number), or a duration in seconds."""
    if alert_below is None or not contacts:
        return False
    if isinstance(alert_below, int):
        return left(contacts) < alert_below
    return left(contacts) == 0 or (lasts_s is not None and lasts_s < alert_below)
