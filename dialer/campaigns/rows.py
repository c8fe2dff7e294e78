"""The rows of a CSV file of unknown origin, with bounded memory, whatever is in it."""

import codecs
import csv
import hashlib
import io
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from dialer.campaigns.contacts import ListError

MOST_LINE = 256 * 1024
"""Characters of one line."""
MOST_LINES_A_ROW = 50
"""A quoted field may hold line breaks; a quote that is never closed must not swallow the file."""
WORKBOOK = "xlsx"
_BLOCK = 1 << 20
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_DELIMITERS = (",", ";", "\t", "|")


class Row(NamedTuple):
    line: int
    """Where it begins, from 1."""
    cells: list[str]
    fault: str | None = None
    """Why it cannot be read."""


class Scan(NamedTuple):
    """What a first reading of the whole file found."""

    encoding: str
    """`xlsx` for a workbook."""
    digest: str
    """SHA-256 of the bytes: the same list again is known by it."""
    size: int
    certain: bool = True
    """Every byte was found to be a character. Otherwise rows with one that is none are refused."""


def scan(path: Path, encoding: str | None = None) -> Scan:
    """`encoding`: what the operator says it is. Raises ListError for a file that cannot be read, or is empty."""
    digest, size = hashlib.sha256(), 0
    utf8, decoder = True, getincrementaldecoder("utf-8")()
    start = b""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                start = start or block[:4]
                digest.update(block)
                size += len(block)
                utf8 = utf8 and _decodes(decoder.decode, block)
            utf8 = utf8 and _decodes(lambda rest: decoder.decode(rest, final=True), b"")
    except OSError as fault:
        raise ListError(f"{path}: {fault.strerror or fault}") from None
    if not size:
        raise ListError(f"{path}: the file is empty")
    if start == _ZIP:
        return Scan(WORKBOOK, digest.hexdigest(), size)
    if start == _OLE:
        raise ListError(f"{path}: an old workbook, or one with a password: save it as XLSX without one, or as CSV")
    found = _encoding(start, utf8) if encoding is None else _named(path, encoding)
    return Scan(found, digest.hexdigest(), size, certain=found.startswith("utf-8") and utf8)


def _named(path: Path, encoding: str) -> str:
    try:
        info = codecs.lookup(encoding)
        "é".encode(encoding)
    except (LookupError, UnicodeError):
        fault = f"{path}: there is no text encoding `{encoding}`; UTF-8 is `utf-8`, Windows' is `cp1252`"
        raise ListError(fault) from None
    return "utf-8-sig" if info.name == "utf-8" else info.name


def _decodes(decode: Callable[[bytes], str], block: bytes) -> bool:
    try:
        decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _encoding(start: bytes, utf8: bool) -> str:
    if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    if not utf8:
        return "cp1252"
    return "utf-8-sig" if start.startswith(BOM_UTF8) else "utf-8"


class _TooLongError(Exception):
    pass


class _Lines:
    """Physical lines for the CSV reader, which can be given back: after a row that cannot be read, reading goes on
    with the line after its first."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: deque[str | None] = deque()
        self._row: list[str | None] = []
        """What the present row has taken; None is a line too long to be kept."""
        self._line = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self._row) >= MOST_LINES_A_ROW:
            raise _TooLongError
        line = self._again.popleft() if self._again else self._read()
        if line == "":
            raise StopIteration
        self._row.append(line)
        if line is None:
            raise _TooLongError
        return line

    def begin(self) -> int:
        """The next line begins a row; its number, from 1."""
        self._line += len(self._row)
        self._row = []
        return self._line + 1

    def back(self) -> None:
        """Only the row's first line is used up."""
        self._again.extendleft(reversed(self._row[1:]))
        del self._row[1:]

    def _read(self) -> str | None:
        line = self._file.readline(MOST_LINE)
        if len(line) < MOST_LINE or line.endswith(("\n", "\r")):
            return line
        while (rest := self._file.readline(MOST_LINE)) and not rest.endswith(("\n", "\r")):
            pass
        return None


class Rows:
    """The rows of a scanned file. Empty lines are left out; a row that cannot be read has its `fault`."""

    def __init__(self, path: Path, found: Scan, delimiter: str | None = None) -> None:
        try:
            self._raw = path.open("rb")
        except OSError as fault:
            raise ListError(f"{path}: {fault.strerror or fault}") from None
        self._text = io.TextIOWrapper(self._raw, found.encoding, errors="replace", newline="")
        first = self._text.readline(MOST_LINE)
        named = first.lower().startswith("sep=")  # a line that Excel writes for itself
        if not named:
            self._text.seek(0)
        self._skipped = int(named)
        self._lines = _Lines(self._text)
        self._certain = found.certain
        self.delimiter = delimiter or _delimiter(first, named)
        self._reader = csv.reader(self._lines, delimiter=self.delimiter, strict=True)

    @property
    def bytes_read(self) -> int:
        """As far as the file is read: somewhat ahead of the rows given out."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[Row]:
        while True:
            line = self._lines.begin() + self._skipped
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except _TooLongError:
                self._lines.back()
                yield Row(line, [], "a line is too long, or a quote is not closed")
            except csv.Error as fault:
                self._lines.back()
                yield Row(line, [], f"not CSV: {str(fault)[:100]}")
            else:
                whole = "".join(cells)
                if not self._certain and "\ufffd" in whole:
                    yield Row(line, cells, f"a character that is none in {self._text.encoding}")
                elif whole and not whole.isspace():
                    yield Row(line, cells)

    def close(self) -> None:
        self._text.close()


def _delimiter(first: str, named: bool) -> str:
    if named:
        given = first[4:5]
        return given if given in _DELIMITERS else ","
    return max(_DELIMITERS, key=first.count)
