"""Who gets whom: the waiting line, the idle agents, and the match between them.

Rules: the highest priority first, then the longest waiting; each gets, of the idle on the same switch who have all the
skills asked for, one with the fewest skills, and of those the one idle the longest. So whoever can serve others as well
is spared for them: else a language or a team that few have would wait behind work that anybody could do. Somebody whom
nobody idle can serve does not hold up the others.

Both sides are grouped (by skills and switch): a match costs O(matches × groups), not O(waiting × idle).
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace

Skills = frozenset[str]
Group = tuple[Skills, str]
"""Skills, and the switch: of agents those they have, of those who wait those they ask for."""
Place = tuple[float, float, int, str]
"""Minus priority, since, order of arrival, call id: the smallest is next."""

_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Waiting:
    """A customer who wants an agent now. A greater `priority` comes first; `since` is epoch seconds."""

    call_id: str
    switch: str
    queue: str
    skills: Skills
    priority: int = 0
    since: float = 0.0
    max_waiting: int | None = None
    """The most who may wait in this queue, this one included; None for no bound."""


class IdleAgents:
    """Agents waiting for work: those with the fewest skills first, of those the longest idle."""

    def __init__(self) -> None:
        self._groups: dict[Group, list[tuple[float, str]]] = {}
        self._where: dict[str, tuple[Group, float]] = {}
        self._covering: dict[tuple[Skills, str | None], list[Group]] = {}

    def __contains__(self, agent: str) -> bool:
        return agent in self._where

    def __len__(self) -> int:
        return len(self._where)

    def put(self, agent: str, skills: Skills, switch: str, since: float) -> None:
        """Idle since then; putting an agent again moves it."""
        self.remove(agent)
        group = (skills, switch)
        if group not in self._groups:
            self._groups[group] = []
            self._covering.clear()
        insort(self._groups[group], (since, agent))
        self._where[agent] = (group, since)

    def remove(self, agent: str) -> None:
        if (place := self._where.pop(agent, None)) is None:
            return
        group, since = place
        members = self._groups[group]
        del members[bisect_left(members, (since, agent))]

    def first(self, skills: Skills, switch: str | None) -> str | None:
        """The agent with these skills who is next."""
        heads = [
            (len(group[0]), *members[0]) for group in self._able(skills, switch) if (members := self._groups[group])
        ]
        return min(heads)[2] if heads else None

    def all(self, skills: Skills, switch: str | None) -> list[str]:
        """Every idle agent with these skills, in their order."""
        able = self._able(skills, switch)
        return [agent for _, _, agent in sorted(
            (len(group[0]), since, agent) for group in able for since, agent in self._groups[group])]

    def _able(self, skills: Skills, switch: str | None) -> list[Group]:
        """The groups whose agents can serve this; remembered until a group comes into being."""
        key = (skills, switch)
        if (able := self._covering.get(key)) is None:
            able = [group for group in self._groups if skills <= group[0] and switch in (None, group[1])]
            if len(self._covering) >= _REMEMBERED:
                self._covering.clear()  # skills may come out of a flow's variables: never unbounded
            self._covering[key] = able
        return able


class WaitingLine:
    """Customers waiting for an agent, in the order of their claim."""

    def __init__(self) -> None:
        self._groups: dict[Group, list[Place]] = {}
        self._where: dict[str, tuple[Waiting, Place]] = {}
        self._queues: Counter[str] = Counter()
        self._arrivals = 0

    def __contains__(self, call_id: str) -> bool:
        return call_id in self._where

    def __len__(self) -> int:
        return len(self._where)

    def __iter__(self) -> Iterator[Waiting]:
        return (waiting for waiting, _ in self._where.values())

    def count(self, queue: str) -> int:
        return self._queues[queue]

    def put(self, waiting: Waiting) -> None:
        """At the end of its priority and time; putting a call again replaces it."""
        self.remove(waiting.call_id)
        self._arrivals += 1
        place = (-waiting.priority, waiting.since, self._arrivals, waiting.call_id)
        insort(self._groups.setdefault((waiting.skills, waiting.switch), []), place)
        self._where[waiting.call_id] = (waiting, place)
        self._queues[waiting.queue] += 1

    def remove(self, call_id: str) -> Waiting | None:
        if (entry := self._where.pop(call_id, None)) is None:
            return None
        waiting, place = entry
        group = (waiting.skills, waiting.switch)
        places = self._groups[group]
        del places[bisect_left(places, place)]
        if not places:
            del self._groups[group]
        self._queues[waiting.queue] -= 1
        if not self._queues[waiting.queue]:
            del self._queues[waiting.queue]
        return waiting

    def heads(self) -> list[tuple[Place, Group]]:
        """The first of every group."""
        return [(places[0], group) for group, places in self._groups.items()]

    def after(self, group: Group, index: int) -> Place | None:
        places = self._groups[group]
        return places[index] if index < len(places) else None


def match(line: WaitingLine, idle: IdleAgents, down: Collection[str] = ()) -> list[tuple[Waiting, str]]:
    """Take everybody out of `line` who can be served now, and their agents out of `idle`, in the order of the rules.
    Whoever is on a switch that is `down` stays."""
    if not len(idle):
        return []
    heads = [head for head in line.heads() if head[1][1] not in down]
    heapify(heads)
    taken: Counter[Group] = Counter()
    pairs: list[tuple[str, str]] = []
    while heads and len(idle):
        place, group = heads[0]
        agent = idle.first(*group)
        if agent is None:
            heappop(heads)  # nobody can serve this group any more: agents only become fewer here
            continue
        idle.remove(agent)
        pairs.append((place[3], agent))
        taken[group] += 1
        following = line.after(group, taken[group])
        if following is None:
            heappop(heads)
        else:
            heapreplace(heads, (following, group))
    return [(waiting, agent) for call_id, agent in pairs if (waiting := line.remove(call_id))]
