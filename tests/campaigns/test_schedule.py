"""When a schedule is on, and when that changes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from dialer.campaigns.schedule import Change, is_on, last_change, next_change
from dialer.config.schedule import Schedule

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def schedule(**more: Any) -> Schedule:
    spans = [{"days": WEEK[:5], "from": "09:00", "to": "17:00"}]
    return Schedule.model_validate({"timezone": "Europe/Berlin", "open": spans, **more})


def berlin(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


def test_a_week() -> None:
    plan = schedule()
    assert last_change(plan, berlin("2026-03-04T12:00")) == Change(berlin("2026-03-04T09:00"), True)
    assert last_change(plan, berlin("2026-03-04T09:00")) == Change(berlin("2026-03-04T09:00"), True)
    assert last_change(plan, berlin("2026-03-04T08:59")) == Change(berlin("2026-03-03T17:00"), False)
    assert last_change(plan, berlin("2026-03-08T12:00")) == Change(berlin("2026-03-06T17:00"), False)
    assert next_change(plan, berlin("2026-03-06T17:00")) == Change(berlin("2026-03-09T09:00"), True)


def test_first_and_last_day_and_holidays() -> None:
    plan = schedule(first="2026-03-03", last="2026-03-05", closed_on=["2026-03-04"])
    assert not is_on(plan, berlin("2026-03-02T12:00"))
    assert last_change(plan, berlin("2026-03-02T12:00")) is None
    assert last_change(plan, berlin("2026-03-04T12:00")) == Change(berlin("2026-03-03T17:00"), False)
    assert last_change(plan, berlin("2026-03-20T12:00")) == Change(berlin("2026-03-05T17:00"), False)
    assert next_change(plan, berlin("2026-03-05T18:00")) is None


def test_round_the_clock_changes_only_at_the_last_day() -> None:
    always = schedule(open=[{"days": WEEK, "from": "00:00", "to": "24:00"}], last="2026-03-05")
    assert last_change(always, berlin("2026-03-05T12:00")) is None
    assert next_change(always, berlin("2026-03-05T12:00")) == Change(berlin("2026-03-06T00:00"), False)


CHANGES = [datetime(2026, month, day, 1, tzinfo=UTC) for month, day in ((3, 29), (10, 25), (6, 1))]
clock = st.integers(0, 23 * 60 + 58).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")


@given(st.sampled_from(CHANGES), st.integers(-2000, 2000), clock, clock)
def test_between_two_changes_nothing_changes(about: datetime, minutes: int, begin: str, end: str) -> None:
    """Minute by minute, round both changes of the clock too."""
    begin, end = min(begin, end), max(begin, end)
    plan = schedule(open=[{"days": WEEK[:6], "from": begin, "to": end if end > begin else "24:00"}])
    now = (about + timedelta(minutes=minutes)).timestamp()
    before, after = last_change(plan, now), next_change(plan, now)
    assert before is not None and after is not None
    assert before.at <= now < after.at
    assert (is_on(plan, before.at), is_on(plan, before.at - 60)) == (before.on, not before.on)
    assert (is_on(plan, after.at), is_on(plan, after.at - 60)) == (after.on, not after.on)
    at = before.at
    while at < after.at:
        assert is_on(plan, at) is before.on
        at += 60


def test_the_day_before_the_clock_is_put_back_its_change_does_not_hide_the_opening() -> None:
    schedule = Schedule.model_validate({"timezone": "Europe/Berlin", "open": [
        {"days": ["sun"], "from": "02:30", "to": "03:15"}]})
    saturday = datetime(2026, 10, 24, 12, tzinfo=UTC).timestamp()
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()  # 02:30, for the first time
    assert next_change(schedule, saturday) == Change(first, True)
