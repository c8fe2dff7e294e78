from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.config.models import Hours
from dialer.hours import closes_in, is_open, next_opening

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
BERLIN = "Europe/Berlin"


def hours(*spans: tuple[str, str], days: list[str] = WEEK, zone: str = BERLIN, closed_on: Any = ()) -> Hours:
    return Hours.model_validate({
        "hours": "h", "timezone": zone, "closed_on": list(closed_on),
        "open": [{"days": days, "from": begin, "to": end} for begin, end in spans],
    })  # fmt: skip


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str, zone: str = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


@pytest.mark.parametrize(("when", "wanted"), [
    ("2026-01-07 07:59:59", False), ("2026-01-07 08:00", True), ("2026-01-07 17:59:59", True),
    ("2026-01-07 18:00", False), ("2026-01-10 12:00", False),
])
def test_from_is_in_and_to_is_out(when: str, wanted: bool) -> None:
    assert is_open(hours(("08:00", "18:00"), days=WEEK[:5]), local(when)) is wanted


@pytest.mark.parametrize(("when", "wanted"), [
    ("2026-01-07 17:59:20", 40.0), ("2026-01-07 17:59:59.5", 0.5), ("2026-01-07 17:58:59", None),
    ("2026-01-07 18:00", None), ("2026-01-07 07:59:50", None),
])
def test_how_long_it_is_open_yet(when: str, wanted: float | None) -> None:
    found = closes_in(hours(("08:00", "18:00"), days=WEEK[:5]), local(when), 60.0)
    assert found == (None if wanted is None else pytest.approx(wanted, abs=1.0))


def test_24_00_is_the_end_of_the_day() -> None:
    evening = hours(("20:00", "24:00"), days=["mon"])
    assert is_open(evening, local("2026-01-05 23:59:59"))
    assert not is_open(evening, local("2026-01-06 00:00"))
    always = hours(("00:00", "24:00"))
    assert is_open(always, local("2026-01-06 00:00"))


def test_the_moment_may_come_in_any_zone() -> None:
    office = hours(("08:00", "18:00"))
    assert is_open(office, utc("2026-07-01 06:00"))
    assert not is_open(office, utc("2026-01-01 06:00"))
    assert is_open(office, local("2026-01-01 22:00", "Asia/Tokyo"))


def test_a_closed_date_is_a_date_of_the_hours_zone() -> None:
    closed = hours(("00:00", "24:00"), zone="Asia/Tokyo", closed_on=[date(2026, 1, 1)])
    assert not is_open(closed, utc("2025-12-31 15:00"))
    assert is_open(closed, utc("2026-01-01 15:00"))


@pytest.mark.parametrize(("spans", "when", "wanted"), [
    # put forward, 29 March 2026: at 02:00 it is 03:00
    (("02:30", "05:00"), "2026-03-29 00:59", "2026-03-29 01:00"),
    (("02:00", "03:00"), "2026-03-29 00:30", "2026-03-30 00:00"),
    (("08:00", "18:00"), "2026-03-28 20:00", "2026-03-29 06:00"),
    # put back, 25 October 2026: at 03:00 it is 02:00, so 02:30 comes twice
    (("02:30", "05:00"), "2026-10-25 00:00", "2026-10-25 00:30"),
    (("02:30", "05:00"), "2026-10-25 01:00", "2026-10-25 01:30"),
    (("02:00", "02:30"), "2026-10-25 00:30", "2026-10-25 01:00"),
    (("08:00", "18:00"), "2026-10-24 20:00", "2026-10-25 07:00"),
])
def test_next_opening_when_the_clock_is_changed(spans: tuple[str, str], when: str, wanted: str) -> None:
    assert next_opening(hours(spans), utc(when)) == utc(wanted)


def test_after_a_closed_day_the_night_s_opening_comes_before_the_clock_s_change() -> None:
    closed = hours(("00:30", "05:00")).model_copy(update={"closed_on": [date(2026, 3, 28)]})
    assert next_opening(closed, utc("2026-03-28 12:00")) == utc("2026-03-28 23:30")


def test_next_opening_is_now_when_open() -> None:
    now = local("2026-01-07 08:30")
    assert next_opening(hours(("08:00", "18:00")), now) == now


def test_next_opening_passes_over_closed_dates() -> None:
    office = hours(("09:00", "17:00"), days=["fri"], closed_on=[date(2026, 12, 25), date(2027, 1, 1)])
    assert next_opening(office, local("2026-12-18 17:00")) == local("2027-01-08 09:00")


def test_never_is_never() -> None:
    day = date(2026, 1, 1)
    nothing = Hours.model_construct(hours="h", timezone=BERLIN, open=[], closed_on=[])
    assert next_opening(nothing, utc("2026-01-01")) is None
    closed = hours(("09:00", "17:00"), closed_on=[day + timedelta(days=ahead) for ahead in range(900)])
    assert next_opening(closed, utc("2026-01-01")) is None


ZONES = ["Europe/Berlin", "America/New_York", "America/Asuncion", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kolkata",
         "Pacific/Apia"]  # fmt: skip
clock = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
span = st.tuples(clock, clock).filter(lambda pair: pair[0] < pair[1])
around_changes = st.sampled_from([
    "2026-03-08", "2026-03-29", "2026-04-05", "2026-04-24", "2026-10-04", "2026-10-25", "2026-10-29", "2026-11-01",
    "2011-12-29", "2026-06-15",
])  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(span, min_size=1, max_size=3), st.lists(st.sampled_from(WEEK), min_size=1, unique=True),
       st.sampled_from(ZONES), around_changes, st.integers(-36 * 60, 36 * 60), st.booleans())
def test_next_opening_is_the_first_open_minute(
    spans: list[tuple[str, str]], days: list[str], zone: str, day: str, offset_min: int, closed: bool
) -> None:
    """Against asking minute by minute."""
    calendar = hours(*spans, days=days, zone=zone, closed_on=[date.fromisoformat(day)] if closed else [])
    now = utc(day) + timedelta(minutes=offset_min)
    found = next_opening(calendar, now)
    walk = (now + timedelta(minutes=minute) for minute in range(4 * 24 * 60))
    first = next((moment for moment in walk if is_open(calendar, moment)), None)
    if first is not None:
        assert found == first
    else:
        assert found is None or found >= now + timedelta(days=4)
