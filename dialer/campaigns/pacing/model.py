"""What a pacer is told, what it is asked, what it answers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from dialer.campaigns.pacing.rivals import Portion, Rivals
from dialer.config.campaign import Campaign

Reason = Literal[
    "dialling", "nothing_due", "no_idle_agent", "people_waiting", "no_free_channel", "campaign_channels", "rate_limit",
    "no_agent", "enough_in_the_air", "abandon_budget", "share", "by_hand",
]  # fmt: skip
EventKind = Literal[
    "placed", "ringing", "answered", "live", "machine", "failed", "connected", "abandoned", "ended", "wrap_up", "idle",
    "left",
]  # fmt: skip
"""placed: the dial left. ringing: the far end rings. answered: somebody or something picked up. live: it is a person,
who is to have an agent. machine: it is none. failed: busy, no answer, refused, taken back. connected: dial and agent
talk. abandoned: the person is let go without an agent. ended: the talk is over. wrap_up: the agent's after-call work
begins. idle: the agent is free. left: the agent is paused, logged out or lent to other work."""


@dataclass(frozen=True, slots=True)
class IdleAgent:
    agent: str
    switch: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that one decision looks at. A number that is None means: no limit."""

    idle: tuple[IdleAgent, ...] = ()
    """Agents free for this campaign and not held for a dial, in the order in which they are given work."""
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
    rivals: tuple[Rivals, ...] = ()
    """Where agents are shared: first those of this very campaign, then each wider set (`joint.py`)."""
    dials: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By switch: dials there, and calls that came of them; needed where the agents are on several."""
    portions: tuple[Portion, ...] = ()
    """Where the agents are on several switches: what is on each, the furthest behind first (`joint.py`)."""
    risk: float | None = None
    """The greatest chance of a loss that those who share the agents bear; None: the campaign's own."""
    contacts_left: int | None = None
    """Contacts that this campaign may still call today, those in the air left out; None: more than matter."""
    closes_in_s: float | None = None
    """Seconds until nobody may be answered any more (the hours of those called, the schedule); None: not soon."""
    callbacks: tuple[float, ...] = ()
    """Promised callbacks that need one of these agents, each in so many seconds; those overdue are at 0 or below."""
    inbound_per_s: float = 0.0
    """Callers a second who are expected to take one of these agents (blended agents), as measured of late."""

    def less(self, dials: int) -> "Snapshot":
        """So many were placed: what is left of the limits."""
        return replace(
            self, due=_less(self.due, dials), channels=_less(self.channels, dials), rate=_less(self.rate, dials),
            contacts_left=_less(self.contacts_left, dials),
        )  # fmt: skip


def _less(bound: int | None, count: int) -> int | None:
    return None if bound is None else bound - count


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


@dataclass(frozen=True, slots=True)
class Window:
    """People abandoned may be at most `share` of those who answered within any `seconds`."""

    seconds: float
    share: float


HALF_HOUR_S, SHORT_SHARE = 1_800.0, 1.5


@dataclass(frozen=True, slots=True)
class Pace:
    """What a campaign asks of its pacer, in the pacer's own words."""

    ring_s: float = 25.0
    """How long a dial may ring."""
    connect_s: float = 2.0
    """Somebody who answered and has no agent after this is abandoned."""
    windows: tuple[Window, ...] = (Window(30 * 86_400.0, 0.03), Window(1_800.0, 0.045))
    take_back_s: float | None = 15.0
    """A call may be taken back after ringing so long (16 CFR 310.4(b)(4)(ii): 15 s or four rings); None: never."""
    answered: float = 0.0
    """People who answered within the longest window before this pacer began: a restart does not forget the budget."""
    abandoned: float = 0.0
    """Of these, abandoned."""
    zone: str = "UTC"
    """Of the clocks of those who are called, an IANA name."""

    @staticmethod
    def of(config: Campaign) -> "Pace":
        abandon = config.abandon
        return Pace(
            ring_s=config.ring_timeout,
            connect_s=abandon.connect_within,
            windows=(Window(abandon.window, abandon.max), Window(HALF_HOUR_S, SHORT_SHARE * abandon.max)),
        )


class Pacer(Protocol):
    def reset(self, config: Campaign | Pace) -> None:
        """Begin anew, with this configuration."""
        ...

    def on_event(self, now: float, kind: EventKind, dial: str | None, agent: str | None, value: float = 0.0) -> None:
        """`value` is in seconds: how long that which ended took."""
        ...

    def decide(self, now: float, state: Snapshot) -> Decision: ...
