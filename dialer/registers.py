"""National registers of people who may not be called: millions of numbers in a file that is searched where it lies.

A register is `NAME.numbers`: a heading, and the numbers as sorted integers of 8 bytes. It is mapped into memory and
searched by halving: what is not looked up is not loaded, and engines on one machine share the pages. Importing sorts
parts of bounded size and merges them, so that memory does not grow with the register.
"""

import heapq
import logging
import mmap
import os
import struct
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dialer.numbers import is_e164

log = logging.getLogger(__name__)

FOLDER = Path("var/registers")
"""Below the configuration's root."""
_HEADING = struct.Struct("<8sdQ")
"""Magic, when it was imported (epoch seconds), how many numbers."""
_MAGIC = b"DIALERN1"
PART = 500_000
"""Numbers sorted at once: 40 MB."""
_BLOCK = 16_384


class RegisterError(Exception):
    """A file that is no register, or cannot be read."""


class Register:
    """One imported register. May be asked from any thread."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            magic, self.imported_at, count = _HEADING.unpack_from(self._map)
        except (OSError, ValueError, struct.error) as fault:
            raise RegisterError(f"{path}: {fault}") from fault
        if magic != _MAGIC or len(self._map) != _HEADING.size + 8 * count:
            raise RegisterError(f"{path}: is no register, or cut off: import it again")
        self._numbers = memoryview(self._map)[_HEADING.size:].cast("Q")

    def __len__(self) -> int:
        return len(self._numbers)

    def holds(self, number: str) -> bool:
        """`number` in E.164."""
        wanted = int(number[1:])
        at = bisect_left(self._numbers, wanted)
        return at < len(self._numbers) and self._numbers[at] == wanted


class Registers:
    """Those of a folder; one that is imported anew is seen at the next look."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, tuple[tuple[int, int], Register]] = {}

    def get(self, name: str) -> Register | None:
        """None when it was never imported. Raises RegisterError for a broken one."""
        path = path_of(self._folder, name)
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        seen, register = self._open.get(name, (None, None))
        if register is None or seen != (stat.st_ino, stat.st_mtime_ns):
            register = Register(path)
            self._open[name] = (stat.st_ino, stat.st_mtime_ns), register
        return register

    def some(self, names: set[str]) -> dict[str, Register]:
        """Those of the names that are imported and whole: what cannot be read counts as missing."""
        found = {}
        for name in names:
            try:
                register = self.get(name)
            except RegisterError as fault:
                log.error("a register cannot be used: %s", fault)
                continue
            if register is not None:
                found[name] = register
        return found


def path_of(folder: Path, name: str) -> Path:
    return folder / f"{name}.numbers"


@dataclass(frozen=True, slots=True)
class Imported:
    numbers: int
    """Different ones."""
    rejected: int
    """Lines that hold no number."""


def import_register(
    file: Path, target: Path, normalise: Callable[[str], str | None], now: float, part: int = PART
) -> Imported:
    """Reads a number a line (or the first column of CSV) and puts the register in place, whole or not at all. Lines
    that are no numbers are counted; the first may be a heading. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".import-") as scratch:
        rejected = Rejects()
        parts = list(_sorted_parts(numbers_in(file, normalise, rejected), Path(scratch), part))
        whole = Path(scratch) / "whole"
        count = _merge(parts, whole, now)
        os.replace(whole, target)
    return Imported(count, rejected.count)


@dataclass(slots=True)
class Rejects:
    count: int = 0


def numbers_in(file: Path, normalise: Callable[[str], str | None], rejected: Rejects) -> Iterator[int]:
    """A number a line, or the first column of CSV, without its +. Raises OSError."""
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        for index, line in enumerate(lines):
            cell = line.replace(";", ",").partition(",")[0].strip().strip('"').strip()
            if not cell:
                continue
            number = cell if is_e164(cell) else normalise(cell)
            if number is not None:
                yield int(number[1:])
            elif index > 0:
                rejected.count += 1


def _sorted_parts(numbers: Iterator[int], scratch: Path, size: int) -> Iterator[Path]:
    part = array("Q")

    def written(path: Path) -> Path:
        with path.open("wb") as file:
            array("Q", sorted(set(part))).tofile(file)
        return path

    index = 0
    for number in numbers:
        part.append(number)
        if len(part) == size:
            yield written(scratch / f"{index}")
            part, index = array("Q"), index + 1
    if part:
        yield written(scratch / f"{index}")


def _merge(parts: list[Path], whole: Path, now: float) -> int:
    count = 0
    with whole.open("wb") as out:
        out.write(_HEADING.pack(_MAGIC, now, 0))
        block, last = array("Q"), -1
        for number in heapq.merge(*map(_read_part, parts)):
            if number != last:
                block.append(number)
                last = number
            if len(block) == _BLOCK:
                count += _flush(block, out)
        count += _flush(block, out)
        out.seek(0)
        out.write(_HEADING.pack(_MAGIC, now, count))
        out.flush()
        os.fsync(out.fileno())
    return count


def _flush(block: "array[int]", out: BinaryIO) -> int:
    block.tofile(out)
    count = len(block)
    del block[:]
    return count


def _read_part(path: Path) -> Iterator[int]:
    with path.open("rb") as file:
        while data := file.read(8 * _BLOCK):
            yield from array("Q", data)
