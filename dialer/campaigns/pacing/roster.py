"""The agents as the pacer knows them: who talks and who wraps up, since when, on which switch."""

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping
from typing import Literal

from dialer.campaigns.pacing.model import EventKind

Lasted = tuple[Literal["talk", "wrap"], float]
"""What is over, and the seconds that it took."""


class Roster:
    def __init__(self) -> None:
        self._talking: dict[str, float] = {}
        self._wrapping: dict[str, float] = {}
        self._switch: dict[str, str] = {}

    def on_event(self, now: float, kind: EventKind, agent: str, value: float) -> list[Lasted]:
        """Follow the agent, and say what ended with it. What is told twice changes nothing the second time."""
        over: list[Lasted] = []
        if kind == "connected":
            self._wrapping.pop(agent, None)
            self._talking.setdefault(agent, now)
            return over
        talked = self._talking.pop(agent, None)
        if talked is not None:
            over.append(("talk", value if value > 0 and kind == "ended" else now - talked))
        if kind in ("ended", "wrap_up"):
            if talked is not None or kind == "wrap_up":
                self._wrapping.setdefault(agent, now)
            return over
        wrapped = self._wrapping.pop(agent, None)
        if wrapped is not None or talked is not None:
            over.append(("wrap", 0.0 if wrapped is None else now - wrapped))
        if kind == "left":
            self._switch.pop(agent, None)
        return over

    def seen(self, idle: Iterable[tuple[str, str]]) -> None:
        """These are idle now, whatever we thought, on these switches."""
        for agent, switch in idle:
            self._talking.pop(agent, None)
            self._wrapping.pop(agent, None)
            self._switch[agent] = switch

    def busy(self) -> int:
        return len(self._talking) + len(self._wrapping)

    def talking(self, among: Container[str] | None = None) -> Collection[float]:
        return _of(self._talking, among)

    def wrapping(self, among: Container[str] | None = None) -> Collection[float]:
        return _of(self._wrapping, among)

    def switches(self) -> Counter[str]:
        """Agents by switch, as last seen."""
        return Counter(self._switch.values())


def _of(since: Mapping[str, float], among: Container[str] | None) -> Collection[float]:
    return since.values() if among is None else [at for agent, at in since.items() if agent in among]
