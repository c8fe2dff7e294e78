"""A workbook (XLSX, ISO/IEC 29500) of texts and numbers, written as its rows come."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from dialer.campaigns.export import Cell

MOST_ROWS = 1_048_576
"""Of a sheet, by the format; what is beyond goes on in the next one."""
_BLOCK = 1_000
"""Rows held in memory."""
_NO_XML = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_SPACE = "http://schemas.openxmlformats.org"
_MAIN = f"{_SPACE}/spreadsheetml/2006/main"
_OFFICE = f"{_SPACE}/officeDocument/2006/relationships"
_PACKAGE = f"{_SPACE}/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


class XlsxSheet:
    """A workbook of texts and numbers, no formulas; at the format's limit the next sheet begins, with the same head."""

    def __init__(self, path: Path) -> None:
        self._archive = ZipFile(path, "w", ZIP_DEFLATED, compresslevel=3)
        self._head: Sequence[Cell] | None = None
        self._part: IO[bytes] | None = None
        self._sheets = self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_sheet()
        if kind is None:
            self._end()
        self._archive.close()

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        done: list[str] = []
        for row in rows:
            if self._head is None:
                self._head = row
            if self._part is None or self._rows >= MOST_ROWS:
                self._flush(done)
                self._begin_sheet()
                if row is not self._head:
                    done.append(self._xml(self._head))
            done.append(self._xml(row))
            if len(done) >= _BLOCK:
                self._flush(done)
        self._flush(done)

    def _xml(self, row: Sequence[Cell]) -> str:
        self._rows += 1
        return f"<row>{''.join(map(_cell, row))}</row>"

    def _flush(self, done: list[str]) -> None:
        if done:
            assert self._part is not None
            self._part.write("".join(done).encode())
            done.clear()

    def _begin_sheet(self) -> None:
        self._end_sheet()
        self._sheets, self._rows = self._sheets + 1, 0
        self._part = self._archive.open(f"xl/worksheets/sheet{self._sheets}.xml", "w", force_zip64=True)
        self._part.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())

    def _end_sheet(self) -> None:
        if self._part is not None:
            self._part.write(b"</sheetData></worksheet>")
            self._part.close()
            self._part = None

    def _end(self) -> None:
        """What says which parts there are."""
        numbers = range(1, self._sheets + 1)
        sheets = "".join(f'<sheet name="contacts {n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
        parts = "".join(_relation(n, "worksheet", f"worksheets/sheet{n}.xml") for n in numbers)
        types = "".join(_override(f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in numbers)
        relations = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        for name, text in (
            ("xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'),
            ("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{parts}</Relationships>'),
            ("_rels/.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">'
             + _relation(1, "officeDocument", "xl/workbook.xml") + "</Relationships>"),
            ("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types">{relations}'
             + _override("/xl/workbook.xml", "sheet.main") + types + "</Types>"),
        ):  # fmt: skip
            self._archive.writestr(name, _HEAD + text)


def _relation(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'


def _override(part: str, kind: str) -> str:
    return f'<Override PartName="{part}" ContentType="{_TYPE}.{kind}+xml"/>'


def _cell(value: Cell) -> str:
    if value == "":
        return "<c/>"
    if isinstance(value, str):
        text = escape(_NO_XML.sub("\ufffd", value[:32_767]))
        return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    return f"<c><v>{value}</v></c>"
