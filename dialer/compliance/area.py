"""Where many numbers are, without taking each of them apart: by the longest prefix that time zones are known by."""

from functools import lru_cache

from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from dialer.compliance.place import COUNTRY_FIELD, REGION_FIELD, TIMEZONE_FIELD, Place, known, place_of, where
from dialer.store.records import Contact


class Areas:
    """Countries are those of the first number of each area."""

    def __init__(self) -> None:
        self._countries: dict[str, str | None] = {}

    def roughly(self, contact: Contact) -> Place:
        """As `where` has it, or in fewer of those zones: hours that are over here are over there too. No zones where
        nothing can be told at a glance."""
        fields = contact.fields
        if fields.get(COUNTRY_FIELD) or fields.get(REGION_FIELD):
            return where(contact)
        area, zone = area_of(contact.number), contact.timezone or fields.get(TIMEZONE_FIELD) or None
        if area not in self._countries:
            self._countries[area] = place_of(contact.number).country
        return Place(self._countries[area], _zones(area, zone))


def area_of(number: str) -> str:
    digits = number[1:1 + TIMEZONE_LONGEST_PREFIX]
    return next((area for length in range(len(digits), 0, -1) if (area := digits[:length]) in TIMEZONE_DATA), "")


@lru_cache(maxsize=10_000)
def _zones(area: str, zone: str | None) -> tuple[str, ...]:
    return known((zone,) if zone else TIMEZONE_DATA.get(area, ()))
