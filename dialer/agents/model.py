"""An agent's state, what happens to an agent, and what is to be done about it. All pure data.

Times (`now`, `since`) are epoch seconds; durations are seconds.
"""

from dataclasses import dataclass
from enum import StrEnum

from dialer.store.records import AgentSession, AgentSpan


class State(StrEnum):
    LOGGED_OUT = "logged_out"
    CALLING = "calling"
    """The agent's phone is being rung."""
    IDLE = "idle"
    RESERVED = "reserved"
    """Held for one call that is being dialled or joined."""
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


LOGGED_IN = frozenset(State) - {State.LOGGED_OUT, State.CALLING}
WITH_CALL = frozenset({State.RESERVED, State.TALKING, State.WRAP_UP})
STAFFED = frozenset({State.IDLE, State.RESERVED, State.TALKING, State.WRAP_UP})
"""At work or about to be: a caller who waits may hope for them."""


@dataclass(frozen=True, slots=True)
class AgentState:
    agent: str
    state: State = State.LOGGED_OUT
    since: float = 0.0
    """When the present state began."""
    idle_since: float = 0.0
    """Since when the agent waits for work. A dial that comes to nothing does not change it: longest idle stays fair."""
    channel: str | None = None
    switch: str | None = None
    logged_in_at: float | None = None
    call_id: str | None = None
    """The call in hand; in wrap-up, the last one."""
    client: str | None = None
    campaign: str | None = None
    reason: str | None = None
    """Of a pause."""
    wanted: State | None = None
    """Asked for while not free: idle, paused or logged_out; entered when the phone answers, or the work is over."""
    wanted_reason: str | None = None
    coded: bool = False
    """The present call has its disposition already: no after-call work is left."""


# ---- facts and requests ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoginRequested:
    """Ring the agent's phone; `channel` is the id the leg is to have."""

    channel: str
    switch: str = ""
    ring_s: float = 30.0


@dataclass(frozen=True, slots=True)
class LegUp:
    """The agent's leg is up: the phone answered our call, or dialled `*11`."""

    channel: str
    switch: str


@dataclass(frozen=True, slots=True)
class LegLost:
    """A leg is gone. Of no meaning when `channel` is not the agent's present one."""

    channel: str


@dataclass(frozen=True, slots=True)
class CallTimedOut:
    """The phone was not answered in time."""


@dataclass(frozen=True, slots=True)
class ReadyRequested:
    pass


@dataclass(frozen=True, slots=True)
class PauseRequested:
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LogoutRequested:
    pass


@dataclass(frozen=True, slots=True)
class Reserved:
    """Held for this call: nobody else gets the agent until Released or Parted."""

    call_id: str


@dataclass(frozen=True, slots=True)
class Released:
    """The call came to nothing before it was joined."""

    call_id: str


@dataclass(frozen=True, slots=True)
class Joined:
    """The switch has the two legs in a bridge."""

    call_id: str
    client: str
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class Parted:
    """The talk is over; `wrap_up_s` is the most that after-call work may take."""

    call_id: str
    wrap_up_s: float


@dataclass(frozen=True, slots=True)
class WrapUpOver:
    """Its time is over, or the agent ended it."""


@dataclass(frozen=True, slots=True)
class Disposed:
    """The agent said what came of this call."""

    call_id: str


Event = (
    LoginRequested | LegUp | LegLost | CallTimedOut | ReadyRequested | PauseRequested | LogoutRequested
    | Reserved | Released | Joined | Parted | WrapUpOver | Disposed
)


# ---- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallLeg:
    """Ring the agent's phone; the leg gets this channel id."""

    agent: str
    channel: str
    ring_s: float


@dataclass(frozen=True, slots=True)
class HangUpLeg:
    agent: str
    channel: str


@dataclass(frozen=True, slots=True)
class ParkLeg:
    """The leg belongs into its loop (a fresh leg: leave its script)."""

    agent: str
    channel: str


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Deliver `TIMERS[name]()` to the agent after `seconds`; replaces a timer of that name."""

    agent: str
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    agent: str
    name: str


@dataclass(frozen=True, slots=True)
class RecordSpan:
    span: AgentSpan


@dataclass(frozen=True, slots=True)
class SaveSession:
    session: AgentSession


@dataclass(frozen=True, slots=True)
class DropSession:
    agent: str


@dataclass(frozen=True, slots=True)
class BecameIdle:
    """There is somebody to match."""

    agent: str


@dataclass(frozen=True, slots=True)
class LostDuringCall:
    """The leg went away while the agent was held for a call, or talking."""

    agent: str
    call_id: str


Effect = (
    CallLeg | HangUpLeg | ParkLeg | StartTimer | CancelTimer | RecordSpan | SaveSession | DropSession | BecameIdle
    | LostDuringCall
)

CALL_TIMER = "call"
WRAP_UP_TIMER = "wrap_up"
TIMERS: dict[str, type[CallTimedOut] | type[WrapUpOver]] = {CALL_TIMER: CallTimedOut, WRAP_UP_TIMER: WrapUpOver}
"""What a timer's end is for the agent."""
