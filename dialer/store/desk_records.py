"""Rows of what agents say of contacts and calls: what they promise, whom they skip, where detection was wrong. Times
are epoch seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detected:
    """What machine detection said of a call, and what the agent found."""

    call_id: str
    campaign: str
    at: float
    said_machine: bool
    was_machine: bool


@dataclass(frozen=True, slots=True)
class Promise:
    """Who is to be called back, and by whom. When, the contact says."""

    contact_id: int
    agent: str | None
    """None: by any agent of the campaign."""
    number: str | None
    """To be called in place of the contact's own."""
    made_by: str
    made_at: float
    call_id: str
    """In which it was promised; once it is being kept, the call that keeps it."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A call that is promised."""

    promise: Promise
    campaign: str
    at: float
    number: str
    """To be called."""

    @property
    def contact_id(self) -> int:
        return self.promise.contact_id


@dataclass(frozen=True, slots=True)
class Skip:
    """An agent would not call a contact that was shown."""

    agent: str
    at: float
    campaign: str
    contact_id: int
    reason: str = ""
