"""A shift of several campaigns that share agents, in virtual time. Nothing here decides how many to dial, or for whom.

`python -m dialer.simulation.shared` prints what the campaigns came to.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf
from typing import Literal

import typer

from dialer.campaigns.pacing import EventKind, IdleAgent, Pace, Power, Predictive, Progressive, Snapshot
from dialer.campaigns.pacing.joint import Ask, Joint, Member, members_of
from dialer.campaigns.pacing.windows import Estimates, Kind, Limit, Window, Windows
from dialer.simulation.people import Destiny, People
from dialer.simulation.world import World, world

TICK_S = 1.0
MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Sharer:
    """One campaign of the shift."""

    name: str
    world: World
    mode: Literal["predictive", "progressive", "power"] = "predictive"
    share: float = 1.0
    priority: int = 0
    agents: frozenset[int] | None = None
    """Who may serve it; None: everybody."""
    begins: float = 0.0
    ends: float = inf
    """Seconds of the shift within which it dials."""
    contacts: float = inf
    answered: int = 0
    abandoned: int = 0
    """People before the shift, within the month."""
    limit: Limit | None = None
    """A budget besides."""


@dataclass(slots=True)
class Line:
    id: str
    sharer: Sharer
    destiny: Destiny
    switch: str
    held: str | None = None
    open: bool = True
    waits: bool = False


@dataclass(slots=True)
class Came:
    """What one campaign came to."""

    dials: int = 0
    answers: int = 0
    lost: int = 0
    busy_s: float = 0.0
    """Agents' talk and after-call work."""
    held_s: float = 0.0
    busy_by_hour: dict[int, float] = field(default_factory=dict)
    before: tuple[int, int] = (0, 0)
    """Answered and abandoned before the shift: they count within the month."""
    worst: dict[int, float] = field(default_factory=lambda: {100: 0.0, 200: 0.0})
    """The highest share abandoned, of the month's, at any moment after so many answers of this shift."""

    @property
    def abandoned(self) -> float:
        return self.lost / max(1, self.answers)

    def lose(self) -> None:
        self.lost += 1
        answered, abandoned = self.before
        share = (abandoned + self.lost) / (answered + self.answers)
        for answers in self.worst:
            if self.answers >= answers:
                self.worst[answers] = max(self.worst[answers], share)


class SharedShift:
    def __init__(
        self, sharers: Sequence[Sharer], agents: int, hours: float, seed: int, switches: Sequence[int] = ()
    ) -> None:
        """`switches`: how many agents are on each; all on one where it is empty. A person can only be joined to an
        agent on the same one."""
        self.sharers = {sharer.name: sharer for sharer in sharers}
        self.end = hours * 3600.0
        self.came = {name: Came(before=(one.answered, one.abandoned)) for name, one in self.sharers.items()}
        self.now = 0.0
        self.joint = Joint()
        self.windows = {name: Window(limit, Estimates()) for name, sharer in self.sharers.items()
                        if (limit := sharer.limit) is not None}  # fmt: skip
        self._people = {name: People(sharer.world, seed + i) for i, (name, sharer) in enumerate(self.sharers.items())}
        for name, sharer in self.sharers.items():
            member = _member(sharer)
            member.windows = Windows([self.windows[name]] if name in self.windows else [])
            self.joint.put(name, member, sharer.share, sharer.priority)
        self._all = [f"a{i}" for i in range(agents)]
        counts = switches or (agents,)
        self._on = dict(zip(self._all, (f"s{i}" for i, count in enumerate(counts) for _ in range(count)), strict=True))
        self._serves = {
            name: {f"a{i}": self._on[f"a{i}"] for i in (range(agents) if sharer.agents is None else sharer.agents)}
            for name, sharer in self.sharers.items()
        }
        self._asked_for = {agent: sum(agent in able for able in self._serves.values()) for agent in self._all}
        """By how many campaigns."""
        self._idle: dict[str, float] = {}
        self._since: dict[str, float] = {}
        self._line: dict[str, Line] = {}
        self._air: dict[str, dict[str, Line]] = {name: {} for name in self.sharers}
        self._dials: dict[str, dict[str, set[str]]] = {name: {} for name in self.sharers}
        """By switch."""
        self._waiting: deque[Line] = deque()
        self._lines = {f"s{i}": 6 * count + 20 for i, count in enumerate(counts)}
        self._heap: list[tuple[float, int, str, Line | tuple[str, str] | None]] = []
        self._count = 0
        self.idle_s = 0.0

    def run(self) -> "SharedShift":
        for i, agent in enumerate(self._all):
            self._after(30.0 * i / len(self._all), "ready", ("", agent))
        self._after(0.0, "tick", None)
        while self._heap and self._heap[0][0] < self.end:
            self.now, _, kind, subject = heappop(self._heap)
            if isinstance(subject, Line):
                self._of_line(kind, subject)
            elif subject is not None:
                self._of_agent(kind, *subject)
            else:
                self._after(TICK_S, "tick", None)
            self._decide()
        return self

    @property
    def occupancy(self) -> float:
        idle = self.idle_s + sum(self.end - since for since in self._idle.values())
        busy = sum(came.busy_s for came in self.came.values())
        held = sum(came.held_s for came in self.came.values())
        return busy / (busy + idle + held)

    @property
    def _next(self) -> list[str]:
        """The idle, whom the fewest ask for first, of those the longest idle: as `agents/routing.py` gives work."""
        return sorted(self._idle, key=self._asked_for.__getitem__)

    def _after(self, seconds: float, kind: str, subject: Line | tuple[str, str] | None) -> None:
        self._count += 1
        heappush(self._heap, (self.now + seconds, self._count, kind, subject))

    def _tell(self, line: Line, kind: EventKind, agent: str | None = None, value: float = 0.0) -> None:
        here = self._dials[line.sharer.name].setdefault(line.switch, set())
        (here.discard if kind in ("failed", "machine", "connected", "abandoned") else here.add)(line.id)
        self.joint.on_event(self.now, line.sharer.name, kind, line.id, agent, value)

    # -- deciding -----------------------------------------------------------------------------------

    def _decide(self) -> None:
        asks = {name: self._ask(sharer) for name, sharer in self.sharers.items()}
        for group in members_of(asks):
            for name, decision in self.joint.decide(self.now, group).items():
                for place in decision.places:
                    self._place(self.sharers[name], place.switch, place.agent)
                for dial in decision.hang_up:
                    if dial in self._air[name]:
                        self._close(self._air[name][dial], "failed")

    def _ask(self, sharer: Sharer) -> Ask:
        serves = self._serves[sharer.name]
        left = sharer.contacts - self.came[sharer.name].dials
        state = Snapshot(
            idle=tuple([IdleAgent(agent, serves[agent]) for agent in self._next if agent in serves]),
            in_the_air=len(self._air[sharer.name]), free=dict(self._lines), rate=MOST_AT_ONCE,
            dials=self._dials[sharer.name], contacts_left=None if left == inf else int(left),
        )  # fmt: skip
        return Ask(state, serves, sharer.begins <= self.now < sharer.ends and left > 0)

    def _place(self, sharer: Sharer, switch: str, agent: str | None) -> None:
        self._count += 1
        line = Line(f"d{self._count}", sharer, self._people[sharer.name].dial(self.now), switch, agent)
        if agent is not None:
            self.idle_s += self.now - self._idle.pop(agent)
            self._since[agent] = self.now
        self.came[sharer.name].dials += 1
        self._air[sharer.name][line.id] = line
        self._lines[switch] -= 1
        self._tell(line, "placed", agent)
        destiny = line.destiny
        if destiny.rings_s is not None:
            self._after(destiny.rings_s, "ringing", line)
        self._after(destiny.ends_s, "failed" if destiny.fate == "failed" else "answered", line)

    # -- what happens -------------------------------------------------------------------------------

    def _close(self, line: Line, kind: EventKind) -> None:
        line.open = False
        self._air[line.sharer.name].pop(line.id, None)
        self._lines[line.switch] += 1
        self._tell(line, kind)
        if line.held is not None:
            self.came[line.sharer.name].held_s += self.now - self._since[line.held]
            self._ready(line.held)

    def _of_line(self, kind: str, line: Line) -> None:
        if not line.open and kind in ("ringing", "failed", "answered"):
            return
        if kind == "ringing":
            self._tell(line, "ringing")
        elif kind == "answered":
            line.open = False
            del self._air[line.sharer.name][line.id]
            self._tell(line, "answered")
            self._after(line.destiny.known_s - line.destiny.ends_s, line.destiny.fate, line)
        elif kind == "person":
            self._person(line)
        elif kind == "give_up":
            if line.waits:
                self._waiting.remove(line)
                self._lost(line)
        else:
            self._close(line, "machine" if kind == "machine" else "failed")

    def _person(self, line: Line) -> None:
        self.came[line.sharer.name].answers += 1
        self._tell(line, "live")
        agent = line.held or next((one for one in self._next if self._can(one, line)), None)
        left = line.sharer.world.connect_s - (line.destiny.known_s - line.destiny.ends_s)
        if agent is not None:
            self._connect(line, agent)
        elif left <= 0:
            self._lost(line)
        else:
            line.waits = True
            self._waiting.append(line)
            self._after(left, "give_up", line)

    def _can(self, agent: str, line: Line) -> bool:
        return self._serves[line.sharer.name].get(agent) == line.switch

    def _lost(self, line: Line) -> None:
        line.waits = False
        self._lines[line.switch] += 1
        self.came[line.sharer.name].lose()
        self._count_in(line, "abandoned")
        self._tell(line, "abandoned")

    def _count_in(self, line: Line, kind: Kind) -> None:
        if (window := self.windows.get(line.sharer.name)) is not None:
            window.add(self.now, kind)

    def _connect(self, line: Line, agent: str) -> None:
        line.waits = False
        if line.held is not None:
            self.came[line.sharer.name].held_s += self.now - self._since[agent]
        else:
            self.idle_s += self.now - self._idle.pop(agent)
        self._since[agent] = self.now
        self._count_in(line, "talked")
        self._tell(line, "connected", agent)
        people, index = self._people[line.sharer.name], int(agent[1:])
        talk, wrap = people.talk(index), people.wrap(index)
        self._after(talk, "talked", (line.sharer.name, agent))
        self._after(talk + wrap, "wrapped", (line.sharer.name, agent))

    def _of_agent(self, kind: str, name: str, agent: str) -> None:
        if kind == "talked":
            self._lines[self._on[agent]] += 1
            self.joint.on_event(self.now, name, "ended", None, agent, self.now - self._since[agent])
            self.joint.on_event(self.now, name, "wrap_up", None, agent)
        else:
            if kind == "wrapped":
                spent, came = self.now - self._since[agent], self.came[name]
                came.busy_s += spent
                hour = int(self.now // 3600)
                came.busy_by_hour[hour] = came.busy_by_hour.get(hour, 0.0) + spent
            self._ready(agent)

    def _ready(self, agent: str) -> None:
        self.joint.on_agent(self.now, "idle", agent, self.sharers)
        self._idle[agent] = self.now
        for line in self._waiting:
            if self._can(agent, line):
                self._waiting.remove(line)
                self._connect(line, agent)
                break


def _member(sharer: Sharer) -> Member:
    pace = Pace(ring_s=sharer.world.ring_timeout_s, connect_s=sharer.world.connect_s,
                answered=sharer.answered, abandoned=sharer.abandoned)  # fmt: skip
    forecast = Predictive(pace)
    if sharer.mode == "predictive":
        return Member(forecast, forecast, False)
    return Member(forecast, Power(2.0) if sharer.mode == "power" else Progressive(), sharer.mode == "progressive")


def main(
    agents: int = 20, hours: float = 8.0, shares: str = "2,1", settings: str = "base", seeds: int = 1,
    switches: str = "", first: int = 1,
) -> None:  # fmt: skip
    """Predictive campaigns of these shares, of the same setting or of one each, with all agents in common; `switches`:
    so many agents on each."""
    counts = [int(count) for count in switches.split(",") if count]
    parts = [float(share) for share in shares.split(",")]
    names = settings.split(",") * len(parts)
    for seed in range(first, first + seeds):
        sharers = [Sharer(f"c{i}", world(names[i], agents), share=share) for i, share in enumerate(parts)]
        shift = SharedShift(sharers, agents, hours, seed, counts).run()
        total = sum(came.busy_s for came in shift.came.values())
        each = "  ".join(
            f"{name}: {100 * came.busy_s / total:4.1f} % of the time, {100 * came.abandoned:.2f} % abandoned"
            f" (at any moment {100 * came.worst[100]:.2f}, {100 * came.worst[200]:.2f})"
            for name, came in shift.came.items()
        )
        typer.echo(f"seed {seed}: occupancy {100 * shift.occupancy:.2f} %  {each}")


if __name__ == "__main__":
    typer.run(main)
