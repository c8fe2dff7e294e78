"""What the engine asks of a switch. Implemented by `switch/asterisk.py` over AMI and FastAGI.

No method waits: each starts its effect and returns. What comes of it arrives as a SwitchEvent through the sink
given to the implementation (OriginateFailed, JoinFailed, ChannelsListed, HungUp ...). Called while the link is
down, an Originate or a bridge fails at once with its event; a hangup is dropped (reconciliation follows). An
Originate in flight when the link drops has no event of its own: only the listing after the next LinkUp knows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Protocol

from dialer.calls.events import RecordVerb, SwitchEvent
from dialer.flows.commands import Command

Sink = Callable[[SwitchEvent], None]
NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class OriginateOrder:
    """An outgoing leg. `channel` becomes its Uniqueid. Values with CR, LF or other control characters are
    refused (OriginateFailed)."""

    channel: str
    endpoint: str
    """The dial string, PJSIP/+4930...@trunk."""
    caller_id: str
    """The caller's number, or `"Name" <number>`."""
    ring_s: float
    exten: str
    """Where the answered channel goes in context `dialer`: `outbound` or `agent`."""
    variables: Mapping[str, str] = field(default_factory=dict)


Sound = Literal["mixed", "stereo", "agent"]
"""What a recording holds: both sides in one, the customer left and the agent right, or the agent alone."""


@dataclass(frozen=True, slots=True)
class RecordOrder:
    """About the recording of a customer's channel: only what is said in a bridge is in it. Muted, it goes on with
    silence. `file`: of a `start`, a path as the switch sees it, to end in `.raw`: 16 bits, 8 kHz, no header."""

    channel: str
    verb: RecordVerb
    file: str = ""
    sound: Sound = "mixed"


class Switch(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def up(self) -> bool:
        """The AMI link is logged in and answering."""
        ...

    def originate(self, order: OriginateOrder) -> None: ...

    def hangup(self, channel: str, cause: int = 16) -> None: ...

    def bridge(self, customer: str, agent: str) -> None:
        """Join two living channels; a refusal is JoinFailed(channel=customer)."""
        ...

    def park_agent(self, channel: str) -> None:
        """Send an agent's leg back to its loop (ends its bridge; the customer goes back to its script)."""
        ...

    def run(self, channel: str, command: Command) -> None:
        """Give the script on this channel its next command (one at a time). Dropped when the script is over, which
        its ScriptEnded has said."""
        ...

    def leave_script(self, channel: str) -> None:
        """End the script without a hang-up: the dialplan goes on (an agent's leg goes into its loop)."""
        ...

    def record(self, order: RecordOrder) -> None:
        """Begin, mute or end a channel's recording; the answer is RecordingTold."""
        ...

    def ask_codec(self, channel: str) -> None:
        """What a living channel's sound is coded in: the answer is CodecTold, or nothing."""
        ...

    def list_channels(self, about: Mapping[str, float] = NOTHING) -> None:
        """Ask for the living channels, and what the switch has kept of some, living or not, that began (epoch seconds)
        no earlier than told; the answer is ChannelsListed."""
        ...

    def forget(self, channel: str, ended_at: float) -> None:
        """What the switch keeps of a channel that is over is not needed any more."""
        ...
