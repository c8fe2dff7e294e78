"""The one thread that writes. It takes whatever has queued up, commits it in one transaction and wakes the loop once.

- A *request* (a claim, an import) that cannot be done now fails with StoreError, and what an unlucky commit may have
  left behind is taken back.
- A *fact* (a call settled, a talk, an agent's time) is true whatever the database says. While the database is out of
  order it waits, its future with it, and is written when the database is back.
- A *durable* write's commit waits for the disk, and so does that of the batch it is in.

Back-pressure: CAPACITY writes may be waiting. Requests are refused at half of that, so that calls under way can still
be settled when no more can begin; at CAPACITY facts are refused too, loudly.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from dialer.store import claims, queries
from dialer.store.database import OutageError, Turn, explain, is_outage, rest
from dialer.store.errors import StoreError
from dialer.store.queries import Query, Transaction

CAPACITY = 20_000
BATCH_ROWS = 2_000
"""How many rows one transaction takes on, so that a long import does not keep a claim waiting."""
IDLE_S = 2.0
"""With nothing to write, how often the connection is tried."""
LULL_S = 0.005
"""After so long without a write SQLite's log is copied into its file, if it has grown by LULL_ROWS: where a commit did
it, as at `wal_autocheckpoint`, somebody would wait for it."""
LULL_ROWS = 100
BACKOFF_S = (0.1, 5.0)
"""Before the first and at most before each later attempt at a database out of order."""

log = logging.getLogger("dialer.store")


@dataclass(slots=True, eq=False)
class Job:
    """One write."""

    query: Query
    arguments: tuple[Any, ...]
    durable: bool = True
    fact: bool = False
    rows: int = 1
    claims: Sequence[str] = ()
    """Call ids that are released if the caller does not learn that they were claimed."""
    after: Callable[[sa.Connection], None] | None = None
    """Done after the commit, outside of a transaction, before anybody else may write."""
    future: "asyncio.Future[Any] | None" = field(default=None, init=False)


@dataclass(frozen=True, slots=True)
class Done:
    job: Job
    result: Any = None
    error: Exception | None = None


Observe = Callable[[float, int, bool], None]
"""Told of every commit, on the writer's thread: seconds, writes in it, whether it waited for the disk."""


class Writer:
    """Its methods are called on the event loop's thread, but for those that `_run` calls."""

    def __init__(self, engine: sa.Engine, turn: Turn) -> None:
        self._engine = engine
        self._turn = turn
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._waiting = 0
        self._closing = threading.Event()
        self._fault: str | None = None
        self._connection: sa.Connection | None = None
        self._logged_rows = 0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self.commits = 0
        self.observe: Observe | None = None
        self._begin()

    def _begin(self) -> None:
        self._thread.start()

    def submit(self, job: Job) -> "asyncio.Future[Any]":
        """Never blocks. The future fails with StoreError: see the module's text."""
        job.future = asyncio.get_running_loop().create_future()
        if (refusal := self._refusal(job)) is not None:
            job.future.set_exception(StoreError(refusal))
        else:
            self._waiting += 1
            self._queue.put(job)
        return job.future

    def _refusal(self, job: Job) -> str | None:
        if self._closing.is_set():
            return "the store is closed"
        if not self._thread.is_alive():
            return self.health()
        if not job.fact and self._fault is not None:
            return self._fault
        if self._waiting >= (CAPACITY if job.fact else CAPACITY // 2):
            return f"{self._waiting} writes are waiting for the database" + (f": {self._fault}" if self._fault else "")
        return None

    def health(self) -> str:
        if not self._thread.is_alive():
            return "the store is closed" if self._closing.is_set() else "the store's writer has died"
        return self._fault or "up"

    @property
    def waiting(self) -> int:
        return self._waiting

    async def close(self) -> None:
        """Writes what is queued; what the database does not take in this last attempt fails."""
        self._closing.set()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    # -- on the loop, after a batch -----------------------------------------------------------------------------------

    def _resolve(self, batch: Sequence[Done]) -> None:
        self._waiting -= len(batch)
        orphans: list[str] = []
        for done in batch:
            future = done.job.future
            assert future is not None
            if future.cancelled():
                orphans.extend(done.job.claims if done.error is None else ())
            elif done.error is not None:
                future.set_exception(done.error)
            else:
                future.set_result(done.result)
        if orphans:  # claimed for someone who does not wait any more, say for a time-out
            self.submit(Job(claims.release, (orphans,), fact=True))

    # -- on the writer's thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        held: list[Job] = []
        backoff_s = BACKOFF_S[0]
        while True:
            last = not self._gather(held)
            if self._write(held):
                backoff_s = BACKOFF_S[0]
                if last:
                    break
            elif self._closing.is_set():
                break
            else:
                self._closing.wait(backoff_s)
                backoff_s = min(2 * backoff_s, BACKOFF_S[1])
        self._gather(held)
        self._fail(held, self._fault or "the store is closed")
        self._disconnect()

    def _gather(self, held: list[Job]) -> bool:
        """Adds to `held` what has queued up, waiting if there is nothing at all. False at the end of the queue.
        In an outage it takes all there is, so that requests learn of it."""
        rows = sum(job.rows for job in held)
        wait_s = 0.0 if held else IDLE_S if self._logged_rows < LULL_ROWS else LULL_S
        try:
            while rows < BATCH_ROWS or self._fault is not None:
                job = self._queue.get(timeout=wait_s) if wait_s else self._queue.get_nowait()
                if job is None:
                    self._queue.put(None)
                    return False
                held.append(job)
                rows += job.rows
                wait_s = 0.0
        except queue.Empty:
            pass
        return True

    def _write(self, held: list[Job]) -> bool:
        """Commits `held` and empties it. False in an outage: then requests have failed and facts are still held."""
        began = time.perf_counter()
        try:
            done = self._commit(held)
        except Exception as error:
            self._report(explain(error), error)
            if not isinstance(error, OutageError):  # then only the turn to write did not come
                self._disconnect()
            doubtful = [call_id for job in held for call_id in job.claims]
            self._fail([job for job in held if not job.fact], self._fault or "")
            held[:] = [job for job in held if job.fact]
            if doubtful:  # their failed commit may have reached the disk
                held.insert(0, Job(claims.release, (doubtful,), fact=True))
            return False
        if self._fault is not None:
            log.warning("the store is up again")
            self._fault = None
        self._answer(done)
        if held:
            self._tell(time.perf_counter() - began, held)
        held.clear()
        return True

    def _tell(self, took_s: float, batch: Sequence[Job]) -> None:
        """After the answers, and whatever the observer does: the thread goes on."""
        try:
            if self.observe is not None:
                self.observe(took_s, len(batch), any(job.durable for job in batch))
        except Exception:
            log.exception("the observer of commits failed")

    def _report(self, fault: str, error: Exception) -> None:
        if self._fault != fault:
            log.error("the store is out of order: %s", fault, exc_info=None if is_outage(error) else error)
        self._fault = fault

    def _commit(self, batch: Sequence[Job]) -> list[Done]:
        try:
            return self._transact(batch, guarded=False)
        except Exception as error:
            if is_outage(error) or not batch:
                raise
        # Some row is wrong. Once more, with a savepoint around each, so that it fails alone. It is too rare to pay for
        # savepoints every time, and to write row by row what one statement can write.
        return self._transact(batch, guarded=True)

    def _transact(self, batch: Sequence[Job], guarded: bool) -> list[Done]:
        durable = any(job.durable for job in batch)
        with self._turn:
            connection = self._connect().execution_options(durable=durable)
            if not batch:
                rest(connection)
                self._logged_rows = 0
                return []
            with connection.begin():
                tx = Transaction(connection)
                done = [self._guard(tx, job) for job in batch] if guarded else self._run_all(tx, batch)
                queries.write_tally(tx)
            self.commits += 1
            self._logged_rows += sum(job.rows for job in batch)
            for job in batch:
                if job.after is not None:
                    job.after(connection)
            return done

    def _run_all(self, tx: Transaction, batch: Sequence[Job]) -> list[Done]:
        done: list[Done] = []
        ordered = sorted(batch, key=lambda job: queries.rank(job.query))
        for query, group in groupby(ordered, attrgetter("query")):
            jobs = list(group)
            results = query(tx, [job.arguments for job in jobs])
            done += [Done(job, result) for job, result in zip(jobs, results, strict=True)]
        return done

    def _guard(self, tx: Transaction, job: Job) -> Done:
        own = Transaction(tx.connection, earlier=tx.tally)
        try:
            with tx.connection.begin_nested():
                [result] = job.query(own, [job.arguments])
        except Exception as error:
            if is_outage(error):
                raise
            return Done(job, error=error if isinstance(error, StoreError) else StoreError(explain(error)))
        tx.tally.update(own.tally)
        tx.people.update(own.people)
        return Done(job, result)

    def _connect(self) -> sa.Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        try:
            if connection is not None:
                with self._turn:  # the last connection to a SQLite file checkpoints it
                    connection.close()
        except Exception as error:
            log.debug("closing the store's connection: %s", explain(error))

    def _fail(self, jobs: Sequence[Job], reason: str) -> None:
        self._answer([Done(job, error=StoreError(reason)) for job in jobs])

    def _answer(self, batch: Sequence[Done]) -> None:
        """One wake-up of the loop for the whole batch. Jobs of ours have no future."""
        by_loop: dict[asyncio.AbstractEventLoop, list[Done]] = {}
        for done in batch:
            if done.job.future is not None:
                by_loop.setdefault(done.job.future.get_loop(), []).append(done)
        for loop, answers in by_loop.items():
            try:
                loop.call_soon_threadsafe(self._resolve, answers)
            except RuntimeError:
                log.warning("%d writes ended after the loop that waited for them", len(answers))
