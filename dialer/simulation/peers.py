"""Other dialers' published rules, for comparison: each as its formula says, driven like our own pacers.

Where a rule leaves a constant open, it is named here, and `docs/pacing.md` says so.
"""

from abc import ABC, abstractmethod
from collections import deque
from math import exp
from random import Random

from dialer.campaigns.pacing import Decision, EventKind, Pace, Snapshot
from dialer.campaigns.pacing.fixed import spread
from dialer.config.campaign import Campaign

LIMIT = 0.03


class Seen:
    """What all of them look at: who is at work, what is on the lines, what came of the dials."""

    def __init__(self) -> None:
        self.agents: dict[str, tuple[str, float]] = {}
        """idle, talk or wrap; since when."""
        self.detecting: set[str] = set()
        self.waiting: set[str] = set()
        self.answered: deque[float] = deque()
        self.dropped: deque[float] = deque()
        self.resolved: deque[float] = deque()
        self.answers_ever = self.drops_ever = 0
        self.placed: dict[str, float] = {}
        self.outcomes: deque[tuple[bool, float]] = deque(maxlen=500)
        """A person or not, and after how many seconds it was known."""
        self.talks: deque[float] = deque(maxlen=500)
        """Talk with wrap-up."""

    def on_event(self, now: float, kind: EventKind, dial: str | None, agent: str | None) -> None:
        if dial is not None:
            self._dial(now, kind, dial)
        if agent is None:
            return
        if kind == "left":
            self.agents.pop(agent, None)
        elif kind in ("connected", "idle", "wrap_up"):
            was, since = self.agents.get(agent, ("idle", now))
            if kind == "idle" and was != "idle":
                self.talks.append(now - since)
            started = since if kind == "wrap_up" and was == "talk" else now
            self.agents[agent] = ({"connected": "talk", "idle": "idle", "wrap_up": "wrap"}[kind], started)

    def _dial(self, now: float, kind: EventKind, dial: str) -> None:
        if kind == "placed":
            self.placed[dial] = now
        elif kind == "answered":
            self.detecting.add(dial)
        elif kind == "live":
            self._resolve(now, dial, True)
            self.waiting.add(dial)
            self.answered.append(now)
            self.answers_ever += 1
        elif kind in ("machine", "failed"):
            self._resolve(now, dial, False)
        elif kind in ("connected", "abandoned"):
            self.waiting.discard(dial)
            if kind == "abandoned":
                self.dropped.append(now)
                self.drops_ever += 1

    def _resolve(self, now: float, dial: str, person: bool) -> None:
        self.detecting.discard(dial)
        placed = self.placed.pop(dial, now)
        self.resolved.append(now)
        self.outcomes.append((person, now - placed))

    def count(self, status: str) -> int:
        return sum(1 for what, _ in self.agents.values() if what == status)

    def unanswered(self, state: Snapshot) -> int:
        return state.in_the_air + len(self.detecting)


def _within(times: deque[float], since: float) -> int:
    while times and times[0] < since:
        times.popleft()
    return len(times)


class Peer(ABC):
    """Decides every `every_s`, not at each event."""

    every_s = 1.0

    def __init__(self) -> None:
        self.seen = Seen()
        self._next = 0.0

    def reset(self, config: Campaign | Pace) -> None:
        """They have nothing to configure: decide at once."""
        self._next = 0.0

    def on_event(self, now: float, kind: EventKind, dial: str | None, agent: str | None, value: float = 0.0) -> None:
        self.seen.on_event(now, kind, dial, agent)

    def decide(self, now: float, state: Snapshot) -> Decision:
        if now < self._next:
            return Decision((), "enough_in_the_air")
        self._next = now + self.every_s
        return spread(state, max(0, self.wanted(now, state)), "enough_in_the_air", dict.fromkeys(state.free, 1.0))

    @abstractmethod
    def wanted(self, now: float, state: Snapshot) -> int:
        """How many dials to begin."""


class AdaptiveLevel(Peer):
    """A dial level moved every 15 s by the mean of waiting agents less waiting calls, in per cent of the agents."""

    every_s = 2.5

    def __init__(self, hard_limit: bool = False) -> None:
        super().__init__()
        self._hard = hard_limit
        self._level = 1.0
        self._samples: list[tuple[int, int, int]] = []
        self._sampled = 0.0

    def decide(self, now: float, state: Snapshot) -> Decision:
        if now >= self._sampled + 1:
            self._sampled = now
            self._samples.append((len(state.idle), len(self.seen.waiting), len(self.seen.agents)))
            if len(self._samples) == 15:
                self._adapt(now)
        return super().decide(now, state)

    def _adapt(self, now: float) -> None:
        ready, waiting, agents = (sum(column) / 15 for column in zip(*self._samples, strict=True))
        self._samples.clear()
        if not agents:
            return
        level = self._level * (1 + (ready - waiting) / agents)
        calls = _within(self.seen.answered, now - 60)
        if calls > 20 and _within(self.seen.dropped, now - 60) > 0.5 * calls:
            level /= 2
        if self.seen.answers_ever > 50 and self.seen.drops_ever > LIMIT * self.seen.answers_ever:
            level = 1.0 if self._hard else level / 2
        self._level = min(3.0, max(1.0, level))

    def wanted(self, now: float, state: Snapshot) -> int:
        in_use = self.seen.unanswered(state) + len(self.seen.waiting) + self.seen.count("talk")
        return round(self._level * len(self.seen.agents)) - in_use


class Unconditional(Peer):
    """Counts on the busy agents whose time so far, and the time to an answer, is beyond 97 % of an exponential."""

    every_s = 4.0

    def __init__(self, by_answers: bool = False) -> None:
        super().__init__()
        self._by_answers = by_answers

    def wanted(self, now: float, state: Snapshot) -> int:
        seen = self.seen
        talk = sum(seen.talks) / len(seen.talks) if seen.talks else 120.0
        answers = [after for person, after in seen.outcomes if person]
        answer = sum(answers) / len(answers) if answers else 10.0
        soon = sum(
            1
            for what, since in seen.agents.values()
            if what != "idle" and 1 - exp(-(now - since + answer) / talk) >= 0.97
        )
        agents = len(state.idle) + soon - len(seen.waiting)
        if not self._by_answers:
            return agents - seen.unanswered(state)
        share = len(answers) / len(seen.outcomes) if seen.outcomes else 1.0
        return int(agents / max(share, 0.20)) - seen.unanswered(state)


class WindowController(Peer):
    """Dials for each free agent: attempts by answers of the last hour, trimmed by its abandon rate."""

    TARGET, MOST = 2.5, 3.0
    """Per cent. The rule leaves the target open."""

    def wanted(self, now: float, state: Snapshot) -> int:
        seen, since = self.seen, now - 3600
        answers, attempts = _within(seen.answered, since), _within(seen.resolved, since)
        over = attempts / answers if answers else 1.0
        lost = 100 * _within(seen.dropped, since) / answers if answers else 0.0
        if lost <= self.TARGET:
            over *= 1 + (self.TARGET - lost) * 0.1
        else:
            over *= max(0.0, self.MOST - lost) * 1.1 / self.MOST
        return int(max(over, 1.0) * (len(state.idle) - len(seen.waiting))) - seen.unanswered(state)


class Resimulation(Peer):
    """Tries six ratios on the attempts seen, every four minutes for four minutes; takes the busiest lawful one."""

    RATIOS, TICKS, REPEAT_S = 6, 240, 240.0

    def __init__(self, seed: int = 1) -> None:
        super().__init__()
        self._draw = Random(f"resimulation {seed}")
        self._ratio = 1.0
        self._tried = 0.0

    def wanted(self, now: float, state: Snapshot) -> int:
        seen = self.seen
        if now >= self._tried + self.REPEAT_S and len(seen.talks) >= 20:
            self._tried = now
            self._ratio = self._best()
        return int(self._ratio * (len(state.idle) - len(seen.waiting)) + 1e-9) - seen.unanswered(state)

    def _best(self) -> float:
        persons = sum(person for person, _ in self.seen.outcomes)
        most = len(self.seen.outcomes) / max(1, persons)
        best = (1.0, -1.0)
        for i in range(self.RATIOS):
            ratio = 1 + (most - 1) * i / (self.RATIOS - 1)
            busy, lost = self._try(ratio)
            if lost <= LIMIT and busy > best[1]:
                best = (ratio, busy)
        return best[0]

    def _try(self, ratio: float) -> tuple[float, float]:
        """Agents' busy share and the share of answers lost."""
        draw, outcomes, talks = self._draw, list(self.seen.outcomes), list(self.seen.talks)
        free_at = [draw.random() * draw.choice(talks) for _ in self.seen.agents]
        air: list[tuple[float, bool]] = []
        busy = answers = lost = 0
        for tick in range(self.TICKS):
            landed = sum(1 for at, person in air if at <= tick and person)
            air = [dial for dial in air if dial[0] > tick]
            idle = [i for i, at in enumerate(free_at) if at <= tick]
            answers += landed
            lost += max(0, landed - len(idle))
            for i in idle[:landed]:
                free_at[i] = tick + draw.choice(talks)
            left = max(0, len(idle) - landed)
            busy += len(free_at) - left
            for _ in range(int(ratio * left) - len(air)):
                person, after = draw.choice(outcomes)
                air.append((tick + max(1.0, after), person))
        return busy / max(1, self.TICKS * len(free_at)), lost / max(1, answers)
