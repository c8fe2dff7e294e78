"""The agents as the pacer knows them: who talks and who wraps up, since when, on which switch."""

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping
from typing import Literal

from dialer.campaigns.pacing.model import EventKind

SILENT_S, FORGOTTEN_S = 5.0, 60.0
"""An agent of whom nothing is told so long after being idle is at work; is no news any more."""

Lasted = tuple[Literal["talk", "wrap"], float]
"""What is over, and the seconds that it took."""


class Roster:
    def __init__(self) -> None:
        self._talking: dict[str, float] = {}
        self._wrapping: dict[str, float] = {}
        self._switch: dict[str, str] = {}
        self._idle: list[str] = []
        """As last seen, those of whom something was told since left out."""
        self._gone: dict[str, float] = {}
        """Those idle no more, of whom nothing was told since, and since when."""
        self._told = False
        """Connections are told, with their agents."""

    def on_event(self, now: float, kind: EventKind, agent: str, value: float) -> list[Lasted]:
        """Follow the agent, and say what ended with it. What is told twice changes nothing the second time."""
        over: list[Lasted] = []
        self._gone.pop(agent, None)
        if kind == "idle":
            self._gone[agent] = now  # until seen to be
        if agent in self._idle:
            self._idle.remove(agent)
        if kind == "connected":
            self._told = True
            self._begin(now, agent)
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

    def seen(self, now: float, idle: Iterable[tuple[str, str]]) -> list[Lasted]:
        """These are idle now, whatever we thought, on these switches. A wrap-up is over then, told or not; a talk that
        is over will be told."""
        over: list[Lasted] = []
        self._idle = []
        for agent, switch in idle:
            self._gone.pop(agent, None)
            self._talking.pop(agent, None)
            since = self._wrapping.pop(agent, None)
            if since is not None:
                over.append(("wrap", now - since))
            self._idle.append(agent)
            self._switch[agent] = switch
        return over

    def taken(self, now: float, idle: Container[str], calls: Iterable[str]) -> list[str]:
        """Where connections are not told: those of these calls that agents took who are not idle any more."""
        gone = [agent for agent in self._idle if agent not in idle]
        if self._told:
            self._gone.update((agent, now) for agent in gone)
            return []
        served = list(zip(gone, calls, strict=False))
        for agent, _ in served:
            self._begin(now, agent)
        return [call for _, call in served]

    def went_silently(self, now: float) -> bool:
        """An agent who was idle is no more, and nothing was told of it. Once for each."""
        for agent, since in list(self._gone.items()):
            if now - since >= SILENT_S:
                del self._gone[agent]
                if now - since <= FORGOTTEN_S:
                    return True
        return False

    def _begin(self, now: float, agent: str) -> None:
        self._wrapping.pop(agent, None)
        self._talking.setdefault(agent, now)

    def busy(self, among: Container[str] | None = None) -> int:
        return len(self.talking(among)) + len(self.wrapping(among))

    def talking(self, among: Container[str] | None = None) -> Collection[float]:
        return _of(self._talking, among)

    def wrapping(self, among: Container[str] | None = None) -> Collection[float]:
        return _of(self._wrapping, among)

    def switches(self) -> Counter[str]:
        """Agents by switch, as last seen."""
        return Counter(self._switch.values())


def _of(since: Mapping[str, float], among: Container[str] | None) -> Collection[float]:
    return since.values() if among is None else [at for agent, at in since.items() if agent in among]
