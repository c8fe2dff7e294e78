"""How long the contacts that are left will last."""

from dialer.campaigns.exhaustion import Pace, is_low, left

CONTACTS = {"waiting": 60, "due": 30, "claimed": 10, "held_back": 500, "done": 100}


def test_the_forecast_follows_the_last_quarter_of_an_hour() -> None:
    pace = Pace()
    assert pace.lasts_s(CONTACTS) is None
    for minute in range(60):
        pace.note(60.0 * minute, 100 + minute)
        if minute >= 1:
            assert pace.lasts_s(CONTACTS) == 100 * 60.0, "100 left, one a minute"
    for minute in range(60, 76):
        pace.note(60.0 * minute, 160 + 4 * (minute - 60))
    assert pace.lasts_s(CONTACTS) == 100 * 15.0, "four a minute, the slow hour before is forgotten"


def test_nobody_knows_at_first_nor_while_nobody_is_done_nor_after_recycling() -> None:
    pace = Pace()
    pace.note(0.0, 100)
    pace.note(59.0, 110)
    assert pace.lasts_s(CONTACTS) is None
    still = Pace()
    still.note(0.0, 100)
    still.note(600.0, 100)
    assert still.lasts_s(CONTACTS) is None
    still.note(700.0, 120)
    assert still.lasts_s(CONTACTS) == 100 * 700 / 20
    still.note(701.0, 10)
    assert still.lasts_s(CONTACTS) is None


def test_the_alert_is_for_a_number_or_a_time() -> None:
    assert left(CONTACTS) == 100
    assert not is_low(None, CONTACTS, 1.0)
    assert not is_low(500, {}, None), "not read yet"
    assert is_low(101, CONTACTS, None)
    assert not is_low(100, CONTACTS, None)
    assert is_low(7200.0, CONTACTS, 7199.0)
    assert not is_low(7200.0, CONTACTS, 7200.0)
    assert not is_low(7200.0, CONTACTS, None)
    assert is_low(7200.0, {"done": 9}, None)
