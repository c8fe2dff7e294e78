"""What the store keeps of the files that lists come from, and hands out of a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come. Every row that is not empty is counted in exactly one of the four."""

    line: int = 0
    """Of the file: every row up to here is in the store, and in the report if it belongs there."""
    report_bytes: int = 0
    """How long the report was then."""
    imported: int = 0
    known: int = 0
    """In the same list already, from an earlier file."""
    duplicates: int = 0
    """Elsewhere already: earlier in the file, in another list, in another campaign of the client."""
    rejected: int = 0

    @property
    def rows(self) -> int:
        return self.imported + self.known + self.duplicates + self.rejected

    def counts(self) -> dict[str, int]:
        return {"imported": self.imported, "known": self.known, "duplicates": self.duplicates,
                "rejected": self.rejected}


@dataclass(frozen=True, slots=True)
class Import:
    """A file read into a list of a campaign."""

    id: int
    campaign: str
    list: str
    path: str
    digest: str
    """SHA-256 of the file's bytes."""
    started_at: float
    ended_at: float | None
    """None: cut off, or under way."""
    progress: Progress


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a number stands already."""

    number: str
    campaign: str
    list: str
    import_id: int | None
    line: int | None
    """Of that import's file; None for a contact that was put in by itself."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A contact, and what came of it."""

    id: int
    number: str
    others: Sequence[str] | None
    list: str
    fields: Mapping[str, str]
    state: str
    result: str | None
    attempts: int
    next_at: float
    called_at: float | None
    """The latest attempt, and what follows is its: None before the first."""
    outcome: str | None
    agent: str | None
    disposition: str | None
    talk_s: float = 0.0
    """With agents, over all its calls."""
