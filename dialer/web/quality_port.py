"""What the API may ask of the engine about how calls were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from dialer.quality.record import LegVoice
from dialer.quality.service import Figure

Whose = Literal["client", "campaign", "queue", "agent"]


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


@dataclass(frozen=True, slots=True)
class ServiceView:
    whose: Whose
    name: str
    first: str
    """Day, on the clock of `timezone`."""
    last: str
    """Included."""
    timezone: str
    calls: int
    """Settled ones that began in these days, test calls left out."""
    test_calls: int
    """That were left out."""
    figures: Sequence[Figure]


class Quality(Protocol):
    async def of_call(self, call_id: str) -> CallQuality:
        """Raises UnknownError, RefusedError."""
        ...

    async def service(
        self, whose: Whose, name: str, first: date | None, last: date | None, within_s: float | None
    ) -> ServiceView:
        """Left out, today and the contract's. Raises UnknownError, RefusedError."""
        ...
