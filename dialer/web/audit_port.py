"""What the API may ask of the engine about who gave which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class AuditView:
    """An order that was carried out; those of desks are in the agents' own times."""

    at: float
    by: str
    """The holder of the token."""
    on_behalf_of: str | None
    operation: str
    """As `POST /v1/campaigns/{campaign}/{verb}`."""
    named: Mapping[str, str]
    """What the path names; numbers masked."""
    told: Mapping[str, Any]
    """Of the body what says nothing of a person."""
    origin: str
    """The address it came from."""


@dataclass(frozen=True, slots=True)
class Order:
    who: str
    operation: str
    named: Mapping[str, str]
    told: Mapping[str, Any]
    origin: str


class AuditTrail(Protocol):
    def note(self, order: Order) -> None:
        """Written soon; while the store is away, when it is back."""
        ...

    async def listed(self, since: float, until: float, by: str | None) -> Sequence[AuditView]:
        """The latest first; `by` as holder, or on whose behalf. Raises RefusedError."""
        ...
