"""How many calls the store carries: each is claimed, saved once and settled, with and without group commit, in one run.

    python bench/store.py [--calls 4000] [--at-once 200] [URL ...]

Without URLs: a SQLite file in the present directory's file system, and a PostgreSQL started for the purpose.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dialer.calls.outcome import Outcome
from dialer.store import writer
from dialer.store.records import CallRecord, Contact, ContactVerdict, Known, NewContact, Slot, Talk
from dialer.store.store import Store


@dataclass(frozen=True)
class Measured:
    calls_per_s: float
    claim_p50_ms: float
    claim_p99_ms: float
    cpu_ms: float
    """CPU of the whole process a call, the loop included."""
    commits: int


def intent(slot: Slot, contact: Contact, known: Known = Known()) -> CallRecord:  # noqa: B008
    return CallRecord(
        id=slot.call_id, direction="outbound", node="node1", switch=slot.switch, client="acme", number=contact.number,
        our_number="+49305550123", created_at=time.time(), campaign=contact.campaign, contact_id=contact.id,
    )


async def one_call(store: Store, call_id: str, claims_s: list[float]) -> None:
    began = time.perf_counter()
    [attempt] = await store.claim("bench", [Slot(call_id, "a1")], intent, now=1.0)
    claims_s.append(time.perf_counter() - began)
    record = replace(intent(Slot(call_id, "a1"), attempt.contact), state="talking", answered_at=time.time())
    await store.save_call(record)
    now = time.time()
    await store.settle(
        replace(record, state="over", ended_at=now, outcome=Outcome.ANSWERED),
        ContactVerdict(attempt.contact.id, "done", reason="answered"), [Talk(call_id, "ann", now - 1, now)])


async def measure(url: str, calls: int, at_once: int, prefix: str) -> Measured:
    store = Store.open(url)
    new = [NewContact(f"+49{prefix}{index:07}") for index in range(calls)]
    for start in range(0, calls, 1000):
        await store.add_contacts("bench", new[start:start + 1000])
    names, claims_s = iter(range(calls)), list[float]()

    async def line() -> None:
        for index in names:
            await one_call(store, f"{prefix}.{index}", claims_s)

    commits, cpu, began = store._writer.commits, time.process_time(), time.perf_counter()
    await asyncio.gather(*(line() for _ in range(at_once)))
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    cuts = statistics.quantiles(claims_s, n=100)
    commits = store._writer.commits - commits
    await store.close()
    return Measured(calls / took, cuts[49] * 1000, cuts[98] * 1000, cpu / calls * 1000, commits)


@contextmanager
def ungrouped() -> Iterator[None]:
    """The same writer, one row a commit."""
    rows, writer.BATCH_ROWS = writer.BATCH_ROWS, 1
    try:
        yield
    finally:
        writer.BATCH_ROWS = rows


async def compare(url: str, calls: int, at_once: int) -> None:
    grouped = await measure(url, calls, at_once, "1")
    with ungrouped():
        single = await measure(url, calls, at_once, "2")
    print(url.partition(":")[0])
    for name, found in (("group commit", grouped), ("a commit a row", single)):
        print(f"  {name:15} {found.calls_per_s:8.0f} calls/s   claim p50 {found.claim_p50_ms:7.1f} ms, p99 "
              f"{found.claim_p99_ms:7.1f} ms   {found.cpu_ms:.2f} ms CPU a call   {found.commits} commits")
    print(f"  ratio           {grouped.calls_per_s / single.calls_per_s:8.1f} times the calls, "
          f"{grouped.claim_p99_ms / single.claim_p99_ms:.2f} of the p99")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=4000)
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("url", nargs="*")
    options = parser.parse_args()
    with ExitStack() as resources:
        urls = options.url
        if not urls:
            sys.path.append(str(Path(__file__).parents[1] / "tests" / "store"))
            from postgres_server import running_server
            folder = resources.enter_context(tempfile.TemporaryDirectory(dir="."))
            urls = [f"sqlite:///{folder}/bench.db", resources.enter_context(running_server()).create()]
        for url in urls:
            asyncio.run(compare(url, options.calls, options.at_once))


if __name__ == "__main__":
    main()
