"""Facts about a call, in the past tense: what the switch, a script, the store or an agent's leg reported.

Every event names the channel it is about; a call's id is its customer channel's id (Asterisk's Uniqueid, which
we set ourselves on Originate). `at` is seconds since the epoch on the switch's clock where the switch said so,
on ours otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dialer.flows.commands import QueueRequest, Reply


@dataclass(frozen=True, slots=True)
class Stored:
    """The attempt is on disk; only now may its Originate leave."""

    channel: str
    at: float


@dataclass(frozen=True, slots=True)
class StoreFailed:
    channel: str
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class Ringing:
    channel: str
    at: float


@dataclass(frozen=True, slots=True)
class Answered:
    """The far end picked up (channel state Up)."""

    channel: str
    at: float


@dataclass(frozen=True, slots=True)
class OriginateFailed:
    """The switch refused the Originate or gave it up. A HungUp with the true cause may come before or after.
    `sent` is False when it certainly never left for the switch (no link), or the switch refused it at once."""

    channel: str
    at: float
    reason: str
    sent: bool = True


@dataclass(frozen=True, slots=True)
class HungUp:
    """The channel is gone. `cause` is Q.850 (0 when none was given); `sip` the final SIP status, when known."""

    channel: str
    at: float
    cause: int
    text: str = ""
    sip: int | None = None


@dataclass(frozen=True, slots=True)
class Bridged:
    channel: str
    at: float
    bridge: str


@dataclass(frozen=True, slots=True)
class Unbridged:
    channel: str
    at: float
    bridge: str


@dataclass(frozen=True, slots=True)
class JoinFailed:
    """AMI Bridge was refused, or its reply was lost with the link. `channel` is the customer's, `leg` the agent's.
    `blame`: whose channel is dead or cannot be moved, where the switch said so."""

    channel: str
    at: float
    reason: str
    leg: str = ""
    blame: Literal["customer", "agent"] | None = None


@dataclass(frozen=True, slots=True)
class FoundTalking:
    """A listing has the channel in one bridge with this agent's leg: the news of their joining was lost."""

    channel: str
    at: float
    agent: str
    bridge: str


@dataclass(frozen=True, slots=True)
class Digit:
    """A key was pressed on a channel, seen outside a script (used for agents' feature codes)."""

    channel: str
    at: float
    digit: str


AnsweredBy = Literal["unknown", "person", "machine"]


@dataclass(frozen=True, slots=True)
class ScriptStarted:
    """The dialplan handed the channel to us over FastAGI: a new call, an answered attempt, or the way back
    after a bridge. `answered_by` is what machine detection said, when it ran."""

    channel: str
    at: float
    switch: str
    kind: Literal["inbound", "outbound", "agent"]
    name: str
    """The channel's name in Asterisk (PJSIP/trunk-0000001)."""
    dialled: str
    """The number the caller dialled (inbound), or the feature code (agent)."""
    caller: str
    """The caller's number, or the phone's endpoint name (agent). Unchecked: it comes from the wire."""
    answered_by: AnsweredBy = "unknown"
    codec: str = ""
    """As Asterisk names the channel's format; empty where the dialplan does not tell."""


@dataclass(frozen=True, slots=True)
class ScriptReplied:
    """The script's current command is done."""

    channel: str
    at: float
    reply: Reply


@dataclass(frozen=True, slots=True)
class ScriptEnded:
    """The script's connection closed: the call hung up, was taken into a bridge, or the link broke.
    Never a proof of a hang-up: only HungUp is."""

    channel: str
    at: float


@dataclass(frozen=True, slots=True)
class Gone:
    """A listing of the switch's channels did not have this one: its HungUp was missed."""

    channel: str
    at: float


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The AMI link is logged in, on a switch that booted at `booted_at` (epoch seconds)."""

    switch: str
    at: float
    booted_at: float


@dataclass(frozen=True, slots=True)
class LinkDown:
    switch: str
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class ChannelSeen:
    """One living channel from a listing. `state` is Asterisk's word in lower case: down, ring, ringing, up."""

    channel: str
    name: str
    state: str
    bridge: str
    context: str
    caller: str
    dialled: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Notes:
    """What the switch has kept of a channel by itself, whoever listened."""

    answered_at: float | None = None
    answered_by: AnsweredBy = "unknown"
    joined_at: float | None = None
    """When it was last to be joined with an agent."""
    parted_at: float | None = None
    """When it last came back from a bridge, alive."""
    forwarded: bool = False
    """A number that the flow dialled has answered."""
    ended: HungUp | None = None
    """None: not yet, as far as the switch knows."""


@dataclass(frozen=True, slots=True)
class ChannelsListed:
    switch: str
    at: float
    asked_at: float
    """When the listing was asked for: channels created later may be missing from it."""
    channels: tuple[ChannelSeen, ...]
    notes: Mapping[str, Notes | None] = field(default_factory=dict)
    """Of the channels that were asked about; None where the switch knows nothing."""


@dataclass(frozen=True, slots=True)
class Reception:
    """How a source of sound was received: one report block of RTCP (RFC 3550 §6.4.1)."""

    source: str
    """The SSRC, as the switch writes it."""
    fraction: int
    """Lost since the report before, in 256ths."""
    highest: int
    """The highest sequence number, 32 bits with its cycles."""
    jitter: int
    """Between arrivals, in units of the codec's RTP clock."""


@dataclass(frozen=True, slots=True)
class VoiceReported:
    """An RTCP report on a channel. `by` the switch: how it hears the channel's far end; `by` the far end: how that
    hears the switch."""

    channel: str
    at: float
    endpoint: str
    """The channel's, in Asterisk: a trunk or a phone."""
    by: Literal["switch", "far_end"]
    sent: int | None
    """Packets that the reporter itself has sent so far, where it sends any."""
    heard: Reception | None
    """None: nothing, as yet."""
    round_trip_s: float | None


@dataclass(frozen=True, slots=True)
class CodecTold:
    """What a channel's sound is coded in by now, as it was asked for: `(alaw)`."""

    channel: str
    at: float
    codec: str


RecordVerb = Literal["start", "stop", "mute", "unmute"]


@dataclass(frozen=True, slots=True)
class RecordingTold:
    """What the switch made of an order about a channel's recording."""

    channel: str
    at: float
    verb: RecordVerb
    file: str = ""
    """Of a `start`: which."""
    fault: str = ""
    """Empty: it is done."""
    lost: bool = False
    """Nobody knows whether it is: the link broke, or there was none."""


ChannelEvent = (
    Ringing
    | Answered
    | OriginateFailed
    | HungUp
    | Bridged
    | Unbridged
    | JoinFailed
    | FoundTalking
    | Digit
    | ScriptStarted
    | ScriptReplied
    | ScriptEnded
    | Gone
)
SwitchEvent = ChannelEvent | LinkUp | LinkDown | ChannelsListed | VoiceReported | CodecTold | RecordingTold


# What the engine itself adds: facts from the agents, the flow, the timers and people's requests.


@dataclass(frozen=True, slots=True)
class QueueAsked:
    """The flow wants an agent."""

    channel: str
    at: float
    request: QueueRequest


@dataclass(frozen=True, slots=True)
class FlowMarked:
    """What the flow now says of the call (closed, overloaded, forwarded, trunk_fault): all marks so far."""

    channel: str
    at: float
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class FlowEnded:
    channel: str
    at: float
    cause: int


@dataclass(frozen=True, slots=True)
class AgentAssigned:
    channel: str
    at: float
    agent: str


@dataclass(frozen=True, slots=True)
class AgentLost:
    """The agent's leg dropped."""

    channel: str
    at: float
    agent: str


@dataclass(frozen=True, slots=True)
class AgentFinished:
    """The agent ended the talk (key or desktop)."""

    channel: str
    at: float
    agent: str


@dataclass(frozen=True, slots=True)
class HangupRequested:
    """Somebody wants this call over: an operator, a stopped campaign, a shutdown."""

    channel: str
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The state's own deadline passed."""

    channel: str
    at: float


CallEvent = (
    ChannelEvent
    | Stored
    | StoreFailed
    | QueueAsked
    | FlowMarked
    | FlowEnded
    | AgentAssigned
    | AgentLost
    | AgentFinished
    | HangupRequested
    | TimerFired
)
