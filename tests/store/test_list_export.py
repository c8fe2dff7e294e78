"""Contacts and what came of them, out of the store."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from store_rows import CAMPAIGN, intent, slots

from dialer.calls.outcome import Outcome
from dialer.campaigns import export as work
from dialer.campaigns import sheet_writer
from dialer.campaigns.export import CsvSheet, defused, export
from dialer.campaigns.sheet_writer import XlsxSheet
from dialer.store.records import ContactVerdict, NewContact, Talk
from dialer.store.store import Store


async def filled(store: Store) -> None:
    new = [
        NewContact("+49305550001", {"name": "Anna", "note": "=1+1"}, 0.0, ("+49305550009",), "main"),
        NewContact("+49305550002", {"name": "Bob\nB", "state": "Hessen"}, 0.0, (), "other"),
        NewContact("+49305550003", {}, 1e9, (), ""),
    ]
    await store.add_contacts(CAMPAIGN, new)
    await store.add_contacts("spring", new[:1])
    [attempt] = await store.claim(CAMPAIGN, slots("c1"), intent, now=1000.0)
    record = replace(intent(slots("c1")[0], attempt.contact), agent="ann", talk_s=61.26, outcome=Outcome.ANSWERED,
                     answered_at=101.0, ended_at=170.0, state="over")
    await store.save_call(replace(record, outcome=None, state="talking"))
    await store.dispose("c1", "ann", "sale", 165.0, None)
    verdict = ContactVerdict(attempt.contact.id, "done", reason="answered")
    await store.settle(record, verdict, [Talk("c1", "ann", 101, 162)])


async def exported(store: Store, name: str | None = None, since: float | None = None) -> list[dict[str, str]]:
    file = io.StringIO(newline="")
    counts: list[int] = []
    await export(store.lists, CsvSheet(file), CAMPAIGN, name, since, counts.append)
    rows = list(csv.DictReader(io.StringIO(file.getvalue().removeprefix("\ufeff"), newline="")))
    assert counts[-1:] == ([len(rows)] if rows else [])
    return rows


async def test_every_contact_with_what_came_of_it(store: Store) -> None:
    await filled(store)
    rows = await exported(store)
    assert rows[0] == {
        "number": "+49305550001", "other_numbers": "+49305550009", "list": "main", "state": "done",
        "result": "answered", "attempts": "1", "next_at": "", "last_call": "1970-01-01T00:01:40+00:00",
        "outcome": "answered", "agent": "ann",
        "disposition": "sale", "talk_s": "61.3", "name": "Anna", "note": "'=1+1", "field_state": "",
    }  # fmt: skip
    assert [row["number"][-1] for row in rows] == ["1", "2", "3"]
    assert (rows[1]["name"], rows[1]["field_state"], rows[1]["last_call"]) == ("Bob\nB", "Hessen", "")
    assert rows[2]["next_at"] == "2001-09-09T01:46:40+00:00"


async def test_of_one_list_or_called_since(store: Store) -> None:
    await filled(store)
    assert [row["number"] for row in await exported(store, "other")] == ["+49305550002"]
    assert [row["number"] for row in await exported(store, None, 50.0)] == ["+49305550001"]
    assert await exported(store, None, 200.0) == []


async def test_page_by_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.add_contacts(CAMPAIGN, [NewContact(f"+4930555{n:05}", {f"f{n % 7}": str(n)}) for n in range(2500)])
    monkeypatch.setattr(work, "MOST_FIELDS", 5)
    rows = await exported(store)
    assert len({row["number"] for row in rows}) == 2500
    assert rows[6]["more_fields"] == '{"f6": "6"}'
    assert rows[7]["f0"] == "7"


async def test_a_workbook_goes_on_in_the_next_sheet(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(store)
    monkeypatch.setattr(sheet_writer, "MOST_ROWS", 3)
    with XlsxSheet(tmp_path / "out.xlsx") as sheet:
        assert await export(store.lists, sheet, CAMPAIGN, None, None, lambda _: None) == 3
    book = load_workbook(tmp_path / "out.xlsx")
    first, second = (list(one.iter_rows(values_only=True)) for one in book.worksheets)
    assert [row[0] for row in first] == ["number", "+49305550001", "+49305550002"]
    assert [row[0] for row in second] == ["number", "+49305550003"]
    assert first[1][5] == 1
    assert {cell.data_type for row in book.worksheets[0].iter_rows() for cell in row} <= {"s", "n", "inlineStr"}


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "+4930 +4931"])
def test_formulas_are_defused(cell: str) -> None:
    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "a=1", "-5", "+3.5", "-1,25", "12"])
def test_what_is_no_formula_stays(cell: str) -> None:
    assert defused(cell) == cell
