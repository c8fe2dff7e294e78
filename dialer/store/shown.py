"""How often each number of ours was shown on a day of its client's, and how many people answered then."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from dialer.store.queries import Transaction, insert_into, one_by_one
from dialer.store.schema import caller_id_days


@dataclass(frozen=True, slots=True)
class ShownDay:
    client: str
    number: str
    day: str
    """2026-11-22, by the client's clock."""
    dials: int = 0
    answered: int = 0
    """By people, as far as machines were told apart."""


class ShownBook:
    """Future-returning methods, as `Store`'s."""

    def __init__(self, write: Callable[..., "asyncio.Future[Any]"], read: Callable[..., "asyncio.Future[Any]"]) -> None:
        self._write = write
        self._read = read

    def add(self, counted: ShownDay) -> "asyncio.Future[None]":
        """To what is there already."""
        return self._write(_count, counted, durable=False, fact=True)

    def days(self, client: str, since: str) -> "asyncio.Future[list[ShownDay]]":
        """From that day on."""
        return self._read(_days, client, since)


@one_by_one
def _count(tx: Transaction, counted: ShownDay) -> None:
    tx.connection.execute(_adding(tx.dialect), asdict(counted))


@cache
def _adding(dialect: str) -> Any:
    new, old = insert_into(dialect, caller_id_days), caller_id_days.c
    update = {"dials": old.dials + new.excluded.dials, "answered": old.answered + new.excluded.answered}
    return new.on_conflict_do_update(index_elements=list(caller_id_days.primary_key), set_=update)


def _days(connection: sa.Connection, client: str, since: str) -> Sequence[ShownDay]:
    columns = [caller_id_days.c[name] for name in ("client", "number", "day", "dials", "answered")]
    statement = sa.select(*columns).where(caller_id_days.c.client == client, caller_id_days.c.day >= since)
    return [ShownDay(*row) for row in connection.execute(statement)]
