"""Requests of the call machine, in the imperative. The engine starts them; what comes of them arrives as events."""

from dataclasses import dataclass

from dialer.calls.outcome import Outcome
from dialer.flows.commands import QueueRequest, QueueResult


@dataclass(frozen=True, slots=True)
class Originate:
    """Send the attempt's Originate to its switch."""


@dataclass(frozen=True, slots=True)
class HangUp:
    cause: int = 16


@dataclass(frozen=True, slots=True)
class RunFlow:
    """Go on with the flow: from its start (result None, nothing ran yet), or with what came of the queue."""

    result: QueueResult | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Music on the customer's channel for at most `most_s`."""

    most_s: float
    music: str


@dataclass(frozen=True, slots=True)
class Apologise:
    """Play the campaign's message for an abandoned person, then hang up."""


@dataclass(frozen=True, slots=True)
class LeaveMessage:
    """Wait for the machine's tone, say the campaign's message to it; the flow's end follows."""


@dataclass(frozen=True, slots=True)
class Enqueue:
    request: QueueRequest


@dataclass(frozen=True, slots=True)
class Dequeue:
    pass


@dataclass(frozen=True, slots=True)
class Join:
    """Bridge the customer with the agent's leg."""

    agent: str


@dataclass(frozen=True, slots=True)
class AgentJoined:
    agent: str


@dataclass(frozen=True, slots=True)
class ReleaseAgent:
    """Give the agent back: into wrap-up after a talk, idle again when it came to none."""

    agent: str
    talked: bool
    wrap_up_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ParkAgent:
    """Take the agent's leg out of the bridge, back into its loop."""

    agent: str


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Deliver TimerFired after `seconds`, unless the state changes before."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Save:
    """Write the living call, for adoption after a crash. Nothing waits for it."""


@dataclass(frozen=True, slots=True)
class ListChannels:
    """Ask the switch what lives: a HungUp is overdue."""


@dataclass(frozen=True, slots=True)
class Settle:
    """The one release point: write the outcome, give back everything the call holds."""

    outcome: Outcome


Effect = (
    Originate
    | HangUp
    | RunFlow
    | Hold
    | Apologise
    | LeaveMessage
    | Enqueue
    | Dequeue
    | Join
    | AgentJoined
    | ReleaseAgent
    | ParkAgent
    | SetTimer
    | Save
    | ListChannels
    | Settle
)
