"""A call: one customer's channel, inbound or outbound, from its intent to its settlement."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from dialer.calls.events import AnsweredBy
from dialer.flows.commands import QueueRequest, QueueResult


class State(StrEnum):
    INTENDED = "intended"
    """Being written to disk; nothing has left for the switch."""
    DIALLING = "dialling"
    RINGING = "ringing"
    ANSWERED = "answered"
    """The far end picked up; machine detection may run; the script is not with us yet."""
    ARRIVED = "arrived"
    """An inbound call, not looked at yet."""
    FLOW = "flow"
    """The flow runs over the script."""
    QUEUED = "queued"
    """Waiting for an agent."""
    JOINING = "joining"
    """An agent is chosen and the bridge is asked for."""
    TALKING = "talking"
    RETURNING = "returning"
    """The bridge is over and the channel lives: its script comes back, and why the talk ended becomes known."""
    ENDING = "ending"
    """We want it over; the switch has not said so yet."""
    SETTLED = "settled"


LIVE = frozenset(State) - {State.SETTLED}
IN_THE_AIR = frozenset({State.INTENDED, State.DIALLING, State.RINGING})
WITH_AGENT = frozenset({State.JOINING, State.TALKING})

HungUpBy = Literal["customer", "agent", "system", "unknown"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen with the customer, fixed when the call begins."""

    direction: Literal["inbound", "outbound"]
    person: Literal["agent", "flow"] = "flow"
    """What a person (or one whom detection could not tell) gets when answering."""
    machine: Literal["hangup", "agent", "flow", "message"] = "hangup"
    request: QueueRequest | None = None
    """Which agents an outbound call is for. Its max_wait_s counts from the answer."""
    from_greeting: bool = False
    """An answered person's patience begins when the script does, for machine detection comes before it: at the end of
    the greeting (16 CFR 310.4(b)(4)(iii)), not at the answer."""
    after_talk: Literal["flow", "hangup"] = "hangup"
    ring_s: float = 25.0
    refused: bool = False
    """Inbound: there is no capacity for it."""


@dataclass(frozen=True, slots=True)
class Conversation:
    agent: str
    started_at: float
    ended_at: float


@dataclass(frozen=True, slots=True)
class Call:
    id: str
    plan: Plan
    state: State
    created_at: float
    reserved: str | None = None
    """The agent held for this dial."""
    agent: str | None = None
    """The agent joined, or being joined."""
    request: QueueRequest | None = None
    """The agents it waits for, or last waited for."""
    result: QueueResult | None = None
    """Why the last talk ended, once known (RETURNING)."""
    scripted: bool = False
    """Its script is with us (RETURNING)."""
    flow_started: bool = False
    answered_by: AnsweredBy = "unknown"
    dialled_at: float | None = None
    ringing_at: float | None = None
    answered_at: float | None = None
    queued_at: float | None = None
    patient_until: float | None = None
    """How long it may wait for an agent."""
    joining_at: float | None = None
    """When the present or last bridge was asked for."""
    joined_at: float | None = None
    talking_since: float | None = None
    bridge: str = ""
    """Of the present or last talk."""
    talks: tuple[Conversation, ...] = ()
    ended_at: float | None = None
    why: str = ""
    """Why we ended it ourselves: ring_timeout, machine, abandoned, agent, flow, overloaded, or a request's reason."""
    agent_hung_up: bool = False
    failure: str = ""
    """The switch's word for a failed Originate."""
    cause: int | None = None
    sip: int | None = None
    hung_up_by: HungUpBy = "unknown"
    marks: frozenset[str] = frozenset()
    """What the flow says of the call: closed, overloaded, forwarded, trunk_fault."""

    @property
    def talk_s(self) -> float:
        return sum(talk.ended_at - talk.started_at for talk in self.talks)
