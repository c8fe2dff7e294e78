"""From a row of a list to a contact: which column is the number, and what a number must be. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from dialer.campaigns.phones import Rejected, read_number
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
    """What the columns of a list are."""

    number: int
    names: tuple[str, ...]
    """A custom field's name by column: `First Name` → `first_name`."""


def read_header(row: Sequence[str]) -> Header:
    """Raises ListError."""
    if len(row) > MOST_COLUMNS:
        raise ListError(f"the header has {len(row)} columns; at most {MOST_COLUMNS} are taken")
    names = tuple(
        _NAME.sub("_", unicodedata.normalize("NFKC", cell[:64]).casefold()).strip("_") or f"column_{place}"
        for place, cell in enumerate(row, start=1)
    )
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ListError(f"the header names a column twice: {', '.join(doubled)}")
    for name in NUMBER_COLUMNS:
        if name in names:
            return Header(names.index(name), names)
    raise ListError(f"no column is the number; the header reads {', '.join(names)[:200]}, name one `number` or `phone`")


def read_contact(header: Header, row: Sequence[str], country: str | None) -> NewContact:
    """Raises Rejected. Fields stay data, whatever they hold; only what no store can keep is refused."""
    if len(row) > len(header.names):
        raise Rejected("more fields than the header has columns")
    if len(row) <= header.number:
        raise Rejected("no number")
    for cell in row:
        if len(cell) > MOST_FIELD:
            raise Rejected("a field is too long")
        if "\0" in cell:
            raise Rejected("a field has a NUL character")
    number = read_number(row[header.number], country)
    fields = {
        name: cell.strip() for place, (name, cell) in enumerate(zip(header.names, row, strict=False))
        if place != header.number
    }  # fmt: skip
    return NewContact(number, fields)
