"""A workbook's rows, read by a process of their own: unpacking and parsing a stranger's file takes half a minute for a
million rows, and takes it from no call and no other batch of the import.
"""

import pickle
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from dialer.campaigns.contacts import ListError
from dialer.campaigns.rows import Row

BATCH = 500
"""Rows in one message."""


class RowsApart:
    """As `sheets.SheetRows`. Raises ListError as that does, and when its process is stopped by somebody else."""

    def __init__(self, path: Path, sheet: str | None = None) -> None:
        self._path = path
        self.delimiter = ""
        self.bytes_read = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dialer.campaigns.apart", str(path), *([] if sheet is None else [sheet])],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)  # fmt: skip
        try:
            self._next()
        except ListError:
            self.close()
            raise

    def __iter__(self) -> Iterator[Row]:
        while rows := self._next():
            yield from rows

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _next(self) -> list[Row]:
        """None left: nothing."""
        try:
            told: Any = pickle.load(self._process.stdout)  # type: ignore[arg-type]  # from our own process
        except (EOFError, pickle.UnpicklingError):
            ended = self._process.wait()
            raise ListError(f"{self._path}: the process that read the workbook was stopped ({ended})") from None
        if isinstance(told, str):
            raise ListError(told)
        self.bytes_read, rows = told
        return [Row(*row) for row in rows]


def main(path: Path, sheet: str | None = None) -> None:
    """Writes messages: the fault as text, or bytes read and rows; first one without rows, in the end another."""
    from dialer.campaigns.sheets import SheetRows  # the other side needs no reader of workbooks

    def tell(message: str | tuple[int, list[tuple[Any, ...]]]) -> None:
        pickle.dump(message, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
        sys.stdout.buffer.flush()

    try:
        found = SheetRows(path, sheet)
        tell((0, []))
        rows = iter(found)
        while batch := [tuple(row) for row in islice(rows, BATCH)]:
            tell((found.bytes_read, batch))
        tell((found.bytes_read, []))
    except ListError as fault:
        tell(str(fault))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), *sys.argv[2:3])
    except BrokenPipeError:  # nobody reads any more
        sys.stderr.close()
