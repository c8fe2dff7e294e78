"""Another simulator than the project's own, as somebody would write it who knows only docs/pacing.md: people, agents, a
carrier, and a line to the pacer that tells things late or not at all. Next event on a heap, seconds throughout."""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, sqrt
from random import Random

from dialer.campaigns.pacing import EventKind, IdleAgent, Pace, Predictive, Snapshot

RING_S = 22.0


@dataclass(frozen=True)
class Foreign:
    agents: int = 10
    seconds: float = 3600.0
    answers: float = 0.6
    talk_s: float = 60.0
    wrap_s: float = 15.0
    ring_s: float = RING_S
    """In reality."""
    ring_median_s: float = 8.0
    ring_sigma: float = 0.45
    silent: tuple[float, float] = (0.0, 0.0)
    """From when to when every call rings out: the carrier is dead."""
    deaf: frozenset[str] = frozenset()
    """Kinds of events that are never told."""
    late_s: float = 0.0
    """Events are told up to so much later."""
    lost: float = 0.0
    """The share of events that are never told, of whatever kind."""
    obeys: bool = True
    """Calls are taken back when asked."""


class Floor:
    """One shift. `pacer` is None: one call for each idle agent."""

    def __init__(self, world: Foreign, seed: int, pacer: Predictive | None) -> None:
        self.world, self.pacer = world, pacer
        self.draw, self.line = Random(seed), Random(seed + 1)
        self.now, self.order = 0.0, 0
        self.heap: list[tuple[float, int, Callable[[], None]]] = []
        self.idle: dict[str, float] = {}
        self.air: set[str] = set()
        self.picked: set[str] = set()
        self.waiting: deque[str] = deque()
        self.dials = self.answered = self.lost = 0
        self.work_s = self.idle_s = 0.0
        self.lost_at: list[tuple[float, bool]] = []
        self.allowance = 0.0

    def run(self) -> "Floor":
        for i in range(self.world.agents):
            self.at(self.draw.uniform(0, 10), lambda name=f"agent {i}": self.free(name))  # type: ignore[misc]
        self.at(1.0, self.tick)
        while self.heap and self.heap[0][0] <= self.world.seconds:
            self.now, _, step = heapq.heappop(self.heap)
            step()
        self.idle_s += sum(self.world.seconds - since for since in self.idle.values())
        return self

    @property
    def occupancy(self) -> float:
        return self.work_s / (self.work_s + self.idle_s)

    @property
    def abandoned(self) -> float:
        return self.lost / self.answered

    def worst_since_start(self) -> float:
        """The highest share lost since the start, after the first hundred answers."""
        worst = answered = lost = 0.0
        for _, was_lost in self.lost_at:
            answered, lost = answered + (not was_lost), lost + was_lost
            worst = max(worst, lost / answered if answered > 100 else 0.0)
        return worst

    def lost_between(self, begin: float, end: float) -> float:
        """The share of those who answered then."""
        then = [was_lost for at, was_lost in self.lost_at if begin <= at < end]
        return sum(then) / max(1, len(then) - sum(then))

    # -- what the pacer hears and says --------------------------------------------------------------

    def at(self, when: float, step: Callable[[], None]) -> None:
        self.order += 1
        heapq.heappush(self.heap, (when, self.order, step))

    def tell(self, kind: EventKind, dial: str | None = None, agent: str | None = None, value: float = 0.0) -> None:
        pacer = self.pacer
        if pacer is None or kind in self.world.deaf or (self.world.lost and self.line.random() < self.world.lost):
            return
        if self.world.late_s:
            later = self.now + self.line.uniform(0, self.world.late_s)
            self.at(later, lambda: pacer.on_event(self.now, kind, dial, agent, value))
        else:
            pacer.on_event(self.now, kind, dial, agent, value)

    def tick(self) -> None:
        self.allowance = min(self.world.agents, self.allowance + max(5.0, self.world.agents / 4))
        room = min(int(self.allowance), 4 * self.world.agents + 10 - len(self.air))
        idle = sorted(self.idle, key=self.idle.__getitem__)
        if self.pacer is None:
            count = max(0, min(room, len(idle) - len(self.air) - len(self.picked) - len(self.waiting)))
        else:
            state = Snapshot(
                idle=tuple([IdleAgent(name, "here") for name in idle]), in_the_air=len(self.air),
                waiting=len(self.waiting), free={"here": max(0, room)},
            )  # fmt: skip
            decision = self.pacer.decide(self.now, state)
            count = len(decision.places)
            for dial in decision.hang_up if self.world.obeys else ():
                self.fail(dial)
        for _ in range(count):
            self.place()
        self.allowance -= count
        self.at(self.now + 1.0, self.tick)

    # -- dials --------------------------------------------------------------------------------------

    def place(self) -> None:
        world, draw = self.world, self.draw
        self.dials += 1
        dial = f"dial {self.dials}"
        self.air.add(dial)
        self.tell("placed", dial)
        rings = self.now + draw.uniform(1, 3)
        person, ring = draw.random() < world.answers, world.ring_median_s * exp(draw.gauss(0, world.ring_sigma))
        fate, machine = draw.random(), draw.gauss(16.5, 1.5)
        if world.silent[0] <= self.now < world.silent[1]:
            person, fate = False, 0.9
        if not person and fate < 0.15:
            self.at(rings, lambda: self.fail(dial))
            return
        self.at(rings, lambda: self.rings(dial))
        if person and ring < world.ring_s:
            self.at(rings + ring, lambda: self.person(dial))
        elif not person and fate < 0.6:
            self.at(rings + machine, lambda: self.machine(dial))
        else:
            self.at(rings + world.ring_s, lambda: self.fail(dial))

    def rings(self, dial: str) -> None:
        if dial in self.air:
            self.tell("ringing", dial)

    def fail(self, dial: str) -> None:
        if dial in self.air:
            self.air.remove(dial)
            self.tell("failed", dial)

    def machine(self, dial: str) -> None:
        if dial in self.air:
            self.air.remove(dial)
            self.tell("answered", dial)
            self.at(self.now + self.draw.uniform(1.5, 3.5), lambda: self.tell("machine", dial))

    def person(self, dial: str) -> None:
        if dial in self.air:
            self.air.remove(dial)
            self.picked.add(dial)
            self.answered += 1
            self.lost_at.append((self.now, False))
            self.tell("answered", dial)
            self.at(self.now + self.draw.uniform(0.4, 1.8), lambda: self.live(dial))
            self.at(self.now + 2.0, lambda: self.let_go(dial))

    def live(self, dial: str) -> None:
        self.picked.remove(dial)
        self.tell("live", dial)
        if self.idle:
            agent = min(self.idle, key=self.idle.__getitem__)
            self.idle_s += self.now - self.idle.pop(agent)
            self.talk(dial, agent)
        else:
            self.waiting.append(dial)

    def let_go(self, dial: str) -> None:
        if dial in self.waiting:
            self.waiting.remove(dial)
            self.lost += 1
            self.lost_at.append((self.now, True))
            self.tell("abandoned", dial)

    # -- agents -------------------------------------------------------------------------------------

    def talk(self, dial: str, agent: str) -> None:
        self.tell("connected", dial, agent)
        seconds = self.draw.lognormvariate(log(self.world.talk_s) - log(2) / 2, sqrt(log(2)))
        self.at(self.now + seconds, lambda: self.hang_up(dial, agent, seconds))

    def hang_up(self, dial: str, agent: str, seconds: float) -> None:
        wrap = self.draw.gammavariate(2, self.world.wrap_s / 2)
        self.work_s += seconds + wrap
        self.tell("ended", dial, agent, seconds)
        self.tell("wrap_up", None, agent)
        self.at(self.now + wrap, lambda: self.free(agent))

    def free(self, agent: str) -> None:
        self.tell("idle", None, agent)
        if self.waiting:
            self.talk(self.waiting.popleft(), agent)
        else:
            self.idle[agent] = self.now


def shift(world: Foreign, seed: int, pace: Pace | None = None) -> Floor:
    return Floor(world, seed, Predictive(pace or Pace(ring_s=RING_S))).run()


def one_to_one(world: Foreign, seed: int) -> Floor:
    return Floor(world, seed, None).run()
