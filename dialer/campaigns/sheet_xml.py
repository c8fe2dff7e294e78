"""The XML inside a workbook: a sheet's cells row by row, and the texts that cells share, on disk and not in memory."""

import mmap
import tempfile
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Protocol
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import BadZipFile, LargeZipFile

from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException

from dialer.campaigns.contacts import MOST_FIELD

BROKEN = (ArithmeticError, AttributeError, BadZipFile, EOFError, ExpatError, InvalidFileException, LargeZipFile,
          LookupError, NotImplementedError, OSError, ParseError, RuntimeError, TypeError, ValueError, zlib.error)
"""What a file that is no workbook, or half of one, may raise: it is the file's fault, whatever it is."""
_BLOCK = 1 << 16
_WIDEST = 16_384
"""Columns; the format's own limit."""
_MOST = MOST_FIELD + 1
"""Characters kept of a cell: enough to see that they are too many."""


@dataclass(slots=True)
class Element:
    """A cell as the sheet has it."""

    column: int
    """From 0."""
    kind: str
    """`s` shared text, `b` truth, `n` or empty a number, otherwise the text itself."""
    style: int
    text: str = ""


class Handler(Protocol):
    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, data: str) -> None: ...


@dataclass(slots=True)
class Cells:
    """Collects the cells of each row."""

    rows: list[tuple[int, list[Element]]] = field(default_factory=list)
    """Whole ones, with the number each has in its sheet."""
    _line: int = 0
    _cells: list[Element] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _size: int = 0
    _inside: bool = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            place = attributes.get("r", "")
            column = _column(place) if place else self._cells[-1].column + 1 if self._cells else 0
            if len(self._cells) > _WIDEST:
                raise ValueError(f"a row of more than {_WIDEST} cells")
            self._cells.append(Element(column, attributes.get("t", ""), int(attributes.get("s", "0"))))
            self._parts, self._size = [], 0
        elif name in ("v", "t"):
            self._inside = True
        elif name == "row":
            self._line = max(self._line + 1, int(attributes.get("r", "0")))
            self._cells = []

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._inside = False
        elif name == "c":
            text = "".join(self._parts)
            self._cells[-1].text = unescape(text) if "_x" in text else text
        elif name == "row":
            self.rows.append((self._line, self._cells))

    def text(self, data: str) -> None:
        if self._inside and self._size < _MOST:
            self._parts.append(data[:_MOST])
            self._size += len(data)


def _column(place: str) -> int:
    """`C7` → 2."""
    column = 0
    for char in place:
        if not "A" <= char <= "Z":
            break
        column = column * 26 + ord(char) - 64
    return column - 1


class Walk:
    """The rows of a sheet, as the bytes come in."""

    def __init__(self, part: IO[bytes], cells: Cells) -> None:
        self._part = part
        self._cells = cells

    def __iter__(self) -> Iterator[tuple[int, list[Element]]]:
        for _ in parsed(self._part, self._cells):
            yield from self._cells.rows
            self._cells.rows.clear()


def parsed(part: IO[bytes], handler: Handler) -> Iterator[None]:
    """Feeds the handler; a turn for every block. No document type is taken: entities are for attacks alone here."""
    parser = ParserCreate(namespace_separator=" ")
    names: dict[str, str] = {}

    def plain(name: str) -> str:
        found = names.get(name)
        if found is None:
            found = names[name] = name.rpartition(" ")[2]
            if len(names) > 1000:
                raise ValueError("too many kinds of elements")
        return found

    def refuse(*_: object) -> None:
        raise ValueError("it has a document type")

    parser.StartElementHandler = lambda name, attributes: handler.start(plain(name), attributes)
    parser.EndElementHandler = lambda name: handler.end(plain(name))
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = refuse
    parser.buffer_text = True
    while block := part.read(_BLOCK):
        parser.Parse(block, False)
        yield
    parser.Parse(b"", True)
    yield


class SharedTexts:
    """Texts by number, in a file without a name: a workbook may have millions."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the workbook
        self._ends = array("Q", [0])
        self._map: mmap.mmap | None = None
        self._parts: list[str] = []
        self._size = 0
        self._inside = self._spoken = False

    def read(self, part: IO[bytes]) -> None:
        for _ in parsed(part, self):
            pass
        self._file.flush()
        if self._ends[-1]:
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            raise IndexError(f"there is no text number {number}")
        start, end = self._ends[number], self._ends[number + 1]
        return "" if self._map is None else self._map[start:end].decode()

    def close(self) -> None:
        if self._map is not None:
            self._map.close()
        self._file.close()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self._parts, self._size = [], 0
        elif name == "rPh":  # how it is pronounced
            self._spoken = True
        elif name == "t":
            self._inside = not self._spoken

    def end(self, name: str) -> None:
        if name == "t":
            self._inside = False
        elif name == "rPh":
            self._spoken = False
        elif name == "si":
            text = "".join(self._parts)
            data = (unescape(text) if "_x" in text else text).encode("utf-8", "replace")
            self._file.write(data)
            self._ends.append(self._ends[-1] + len(data))

    def text(self, data: str) -> None:
        if self._inside and self._size < _MOST:
            self._parts.append(data[:_MOST])
            self._size += len(data)
