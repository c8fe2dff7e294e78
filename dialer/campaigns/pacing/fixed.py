"""Pacers that need no memory: one call for each idle agent, a fixed number for each, as many as fit."""

from collections import Counter
from collections.abc import Mapping
from math import floor

from dialer.campaigns.pacing.model import Decision, EventKind, Pace, Place, Reason, Snapshot
from dialer.config.campaign import Campaign


def progressive(state: Snapshot) -> Decision:
    """One call for each idle agent, out of the agent's own switch. People who wait already have the first claim."""
    wanted = state.idle[state.waiting:]
    most, reason = _most(state, len(wanted), "people_waiting" if state.idle and not wanted else "no_idle_agent")
    free = dict(state.free)
    places: list[Place] = []
    for idle in wanted:
        if len(places) >= most:
            break
        if free.get(idle.switch, 0) > 0:
            free[idle.switch] -= 1
            places.append(Place(idle.switch, idle.agent))
        else:
            reason = "no_free_channel"
    return Decision(tuple(places), "dialling" if len(places) == len(wanted) > 0 else reason)


def agentless(state: Snapshot) -> Decision:
    """As many as channels and rates allow, each on the switch with the most room."""
    room = sum(state.free.values())
    most, reason = _most(state, room, "no_free_channel")
    free = dict(state.free)
    places: list[Place] = []
    for _ in range(most):
        switch = max(free, key=lambda name: (free[name], name))
        free[switch] -= 1
        places.append(Place(switch))
    return Decision(tuple(places), reason)


def power(state: Snapshot, ratio: float, outstanding: int) -> Decision:
    """`ratio` dials for each idle agent, those `outstanding` counted in: blind to who is about to be free."""
    wanted = max(0, floor(ratio * (len(state.idle) - state.waiting) + 1e-9) - outstanding)
    return spread(state, wanted, "no_idle_agent" if not state.idle else "enough_in_the_air")


def spread(
    state: Snapshot, wanted: int, reason: Reason, agents: Mapping[str, float] | None = None
) -> Decision:
    """`wanted` calls over the switches in proportion to the agents there, as far as there is room; a person can only
    be joined to an agent on the same switch. `reason` is why not more are wanted."""
    weights = agents or Counter(idle.switch for idle in state.idle)
    free = {name: room for name, room in state.free.items() if room > 0 and (weights.get(name, 0) > 0 or not weights)}
    room = sum(free.values())
    most, reason = _most(state, min(wanted, room), reason if wanted <= room else "no_free_channel")
    placed = dict.fromkeys(free, 0)
    places: list[Place] = []
    for _ in range(most):
        switch = min(
            (name for name in free if placed[name] < free[name]),
            key=lambda name: ((placed[name] + 1) / weights.get(name, 1.0), -free[name], name),
        )
        placed[switch] += 1
        places.append(Place(switch))
    return Decision(tuple(places), reason)


def _most(state: Snapshot, wanted: int, reason: Reason) -> tuple[int, Reason]:
    """The tightest bound, and its name; `reason` is that of `wanted`."""
    bounds: list[tuple[int | None, Reason]] = [
        (state.due, "nothing_due"), (state.channels, "campaign_channels"), (state.rate, "rate_limit"),
    ]
    most = wanted
    for bound, name in bounds:
        if bound is not None and bound < most:
            most, reason = max(0, bound), name
    return most, reason


class Progressive:
    """One call for each idle agent: nobody who answers is without one."""

    def reset(self, config: Campaign | Pace) -> None:
        """Nothing is remembered."""

    def on_event(self, now: float, kind: EventKind, dial: str | None, agent: str | None, value: float = 0.0) -> None:
        """Nothing is learnt."""

    def decide(self, now: float, state: Snapshot) -> Decision:
        return progressive(state)


class Manual(Progressive):
    """Agents dial by themselves."""

    def decide(self, now: float, state: Snapshot) -> Decision:
        return Decision((), "by_hand")


class Agentless(Progressive):
    """A flow talks to whoever answers."""

    def decide(self, now: float, state: Snapshot) -> Decision:
        return agentless(state)


class Power(Progressive):
    """A fixed number of dials for each idle agent."""

    def __init__(self, ratio: float = 1.5) -> None:
        self._ratio = ratio
        self._answering: set[str] = set()

    def on_event(self, now: float, kind: EventKind, dial: str | None, agent: str | None, value: float = 0.0) -> None:
        """Who has answered and is not yet known to be a person is nobody's yet, and not in the air any more."""
        if kind == "answered" and dial is not None:
            self._answering.add(dial)
        elif dial is not None:
            self._answering.discard(dial)

    def decide(self, now: float, state: Snapshot) -> Decision:
        return power(state, self._ratio, state.in_the_air + len(self._answering))
