"""A number as people and spreadsheets write it, to E.164. Pure.

`phonenumbers` decides. It takes 50 to 150 µs a number, so what nearly every row of a list holds is read here from the
same tables in 3: a number whose country code, trunk prefix, length and type leave nothing to decide. Whatever is not
so plain (a prefix that is rewritten, a length of several meanings, a premium pattern that matches) goes to
`phonenumbers` itself. `tests/campaigns/test_phones.py` holds the two against each other over every country.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import phonenumbers
from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberType,
    ValidationResult,
)

from dialer.numbers import is_e164

_DIALLABLE = re.compile(r"\+?[0-9 ().\-/]{1,40}")
_SHORTENED = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_PUNCTUATION = dict.fromkeys(map(ord, " ().-/"))
_WORLD = "001"
"""The region of codes that belong to no country (satellites, freephone): left to `phonenumbers`."""
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


class Rejected(Exception):  # noqa: N818 - an answer about one row, not a failure
    """This row becomes no contact; the text says why."""


class NoCountry(Rejected):
    """A national number, and nobody says of which country."""


def read_number(text: str, country: str | None) -> str:
    """The number in E.164; `country` (ISO 3166) is that of numbers written without +. Raises Rejected.

    Its length must be possible in its country; whether it is assigned only a call can tell (numbering plans change
    faster than their descriptions). Premium-rate numbers are refused: a list must not make us pay for calls.
    """
    plain = _plain(text)
    if country is None and not plain.startswith("+"):
        raise NoCountry("the number lacks its country code, and the campaign names no country")
    return quick(plain.translate(_PUNCTUATION), country) or careful(plain, country)


def _plain(text: str) -> str:
    if _DIALLABLE.fullmatch(text) and text[0] != " " and text[-1] != " ":
        return text
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip().removeprefix("'").strip()
    if not plain:
        raise Rejected("no number")
    if not _DIALLABLE.fullmatch(plain):
        shortened = _SHORTENED.fullmatch(plain)
        raise Rejected("a spreadsheet has shortened the number" if shortened else "not a telephone number")
    return plain


def careful(plain: str, country: str | None) -> str:
    """By `phonenumbers`. Raises Rejected."""
    try:
        parsed = phonenumbers.parse(plain, country)
    except NumberParseException as fault:
        raise Rejected(_NOT_PARSED.get(fault.error_type, "not a telephone number")) from None
    if country is not None and plain[0] != "+":
        parsed = _completed(plain.translate(_PUNCTUATION), parsed)
    possible = phonenumbers.is_possible_number_with_reason(parsed)
    if possible != ValidationResult.IS_POSSIBLE:
        raise Rejected(_NOT_POSSIBLE.get(possible, "the number's length is wrong"))
    if phonenumbers.number_type(parsed) == PhoneNumberType.PREMIUM_RATE:
        raise Rejected("a premium-rate number")
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not is_e164(number):
        raise Rejected("the number is too long")
    return number


def _completed(digits: str, national: PhoneNumber) -> PhoneNumber:
    """Spreadsheets drop a leading + and a leading 0. Digits that begin with the country's own code may be either: the
    reading that is a valid number counts, and of two the one that is a mobile's; otherwise it would be a guess whom to
    call. (Germany's plan allows nearly any length on fixed lines.)"""
    code = str(national.country_code)
    if not digits.startswith(code) or digits == code + phonenumbers.national_significant_number(national):
        return national
    try:
        international = phonenumbers.parse(f"+{digits}")
    except NumberParseException:
        return national
    there, here = phonenumbers.number_type(international), phonenumbers.number_type(national)
    if there == PhoneNumberType.UNKNOWN or (here == PhoneNumberType.MOBILE != there):
        return national
    if here not in (PhoneNumberType.UNKNOWN, PhoneNumberType.MOBILE) and there == PhoneNumberType.MOBILE:
        return international
    if here != PhoneNumberType.UNKNOWN:
        raise Rejected(f"begins with {code}: a lost + or a lost 0? Write the one or the other")
    return international


# -- the plain case ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Region:
    """What of a region's numbering the plain case needs."""

    code: str
    lengths: frozenset[int]
    """Of national numbers; those that are also dialled without their area code are left out."""
    general: re.Pattern[str]
    trunk: re.Pattern[str] | None
    """What may stand before a national number and is dropped."""
    rewrites: bool
    """Dropping it is not all."""
    abroad: re.Pattern[str] | None
    """What is dialled before a country code."""


@dataclass(frozen=True, slots=True)
class _Code:
    """A country code, and its main region."""

    digits: str
    main: _Region
    premium: re.Pattern[str]
    """Of any of its regions: what does not match is of no premium rate in whichever it lies."""


def quick(digits: str, country: str | None) -> str | None:
    """E.164 of a plain number, of which `digits` are all but its punctuation; None when it is not plain."""
    if digits[:1] == "+":
        return _international(digits[1:])
    region = None if country is None else _region(country)
    if region is None or not digits:
        return None
    if region.abroad is not None and (dialled := region.abroad.match(digits)):
        rest = digits[dialled.end():]
        return None if rest.startswith("0") else _international(rest)
    if digits.startswith(region.code):
        rest = digits[len(region.code):]
        if len(digits) <= max(region.lengths) or (region.trunk is not None and region.trunk.match(rest)):
            return None
        return _international(digits)
    return _accepted(region.code, digits, region)


def _international(digits: str) -> str | None:
    codes = _codes()
    for size in (1, 2, 3):
        code = codes.get(digits[:size])
        if code is not None:
            return _accepted(code.digits, digits[size:], code.main)
    return None


def _accepted(digits: str, national: str, region: _Region) -> str | None:
    """The number, if its trunk prefix and its length leave nothing to decide."""
    code = _codes().get(digits)
    if code is None:
        return None
    if region.trunk is not None and (dialled := region.trunk.match(national)):
        national = national[dialled.end():]
        if region.rewrites or not region.general.fullmatch(national):
            return None
    size = len(national)
    if size not in region.lengths or size not in code.main.lengths or not 7 <= len(digits) + size <= 15:
        return None
    return None if code.premium.fullmatch(national) else f"+{digits}{national}"


@cache
def _codes() -> dict[str, _Code]:
    """By its digits; no code is the beginning of another (ITU-T E.164)."""
    found = {}
    for number, names in COUNTRY_CODE_TO_REGION_CODE.items():
        regions = [_region(name) for name in names]
        if names[0] != _WORLD and regions[0] is not None:
            found[str(number)] = _Code(str(number), regions[0], _any(map(_premium, names)))
    return found


@cache
def _region(name: str) -> _Region | None:
    """None for a country that `phonenumbers` does not know."""
    known = PhoneMetadata.metadata_for_region(name, None)
    general = None if known is None else known.general_desc
    if known is None or general is None or not general.national_number_pattern:
        return None
    trunk = known.national_prefix_for_parsing
    return _Region(
        str(known.country_code),
        frozenset(general.possible_length) - frozenset(general.possible_length_local_only),
        re.compile(general.national_number_pattern),
        re.compile(trunk) if trunk else None,
        bool(known.national_prefix_transform_rule),
        re.compile(known.international_prefix) if known.international_prefix else None,
    )


def _premium(name: str) -> str | None:
    known = PhoneMetadata.metadata_for_region(name, None)
    described = None if known is None else known.premium_rate
    return None if described is None else described.national_number_pattern


def _any(patterns: Iterable[str | None]) -> re.Pattern[str]:
    named = sorted({pattern for pattern in patterns if pattern})
    return re.compile("|".join(f"(?:{pattern})" for pattern in named) if named else r"(?!)")
