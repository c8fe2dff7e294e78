"""Where the called party is, by the number, the address and the list's own word."""

from zoneinfo import available_timezones

import pytest

from dialer.compliance.address import zones_of_address
from dialer.compliance.place import Place, place_of

ZONES = available_timezones()


def test_where_a_number_is() -> None:
    assert place_of("+493023125141") == Place("DE", ("Europe/Berlin",))
    assert place_of("+12125550123") == Place("US", ("America/New_York",))
    assert place_of("+442079460000").country == "GB"
    assert len(place_of("+18005550123").zones) > 10
    assert place_of("+18005550123", "America/Denver").zones == ("America/Denver",)
    assert place_of("+493023125141", "Europe/Berln").zones == ()
    assert place_of("+882161234567") == Place(None, ())
    assert place_of("nonsense") == Place(None, ())


@pytest.mark.parametrize(
    ("number", "country", "region", "zones"),
    [
        ("+12125550123", "", "CA", "America/New_York America/Los_Angeles"),  # moved, and kept the number: in doubt both
        ("+12125550123", "US", "NY", "America/New_York"),
        ("+18005550123", "", "us-co", "America/Denver"),  # of many the address chooses
        ("+18005550123", "", "KS", "America/Chicago America/Denver"),
        ("+493023125141", "US", "HI", "Europe/Berlin Pacific/Honolulu"),
        ("+493023125141", "PT", "", "Europe/Berlin Europe/Lisbon Atlantic/Madeira Atlantic/Azores"),
        ("+493023125141", "DE", "BY", "Europe/Berlin"),
        ("+493023125141", "Germany", "Nord", "Europe/Berlin"),  # what is no code tells nothing
        ("+882161234567", "FR", "", "Europe/Paris"),  # where the number tells nothing
    ],
)
def test_an_address_tells_the_zone_too(number: str, country: str, region: str, zones: str) -> None:
    assert place_of(number, None, country, region).zones == tuple(zones.split())
    assert place_of(number, "Asia/Tokyo", country, region).zones == ("Asia/Tokyo",)  # the list's own word


STATES = {
    "US": """AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND
        OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI""",
    "CA": "AB BC MB NB NL NS NT NU ON PE QC SK YT",
    "AU": "ACT NSW NT QLD SA TAS VIC WA",
    "BR": "AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO",
}


@pytest.mark.parametrize("country", STATES)
def test_every_state_has_a_clock(country: str) -> None:
    for code in STATES[country].split():
        zones = zones_of_address(country, code, None)
        assert zones and set(zones) <= ZONES, code
