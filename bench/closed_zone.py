"""Contacts of a zone where nobody may be called at this hour, first in their list, before a thousand of one where
people may: how long until the first of those is dialled. Exits 1 when it takes 3 s or more.

    python -m bench.closed_zone [--closed 100000] [--zones] [URL ...]

Real rules (configs/rules), on SQLite and on a PostgreSQL started for the purpose, or on the empty databases of the
URLs. Claims come as those of the engine do: of ten places, 20 ms after one that was cut short. `--zones`: the list
tells each contact's time zone; else its number does. The CPU is that of this process, without PostgreSQL's.
"""

import argparse
import asyncio
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.claims import intent
from dialer.campaigns.policy import Policy
from dialer.compliance.check import Rules
from dialer.compliance.gate import Statute
from dialer.compliance.pack import Pack
from dialer.config.campaign import Campaign
from dialer.config.document import read
from dialer.engine.run import REFUSED_CHECK_S
from dialer.store.records import NewContact, Slot
from dialer.store.search import alphabetical
from dialer.store.store import Store

RULES = Path(__file__).parents[1] / "configs" / "rules"
OPEN = 1_000
MOST_S = 3.0
NOW = datetime(2026, 11, 23, 22, 0, tzinfo=UTC).timestamp()
"""Monday, five in the afternoon in New York, eleven at night in Berlin."""


def people(closed: int, zones: bool) -> list[NewContact]:
    chance = random.Random(1)
    germans = (f"+4930{number:08}" for number in chance.sample(range(10**7, 10**8), closed))
    americans = (f"+1212{number}" for number in chance.sample(range(2_340_000, 9_990_000), OPEN))
    return [
        *(NewContact(number, rank=0.0, timezone="Europe/Berlin" if zones else None) for number in germans),
        *(NewContact(number, rank=1.0, timezone="America/New_York" if zones else None) for number in americans),
    ]


async def measure(url: str, closed: int, zones: bool) -> float:
    store, names = Store.open(url), map("c{}".format, itertools.count())
    everybody = people(closed, zones)
    for start in range(0, len(everybody), 5_000):
        await store.add_contacts("bench", everybody[start:start + 5_000])
    campaign = Campaign.model_validate(
        {"campaign": "bench", "client": "acme", "purpose": "service", "agents": {"skills": ["sales"]}})
    packs = {path.stem: Rules.of(Pack.model_validate(read(path).value)) for path in sorted(RULES.glob("*.yaml"))}
    statute = Statute.of(packs, {}, {"bench": campaign})
    began, cpu, claims, worst = time.perf_counter(), time.process_time(), 0, 0.0
    while True:
        gate = statute.gate(campaign, {}, NOW)
        asked, claims = time.perf_counter(), claims + 1
        slots = [Slot(next(names), "a1") for _ in range(10)]
        claimed = await store.claim("bench", slots, intent, NOW, Policy(campaign, gate, NOW), alphabetical)
        worst = max(worst, time.perf_counter() - asked)
        if claimed or time.perf_counter() - began > 300:
            break
        await asyncio.sleep(REFUSED_CHECK_S)
    took = time.perf_counter() - began
    await store.close()
    print(f"  {closed:,} closed before {OPEN:,}: the first dial after {took:.1f} s, {claims} claims, "
          f"{time.process_time() - cpu:.1f} s of CPU, the longest {worst * 1000:.0f} ms", flush=True)
    return took


@contextmanager
def databases(given: Sequence[str]) -> Iterator[Iterator[str]]:
    sys.path.append(str(Path(__file__).parents[1] / "tests" / "store"))
    from postgres_server import running_server

    def each() -> Iterator[str]:
        if given:
            yield from given
            return
        with tempfile.TemporaryDirectory(dir=".") as folder:
            yield f"sqlite:///{folder}/closed.db"
        with running_server() as server:
            yield server.create()

    yield each()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--closed", type=int, default=100_000)
    parser.add_argument("--zones", action="store_true")
    parser.add_argument("url", nargs="*")
    options = parser.parse_args()
    worst = 0.0
    with databases(options.url) as urls:
        for url in urls:
            print(url.partition(":")[0])
            worst = max(worst, asyncio.run(measure(url, options.closed, options.zones)))
    return int(worst >= MOST_S)


if __name__ == "__main__":
    sys.exit(main())
