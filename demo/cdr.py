"""Asterisk's own record of its calls, read from the files that `asterisk/cdr_custom.conf` and `cel_custom.conf` name:
the independent witness of the engine's ledger."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypedDict


class CdrRow(TypedDict):
    """A leg as Asterisk saw it. Times are epoch seconds; `answer` is None when nobody did."""

    uniqueid: str
    linkedid: str
    channel: str
    dstchannel: str
    src: str
    dst: str
    dcontext: str
    start: float
    answer: float | None
    end: float
    disposition: str
    lastapp: str
    sequence: int
    dialled: str
    """The number a caller dialled; empty for our own calls."""


def read_cdr(logs: Path) -> list[CdrRow]:
    """One row a leg that is over, in the order they ended. Legs that Asterisk writes no CDR for (`cel.conf` says
    which) come from its event log, with sequence -1; so does what a CDR misses of a caller after a
    Dial() that failed: his answer and his end."""
    rows: dict[str, CdrRow] = {}
    for fields in _lines(logs / "cdr-custom" / "calls.csv"):
        row = _from_cdr(fields)
        rows[row["uniqueid"]] = _joined(rows[row["uniqueid"]], row) if row["uniqueid"] in rows else row
    for row in _from_events(_lines(logs / "cel-custom" / "legs.csv")):
        known = rows.setdefault(row["uniqueid"], row)
        known["answer"], known["end"] = known["answer"] or row["answer"], max(known["end"], row["end"])
    return sorted(rows.values(), key=lambda row: row["end"])


def _lines(path: Path) -> Iterator[list[str]]:
    """Whole lines only: the last one may be half written."""
    if path.exists():
        text = path.read_text(encoding="utf-8", errors="replace")
        yield from csv.reader(text[: text.rfind("\n") + 1].splitlines())


def _from_cdr(fields: list[str]) -> CdrRow:
    uniqueid, linkedid, channel, dstchannel, src, dst, dcontext, start, answer, end, *rest = fields
    disposition, lastapp, sequence, dialled = rest
    return CdrRow(
        uniqueid=uniqueid, linkedid=linkedid, channel=channel, dstchannel=dstchannel, src=src, dst=dst,
        dcontext=dcontext, start=float(start), answer=(float(answer) if answer else 0.0) or None, end=float(end),
        disposition=disposition, lastapp=lastapp, sequence=int(sequence), dialled=dialled,
    )  # fmt: skip


def _joined(first: CdrRow, later: CdrRow) -> CdrRow:
    """Before 22, Asterisk writes a row for each bridge of a leg."""
    return {**first, "end": max(first["end"], later["end"]), "answer": first["answer"] or later["answer"]}


def _from_events(lines: Iterable[list[str]]) -> Iterator[CdrRow]:
    starts: dict[str, float] = {}
    answers: dict[str, float] = {}
    for event, at, uniqueid, linkedid, channel, num, exten, context, app in lines:
        if event == "CHAN_START":
            starts[uniqueid] = float(at)
        elif event == "ANSWER":
            answers.setdefault(uniqueid, float(at))
        elif event == "HANGUP" and uniqueid in starts and uniqueid in answers:
            yield CdrRow(
                uniqueid=uniqueid, linkedid=linkedid, channel=channel, dstchannel="", src=num, dst=exten,
                dcontext=context, start=starts[uniqueid], answer=answers[uniqueid], end=float(at),
                disposition="ANSWERED", lastapp=app, sequence=-1, dialled="",
            )  # fmt: skip
