"""What a flow asks of a caller's channel, and what comes back. Pure data: `switch/` turns it into AGI.

A script runs one command at a time; each is answered by exactly one Reply, or by the script's end.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Answer:
    """Pick up the call (idempotent)."""


@dataclass(frozen=True, slots=True)
class Play:
    """Play sound files one after another. A key from `interrupt` stops it and comes back in Reply.digits."""

    sounds: tuple[str, ...]
    interrupt: str = ""


@dataclass(frozen=True, slots=True)
class Collect:
    """Play `sounds`, and gather keys from their beginning on.

    Ends after `most` keys, at a key of `finish` (not part of the digits), `between_s` after the last key,
    or `first_s` after the sounds without any.
    """

    sounds: tuple[str, ...]
    most: int
    first_s: float = 5.0
    between_s: float = 3.0
    finish: str = "#"


@dataclass(frozen=True, slots=True)
class SetLanguage:
    language: str


@dataclass(frozen=True, slots=True)
class Dial:
    """Call a number over a trunk and join it to the caller; done when that leg is over."""

    number: str
    caller_id: str
    ring_s: float
    most_s: float = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Hold:
    """Music until taken into a bridge; Reply.status is `expired` after `most_s`."""

    most_s: float
    music: str = "default"


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence for `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class AwaitSilence:
    """Until the far end has been silent for `silence_s`; `expired` when it was not within `most_s`."""

    silence_s: float
    most_s: float


@dataclass(frozen=True, slots=True)
class AwaitTone:
    """Until the far end's tone is over, or it has been silent for `silence_s`; `expired` when neither was within
    `most_s`."""

    silence_s: float
    most_s: float


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call with a Q.850 cause (16 normal clearing, 17 busy, 34 no circuit, 42 congestion)."""

    cause: int = 16


Command = Answer | Play | Collect | SetLanguage | Dial | Hold | Pause | AwaitSilence | AwaitTone | Hangup

Status = Literal["done", "failed", "expired", "answered", "busy", "no_answer", "congestion", "unavailable", "cancelled"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a command.

    digits: keys pressed (Play: the interrupting one; Collect: all). status: `done`; Hold: `expired`;
    Dial: `answered` (talked and over), `busy`, `no_answer`, `congestion`, `unavailable`, `cancelled`;
    `failed` with `reason` when the switch refused (a missing sound, a dead channel). AwaitTone: `reason` says what it
    was, `tone` or `silence`.
    seconds: Dial's talk time.
    """

    status: Status = "done"
    digits: str = ""
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class QueueRequest:
    """A flow (or an answered attempt) wants an agent. Lower `priority` numbers wait longer: 0 normal, 10 urgent."""

    queue: str
    skills: tuple[str, ...]
    priority: int = 0
    max_wait_s: float = 3600.0
    max_waiting: int | None = None
    music: str = "default"
    wrap_up_s: float = 30.0


@dataclass(frozen=True, slots=True)
class QueueResult:
    """What came of a QueueRequest. `agent_lost`: the agent's leg dropped during the talk."""

    status: Literal["talked", "full", "expired", "no_agents", "agent_lost"]


@dataclass(frozen=True, slots=True)
class End:
    """The flow is over: hang up with this Q.850 cause. `reason` is a short word for logs and counts (`done`, `loop`,
    `queue_full`, or what the flow's hangup node says)."""

    cause: int = 16
    reason: str = "done"


Directive = Command | QueueRequest | End
