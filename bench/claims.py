"""A claim of 50 due contacts from a long list and from a short one, in turns. Exits 1 when from the long one the p99 is
10 ms or more, or more than 1.5 times that from the short one.

    python -m bench.claims [--rows 10000000] [--claims 140] [URL ...]

Without URLs: a SQLite file in the present directory's file system (some 3 GB for ten million contacts), then a
PostgreSQL started for the purpose (some 4 GB). Each claim is whole: contacts found by list and rank, the calls to them
and do-not-call entries looked up, contacts marked, attempts inserted, all of it on disk. A URL is that of an empty
database, first for the short list, then for the long one.
"""

import argparse
import asyncio
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
from dialer.store.records import Asked, CallRecord, Contact, Known, Refusal, Slot
from dialer.store.store import Store

SHORT = 10_000
AT_ONCE = 50
MOST_MS, MOST_RATIO = 10.0, 1.5
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
_TALLIES = """
INSERT INTO tallies (campaign, kind, name, count)
SELECT campaign, 'lists', list || ':' || state, COUNT(*) FROM contacts GROUP BY campaign, list, state
"""


@dataclass(frozen=True)
class NoRules:
    """Refuses nobody, but wants to know what rules want to know."""

    asked: Asked = field(default_factory=lambda: Asked("acme", "bench", since=NOW - 7 * 86_400))

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        return None


def in_turns(lists: Sequence[str], place: int) -> str:
    return lists[place % len(lists)]


def intent(slot: Slot, contact: Contact, known: Known) -> CallRecord:
    return CallRecord(
        id=slot.call_id, direction="outbound", node="node1", switch=slot.switch, client="acme", number=contact.number,
        our_number="+49305550123", created_at=NOW, campaign=contact.campaign, contact_id=contact.id,
    )


def fill(url: str, rows: int) -> None:
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
        with connection.begin():
            connection.exec_driver_sql(_TALLIES)
    if not sqlite:  # as the server's own housekeeping would, a minute later
        with sa.create_engine(database.parse_url(url), isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE contacts")
            connection.exec_driver_sql("CHECKPOINT")
    engine.dispose()


def made(url: str, rows: int) -> Store:
    asyncio.run(Store.open(url).close())  # the tables
    began = time.perf_counter()
    fill(url, rows)
    print(f"  {rows:,} contacts made in {time.perf_counter() - began:.0f} s", flush=True)
    return Store.open(url)


async def claim(store: Store, name: str) -> float:
    slots = [Slot(f"{name}.{place}", "a1") for place in range(AT_ONCE)]
    began = time.perf_counter()
    taken = await store.claim("bench", slots, intent, NOW, NoRules(), in_turns)
    took = time.perf_counter() - began
    assert len(taken) == AT_ONCE
    for name in LISTS:
        ranks = [attempt.contact.rank for attempt in taken if attempt.contact.list == name]
        assert ranks and ranks == sorted(ranks)
    return took * 1000


async def measure(stores: dict[int, Store], claims: int) -> dict[int, list[float]]:
    took: dict[int, list[float]] = {rows: [] for rows in stores}
    for place in range(claims + 5):
        for rows, store in stores.items():
            ms = await claim(store, f"{rows}.{place}")
            if place >= 5:  # statements are built, pages read once
                took[rows].append(ms)
    for store in stores.values():
        await store.close()
    return took


def compare(urls: dict[int, str], claims: int) -> int:
    print(next(iter(urls.values())).partition(":")[0])
    took = asyncio.run(measure({rows: made(url, rows) for rows, url in urls.items()}, claims))
    p99 = {}
    for rows, times in took.items():
        cuts = statistics.quantiles(times, n=100)
        p99[rows] = cuts[98]
        print(f"  {AT_ONCE} of {rows:>10,}: p50 {cuts[49]:6.2f} ms, p99 {cuts[98]:6.2f} ms, worst {max(times):6.2f} ms")
    ratio = p99[max(p99)] / p99[min(p99)]
    print(f"  ratio of the p99 {ratio:.2f}, of the p50 "
          f"{statistics.median(took[max(took)]) / statistics.median(took[min(took)]):.2f}")
    return int(p99[max(p99)] >= MOST_MS or ratio > MOST_RATIO)


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
    parser.add_argument("url", nargs="*", help="of the short list's database, then of the long one's")
    options = parser.parse_args()
    failed = 0
    with databases(options.rows, options.url) as pairs:
        for urls in pairs:
            failed |= compare(urls, options.claims)
    return failed


if __name__ == "__main__":
    sys.exit(main())
