"""What the API may ask of the engine about test calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RuleView:
    rule: str
    met: bool | None
    """None: it cannot be said."""
    weight: int
    wanted: str
    got: str


@dataclass(frozen=True, slots=True)
class CardView:
    by: str
    at: float
    points: Mapping[str, int | None]
    score: float
    """0 to 100."""
    comment: str
    on_behalf_of: str | None = None
    """As the holder of the token said, which is `by`."""


@dataclass(frozen=True, slots=True)
class TestCallView:
    __test__ = False  # no class of tests

    id: str
    test: str
    client: str
    placed_at: float
    ended_at: float | None
    call_id: str | None
    """That it came in as; None when it did not."""
    fault: str | None
    """Why it came to nothing: not_placed, unanswered, did_not_arrive, lost."""
    rules: Sequence[RuleView]
    by_rules: float | None
    """0 to 100."""
    cards: Sequence[CardView]
    score: float | None
    """0 to 100, of rules and cards: what the contract goes by. None while nothing could be judged."""
    rang_at: float | None = None
    answered_at: float | None = None
    cause: int | None = None
    """Q.850, of the end of its own side."""
    mos: float | None = None
    """Of its own side, the worse direction, 1 to 4.5."""


@dataclass(frozen=True, slots=True)
class PlacedView:
    id: str


class TestCallDesk(Protocol):
    async def listed(self, since: float, until: float, test: str | None) -> Sequence[TestCallView]: ...

    async def place(self, test: str) -> PlacedView:
        """At once. Raises UnknownError, RefusedError."""
        ...

    async def card(self, test_id: str, by: str, points: Mapping[str, int | None], comment: str) -> TestCallView:
        """Raises UnknownError, RefusedError."""
        ...
