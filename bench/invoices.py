"""Closing a month and drawing its invoice, by the commands themselves: seconds, and memory at most.

    python -m bench.invoices [--lines 100000]
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bench.rating import MONTH, calls
from dialer.calls.outcome import Outcome
from dialer.store.records import CallRecord
from dialer.store.store import Store

ROOT = Path(__file__).parents[1]
ENTRIES_A_CALL = 1.75
"""At least, of the sample client's contract."""


async def fill(root: Path, number: int) -> None:
    store = Store.open(f"sqlite:///{root}/var/dialer.db")
    rows = calls(number)
    while batch := [row for row, _ in zip(rows, range(2000), strict=False)]:
        await asyncio.gather(*(store.settle(CallRecord(
            call.id, "outbound" if call.direction == "outbound" else "inbound", "node1", "main", "acme", "+4930111",
            "+4930222", call.at, state="over", dialled_at=call.dialled_at, answered_at=call.answered_at,
            queued_at=call.queued_at, joined_at=call.joined_at, ended_at=call.ended_at, talk_s=call.talk_s,
            outcome=Outcome(call.outcome), disposition=call.disposition), None) for call in batch))
    await store.close()


def measured(what: str, *arguments: str) -> None:
    began = time.perf_counter()
    command = [sys.executable, "-c", "from dialer.cli import app; app()", *arguments]
    pid = os.posix_spawn(sys.executable, command, dict(os.environ) | {"PYTHONPATH": str(ROOT)},
                         file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    _, status, used = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{what} failed")
    print(f"{what:32} {time.perf_counter() - began:6.1f} s   {used.ru_utime + used.ru_stime:6.1f} s CPU   "
          f"{used.ru_maxrss / 1024:5.0f} MB at most", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path()) as folder:
        root = Path(folder)
        for name in ("configs", "ivr_flows"):
            shutil.copytree(ROOT / name, root / name)
        (root / "var").mkdir()
        asyncio.run(fill(root, int(options.lines / ENTRIES_A_CALL)))
        where, month = ("--root", folder), str(MONTH)
        measured("rated into the ledger", "rate", "acme", month, *where)
        measured("rated again, closed, numbered", "rate", "acme", month, "--close", *where)
        measured("invoice drawn", "invoice", "acme", month, "--out", folder, *where)
        lines = sum(1 for _ in (root / f"acme-{month}.csv").open()) - 1
        sizes = {path.suffix: path.stat().st_size for path in sorted(root.glob(f"acme-{month}.*"))}
        print(f"{lines:,} lines; " + ", ".join(f"{suffix} {size:,} bytes" for suffix, size in sizes.items()))


if __name__ == "__main__":
    main()
