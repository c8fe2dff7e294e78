"""The answer share by the hour of the day, from earlier days."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dialer.campaigns.pacing import Pace, Predictive
from dialer.campaigns.pacing.hours import HALF_LIFE_S, Hours
from dialer.simulation.shift import Shift
from dialer.simulation.world import Jump, World

NINE, HOUR, DAY = 9 * 3600.0, 3600.0, 86_400.0


def days(count: int, share: Callable[[int], float], dials: int = 600, seed: int = 1) -> Hours:
    """From nine to six, so many days, in hours that begin with 9."""
    hours, draw = Hours(), Random(seed)
    for day in range(count):
        for hour in range(9, 18):
            for i in range(dials):
                hours.resolved(day * DAY + hour * HOUR + i * HOUR / dials, float(draw.random() < share(hour)))
    return hours


def from_to(hours: Hours, first: float, then: float) -> float:
    hours.change(first)
    return hours.change(then)


def evening(hour: int) -> float:
    return 0.4 if hour >= 15 else 0.2


def test_an_hour_begins_with_what_earlier_days_had():
    hours = days(3, evening)
    assert from_to(hours, 10 * DAY + 14.5 * HOUR, 10 * DAY + 15.5 * HOUR) == pytest.approx(2.0, rel=0.1)
    assert from_to(hours, 10 * DAY + 17.5 * HOUR, 11 * DAY + 9.5 * HOUR) == pytest.approx(0.5, rel=0.1)


def test_hours_that_do_not_differ_change_nothing():
    for seed in range(5):
        hours = days(5, lambda hour: 0.3, seed=seed)
        moves = [
            from_to(hours, 10 * DAY + (hour + 0.5) * HOUR, 10 * DAY + (hour + 1.5) * HOUR) for hour in range(9, 17)
        ]
        assert max(abs(move - 1) for move in moves) < 0.06


def test_the_first_day_and_a_new_hour_go_on_as_it_was():
    hours = days(1, evening)
    assert from_to(hours, 17.5 * HOUR, 18.5 * HOUR) == 1.0  # an hour never dialled in
    assert from_to(Hours(), NINE, NINE + HOUR) == 1.0


def test_another_week_is_learnt_in_time():
    """The hours change places; what is a week old counts half."""
    hours, draw = days(2, evening), Random(2)
    start = 2 * DAY + 2 * HALF_LIFE_S
    for day in range(8):
        for hour in range(9, 18):
            for i in range(600):
                at = start + day * DAY + hour * HOUR + i * 6.0
                hours.resolved(at, float(draw.random() < 0.6 - evening(hour)))
    assert from_to(hours, 40 * DAY + 14.5 * HOUR, 40 * DAY + 15.5 * HOUR) < 0.65


def test_another_life_remembers_the_hours():
    again = Hours()
    known = days(3, evening)
    known.change(10 * DAY + 14.5 * HOUR)
    again.recall(json.loads(json.dumps(known.learned())), 0.9)
    assert again.change(10 * DAY + 15.5 * HOUR) == pytest.approx(2.0, rel=0.1)
    with pytest.raises(ValueError, match="one of 24"):
        again.recall({"dials": [1.0], "persons": [1.0], "asked": []}, 1.0)


# -- clocks and calendars -------------------------------------------------------------------------------

BERLIN = ZoneInfo("Europe/Berlin")


def at(day: int, hour: float, month: int = 3) -> float:
    """In 2026, by Berlin's clocks; they go forward on Sunday, March 29."""
    return datetime(2026, month, day, int(hour), round(hour % 1 * 60), tzinfo=BERLIN).timestamp()


def berlin(days: Iterable[int], share: Callable[[int, int], float], seed: int = 1) -> Hours:
    """From nine to six on these days of March."""
    hours, draw = Hours("Europe/Berlin"), Random(seed)
    for day in days:
        for hour in range(9, 18):
            for i in range(600):
                hours.resolved(at(day, hour) + 6.0 * i, float(draw.random() < share(day, hour)))
    return hours


def test_hours_are_those_of_the_clocks_on_the_wall():
    """Learnt in winter time; the Monday after is in summer time, an hour earlier in UTC."""
    hours = berlin(range(23, 28), lambda day, hour: evening(hour))
    assert from_to(hours, at(30, 13.5), at(30, 14.5)) == pytest.approx(1.0, abs=0.15)
    assert from_to(hours, at(30, 14.5), at(30, 15.5)) == pytest.approx(2.0, rel=0.1)


def test_a_saturday_is_not_a_weekday():
    """People are at home on a Saturday morning, on weekdays in the evening."""

    def share(day: int, hour: int) -> float:
        return evening(hour) if day % 7 not in (0, 1) else 0.6 - evening(hour)  # March 1 is a Sunday

    hours = berlin(range(2, 23), share)
    assert from_to(hours, at(23, 14.5), at(23, 15.5)) == pytest.approx(2.0, rel=0.15)
    assert from_to(hours, at(27, 17.5), at(28, 9.5)) == pytest.approx(1.0, rel=0.2)
    assert from_to(hours, at(28, 14.5), at(28, 15.5)) == pytest.approx(0.5, rel=0.2)


def test_a_day_of_which_little_is_known_goes_as_the_others():
    hours = berlin(range(23, 28), lambda day, hour: evening(hour))
    assert from_to(hours, at(28, 14.5), at(28, 15.5)) == pytest.approx(2.0, rel=0.1)


def test_days_that_do_not_differ_are_not_told_apart():
    for seed in range(3):
        hours = berlin(range(2, 23), lambda day, hour: evening(hour), seed)
        for hour in range(9, 17):
            week = from_to(hours, at(27, hour + 0.5), at(27, hour + 1.5))
            assert from_to(hours, at(28, hour + 0.5), at(28, hour + 1.5)) == pytest.approx(week, abs=0.2)


def test_what_was_learnt_of_all_days_alike_by_utc_is_not_lost():
    """As it was saved before days and clocks were told apart: hours 9 to 17 of UTC are 10 to 18 in Berlin's winter."""
    by_utc = [0.0] * 9 + [600.0] * 9 + [0.0] * 6
    persons = [dials * (0.4 if hour >= 14 else 0.2) for hour, dials in enumerate(by_utc)]
    hours = Hours("Europe/Berlin")
    hours.recall({"dials": by_utc, "persons": persons, "asked": [at(6, 17.5)]}, 1.0)
    assert from_to(hours, at(9, 14.5), at(9, 15.5)) == pytest.approx(2.0, rel=0.1)
    assert from_to(hours, at(9, 13.5), at(9, 14.5)) == pytest.approx(1.0, abs=0.05)


def test_other_clocks_put_the_hours_elsewhere():
    """The campaign's `hours` are of another zone from now on; eight hours lie between Berlin and Chicago just then."""
    hours = berlin(range(23, 27), lambda day, hour: evening(hour))
    hours.change(at(27, 15.5))
    hours.live_in("America/Chicago")
    assert from_to(hours, at(27, 14.5), at(27, 15.5)) == pytest.approx(2.0, rel=0.1)
    assert hours.learned()["zone"] == ["America/Chicago"]
    assert sum(hours.learned()["dials"][:9]) > 0, "Berlin's nine is three there"


EVENING = World(3, 0.3, 40.0, 5.0, 3.0, breaks=False, disturbances=(Jump(2 * HOUR, 3 * HOUR, 2.0),))
"""Three hours; in the last one people answer twice as often."""


@pytest.fixture(scope="module")
def learned() -> dict[str, Any]:
    """What the first day taught."""
    pacer = Predictive(Pace(ring_s=EVENING.ring_timeout_s))
    Shift(EVENING, pacer, 1, tick_s=5.0).run()
    return dict(json.loads(json.dumps(pacer.learned())))


def share_at(hours: float, learned: dict[str, Any]) -> float:
    """Of the next day, believed in at that time."""
    pacer = Predictive(Pace(ring_s=EVENING.ring_timeout_s))
    pacer.recall(learned, DAY)
    Shift(replace(EVENING, hours=hours), pacer, 2, tick_s=5.0).run()
    return pacer.beliefs(hours * HOUR).answer_ratio


def test_a_pacer_expects_the_evening_before_it_comes(learned: dict[str, Any]):
    forgetful = {name: state for name, state in learned.items() if name != "hours"}
    assert share_at(2.02, learned) > share_at(2.02, forgetful) + 0.1
