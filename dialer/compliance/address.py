"""In which time zones an address lies, as far as country and subdivision tell.

Subdivisions by ISO 3166-2, where a country has several clocks: the United States by 49 CFR part 71, the others by the
time zone database (IANA). Of a state on two clocks both are named, and of a whole country all it has.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

EASTERN, CENTRAL, MOUNTAIN, PACIFIC = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
TORONTO, WINNIPEG, EDMONTON, HALIFAX = "America/Toronto", "America/Winnipeg", "America/Edmonton", "America/Halifax"
BRASILIA, MANAUS, ACRE = "America/Sao_Paulo", "America/Manaus", "America/Rio_Branco"
SYDNEY, ADELAIDE = "Australia/Sydney", "Australia/Adelaide"

_PLAIN: Mapping[str, Mapping[str, str]] = {
    "US": {
        EASTERN: "CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
        CENTRAL: "AL AR IA IL LA MN MO MS OK WI",
        MOUNTAIN: "CO MT NM UT WY",
        PACIFIC: "CA WA",
    },
    "CA": {HALIFAX: "NB NS PE", WINNIPEG: "MB", EDMONTON: "AB NT", "America/Whitehorse": "YT"},
    "AU": {SYDNEY: "ACT VIC TAS", "Australia/Brisbane": "QLD"},
    "BR": {BRASILIA: "AL AP BA CE DF ES GO MA MG PA PB PI PR RJ RN RS SC SE SP TO", MANAUS: "MS MT RO RR", ACRE: "AC"},
}
_OTHERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "US": {
        "AK": ("America/Anchorage", "America/Juneau", "America/Adak"), "AZ": ("America/Phoenix", MOUNTAIN),
        "FL": (EASTERN, CENTRAL), "HI": ("Pacific/Honolulu",), "ID": ("America/Boise", PACIFIC),
        "IN": (EASTERN, CENTRAL), "KS": (CENTRAL, MOUNTAIN), "KY": (EASTERN, CENTRAL), "MI": (EASTERN, CENTRAL),
        "ND": (CENTRAL, MOUNTAIN, "America/North_Dakota/Center"), "NE": (CENTRAL, MOUNTAIN), "NV": (PACIFIC, MOUNTAIN),
        "OR": (PACIFIC, "America/Boise"), "SD": (CENTRAL, MOUNTAIN), "TN": (EASTERN, CENTRAL),
        "TX": (CENTRAL, MOUNTAIN), "PR": ("America/Puerto_Rico",), "VI": ("America/St_Thomas",),
        "GU": ("Pacific/Guam",), "AS": ("Pacific/Pago_Pago",), "MP": ("Pacific/Saipan",),
    },
    "CA": {
        "BC": ("America/Vancouver", EDMONTON, "America/Fort_Nelson"), "NL": ("America/St_Johns", HALIFAX),
        "NU": (TORONTO, WINNIPEG, EDMONTON), "ON": (TORONTO, WINNIPEG), "QC": (TORONTO, HALIFAX),
        "SK": ("America/Regina", EDMONTON),
    },
    "AU": {
        "NSW": (SYDNEY, ADELAIDE, "Australia/Lord_Howe"), "NT": ("Australia/Darwin",), "SA": (ADELAIDE,),
        "WA": ("Australia/Perth", "Australia/Eucla"),
    },
    "BR": {"AM": (MANAUS, ACRE), "PE": (BRASILIA, "America/Noronha")},
    "ES": {"CN": ("Atlantic/Canary",)},
    "PT": {"20": ("Atlantic/Azores",), "30": ("Atlantic/Madeira",)},
}  # fmt: skip


def zones_of_address(country: str, region: str, of_number: str | None) -> tuple[str, ...]:
    """`country` by ISO 3166 (`US`), `region` by ISO 3166-2 with it or without (`US-CO`, `CO`; then of the country of
    the number, where no other is named). Empty when they tell nothing that the number does not."""
    named, _, code = region.strip().upper().rpartition("-")
    within = named or country.strip().upper() or of_number or ""
    if code and (zones := _subdivisions().get((within, code))):
        return zones
    return _countries().get(within, ()) if within != of_number else ()


@cache
def _subdivisions() -> Mapping[tuple[str, str], tuple[str, ...]]:
    found = {(country, code): zones for country, states in _OTHERS.items() for code, zones in states.items()}
    for country, zones in _PLAIN.items():
        found |= {(country, code): (zone,) for zone, codes in zones.items() for code in codes.split()}
    return found


@cache
def _countries() -> Mapping[str, tuple[str, ...]]:
    """By the database's own list of zones."""
    found: dict[str, tuple[str, ...]] = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text().splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    return found
