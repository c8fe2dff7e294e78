"""Test calls, and the score cards that persons gave them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dialer.store.queries import Transaction, one_by_one
from dialer.store.test_schema import test_calls, test_cards

if TYPE_CHECKING:
    from asyncio import Future

MOST = 1_000


@dataclass(frozen=True, slots=True)
class TestCallRow:
    """A test call from its own side, and where it came in."""

    __test__ = False  # no class of tests

    id: str
    """Of its own channel."""
    test: str
    client: str
    node: str
    switch: str
    number: str
    caller_id: str
    placed_at: float
    call_id: str | None = None
    """That it came in as; None when it did not."""
    answered_at: float | None = None
    ended_at: float | None = None
    fault: str | None = None
    """Why it came to nothing: not_placed, unanswered, did_not_arrive, lost."""
    rules: Sequence[Mapping[str, Any]] | None = None
    """What was expected and what came of it."""
    by_rules: float | None = None
    """0 to 100."""
    rang_at: float | None = None
    cause: int | None = None
    """Q.850, of the end of its own side."""
    mos: float | None = None
    """MOS-CQ of its own side, the worse direction; None: too short for a report."""


@dataclass(frozen=True, slots=True)
class TestCard:
    """What one person said of a test call."""

    __test__ = False  # no class of tests

    id: str
    by: str
    at: float
    points: Mapping[str, int | None]
    score: float
    """0 to 100."""
    comment: str = ""


_COLUMNS = tuple(test_calls.c[f.name] for f in fields(TestCallRow))
_CARD = tuple(test_cards.c[f.name] for f in fields(TestCard))


@one_by_one
def save(tx: Transaction, row: TestCallRow) -> None:
    tx.upsert(test_calls, asdict(row))


@one_by_one
def save_card(tx: Transaction, card: TestCard) -> None:
    """A later one by the same person replaces the earlier."""
    tx.upsert(test_cards, asdict(card))


def one(connection: sa.Connection, test_id: str) -> TestCallRow | None:
    row = connection.execute(sa.select(*_COLUMNS).where(test_calls.c.id == test_id)).one_or_none()
    return None if row is None else TestCallRow(*row)


def placed(connection: sa.Connection, since: float, until: float, test: str | None) -> list[TestCallRow]:
    statement = sa.select(*_COLUMNS).where(test_calls.c.placed_at >= since, test_calls.c.placed_at < until)
    if test is not None:
        statement = statement.where(test_calls.c.test == test)
    return [TestCallRow(*row) for row in connection.execute(statement.order_by(test_calls.c.placed_at).limit(MOST))]


def unfinished(connection: sa.Connection, node: str) -> list[TestCallRow]:
    statement = sa.select(*_COLUMNS).where(test_calls.c.node == node, test_calls.c.ended_at.is_(None))
    return [TestCallRow(*row) for row in connection.execute(statement.order_by(test_calls.c.placed_at))]


def cards(connection: sa.Connection, ids: Sequence[str]) -> list[TestCard]:
    statement = sa.select(*_CARD).where(test_cards.c.id.in_(ids)).order_by(test_cards.c.at)
    return [TestCard(*row) for row in connection.execute(statement)]


class TestCalls:
    """`Store.test_calls`."""

    __test__ = False  # no class of tests

    def __init__(self, write: Callable[..., "Future[Any]"], read: Callable[..., "Future[Any]"]) -> None:
        self._write, self._read = write, read

    def save(self, row: TestCallRow) -> "Future[None]":
        return self._write(save, row, fact=True)

    def save_card(self, card: TestCard) -> "Future[None]":
        return self._write(save_card, card, fact=True)

    def one(self, test_id: str) -> "Future[TestCallRow | None]":
        return self._read(one, test_id)

    def placed(self, since: float, until: float, test: str | None = None) -> "Future[list[TestCallRow]]":
        """In the order they were placed, at most MOST."""
        return self._read(placed, since, until, test)

    def unfinished(self, node: str) -> "Future[list[TestCallRow]]":
        """Those that the node placed and saw no end of."""
        return self._read(unfinished, node)

    def cards(self, ids: Sequence[str]) -> "Future[list[TestCard]]":
        return self._read(cards, ids)
