"""First-call resolution: callers who had their answer and did not call again."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Resolution:
    """Feed it every inbound call of the client in the order they came, those after the period too."""

    within_s: float
    """A further call of the same caller within this, from beginning to beginning, means that the one before was not
    resolved."""
    now: float
    """Calls that may still be followed by one within the time are left out."""
    resolved: int = 0
    judged: int = 0
    _last: dict[str, float] = field(default_factory=dict)

    def count(self, caller: str, at: float, handled: bool) -> None:
        """`caller`: any name for the number, the same each time; empty when it was withheld. `handled`: the call is
        one of those asked about, and an agent or the flow served it."""
        if not caller:
            return
        before = self._last.pop(caller, None)
        if before is not None:
            self._judge(before, at - before > self.within_s)
        if handled:
            self._last[caller] = at

    def end(self) -> tuple[int, int]:
        """How many were resolved, of how many."""
        for at in self._last.values():
            if at + self.within_s <= self.now:
                self._judge(at, True)
        self._last.clear()
        return self.resolved, self.judged

    def _judge(self, at: float, resolved: bool) -> None:
        self.judged += 1
        self.resolved += resolved
