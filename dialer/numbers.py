"""Telephone numbers: the one form we store (E.164), and the form that people and logs may see."""

import re
from functools import lru_cache

import phonenumbers

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_MASKED_FROM = 7
"""Shorter ones are extensions and short codes: they name nobody outside."""


@lru_cache(maxsize=10_000)
def country_of(number: str) -> str:
    """ISO 3166; empty for a number that belongs to no country, or is none."""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return ""
    return region if region is not None and region.isalpha() else ""


def is_e164(text: str) -> bool:
    """A plus, no leading zero, 7 to 15 digits and nothing else (ITU-T E.164)."""
    return _E164.fullmatch(text) is not None


def mask(number: str) -> str:
    """`+4930231250123` → `+49…23`: country and end tell numbers apart, the middle names the person.

    Text that holds fewer than 7 digits comes back as it is; anything else is cut, whatever it is (it may come from
    the wire).
    """
    if sum(char.isdigit() for char in number) < _MASKED_FROM:
        return number
    return f"{number[:3]}…{number[-2:]}"
