"""What the columns of a list are: by their headings, or as the configuration maps them."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from test_lists import contact, imported, rejects, told

from dialer.campaigns.contacts import ListError

MAP = {
    "number": "Telefon", "others": ["Mobil", "Büro"], "fields": {"surname": "Nach Name"}, "timezone": "Zone",
    "next_at": "Ab",
}  # fmt: skip
HEAD = "Nach Name,Telefon,Mobil,Büro,Zone,Ab,Extra\n"


async def test_mapped_columns(tmp_path: Path) -> None:
    line = "Lovelace,030 555010,0171 1234567,030 555010,Europe/London,2026-12-01T09:00,x\n"
    _, contacts = await imported(tmp_path / "list.csv", HEAD + line, map=MAP)
    at = datetime.fromisoformat("2026-12-01T09:00+00:00").timestamp()
    fields = {"surname": "Lovelace", "extra": "x"}
    assert contacts == [
        contact("+4930555010", fields, next_at=at, others=("+491711234567",), timezone="Europe/London")
    ]  # fmt: skip


async def test_a_number_that_is_none_is_left_out_and_told_of(tmp_path: Path) -> None:
    lines = "a,030 555010,12,,,,\nb,,0171 1234567,,,,\nc,x,,030 555012,,,\nd,,,,,,\ne,x,12,,,,\n"
    report, contacts = await imported(tmp_path / "list.csv", HEAD + lines, map=MAP)
    assert [(one.number, one.others) for one in contacts] == [
        ("+4930555010", ()), ("+491711234567", ()), ("+4930555012", ()),
    ]  # fmt: skip
    assert [(row["line"], row["result"], row["reason"]) for row in told(report)] == [
        ("2", "left_out", "the number is too short, or lacks its area code"),
        ("4", "left_out", "not a telephone number"),
        ("5", "rejected", "no number"),
        ("6", "rejected", "not a telephone number"),
    ]
    assert report.counts() == {"imported": 3, "known": 0, "duplicates": 0, "rejected": 2}


@pytest.mark.parametrize(
    ("zone", "at", "number", "said"),
    [
        ("", "2026-12-01T09:00", "030 555010", "2026-12-01T09:00+01:00"),  # the number tells the zone
        ("", "2026-12-01", "030 555010", "2026-12-01T00:00+01:00"),
        ("", "2026-12-01T09:00-05:00", "+12025550123", "2026-12-01T09:00-05:00"),
        ("America/New_York", "2026-12-01 09:00", "+12025550123", "2026-12-01T09:00-05:00"),
        ("", "2026-12-01T09:00", "+18005550123", "on whose clock"),
        ("Berlin", "", "030 555010", "no such time zone"), ("", "1.12.2026", "030 555010", "no time to call at"),
    ],
)  # fmt: skip
async def test_when_and_on_whose_clock(zone: str, at: str, number: str, said: str, tmp_path: Path) -> None:
    report, contacts = await imported(tmp_path / "list.csv", f"{HEAD}a,{number},,,{zone},{at},\n", map=MAP)
    if contacts:
        assert contacts[0].next_at == datetime.fromisoformat(said).timestamp()
    else:
        assert said in rejects(report)[0][1]


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"number": "Phone"}, "no column is headed `Phone`; the header reads Nach Name, Telefon"),
        ({"others": ["Handy"]}, "no column is headed `Handy`"),
        ({"fields": {"extra": "Nach Name"}}, "two columns become the field extra"),
    ],
)  # fmt: skip
async def test_a_map_that_does_not_fit_says_so(columns: dict[str, object], fault: str, tmp_path: Path) -> None:
    with pytest.raises(ListError) as caught:
        await imported(tmp_path / "list.csv", HEAD, map=columns)
    assert fault in str(caught.value)


async def test_filter_and_order(tmp_path: Path) -> None:
    content = "number,country,score\n+4930555010,DE,70\n+4930555011,AT,30\n+4930555012,DE,\n"
    described = {"where": 'country == "DE"', "order": "100 - score"}
    _, contacts = await imported(tmp_path / "list.csv", content, **described)
    assert [(one.held_back, one.rank) for one in contacts] == [(False, 30.0), (True, 70.0), (False, 100.0)]
    _, contacts = await imported(tmp_path / "list.csv", content, order="score")
    assert [one.rank for one in contacts[:2]] == [70.0, 30.0]
    assert contacts[2].rank > 1e15, "who has no score is the last"


async def test_a_named_encoding_and_delimiter(tmp_path: Path) -> None:
    content = "number|name\n+4930555010|Łódź, x\n".encode("cp1250")
    report, contacts = await imported(tmp_path / "list.csv", content, encoding="cp1250", delimiter="|")
    assert contacts == [contact("+4930555010", {"name": "Łódź, x"})]
    assert (report.encoding, report.delimiter) == ("cp1250", "|")
    with pytest.raises(ListError, match="no text encoding `latin_99`"):
        await imported(tmp_path / "list.csv", content, encoding="latin_99")


async def test_what_the_encoding_does_not_know_is_refused_and_not_garbled(tmp_path: Path) -> None:
    content = b"number,name\n+4930555010,Ada\n" + b"+4930555011,\xfc\n"
    report, contacts = await imported(tmp_path / "list.csv", content, encoding="utf-8")
    assert [one.number for one in contacts] == ["+4930555010"]
    assert rejects(report) == [(3, "a character that is none in utf-8-sig")]
    assert json.dumps(report.counts())
