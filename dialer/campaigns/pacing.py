"""How many calls a campaign places now, for whom, and why not more.

A pacer is pure: fed with events, asked for decisions, `now` passed in. The two here need no events; one that
predicts will, and fits in without a change to its callers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from dialer.config.models import Campaign

Reason = Literal[
    "dialling", "nothing_due", "no_idle_agent", "people_waiting", "no_free_channel", "campaign_channels", "rate_limit"
]
EventKind = Literal[
    "placed", "ringing", "answered", "failed", "connected", "abandoned", "ended", "wrap_up", "idle", "left"
]


@dataclass(frozen=True, slots=True)
class IdleAgent:
    agent: str
    switch: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that one decision looks at. A number that is None means: no limit."""

    idle: tuple[IdleAgent, ...] = ()
    """Agents free for this campaign and not held for a dial, longest idle first."""
    in_the_air: int = 0
    """Dials of this campaign that nobody has answered yet."""
    waiting: int = 0
    """People on the line whom these very agents are to take first: none, once the desk has matched."""
    due: int | None = None
    """Contacts that may be called now, as far as known."""
    free: Mapping[str, int] = field(default_factory=dict)
    """Channels free by switch; a switch that is down or not this campaign's is not in it."""
    channels: int | None = None
    """Channels that the campaign's own limit leaves."""
    rate: int | None = None
    """Calls that the rates leave for now."""


@dataclass(frozen=True, slots=True)
class Place:
    """One call to be placed: where, and the agent held for it."""

    switch: str
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason` is what kept it from placing more."""

    places: tuple[Place, ...]
    reason: Reason
    hang_up: tuple[str, ...] = ()
    """Dials to be taken back: too many would be answered."""


class Pacer(Protocol):
    def reset(self, config: Campaign) -> None:
        """Begin anew, with this configuration."""
        ...

    def on_event(self, now: float, kind: EventKind, dial: str | None, agent: str | None, value: float = 0.0) -> None:
        """`value` is in seconds: how long that which ended took."""
        ...

    def decide(self, now: float, state: Snapshot) -> Decision: ...


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

    def reset(self, config: Campaign) -> None:
        """Nothing is remembered."""

    def on_event(self, now: float, kind: EventKind, dial: str | None, agent: str | None, value: float = 0.0) -> None:
        """Nothing is learnt."""

    def decide(self, now: float, state: Snapshot) -> Decision:
        return progressive(state)


class Agentless(Progressive):
    """A flow talks to whoever answers."""

    def decide(self, now: float, state: Snapshot) -> Decision:
        return agentless(state)


def pacer_for(config: Campaign) -> Pacer:
    pacer: Pacer = Progressive() if config.mode == "progressive" else Agentless()
    pacer.reset(config)
    return pacer
