"""From a row of a list to a contact: which column is what, and what its cells must be. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from dialer.campaigns.phones import Rejected, read_number
from dialer.campaigns.selection import selected
from dialer.compliance.place import place_of
from dialer.config.lists import Columns, ContactList
from dialer.store.records import NewContact

NUMBER_COLUMNS = (
    "number", "phone", "phone_number", "telephone", "msisdn", "mobile", "tel", "telefon", "telefonnummer", "rufnummer",
    "telefono", "numero", "telephone_number", "mobile_number", "handy", "cell",
)  # fmt: skip
"""Names of the column with the number, the first one found counts."""
MOST_COLUMNS = 200
MOST_FIELD = 4096
"""Characters of one field."""

_NAME = re.compile(r"\W+")


class ListError(Exception):
    """The list as a whole cannot be imported; the text says why, and what would be right."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the columns of a list are, by their places."""

    width: int
    number: int
    others: tuple[int, ...] = ()
    timezone: int | None = None
    next_at: int | None = None
    fields: tuple[tuple[int, str], ...] = ()
    """The rest, and their names: `First Name` → `first_name`."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes contacts of the rows of one list."""

    header: Header
    source: ContactList
    country: str | None = None
    """Of numbers written without +."""
    left_out: list[tuple[str, str]] = field(default_factory=list)
    """Why and what: numbers that the latest contact goes without."""

    def contact(self, row: Sequence[str]) -> NewContact:
        """Raises Rejected. Fields stay data, whatever they hold; only what no store can keep is refused."""
        header = self.header
        if len(row) > header.width:
            raise Rejected("more fields than the header has columns")
        _check_cells(row)
        number, others = self._numbers(row)
        zone = _zone(_cell(row, header.timezone))
        fields = {name: row[place].strip() for place, name in header.fields if place < len(row)}
        held_back, rank = selected(self.source, fields)
        at = _cell(row, header.next_at)
        return NewContact(
            number, fields, _moment(at, zone, number) if at else 0.0, others, self.source.name, rank, zone, held_back
        )

    def _numbers(self, row: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """The first that is one identifies the contact. A contact of several goes without those that are none."""
        self.left_out.clear()
        main = _cell(row, self.header.number)
        if not self.header.others:
            return read_number(main, self.country), ()
        found: dict[str, None] = {}
        for cell in (main, *(_cell(row, place) for place in self.header.others)):
            if cell:
                try:
                    found[read_number(cell, self.country)] = None
                except Rejected as fault:
                    self.left_out.append((str(fault), cell))
        if not found:
            raise Rejected(self.left_out[0][0] if self.left_out else "no number")
        number, *others = found
        return number, tuple(others)


def _check_cells(row: Sequence[str]) -> None:
    whole = "".join(row)
    if len(whole) > MOST_FIELD and any(len(cell) > MOST_FIELD for cell in row):
        raise Rejected("a field is too long")
    if "\0" in whole:
        raise Rejected("a field has a NUL character")


def _cell(row: Sequence[str], place: int | None) -> str:
    return "" if place is None or place >= len(row) else row[place].strip()


@lru_cache(maxsize=1000)
def _zone(name: str) -> str | None:
    if not name:
        return None
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise Rejected("no such time zone; write IANA's name, as Europe/Berlin") from None


def _moment(text: str, zone: str | None, number: str) -> float:
    """Epoch seconds of an ISO 8601 time; without an offset it is on the person's clock."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Rejected("no time to call at; write 2026-12-01T09:00") from None
    if at.tzinfo is None:
        zones = (zone,) if zone else place_of(number).zones
        if len(zones) != 1 or zones[0] is None:
            raise Rejected("a time to call at, but on whose clock? Write 2026-12-01T09:00+01:00, or name the time zone")
        at = at.replace(tzinfo=ZoneInfo(zones[0]))
    return at.timestamp()


# -- the header -------------------------------------------------------------------------------------------------------


def read_header(row: Sequence[str], columns: Columns) -> Header:
    """Raises ListError."""
    if len(row) > MOST_COLUMNS:
        raise ListError(f"the header has {len(row)} columns; at most {MOST_COLUMNS} are taken")
    headings = [_name(cell) or f"column_{place}" for place, cell in enumerate(row, start=1)]
    doubled = sorted({name for name in headings if headings.count(name) > 1})
    if doubled:
        raise ListError(f"the header names a column twice: {', '.join(doubled)}")

    def place_of_heading(heading: str) -> int:
        if _name(heading) not in headings:
            raise ListError(f"no column is headed `{heading}`; the header reads {', '.join(row)[:200]}")
        return headings.index(_name(heading))

    number = place_of_heading(columns.number) if columns.number is not None else _number(headings)
    others = tuple(map(place_of_heading, columns.others))
    timezone, next_at = (
        None if heading is None else place_of_heading(heading) for heading in (columns.timezone, columns.next_at)
    )
    renamed = {place_of_heading(heading): name for name, heading in columns.fields.items()}
    fields = tuple(
        (place, renamed.get(place, heading)) for place, heading in enumerate(headings)
        if place not in {number, *others, timezone, next_at}
    )  # fmt: skip
    names = [name for _, name in fields]
    if len({*names}) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ListError(f"two columns become the field {', '.join(twice)}; give one of them another name in `fields`")
    return Header(len(headings), number, others, timezone, next_at, fields)


def _name(heading: str) -> str:
    return _NAME.sub("_", unicodedata.normalize("NFKC", heading[:64]).casefold()).strip("_")


def _number(headings: Sequence[str]) -> int:
    for name in NUMBER_COLUMNS:
        if name in headings:
            return headings.index(name)
    raise ListError(
        f"no column is the number; the header reads {', '.join(headings)[:200]}, name one `number` or `phone`, "
        "or say in `map` which it is"
    )
