"""A national register of ten million numbers: import, memory, lookup. Exits 1 when a lookup takes 10 µs or more.

    python -m bench.do_not_call [NUMBERS]

The import runs in a process of its own, so that the memory is the import's. A lookup of numbers in random order is the
worst case: each ends in another page.
"""

import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dialer.registers import Register, import_register, path_of

NUMBERS = 10_000_000
LOOKUPS = 200_000
MOST_US = 10.0


def make(path: Path, count: int) -> list[str]:
    """Numbers in no order, as registers come; some of them."""
    dice = random.Random(1)
    kept = []
    with path.open("w") as file:
        for index in range(count):
            number = f"+39{dice.randrange(10**8, 10**10)}"
            file.write(number + "\n")
            if index % max(1, count // LOOKUPS) == 0:
                kept.append(number)
    return kept


def rss_mb() -> float:
    """Memory that is ours alone: mapped files are left out."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def lookup_us(register: Register, numbers: list[str]) -> tuple[float, int]:
    """Microseconds a lookup, and how many were listed."""
    began = time.perf_counter()
    listed = sum(map(register.holds, numbers))
    return (time.perf_counter() - began) / len(numbers) * 1e6, listed


def importing(file: str, target: str) -> None:
    began = time.perf_counter()
    done = import_register(Path(file), Path(target), lambda _: None, time.time())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"import: {done.numbers:,} numbers in {time.perf_counter() - began:.1f} s, peak {peak:.0f} MB")


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        file, target = Path(folder) / "numbers", path_of(Path(folder), "opposizioni")
        some = make(file, count)
        subprocess.run([sys.executable, "-m", "bench.do_not_call", "import", str(file), str(target)], check=True)
        random.Random(2).shuffle(some)
        neighbours = [f"{number[:-1]}{(int(number[-1]) + 5) % 10}" for number in some]
        before = rss_mb()
        register = Register(target)
        (listed_us, found), (other_us, _) = lookup_us(register, some), lookup_us(register, neighbours)
        print(
            f"lookup: {listed_us:.2f} µs of numbers listed, {other_us:.2f} µs of their neighbours; "
            f"memory of our own {rss_mb() - before:.1f} MB, mapped file {target.stat().st_size / 1e6:.0f} MB"
        )
    return 0 if found == len(some) and max(listed_us, other_us) < MOST_US else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["import"]:
        importing(*sys.argv[2:4])
    else:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else NUMBERS))
