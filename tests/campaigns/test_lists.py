"""Importing lists, whoever wrote them, into the real store."""

import asyncio
import csv
import threading
import tracemalloc
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer.campaigns.contacts import ListError, Reader
from dialer.campaigns.lists import ListReport, import_list
from dialer.campaigns.rows import MOST_LINE
from dialer.config.campaign import Campaign
from dialer.config.lists import ContactList
from dialer.store.imports import Chunk
from dialer.store.list_records import Import, Progress, Standing
from dialer.store.records import NewContact
from dialer.store.store import Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path}/store.db")
    yield opened
    await opened.close()


def campaign(country: str | None = "DE") -> Campaign:
    return Campaign.model_validate(
        {"campaign": "winback", "client": "acme", "mode": "agentless", "flow": "survey", "country": country}
    )


class Kept:
    """Keeps what the import hands over, for tests of many small lists."""

    def __init__(self) -> None:
        self.contacts: list[NewContact] = []
        self.lines: dict[str, int] = {}

    async def begin(self, campaign: str, name: str, path: str, digest: str, at: float, holder: str) -> Import:
        return Import(1, campaign, name, path, digest, at, None, Progress())

    async def add(self, chunk: Chunk) -> Mapping[int, Standing]:
        there = {}
        for place, (new, line) in enumerate(zip(chunk.contacts, chunk.lines, strict=True)):
            if self.lines.setdefault(new.number, line) == line:
                self.contacts.append(new)
            else:
                there[place] = Standing(new.number, chunk.campaign, new.list, 1, self.lines[new.number])
        return there

    async def finish(self, import_id: int, holder: str, progress: Progress, at: float) -> None:
        return None


def write(path: Path, content: str | bytes) -> None:
    path.write_bytes(content.encode() if isinstance(content, str) else content)


async def imported(
    path: Path, content: str | bytes, country: str | None = "DE", **described: Any
) -> tuple[ListReport, list[NewContact]]:
    write(path, content)
    kept = Kept()
    source = ContactList.model_validate({"name": "main", "file": path.name, **described})
    return await import_list(kept, campaign(country), path, source=source), kept.contacts


def contact(number: str, fields: Mapping[str, str], **more: Any) -> NewContact:
    return NewContact(number, fields, list="main", **more)


def told(report: ListReport) -> list[dict[str, str]]:
    if report.report is None:
        return []
    with report.report.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rejects(report: ListReport) -> list[tuple[int, str]]:
    return [(int(row["line"]), row["reason"]) for row in told(report) if row["result"] == "rejected"]


async def test_a_list_becomes_contacts_in_the_store(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "winback.csv"
    path.write_text(
        "First Name;Phone;Städte\nAnna;030 555010;Berlin\nBob;+44 20 7946 0958;London\n"
        "Cid;0049 30 555010;Bonn\n\nDan;12;Köln\n;(030) 555-012;\n"
    )
    seen: list[tuple[int, int]] = []
    report = await import_list(store.imports, campaign(), path, lambda done, total: seen.append((done, total)))
    assert report.counts() == {"imported": 3, "known": 0, "duplicates": 1, "rejected": 1}
    assert (report.progress.rows, report.encoding, report.delimiter) == (5, "utf-8", ";")
    assert rejects(report) == [(6, "the number is too short, or lacks its area code")]
    assert told(report)[0] == {
        "line": "4", "result": "duplicate", "reason": "stands in line 2", "number": "'+4930555010"
    }  # fmt: skip
    assert report.report == tmp_path / "winback.winback.rejected.csv"
    assert seen[-1] == (path.stat().st_size,) * 2
    anna = await store.find_contact("winback", "+4930555010")
    assert anna
    assert dict(anna.fields) == {"first_name": "Anna", "städte": "Berlin"}
    assert (await store.totals("winback")).contacts["due"] == 3


async def test_rows_are_read_beside_the_event_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[int] = set()

    def seen(reader: Reader, row: Sequence[str]) -> NewContact:
        threads.add(threading.get_ident())
        return real(reader, row)

    real = Reader.contact
    monkeypatch.setattr(Reader, "contact", seen)
    _, contacts = await imported(tmp_path / "list.csv", "number\n+4930555010\n")
    assert len(contacts) == 1
    assert threads
    assert threading.get_ident() not in threads


async def test_the_same_list_again_imports_nothing(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "winback.csv"
    path.write_text("number\n" + "".join(f"+4930555{number:04}\n" for number in range(2500)))
    first = await import_list(store.imports, campaign(), path)
    again = await import_list(store.imports, campaign(), path)
    assert (first.counts(), first.report) == ({"imported": 2500, "known": 0, "duplicates": 0, "rejected": 0}, None)
    assert again.counts() == {"imported": 0, "known": 2500, "duplicates": 0, "rejected": 0}
    assert again.digest == first.digest


async def test_rejects_that_cannot_be_written_keep_no_list_out(tmp_path: Path) -> None:
    (tmp_path / "list.winback.rejected.csv").mkdir()
    report, contacts = await imported(tmp_path / "list.csv", "number\nx\n+4930555010\ny\n")
    assert (len(contacts), report.progress.rejected, report.report) == (1, 2, None)
    assert "list.winback.rejected.csv: Is a directory" in report.report_fault


async def test_a_report_of_rejects_that_no_longer_holds_goes(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    report, _ = await imported(path, "number\nx\n")
    assert rejects(report) == [(2, "not a telephone number")]
    report, _ = await imported(path, "number\n+4930555010\n")
    assert report.report is None
    assert not (tmp_path / "list.winback.rejected.csv").exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
async def test_encodings_and_delimiters(encoding: str, delimiter: str, tmp_path: Path) -> None:
    text = "number,name\r\n+4930555010,Jürgen Größ\r\n".replace(",", delimiter)
    report, contacts = await imported(tmp_path / "list.csv", text.encode(encoding))
    assert contacts == [contact("+4930555010", {"name": "Jürgen Größ"})]
    assert (report.encoding, report.delimiter) == (encoding, delimiter)


async def test_a_character_split_over_two_blocks_is_still_utf8(tmp_path: Path) -> None:
    head = "number,name\n+4930555010,"
    text = head + "a" * 3 + "\n"
    text += "+4930555011," + "b" * 3 + "\n" + "#" * ((1 << 20) - len(text) - 17) + "\n"
    text += "x" * ((1 << 20) - 1 - len(text.encode())) + "ü\n"
    report, _ = await imported(tmp_path / "list.csv", text)
    assert report.encoding == "utf-8"


async def test_excels_own_first_line(tmp_path: Path) -> None:
    report, contacts = await imported(tmp_path / "list.csv", "sep=;\nname,x;number\nAnna;+4930555010\nBob;y\n")
    assert contacts == [contact("+4930555010", {"name_x": "Anna"})]
    assert rejects(report) == [(4, "not a telephone number")]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "the file is empty"),
        ("\n\n \n", "the file has no rows"),
        ("name,city\nAnna,Berlin\n", "list.csv:1: no column is the number; the header reads name, city"),
        ("number,Name,name\n", "names a column twice: name"),
        ("number" + ",x" * 300, "301 columns"),
        ("\n\n\"number", "list.csv:3: not CSV: unexpected end of data"),
    ],
)  # fmt: skip
async def test_what_is_no_list_says_why(content: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(ListError) as caught:
        await imported(tmp_path / "list.csv", content)
    assert fault in str(caught.value)
    assert str(tmp_path / "list.csv") in str(caught.value)


async def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ListError, match=r"none\.csv: No such file"):
        await import_list(Kept(), campaign(), tmp_path / "none.csv")


HOSTILE = [
    "=cmd|' /C calc'!A0", "${SHELL(reboot)}", "{number}", "$[1+1]", "'; DROP TABLE contacts; --", "Robert\\", "%0d%0a",
    "a\r\nAction: Originate", "a\nb", "\u202e+4930\u202c", "名前", "\x01\x7f", "<script>", "\u200b",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_fields_are_kept_as_data(text: str, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("number", "note"), ("+4930555010", text)])
    report = await import_list(store.imports, campaign(), path)
    contact = await store.find_contact("winback", "+4930555010")
    assert contact
    assert (report.progress.imported, dict(contact.fields)) == (1, {"note": text.strip()})


@pytest.mark.parametrize("text", [text for text in HOSTILE if "4930" not in text])
async def test_hostile_numbers_are_rejected(text: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("number", "note"), (text, "x"), ("+4930555010", "y")])
    kept = Kept()
    report = await import_list(kept, campaign(), path)
    assert (len(kept.contacts), report.progress.rejected) == (1, 1)
    assert report.report
    with report.report.open(encoding="utf-8", newline="") as file:
        cell = list(csv.reader(file))[1][2]
    assert cell.isprintable()
    assert not cell.startswith(("=", "+", "-", "@"))


async def test_a_row_that_cannot_be_read_costs_no_other(tmp_path: Path) -> None:
    lines = [
        "number,note", "+4930555010,good", '+4930555011,"never closed', "+4930555012,good", "+4930555013,a,b",
        '+4930555014,"a"b', "+4930555015," + "x" * 5000, "+4930555016,a\0b", "+4930555017," + "y" * 200_000,
        "+4930555018," + "z" * (MOST_LINE + 10), "+4930555019,good", '+4930555020,"' + "\n" * 60, "+4930555021",
        '+4930555022,"two\nlines"',
    ]  # fmt: skip
    report, contacts = await imported(tmp_path / "list.csv", "\n".join(lines) + "\n")
    assert [contact.number[-2:] for contact in contacts] == ["10", "12", "19", "21", "22"]
    assert contacts[-1].fields == {"note": "two\nlines"}
    assert contacts[-2].fields == {}
    assert rejects(report) == [
        (3, "not CSV: ',' expected after '\"'"),
        (5, "more fields than the header has columns"),
        (6, "not CSV: ',' expected after '\"'"),
        (7, "a field is too long"),
        (8, "a field has a NUL character"),
        (9, "not CSV: field larger than field limit (131072)"),
        (10, "a line is too long, or a quote is not closed"),
        (12, "a line is too long, or a quote is not closed"),
    ]


async def test_a_quote_never_closed_at_the_end_costs_its_line_only(tmp_path: Path) -> None:
    report, contacts = await imported(tmp_path / "list.csv", 'number,a\n"+4930555010,x\n+4930555011,y\n')
    assert [contact.number for contact in contacts] == ["+4930555011"]
    assert rejects(report) == [(2, "not CSV: unexpected end of data")]


CELLS = st.text(st.sampled_from('+049 -",;\t\r\n\0=xü\'\ufeff'), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    parts=st.lists(st.one_of(CELLS, st.just("+4930555010\n"), st.just("\n")), max_size=30), broken=st.booleans()
)
def test_no_file_raises_and_every_row_is_counted(parts: list[str], broken: bool, tmp_path: Path) -> None:
    content = ("number,note\n" + "".join(parts)).encode() + (b"\xff\n" if broken else b"")
    report, contacts = asyncio.run(imported(tmp_path / "list.csv", content))
    assert report.progress.imported == len(contacts)
    assert len({contact.number for contact in contacts}) == len(contacts)
    assert report.progress.rejected == sum(report.reasons.values())
    if report.progress.rejected:
        lines = [line for line, _ in rejects(report)]
        assert lines == sorted(lines)
        assert len(lines) == report.progress.rejected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_a_list_or_a_fault_that_says_why(content: bytes, tmp_path: Path) -> None:
    try:
        asyncio.run(imported(tmp_path / "list.csv", content))
    except ListError as fault:
        if "list.csv" not in str(fault):
            raise


async def test_memory_does_not_grow_with_the_fields(tmp_path: Path) -> None:
    """A file of 40 MB, of which 1 MB fields and one line of 20 MB: never more than a few of them at once."""
    path = tmp_path / "big.csv"
    with path.open("w") as file:
        file.write("number,note\n")
        for number in range(20):
            file.write(f"+493055500{number:02}," + "x" * 1_000_000 + "\n")
        file.write("y" * 20_000_000 + "\n+4930555099,good\n")
    kept = Kept()
    tracemalloc.start()
    try:
        report = await import_list(kept, campaign(), path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (report.progress.imported, report.progress.rejected) == (1, 21)
    assert peak < 16_000_000
