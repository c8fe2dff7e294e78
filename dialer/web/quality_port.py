"""What the API may ask of the engine about how calls were."""

from dataclasses import dataclass
from typing import Protocol

from dialer.quality.record import LegVoice


@dataclass(frozen=True, slots=True)
class CallQuality:
    call_id: str
    outcome: str | None
    """None while the call lives."""
    hung_up_by: str | None
    """customer, agent, system or unknown."""
    post_dial_delay_s: float | None
    """From the dial to the first ringing or answer; none for calls that came in, or that never rang."""
    dead_air_s: float | None
    """In the direction that was silent longest; none while nothing is known of its voice."""
    legs: tuple[LegVoice, ...]
    """Of each leg and direction, once the call is over; empty when it was too short for a report."""


class Quality(Protocol):
    async def of_call(self, call_id: str) -> CallQuality:
        """Raises UnknownError, RefusedError."""
        ...
