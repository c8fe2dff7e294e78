"""A list of a million contacts into an empty store, and calls claimed meanwhile. Exits 1 when an import takes a minute
or 300 MB.

    python -m bench.list_import [--rows 1000000] [--xlsx] [URL ...]

Without URLs: a SQLite file in the present directory's file system, and a PostgreSQL started for the purpose. Each
import runs in a process of its own, for its memory is to be its own; ten claims a second of one contact run beside it.
"""

import argparse
import asyncio
import csv
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from bench.store import intent
from dialer.campaigns.lists import import_list
from dialer.campaigns.sheet_writer import XlsxSheet
from dialer.config.campaign import Campaign
from dialer.store.records import NewContact, Slot
from dialer.store.store import Store

MOST_S, MOST_MB = 60.0, 300.0
CLAIM_EVERY_S = 0.1


def rows(count: int) -> Iterable[tuple[str, ...]]:
    """Numbers as people write them, in no order, one in a thousand of them no number."""
    dice = random.Random(1)
    yield "Telefon", "first_name", "last_name", "city", "customer_id"
    for index in range(count):
        number = (
            f"+4915{dice.randrange(10**9):09}", f"030 {dice.randrange(10**6, 10**8)}",
            f"+49 89 {dice.randrange(10**6, 10**8)}", f"0171/{dice.randrange(10**6, 10**8)}",
        )[index % 4]  # fmt: skip
        yield (number if index % 1000 else "12", f"Name{index % 997}", f"Größe{index % 9973}", "Berlin", f"K{index:08}")


def make(path: Path, count: int) -> None:
    if path.suffix == ".xlsx":
        with XlsxSheet(path) as sheet:
            sheet.write(rows(count))
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows(count))


async def claiming(store: Store, took_s: list[float], over: asyncio.Event) -> None:
    """One contact of another campaign, again and again."""
    number = 0
    while not over.is_set():
        await asyncio.sleep(CLAIM_EVERY_S)
        number += 1
        await store.add_contacts("bench", [NewContact(f"+4930{number:08}")])
        began = time.perf_counter()
        await store.claim("bench", [Slot(f"c{number}", "a1")], intent, now=1.0)
        took_s.append(time.perf_counter() - began)


def peak_mb() -> float:
    """Of this program; what getrusage says begins with what the process held that started it."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


async def importing(url: str, path: Path) -> None:
    campaign = Campaign.model_validate(
        {"campaign": "winback", "client": "acme", "mode": "agentless", "flow": "survey", "country": "DE"}
    )
    store, claims_s, over = Store.open(url), list[float](), asyncio.Event()
    claims = asyncio.create_task(claiming(store, claims_s, over))
    began, cpu = time.perf_counter(), time.process_time()
    report = await import_list(store.imports, campaign, path)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    over.set()
    await claims
    await store.close()
    peak = peak_mb()
    cuts = [1000 * cut for cut in statistics.quantiles(claims_s, n=100)]
    print(
        f"{url.partition(':')[0]:11} {path.suffix[1:]}: {report.progress.rows:,} rows in {took:.1f} s, "
        f"{report.progress.rows / took:,.0f} a second, {cpu:.1f} s of CPU, peak {peak:.0f} MB; claims meanwhile: "
        f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms of {len(claims_s)}"
    )
    if took >= MOST_S or peak >= MOST_MB:
        sys.exit(1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--xlsx", action="store_true")
    parser.add_argument("--one", nargs=2, metavar=("URL", "FILE"), help=argparse.SUPPRESS)
    parser.add_argument("url", nargs="*")
    options = parser.parse_args()
    if options.one:
        asyncio.run(importing(options.one[0], Path(options.one[1])))
        return 0
    with ExitStack() as resources:
        folder = resources.enter_context(tempfile.TemporaryDirectory(dir="."))
        path = Path(folder) / ("list.xlsx" if options.xlsx else "list.csv")
        make(path, options.rows)
        urls = options.url
        if not urls:
            sys.path.append(str(Path(__file__).parents[1] / "tests" / "store"))
            from postgres_server import running_server
            urls = [f"sqlite:///{folder}/bench.db", resources.enter_context(running_server()).create()]
        command = [sys.executable, "-m", "bench.list_import", "--one"]
        return max(subprocess.run([*command, url, str(path)], check=False).returncode for url in urls)


if __name__ == "__main__":
    sys.exit(main())
