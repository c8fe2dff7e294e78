"""Every agent of the node and the line of those who wait for one. Pure: effects come back to the engine."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from dialer.agents import model as m
from dialer.agents import routing
from dialer.agents.machine import adopt, session_of, step
from dialer.agents.model import AgentState, Effect, Event, State
from dialer.agents.routing import Group, IdleAgents, Skills, Waiting, WaitingLine
from dialer.config.models import Agent
from dialer.store.records import AgentSession

Effects = tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """This agent is reserved for this call, which has left the line. `effects` are to be started as any others."""

    call_id: str
    agent: str
    waited_s: float
    effects: Effects = ()


@dataclass(frozen=True, slots=True)
class Queue:
    """Who waits in one queue, over all switches."""

    waiting: int
    oldest: float
    """Epoch seconds since when the longest waiting does."""


class Desk:
    def __init__(self, agents: Mapping[str, Agent]) -> None:
        self._config = dict(agents)
        self._skills = {name: frozenset(agent.skills) for name, agent in agents.items()}
        self._states = {name: AgentState(name) for name in agents}
        self._leaving: set[str] = set()
        """Gone from the configuration while logged in: dropped at their log-out."""
        self._by_channel: dict[str, str] = {}
        self._by_call: dict[str, str] = {}
        self._at_work: dict[str, Group] = {}
        self._staffed: Counter[Group] = Counter()
        self._able: dict[Skills, Mapping[str, str]] = {}
        self._idle = IdleAgents()
        self._line = WaitingLine()

    # ---- agents ----------------------------------------------------------------------------------------

    def apply(self, agent: str, event: Event, now: float) -> Effects:
        """One thing that happened to an agent, or that it asks for. Raises KeyError for an unknown agent."""
        before = self._states[agent]
        if isinstance(event, m.Parted):
            own = self._config[agent].wrap_up
            event = event if own is None else m.Parted(event.call_id, own)
        after, effects = step(before, event, now)
        if after is not before:
            self._put(before, after)
        return effects

    def adopt(self, session: AgentSession, state: State, call_id: str | None, now: float) -> Effects:
        """Take over a leg that outlived a crash. `state` is idle, paused, or talking with `call_id`.

        An agent that is not in the configuration any more is hung up.
        """
        name = session.agent
        if name not in self._states:
            return (m.HangUpLeg(name, session.channel), m.DropSession(name))
        after = adopt(session, state, call_id, now)
        self._put(self._states[name], after)
        return (m.BecameIdle(name),) if after.state is State.IDLE else ()

    def reconfigure(self, agents: Mapping[str, Agent], now: float) -> Effects:
        """Take changed skills and new agents at once; agents that are gone finish their work and are logged out."""
        effects: list[Effect] = []
        gone = [name for name in self._states if name not in agents]
        for name, agent in agents.items():
            self._config[name], self._skills[name] = agent, frozenset(agent.skills)
            self._index(self._states.setdefault(name, AgentState(name)))
            if name in self._leaving:  # with a call in hand, to be logged out after it: taken back
                self._leaving.discard(name)
                effects.extend(self.apply(name, m.ReadyRequested(), now))
        for name in gone:
            self._leaving.add(name)
            effects.extend(self.apply(name, m.LogoutRequested(), now))
            self._drop_if_gone(name)
        return tuple(effects)

    def state(self, agent: str) -> AgentState:
        """Raises KeyError for an unknown agent."""
        return self._states[agent]

    def states(self) -> Iterable[AgentState]:
        return self._states.values()

    def sessions(self) -> Iterator[AgentSession]:
        return (session for state in self._states.values() if (session := session_of(state)))

    def config(self, agent: str) -> Agent:
        return self._config[agent]

    def skills(self, agent: str) -> Skills:
        """Raises KeyError for an unknown agent."""
        return self._skills[agent]

    def by_channel(self, channel: str) -> str | None:
        """Whose leg this channel is."""
        return self._by_channel.get(channel)

    def by_call(self, call_id: str) -> str | None:
        """Who is held for this call, or talks in it."""
        return self._by_call.get(call_id)

    def idle(self, skills: Iterable[str] = (), switch: str | None = None) -> list[str]:
        """Idle agents having all `skills`, in the order in which they are given work (`routing.py`)."""
        return self._idle.all(frozenset(skills), switch)

    def at_work(self, skills: Skills) -> Mapping[str, str]:
        """Those having all `skills` who are logged in and not paused, and the switch of each. The same object as long
        as nobody comes or goes."""
        if (found := self._able.get(skills)) is None:
            found = {name: switch for name, (able, switch) in self._at_work.items() if skills <= able}
            self._able[skills] = found
        return found

    def staffed(self, skills: Iterable[str] = (), switch: str | None = None) -> int:
        """How many having all `skills` are logged in and not paused."""
        wanted = frozenset(skills)
        groups = self._staffed.items()
        return sum(count for (able, on), count in groups if wanted <= able and switch in (None, on))

    # ---- the waiting line ------------------------------------------------------------------------------

    def enqueue(self, waiting: Waiting) -> Literal["queued", "full"]:
        """Into the line; `match` then says who gets whom. A queue is full only while nobody idle can take the call."""
        full = waiting.max_waiting is not None and self._line.count(waiting.queue) >= waiting.max_waiting
        if full and waiting.call_id not in self._line and self._next_idle(waiting) is None:
            return "full"
        self._line.put(waiting)
        return "queued"

    def dequeue(self, call_id: str) -> bool:
        """The call waits no more; False when it did not."""
        return self._line.remove(call_id) is not None

    def match(self, now: float, down: Collection[str] = ()) -> list[Assignment]:
        """Give every waiting call that can be served its agent, who is reserved for it. Those on the switches that are
        `down` wait on."""
        return [
            Assignment(waiting.call_id, agent, max(0.0, now - waiting.since),
                       self.apply(agent, m.Reserved(waiting.call_id), now))
            for waiting, agent in routing.match(self._line, self._idle, down)
        ]

    def waiting(self, skills: Iterable[str] | None = None) -> int:
        """How many wait; given `skills`, those whom agents having just these could serve."""
        if skills is None:
            return len(self._line)
        able: Skills = frozenset(skills)
        return sum(waiting.skills <= able for waiting in self._line)

    def line(self) -> Iterable[Waiting]:
        return self._line

    def waiting_in(self, queue: str) -> int:
        """How many wait in one queue, at once known."""
        return self._line.count(queue)

    def queues(self) -> dict[str, Queue]:
        found: dict[str, Queue] = {}
        for waiting in self._line:
            seen = found.get(waiting.queue, Queue(0, waiting.since))
            found[waiting.queue] = Queue(seen.waiting + 1, min(seen.oldest, waiting.since))
        return found

    # ---- indexes ---------------------------------------------------------------------------------------

    def _next_idle(self, waiting: Waiting) -> str | None:
        return self._idle.first(waiting.skills, waiting.switch)

    def _put(self, before: AgentState, after: AgentState) -> None:
        name = after.agent
        self._states[name] = after
        if before.channel != after.channel:
            if before.channel and self._by_channel.get(before.channel) == name:
                del self._by_channel[before.channel]
            if after.channel:
                self._by_channel[after.channel] = name
        held = after.call_id if after.state in (State.RESERVED, State.TALKING) else None
        if before.call_id and before.call_id != held and self._by_call.get(before.call_id) == name:
            del self._by_call[before.call_id]
        if held:
            self._by_call[held] = name
        self._index(after)
        self._drop_if_gone(name)

    def _index(self, state: AgentState) -> None:
        name, switch = state.agent, state.switch or ""
        skills = self._skills[name]
        if state.state is State.IDLE:
            self._idle.put(name, skills, switch, state.idle_since)
        else:
            self._idle.remove(name)
        before, after = self._at_work.get(name), (skills, switch) if state.state in m.STAFFED else None
        if after == before:
            return
        self._able.clear()
        if before is not None:
            del self._at_work[name]
            self._staffed[before] -= 1
            if not self._staffed[before]:
                del self._staffed[before]
        if after is not None:
            self._at_work[name] = after
            self._staffed[after] += 1

    def _drop_if_gone(self, name: str) -> None:
        if name in self._leaving and self._states[name].state is State.LOGGED_OUT:
            self._leaving.discard(name)
            del self._states[name], self._config[name], self._skills[name]
