"""Every benchmark, one after another: `make bench`. Figures are ratios within one run; the machine should be idle."""

import subprocess
import sys

BENCHES = (
    "bench.ami_parse", "bench.store", "bench.claims", "bench.list_import", "bench.do_not_call", "bench.rating",
    "bench.invoices", "bench.metrics", "bench.calls", "bench.live",
)


def main() -> int:
    failed = 0
    for name in BENCHES:
        print(f"== {name}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", name], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
