"""The XML inside a workbook: a sheet's cells row by row, and the texts that cells share, on disk and not in memory."""

import mmap
import tempfile
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Generic, Protocol, TypeVar
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


Attributes = dict[str, str]
Begin = Callable[[Attributes], None]
End = Callable[[], None]
Call = TypeVar("Call")


class Handler(Protocol):
    """What to do at the elements of some names; the others are passed over."""

    def begins(self) -> Mapping[str, Begin]: ...
    def ends(self) -> Mapping[str, End]: ...
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

    def begins(self) -> Mapping[str, Begin]:
        return {"row": self._row, "c": self._cell, "v": self._text, "t": self._text}

    def ends(self) -> Mapping[str, End]:
        return {"row": self._row_over, "c": self._cell_over, "v": self._text_over, "t": self._text_over}

    def _row(self, attributes: Attributes) -> None:
        self._line = max(self._line + 1, int(attributes.get("r", "0")))
        self._cells = []

    def _row_over(self) -> None:
        self.rows.append((self._line, self._cells))

    def _cell(self, attributes: Attributes) -> None:
        place, cells = attributes.get("r"), self._cells
        column = _column(place) if place else cells[-1].column + 1 if cells else 0
        if len(cells) > _WIDEST:
            raise ValueError(f"a row of more than {_WIDEST} cells")
        cells.append(Element(column, attributes.get("t", ""), int(attributes.get("s", "0"))))
        self._parts, self._size = [], 0

    def _cell_over(self) -> None:
        text = "".join(self._parts)
        self._cells[-1].text = unescape(text) if "_x" in text else text

    def _text(self, _: Attributes) -> None:
        self._inside = True

    def _text_over(self) -> None:
        self._inside = False

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


class _ByName(dict[str, Call | None], Generic[Call]):
    """What to do by the names as the parser has them, each with its namespace, which does not matter here."""

    def __init__(self, plain: Mapping[str, Call]) -> None:
        self._plain = plain

    def __missing__(self, name: str) -> Call | None:
        if len(self) > 1000:
            raise ValueError("too many kinds of elements")
        found = self[name] = self._plain.get(name.rpartition(" ")[2])
        return found


def parsed(part: IO[bytes], handler: Handler) -> Iterator[None]:
    """Feeds the handler; a turn for every block. No document type is taken: entities are for attacks alone here."""
    parser = ParserCreate(namespace_separator=" ")
    begins, ends = _ByName(handler.begins()), _ByName(handler.ends())

    def begin(name: str, attributes: Attributes) -> None:
        call = begins[name]
        if call is not None:
            call(attributes)

    def end(name: str) -> None:
        call = ends[name]
        if call is not None:
            call()

    def refuse(*_: object) -> None:
        raise ValueError("it has a document type")

    parser.StartElementHandler, parser.EndElementHandler = begin, end
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

    def begins(self) -> Mapping[str, Begin]:
        return {"si": self._begun, "rPh": self._speech, "t": self._heard}

    def ends(self) -> Mapping[str, End]:
        return {"si": self._whole, "rPh": self._speech_over, "t": self._heard_over}

    def _begun(self, _: Attributes) -> None:
        self._parts, self._size = [], 0

    def _whole(self) -> None:
        text = "".join(self._parts)
        data = (unescape(text) if "_x" in text else text).encode("utf-8", "replace")
        self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))

    def _speech(self, _: Attributes) -> None:
        """How it is pronounced."""
        self._spoken = True

    def _speech_over(self) -> None:
        self._spoken = False

    def _heard(self, _: Attributes) -> None:
        self._inside = not self._spoken

    def _heard_over(self) -> None:
        self._inside = False

    def text(self, data: str) -> None:
        if self._inside and self._size < _MOST:
            self._parts.append(data[:_MOST])
            self._size += len(data)
