"""A campaign's contacts with their outcomes, as a table for spreadsheets."""

import csv
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import IO, Protocol

from dialer.store.list_records import Outcomes

MOST_FIELDS = 300
"""Own columns of the contacts' fields; what is beyond shares one, as JSON."""
COLUMNS = (
    "number", "other_numbers", "list", "state", "result", "attempts", "next_at", "last_call", "outcome", "agent",
    "disposition", "talk_s",
)  # fmt: skip
Cell = str | int | float

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_AMOUNT = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")


class Pages(Protocol):
    """The part of the store that contacts come from: `store.outcomes.ListReads`."""

    def page(
        self, campaign: str, name: str | None, since: float | None, after: str
    ) -> Awaitable[Sequence[Outcomes]]: ...
    def field_names(self, campaign: str, name: str | None) -> Awaitable[list[str]]: ...


class Sheet(Protocol):
    def write(self, rows: Iterable[Sequence[Cell]]) -> None: ...


async def export(
    store: Pages, sheet: Sheet, campaign: str, name: str | None, since: float | None, step: Callable[[int], None]
) -> int:
    """How many contacts. Not of one moment: each page is as it was when it was read. `step` is told the count."""
    names = await store.field_names(campaign, name)
    own, rest = names[:MOST_FIELDS], frozenset(names[MOST_FIELDS:])
    taken = {*COLUMNS}
    heads = [f"field_{one}" if one in taken else one for one in own]
    sheet.write([(*COLUMNS, *heads, *(["more_fields"] if rest else []))])
    count = 0
    async for found in _pages(store, campaign, name, since):
        sheet.write(_row(one, own, rest) for one in found)
        count += len(found)
        step(count)
    return count


async def _pages(
    store: Pages, campaign: str, name: str | None, since: float | None
) -> AsyncIterator[Sequence[Outcomes]]:
    after = ""
    while found := await store.page(campaign, name, since, after):
        yield found
        after = found[-1].number


def _row(one: Outcomes, own: Sequence[str], rest: frozenset[str]) -> Sequence[Cell]:
    fields = one.fields
    row: list[Cell] = [
        one.number, defused(" ".join(one.others or ())), one.list, one.state, defused(one.result or ""), one.attempts,
        _moment(one.next_at), _moment(one.called_at), one.outcome or "", one.agent or "",
        defused(one.disposition or ""), round(one.talk_s, 1),
    ]  # fmt: skip
    row += [defused(fields.get(name, "")) for name in own]
    if rest:
        row.append(json.dumps({name: value for name, value in fields.items() if name in rest}, ensure_ascii=False))
    return row


def _moment(at: float | None) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else ""


def defused(cell: str) -> str:
    """What a spreadsheet would compute, it shows; amounts stay as they are."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _AMOUNT.fullmatch(cell) else cell


class CsvSheet:
    """With the mark that tells spreadsheets that it is UTF-8."""

    def __init__(self, file: IO[str]) -> None:
        file.write("\ufeff")
        self._writer = csv.writer(file)

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        self._writer.writerows(rows)
