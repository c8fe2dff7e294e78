"""What the API may ask of the engine about persons: their consents, their erasure; and about the numbers they see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ConsentView:
    client: str
    purpose: str
    """advertising, service, debt or research."""
    given_at: float
    """Epoch seconds."""
    until: float | None
    revoked_at: float | None
    source: str
    proof: str
    digest: str | None
    """SHA-256 of the file that shows it."""


@dataclass(frozen=True, slots=True)
class Kept:
    what: str
    count: int
    why: str


@dataclass(frozen=True, slots=True)
class CertificateView:
    """What was erased of a person, and what was kept. It names nobody."""

    id: int
    hash: str
    """Of the number, by the key in `var/erasure.key`."""
    client: str | None
    """None: of all clients."""
    at: float
    reason: str
    erased: dict[str, int]
    kept: tuple[Kept, ...]
    elsewhere: tuple[str, ...]
    """What lies outside the store."""
    by: str = ""
    """Who had it done: the holder of the token, and after a / on whose behalf."""


@dataclass(frozen=True, slots=True)
class ShownView:
    """One of a client's numbers, over the last 30 days."""

    number: str
    dials: int
    answered: int
    """By people, as far as machines were told apart."""
    today: int
    """Dials of the client's day."""


class Persons(Protocol):
    """Every method raises UnknownError for an unknown client, RefusedError with what is wrong."""

    async def consents(self, number: str, client: str | None) -> Sequence[ConsentView]: ...

    async def consent(self, number: str, consent: ConsentView) -> int:
        """How many were new: none for one that is known. Who waited for it is called."""
        ...

    async def revoke(self, client: str, number: str, purpose: str | None) -> int:
        """How many ended; of every purpose when none is named. In force when this returns."""
        ...

    async def erase(self, number: str, client: str | None, reason: str, by: str = "") -> CertificateView:
        """Calls that live are hung up first. Done when this returns."""
        ...

    async def certificate(self, number: int) -> CertificateView: ...

    async def shown(self, client: str) -> Sequence[ShownView]: ...
