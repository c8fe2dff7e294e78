"""Where the called party is, as far as number, address and list can say: country and time zones."""

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone

from dialer.compliance.address import zones_of_address
from dialer.store.records import Contact

TIMEZONE_FIELD, COUNTRY_FIELD, REGION_FIELD = "timezone", "country", "region"


@dataclass(frozen=True, slots=True)
class Place:
    country: str | None
    """ISO 3166; None when the number belongs to none, or is not known."""
    zones: tuple[str, ...]
    """All the time zones the person may be in; empty when unknown."""


def where(contact: Contact) -> Place:
    """By its list's time zone, else by number and address."""
    fields = contact.fields
    zone = contact.timezone or fields.get(TIMEZONE_FIELD) or None
    return place_of(contact.number, zone, fields.get(COUNTRY_FIELD, ""), fields.get(REGION_FIELD, ""))


@lru_cache(maxsize=10_000)
def place_of(number: str, timezone_field: str | None = None, of_address: str = "", state: str = "") -> Place:
    """`timezone_field`, the list's own word (IANA), goes before what all else tells. One that is no time zone makes the
    zone unknown: it was meant to say something. `of_address` and `state` are country and subdivision of the address:
    of several zones of the number they choose; where they contradict it, a person may be in either."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return Place(None, known([timezone_field] if timezone_field else []))
    region = phonenumbers.region_code_for_number(parsed)
    country = region if region is not None and region.isalpha() else None
    if timezone_field:
        return Place(country, known([timezone_field]))
    of_number = known(timezone.time_zones_for_number(parsed))
    told = known(zones_of_address(of_address, state, country))
    common = tuple(zone for zone in of_number if zone in told)
    return Place(country, common or tuple(dict.fromkeys((*of_number, *told))))


def known(names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """All of them, or none: a zone we cannot read the clock of might be the one."""
    return tuple(names) if all(map(_is_zone, names)) else ()


@lru_cache(maxsize=2_000)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
