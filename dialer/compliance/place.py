"""Where the called party is, as far as number and list can say: country and time zones."""

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone


@dataclass(frozen=True, slots=True)
class Place:
    country: str | None
    """ISO 3166; None when the number belongs to none, or is not known."""
    zones: tuple[str, ...]
    """All the time zones the person may be in; empty when unknown."""


@lru_cache(maxsize=10_000)
def place_of(number: str, timezone_field: str | None = None) -> Place:
    """`timezone_field`, the list's own word (IANA), goes before what the number tells. One that is no time zone makes
    the zone unknown: it was meant to say something."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return Place(None, _known([timezone_field] if timezone_field else []))
    region = phonenumbers.region_code_for_number(parsed)
    country = region if region is not None and region.isalpha() else None
    named = [timezone_field] if timezone_field else timezone.time_zones_for_number(parsed)
    return Place(country, _known(named))


def _known(names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """All of them, or none: a zone we cannot read the clock of might be the one."""
    return tuple(names) if all(map(_is_zone, names)) else ()


@lru_cache(maxsize=2_000)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
