"""What an import leaves behind beside the list: every row that became no contact, and why."""

import csv
import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Literal, NamedTuple

Result = Literal["rejected", "duplicate", "left_out"]
"""A row that is no contact; one whose number stands elsewhere; a number that its contact goes without."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = ("line", "result", "reason", "number")


class Note(NamedTuple):
    """One line of the report."""

    line: int
    result: Result
    reason: str
    number: str


def report_path(path: Path, campaign: str) -> Path:
    """Of a list: a file may go into several campaigns at once, and each has its own."""
    return path.with_name(f"{path.name.removesuffix('.csv')}.{campaign}.rejected.csv")


class Report:
    """Written when there is something to write; one of an earlier import goes. Never raises: `fault` says why it
    cannot be written, for a read-only directory keeps no list out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reasons: Counter[str] = Counter()
        """Of rejected rows."""
        self.fault = ""
        self._file: IO[str] | None = None

    @property
    def written(self) -> Path | None:
        return None if self._file is None or self.fault else self.path

    def resume(self, size: int) -> bool:
        """Takes up the report of an import that was cut off, of so many bytes. False when they are not all there."""
        if not size:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
            return True
        try:
            if self.path.stat().st_size < size:
                return False
            os.truncate(self.path, size)
            self._file = self.path.open("a", encoding="utf-8", newline="")
        except OSError:
            return False
        return True

    def add(self, notes: Iterable[Note]) -> int:
        """How long the report is then, in bytes."""
        for note in notes:
            if note.result == "rejected":
                self.reasons[note.reason] += 1
            self._write(note)
        try:
            if self._file is not None and not self.fault:
                self._file.flush()
                return os.fstat(self._file.fileno()).st_size
        except OSError as fault:
            self._failed(fault)
        return 0

    def close(self) -> None:
        try:
            if self._file is not None:
                self._file.close()
        except OSError as fault:
            self._failed(fault)

    def _write(self, note: Note) -> None:
        if self.fault:
            return
        try:
            if self._file is None:
                self._file = self.path.open("w", encoding="utf-8", newline="")
                csv.writer(self._file).writerow(_COLUMNS)
            csv.writer(self._file).writerow((note.line, note.result, note.reason, harmless(note.number[:64])))
        except OSError as fault:
            self._failed(fault)

    def _failed(self, fault: OSError) -> None:
        self.fault = f"{self.path}: {fault.strerror or fault}"


def harmless(cell: str) -> str:
    """Printable, and no formula for the spreadsheet that opens it."""
    plain = cell if cell.isprintable() else "".join(char if char.isprintable() else "�" for char in cell)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
