"""From a row of a list to a contact: which column is the number, and what a number must be. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult

from dialer.numbers import is_e164
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
_DIALLABLE = re.compile(r"\+?[0-9 ().\-/]{1,40}")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_NOT_PARSED = {
    NumberParseException.INVALID_COUNTRY_CODE: "no such country code",
    NumberParseException.TOO_SHORT_AFTER_IDD: "the number is too short",
    NumberParseException.TOO_SHORT_NSN: "the number is too short",
    NumberParseException.TOO_LONG: "the number is too long",
}
_NOT_POSSIBLE = {
    ValidationResult.INVALID_COUNTRY_CODE: "no such country code",
    ValidationResult.TOO_SHORT: "the number is too short",
    ValidationResult.TOO_LONG: "the number is too long",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the number is too short, or lacks its area code",
}


class ListError(Exception):
    """The list as a whole cannot be imported; the text says why, and what would be right."""


class Rejected(Exception):  # noqa: N818 - an answer about one row, not a failure
    """This row becomes no contact; the text says why."""


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


def read_number(text: str, country: str | None) -> str:
    """The number in E.164. Raises Rejected.

    Its length must be possible in its country; whether it is assigned only a call can tell (numbering plans change
    faster than their descriptions). Premium-rate numbers are refused: a list must not make us pay for calls.
    """
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip().removeprefix("'").strip()
    if not plain:
        raise Rejected("no number")
    if not _DIALLABLE.fullmatch(plain):
        raise Rejected("not a telephone number")
    if country is None and not plain.startswith("+"):
        raise Rejected("the number lacks its country code, and the campaign names no country")
    try:
        parsed = phonenumbers.parse(plain, country)
    except NumberParseException as fault:
        raise Rejected(_NOT_PARSED.get(fault.error_type, "not a telephone number")) from None
    possible = phonenumbers.is_possible_number_with_reason(parsed)
    if possible != ValidationResult.IS_POSSIBLE:
        raise Rejected(_NOT_POSSIBLE.get(possible, "the number's length is wrong"))
    if phonenumbers.number_type(parsed) == PhoneNumberType.PREMIUM_RATE:
        raise Rejected("a premium-rate number")
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not is_e164(number):
        raise Rejected("the number is too long")
    return number
