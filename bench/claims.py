"""A claim of 50 due contacts from a long list and from a short one, in turns. Exits 1 when from the long one the p99 is
10 ms or more, or more than 1.5 times that from the short one.

    python -m bench.claims [--rows 10000000] [--claims 140] [--every 0.05] [--refused 100000] [--consents] [URL ...]

Without URLs: a SQLite file in the present directory's file system (some 2 GB for ten million contacts), then a
PostgreSQL started for the purpose (some 4 GB). Each claim is whole: contacts found by list and rank, the calls to them
and do-not-call entries looked up, contacts marked, attempts inserted, all of it on disk. A URL is that of an empty
database, first for the short list, then for the long one.

The CPU of a claim is that of the writer's thread, and of PostgreSQL's process that serves it: on a machine with other
work it is what can be compared. Then so many contacts of the long list, those that would be next, are refused for this
hour, and what a claim takes that passes over them is measured.
"""

import argparse
import asyncio
import gc
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from dialer.store import database
from dialer.store.queries import Transaction, one_by_one
from dialer.store.records import Asked, CallRecord, Claimed, Contact, Known, Refusal, Slot
from dialer.store.store import Store

SHORT = 10_000
AT_ONCE = 50
MOST_MS, MOST_RATIO = 10.0, 1.5
WARM = 10
SETTLED_S = 0.004
LISTS = ("cold", "warm", "hot")
NOW = 1_800_000_000.0
# Four of five are due, one of ten waits, one of ten is done: by list and rank in no order.
_ROWS = """
INSERT INTO contacts (campaign, number, fields, state, attempts, tries, next_at, result, turn, list, rank)
SELECT 'bench', '+49' || CAST(1000000000 + n AS TEXT), CAST('{{"name": "Somebody", "city": "Berlin"}}' AS {json}),
  CASE n % 10 WHEN 3 THEN 'waiting' WHEN 7 THEN 'done' ELSE 'due' END, 0, CAST('{{}}' AS {json}),
  CASE n % 10 WHEN 3 THEN 1900000000 + n ELSE 0 END, CASE n % 10 WHEN 7 THEN 'answered' END, 0,
  CASE n % 3 WHEN 0 THEN 'cold' WHEN 1 THEN 'warm' ELSE 'hot' END, (CAST(n AS BIGINT) * 7919) % 1000
FROM {source}
"""
_CONSENTS = """
INSERT INTO consents (client, number, purpose, given_at, source, proof)
SELECT 'acme', number, 'advertising', 1700000000, 'list', 'form ' || id FROM contacts
WHERE id BETWEEN {first} AND {last}
"""
_TALLIES = """
INSERT INTO tallies (campaign, kind, name, count)
SELECT campaign, 'lists', list || ':' || state, COUNT(*) FROM contacts GROUP BY campaign, list, state
"""


@dataclass(frozen=True)
class NoRules:
    """Refuses nobody, but wants to know what rules want to know."""

    asked: Asked = field(default_factory=lambda: Asked("acme", "bench", since=NOW - 7 * 86_400, purpose="advertising"))

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        return None


def in_turns(lists: Sequence[str], place: int) -> str:
    return lists[place % len(lists)]


def intent(slot: Slot, contact: Contact, known: Known) -> CallRecord:
    return CallRecord(
        id=slot.call_id, direction="outbound", node="node1", switch=slot.switch, client="acme", number=contact.number,
        our_number="+49305550123", created_at=NOW, campaign=contact.campaign, contact_id=contact.id,
    )


def fill(url: str, rows: int, consents: bool) -> None:
    engine = database.writer_engine(database.parse_url(url))
    sqlite = url.startswith("sqlite")
    with engine.connect() as connection:
        for start in range(0, rows, 500_000):
            first, last = start + 1, min(rows, start + 500_000)
            source = (
                f"(WITH RECURSIVE run(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM run WHERE n < {last}) "
                "SELECT n FROM run)" if sqlite else f"generate_series({first}, {last}) AS run(n)"
            )
            with connection.execution_options(durable=False).begin():
                statement = _ROWS.format(source=source, json="TEXT" if sqlite else "JSON")
                connection.exec_driver_sql(statement.replace("%", "%" if sqlite else "%%"))
                if consents:
                    connection.exec_driver_sql(_CONSENTS.format(first=first, last=last))
        with connection.begin():
            connection.exec_driver_sql(_TALLIES)
    if not sqlite:  # as the server's own housekeeping would, a minute later
        with sa.create_engine(database.parse_url(url), isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE contacts, consents")
            connection.exec_driver_sql("CHECKPOINT")
    engine.dispose()


def make(url: str, rows: int, consents: bool = False) -> None:
    asyncio.run(Store.open(url).close())  # the tables
    began = time.perf_counter()
    fill(url, rows, consents)
    print(f"  {rows:,} contacts made in {time.perf_counter() - began:.0f} s", flush=True)


@dataclass(frozen=True)
class ThisHour(NoRules):
    """Refuses those of the first ranks until the next hour."""

    below: float = 0.0

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        if contact.rank >= self.below:
            return None
        return Refusal(contact.id, NOW, "hours", NOW + 3600, "not at this hour")


@dataclass
class Clock:
    """What claims take on one store, in ms."""

    store: Store
    warm: int = WARM
    """Claims that do not count: statements are built, pages read once."""
    backend: int | None = None
    took: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    _names: Iterator[str] = field(default_factory=lambda: map("c{}".format, itertools.count()))

    async def begin(self) -> None:
        self.backend = await self.store._write(_backend, durable=False)

    def cpu_ms(self) -> float:
        """So far: of the writer's thread, and of the server's process."""
        thread = self.store._writer._thread.ident
        assert thread is not None
        ours = time.clock_gettime(time.pthread_getcpuclockid(thread)) * 1000
        if self.backend is not None:
            ours += int(Path(f"/proc/{self.backend}/schedstat").read_text().split()[0]) / 1e6
        return ours

    async def claim(self, gate: NoRules) -> Claimed:
        slots = [Slot(next(self._names), "a1") for _ in range(AT_ONCE)]
        before = self.cpu_ms()
        began = time.perf_counter()
        claimed = await self.store.claim("bench", slots, intent, NOW, gate, in_turns)
        self.took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(SETTLED_S)  # what follows the answer counts as well
        self.cpu.append(self.cpu_ms() - before)
        return claimed

    def told(self) -> str:
        took, cpu = (statistics.quantiles(times[self.warm:], n=100) for times in (self.took, self.cpu))
        return (f"p50 {took[49]:6.2f} ms, p99 {took[98]:6.2f} ms, worst {max(self.took[self.warm:]):6.2f} ms; "
                f"CPU p50 {cpu[49]:5.2f} ms, p99 {cpu[98]:5.2f} ms")

    def p(self, percent: int) -> float:
        return statistics.quantiles(self.took[self.warm:], n=100)[percent - 1]


@one_by_one
def _backend(tx: Transaction) -> int | None:
    """The process that serves the writer."""
    if tx.dialect != "postgresql":
        return None
    return int(tx.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def is_in_order(claimed: Claimed) -> bool:
    by_list = [[attempt.contact.rank for attempt in claimed if attempt.contact.list == name] for name in LISTS]
    return len(claimed) == AT_ONCE and all(ranks and ranks == sorted(ranks) for ranks in by_list)


async def compare(stores: dict[int, Store], claims: int, every_s: float, refused: int) -> int:
    clocks = {rows: Clock(store) for rows, store in stores.items()}
    for clock in clocks.values():
        await clock.begin()
    gc.collect()
    gc.freeze()  # as the engine does
    for _ in range(claims + WARM):
        for clock in clocks.values():
            assert is_in_order(await clock.claim(NoRules()))
            await asyncio.sleep(every_s / len(clocks))
    for rows, clock in clocks.items():
        print(f"  {AT_ONCE} of {rows:>10,}: {clock.told()}")
    short, long = clocks[min(clocks)], clocks[max(clocks)]
    print(f"  ratio of the p99 {long.p(99) / short.p(99):.2f}, of the p50 {long.p(50) / short.p(50):.2f}")
    if refused:
        await pass_over(long.store, max(clocks), refused, every_s)
    for store in stores.values():
        await store.close()
    return int(long.p(99) >= MOST_MS or long.p(99) > MOST_RATIO * short.p(99))


async def pass_over(store: Store, rows: int, refused: int, every_s: float) -> None:
    """Claims until somebody may be called."""
    clock, passed, began = Clock(store, warm=0, _names=map("r{}".format, itertools.count())), 0, time.perf_counter()
    await clock.begin()
    [first] = await store.claim("bench", [Slot("first", "a1")], intent, NOW, NoRules(), in_turns)
    gate = ThisHour(below=first.contact.rank + 1000 * refused / rows)
    while not (claimed := await clock.claim(gate)):
        passed += len(claimed.refusals)
        await asyncio.sleep(every_s)
    print(f"  {passed:,} refused for this hour in {time.perf_counter() - began:.1f} s, "
          f"{len(clock.took)} claims: {clock.told()}")


async def run(urls: dict[int, str], claims: int, every_s: float, refused: int) -> int:
    return await compare({rows: Store.open(url) for rows, url in urls.items()}, claims, every_s, refused)


@contextmanager
def databases(rows: int, given: Sequence[str]) -> Iterator[Iterator[dict[int, str]]]:
    sys.path.append(str(Path(__file__).parents[1] / "tests" / "store"))
    from postgres_server import running_server

    def each() -> Iterator[dict[int, str]]:
        if given:
            yield {SHORT: given[0], rows: given[1]}
            return
        with tempfile.TemporaryDirectory(dir=".") as folder:
            yield {SHORT: f"sqlite:///{folder}/short.db", rows: f"sqlite:///{folder}/long.db"}
        with running_server() as server:
            yield {SHORT: server.create(), rows: server.create()}

    yield each()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--claims", type=int, default=140)
    parser.add_argument("--every", type=float, default=0.05, help="seconds; 0.05 are 1,000 contacts a second")
    parser.add_argument("--consents", action="store_true", help="one of each contact, looked up by each claim")
    parser.add_argument("--refused", type=int, default=0)
    parser.add_argument("url", nargs="*", help="of the short list's database, then of the long one's")
    options = parser.parse_args()
    failed = 0
    with databases(options.rows, options.url) as pairs:
        for urls in pairs:
            print(next(iter(urls.values())).partition(":")[0])
            for rows, url in urls.items():
                make(url, rows, options.consents)
            failed |= asyncio.run(run(urls, options.claims, options.every, options.refused))
    return failed


if __name__ == "__main__":
    sys.exit(main())
