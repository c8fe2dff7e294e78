"""The store without a disk and without threads: what is asked for is done before the asking returns. For virtual time,
where nothing may take real time and the same seed must give the same run. It outlives nothing."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self, TypeVar

import sqlalchemy as sa

from dialer.store.database import Turn
from dialer.store.records import CampaignTotals
from dialer.store.schema import metadata
from dialer.store.store import Store
from dialer.store.writer import Job, Writer

T = TypeVar("T")


class _AtOnce(Writer):
    def _begin(self) -> None:
        """No thread."""

    def submit(self, job: Job) -> "asyncio.Future[Any]":
        job.future = asyncio.get_running_loop().create_future()
        (done,) = self._commit([job])
        if done.error is not None:
            job.future.set_exception(done.error)
        else:
            job.future.set_result(done.result)
        return job.future

    def health(self) -> str:
        return "up"

    async def close(self) -> None:
        self._disconnect()


class MemoryStore(Store):
    """The same tables and the same queries. Faults of a query fail its future, as on a disk."""

    _totals: dict[str, tuple[int, "asyncio.Future[CampaignTotals]"]]
    """By campaign, with the number of commits that they were read after."""

    @classmethod
    def empty(cls) -> Self:
        engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
        sa.event.listen(engine, "connect", _no_own_transactions)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        with engine.begin() as connection:
            metadata.create_all(connection)
        store = cls(_AtOnce(engine, Turn(None)), engine, ExitStack())
        store._totals = {}
        return store

    def totals(self, campaign: str) -> "asyncio.Future[CampaignTotals]":
        """Read again only after something was written: virtual time asks every second, and little happens in most."""
        commits, known = self._totals.get(campaign, (-1, None))
        if known is None or commits != self._writer.commits:
            known = super().totals(campaign)
            self._totals[campaign] = self._writer.commits, known
        return known

    def _read(self, query: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with contextlib.suppress(asyncio.InvalidStateError):
            try:
                future.set_result(self._query(query, *args))
            except Exception as error:
                future.set_exception(error)
        return future


def _no_own_transactions(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
