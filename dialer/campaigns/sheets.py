"""The rows of a workbook (XLSX, ISO/IEC 29500), read as they come: memory does not grow with the workbook. One that is
built to do harm is refused as a whole.

A cell is the text that a list would hold: of a formula its last result, of a date ISO 8601, of a whole number its
digits. Where a spreadsheet has made a number of a telephone number, `phones.py` says what becomes of a lost + or 0.
openpyxl says which sheets there are and which formats are dates; the cells are read here, 20 times as fast. `apart.py`
does it in a process of its own.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.datetime import from_excel

from dialer.campaigns.contacts import MOST_COLUMNS, ListError
from dialer.campaigns.rows import Row
from dialer.campaigns.sheet_xml import BROKEN, Cells, Element, SharedTexts, Walk

MOST_ENTRIES = 2_000
MOST_STREAMED = 4 * 1024 * 1024 * 1024
"""Bytes unpacked of a sheet, or of the texts that cells share."""
MOST_OTHER = 32 * 1024 * 1024
MOST_RATIO = 400
"""Times a part of more than 1 MB may be larger than packed; sheets have 10 to 30."""
_TEXTS = "xl/sharedStrings.xml"


class SheetRows:
    """As `rows.Rows`. `sheet` is named, or the first that is not hidden."""

    def __init__(self, path: Path, sheet: str | None = None) -> None:
        self._path = path
        self.delimiter = ""
        try:
            self._file = path.open("rb")
        except OSError as fault:
            raise ListError(f"{path}: {fault.strerror or fault}") from None
        self._texts = SharedTexts()
        try:
            _check(path)
            reader = ExcelReader(self._file, read_only=True, data_only=True, keep_links=False)
            self._archive: ZipFile = reader.archive
            reader.read_manifest()
            reader.read_workbook()
            apply_stylesheet(self._archive, reader.wb)
            self._dates, self._epoch = frozenset(reader.wb._date_formats), reader.wb.epoch
            sheets = [(one.name, one.state, rel.target) for one, rel in reader.parser.find_sheets()]
            self._part = _part(path, sheets, sheet)
            if _TEXTS in self._archive.namelist():
                with self._archive.open(_TEXTS) as texts:
                    self._texts.read(texts)
        except ListError:
            self.close()
            raise
        except BROKEN as fault:
            self.close()
            raise ListError(f"{path}: is no workbook that can be read: {_short(fault)}") from None

    @property
    def bytes_read(self) -> int:
        return self._file.tell()

    def __iter__(self) -> Iterator[Row]:
        line = 0
        try:
            with self._archive.open(self._part) as part:
                for line, cells in Walk(part, Cells()):
                    row = self._row(cells)
                    if any(cell and not cell.isspace() for cell in row):
                        yield Row(line, row)
        except BROKEN as fault:
            raise ListError(f"{self._path}:{line + 1}: the workbook is broken from here: {_short(fault)}") from None

    def close(self) -> None:
        self._texts.close()
        self._file.close()

    def _row(self, cells: list[Element]) -> list[str]:
        row: list[str] = []
        for cell in cells:
            if cell.text:
                place = min(cell.column, MOST_COLUMNS)  # one that is too many is seen to be
                row.extend([""] * (place + 1 - len(row)))
                row[place] = self._text(cell)
        return row

    def _text(self, cell: Element) -> str:
        if cell.kind == "s":
            return self._texts[int(cell.text)]
        if cell.kind == "b":
            return "true" if cell.text == "1" else "false"
        if cell.kind not in ("n", ""):
            return cell.text
        if cell.style in self._dates:
            return self._date(cell.text)
        if cell.text.isdigit():
            return cell.text
        number = float(cell.text)
        return str(int(number)) if math.isfinite(number) and number == int(number) else cell.text

    def _date(self, text: str) -> str:
        try:
            at: Any = from_excel(float(text), self._epoch)
        except (ValueError, OverflowError):
            return text
        told = str(at.isoformat())
        return told.removesuffix("T00:00:00")


def _part(path: Path, sheets: list[tuple[str, str, str]], name: str | None) -> str:
    for title, state, part in sheets:
        if title == name or (name is None and state == "visible"):
            return part
    if name is None:
        raise ListError(f"{path}: the workbook has no sheet that can be seen; name one as `sheet`")
    raise ListError(f"{path}: there is no sheet `{name}`; it has {', '.join(title for title, *_ in sheets)}"[:500])


def _check(path: Path) -> None:
    """Sizes as the archive declares them: reading stops there, no part can be larger."""
    with ZipFile(path) as archive:
        parts = archive.infolist()
    if len(parts) > MOST_ENTRIES:
        raise ListError(f"{path}: {len(parts)} parts in the workbook; at most {MOST_ENTRIES} are taken")
    for part in parts:
        streamed = part.filename == _TEXTS or part.filename.startswith("xl/worksheets/")
        bomb = part.file_size > 1 << 20 and part.file_size > MOST_RATIO * max(1, part.compress_size)
        if bomb or part.file_size > (MOST_STREAMED if streamed else MOST_OTHER):
            raise ListError(f"{path}: {part.filename} would be {part.file_size >> 20} MB unpacked, out of "
                            f"{part.compress_size >> 10} kB; save the list as CSV")


def _short(fault: BaseException) -> str:
    return (f"{fault}".splitlines() or [type(fault).__name__])[0][:200]


