"""Lists in workbooks: what their cells say, and those that are built to do harm."""

import csv
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from test_lists import contact, imported, rejects

from dialer.campaigns import sheets
from dialer.campaigns.apart import RowsApart
from dialer.campaigns.contacts import ListError
from dialer.campaigns.lists import ListReport
from dialer.campaigns.sheets import SheetRows
from dialer.store.records import NewContact

ROWS = [("Telefon", "Name", "Seit"), ("+4930555010", "Anna", 1), ("030 555011", "Bob", 2)]


def workbook(path: Path, *rows: Any, change: Callable[[Workbook], None] | None = None) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if change is not None:
        change(book)
    book.save(path)
    return path.read_bytes()


async def read(path: Path, *rows: Any, **more: Any) -> tuple[ListReport, list[NewContact]]:
    change = more.pop("change", None)
    return await imported(path, workbook(path, *rows, change=change), **more)


async def test_a_workbook_is_a_list(tmp_path: Path) -> None:
    report, contacts = await read(tmp_path / "list.xlsx", *ROWS, (), ("12", "Cid", 3))
    assert contacts == [
        contact("+4930555010", {"name": "Anna", "seit": "1"}), contact("+4930555011", {"name": "Bob", "seit": "2"}),
    ]  # fmt: skip
    assert rejects(report) == [(5, "the number is too short, or lacks its area code")]
    assert report.encoding == "xlsx"
    assert report.report == tmp_path / "list.xlsx.winback.rejected.csv"


async def test_cells_are_what_a_list_would_hold(tmp_path: Path) -> None:
    half_past_nine = datetime.fromisoformat("2026-11-22T09:30")
    values = [True, 3.5, 12.0, 1e15, date(2026, 11, 22), half_past_nine, " x ", "=1+1", "_x0041_a", "Ü\n2"]
    path = tmp_path / "list.xlsx"
    _, contacts = await read(path, ("number", *(f"f{n}" for n in range(len(values)))), ("+4930555010", *values))
    assert list(contacts[0].fields.values()) == [
        "true", "3.5", "12", "1000000000000000", "2026-11-22", "2026-11-22T09:30:00", "x", "", "Aa", "Ü\n2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "country", "number"),
    [
        (30555010, "DE", "+4930555010"), (30555010.0, "DE", "+4930555010"), (4915123456789, "DE", "+4915123456789"),
        (33612345678, "FR", "+33612345678"), (2025550123, "US", "+12025550123"), (4921123456, "DE", None),
        (4930555010, None, None), (4.5, "DE", None),
    ],
)  # fmt: skip
async def test_numbers_that_a_spreadsheet_took_for_amounts(
    cell: float, country: str | None, number: str | None, tmp_path: Path
) -> None:
    report, contacts = await read(tmp_path / "list.xlsx", ("number",), (cell,), country=country)
    assert [found.number for found in contacts] == ([number] if number else [])
    assert report.progress.rows == 1


async def test_the_first_sheet_to_be_seen_or_the_one_named(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        book.active.sheet_state = "hidden"
        for title, number in (("Neu", "+4930555020"), ("Alt", "+4930555030")):
            sheet = book.create_sheet(title)
            sheet.append(("number",))
            sheet.append((number,))

    path = tmp_path / "list.xlsx"
    found = [await read(path, *ROWS, change=change, **named) for named in ({}, {"sheet": "Alt"}, {"sheet": "Sheet"})]
    assert [contacts[0].number for _, contacts in found] == ["+4930555020", "+4930555030", "+4930555010"]
    with pytest.raises(ListError, match="there is no sheet `Weg`; it has Sheet, Neu, Alt"):
        await read(path, *ROWS, change=change, sheet="Weg")


async def test_a_formula_counts_with_its_last_result(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    workbook(path, ("number", "sum"), ("+4930555010", "=1+1"))
    swap(path, "xl/worksheets/sheet1.xml", b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
    _, contacts = await imported(path, path.read_bytes())
    assert contacts == [contact("+4930555010", {"sum": "2"})]


def swap(path: Path, part: str, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


async def refused(path: Path) -> str:
    with pytest.raises(ListError) as caught:
        await imported(path, path.read_bytes())
    return str(caught.value)


async def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.xlsx"
    workbook(path, *ROWS)
    swap(path, "xl/worksheets/sheet1.xml", b"</worksheet>", b" " * 50_000_000 + b"</worksheet>")
    assert "47 MB unpacked" in await refused(path)
    workbook(path, *ROWS)
    swap(path, "xl/worksheets/sheet1.xml", b"<worksheet ",
         b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet ')
    assert "it has a document type" in await refused(path)
    workbook(path, *ROWS)
    monkeypatch.setattr(sheets, "MOST_ENTRIES", 3)
    with pytest.raises(ListError, match="parts in the workbook"):
        SheetRows(path)


async def test_what_is_no_workbook_says_so(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    content = workbook(path, *ROWS)
    for broken in (content[:200], content[: len(content) // 2], b"PK\x03\x04" + b"x" * 400):
        path.write_bytes(broken)
        assert "no workbook that can be read" in await refused(path)
    path.write_bytes(b"\xd0\xcf\x11\xe0" + b"x" * 400)
    assert "save it as XLSX" in await refused(path)
    workbook(path, *ROWS)
    swap(path, "xl/worksheets/sheet1.xml", b"</sheetData>", b"</sheetDat>")
    assert "broken from here" in await refused(path)


def test_cells_too_many_too_long_or_out_of_place(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    workbook(path, ("number", "a"), ("+4930555010", "x" * 30_000), ("+4930555011", *["y"] * 500))
    swap(path, "xl/worksheets/sheet1.xml", b'<row r="3"', b'<row r="1"')
    rows = list(SheetRows(path))
    assert [row.line for row in rows] == [1, 2, 3]
    assert [len(rows[1].cells[1]), len(rows[2].cells)] == [4097, 201]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(place=st.integers(0, 6000), data=st.binary(min_size=1, max_size=40))
def test_a_damaged_workbook_is_a_list_or_a_fault(place: int, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    content = bytearray(workbook(path, *ROWS))
    place %= len(content)
    content[place : place + len(data)] = data
    path.write_bytes(content)
    try:
        rows = SheetRows(path)
        try:
            list(rows)
        finally:
            rows.close()
    except ListError as fault:
        if "list.xlsx" not in str(fault):
            raise


def test_a_reader_that_is_stopped_is_a_fault_and_none_is_left(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    workbook(path, *ROWS * 5000)
    rows = RowsApart(path)
    taken = iter(rows)
    assert next(taken).cells[0] == "Telefon"
    assert rows.bytes_read > 0
    rows._process.kill()
    with pytest.raises(ListError, match=r"list\.xlsx: the process that read the workbook was stopped \(-9\)"):
        list(taken)
    rows.close()
    left = RowsApart(path)
    left.close()
    assert left._process.returncode == -9


async def test_the_same_as_csv(tmp_path: Path) -> None:
    rows = [("number", "note")] + [(f"+4930555{n:05}", f"Ü{n},\"'") for n in range(3000)]
    with (tmp_path / "list.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    _, there = await imported(tmp_path / "list.csv", (tmp_path / "list.csv").read_bytes())
    _, here = await read(tmp_path / "list.xlsx", *rows)
    assert here == there
