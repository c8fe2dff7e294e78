"""How much risk the budget allows."""

import pytest

from dialer.campaigns.pacing import Pace, Window
from dialer.campaigns.pacing.budget import Budget, Counted

LAW = Window(30 * 86_400.0, 0.03)


def budget(answered: int, lost: int, *windows: Window) -> Budget:
    made = Budget(Pace(windows=windows or (LAW,)))
    for i in range(answered):
        made.answered(float(i))
        if i < lost:
            made.lost(float(i))
    return made


def test_the_more_is_lost_the_less_may_be_risked() -> None:
    risks = [budget(1000, lost).risk(1000.0) for lost in (10, 20, 26, 29, 31)]
    assert risks == sorted(risks, reverse=True)
    assert risks[0] > 2 * risks[-1] > 0


def test_when_the_budget_is_overdrawn_nothing_is_risked() -> None:
    assert budget(1000, 34).risk(1000.0) == 0.0


def test_a_cold_start_may_lose_some_and_not_many() -> None:
    assert budget(20, 1).risk(20.0) > 0
    assert budget(20, 6).risk(20.0) == 0.0


def test_the_shorter_window_holds_back_when_the_long_one_has_plenty() -> None:
    half_hour = Window(1800.0, 0.045)
    free = budget(1000, 0, LAW, half_hour)
    for _ in range(60):
        free.lost(1000.0)
    alone = budget(2500, 0)
    for _ in range(60):
        alone.lost(2500.0)
    assert free.risk(1000.0) < alone.risk(2500.0) / 10


def test_what_was_lost_before_a_restart_is_not_forgotten() -> None:
    spent = Budget(Pace(windows=(LAW,), answered=1000.0, abandoned=40.0))
    assert spent.risk(1.8e9) == 0.0


def test_a_window_forgets_what_is_older_than_itself() -> None:
    counted = Counted(Window(600.0, 0.1))
    counted.add(0.0, 0.0, 5.0)
    counted.add(300.0, 50.0, 0.0)
    assert counted.spare(310.0) == pytest.approx(0.0)
    assert counted.spare(700.0) == pytest.approx(5.0)
    assert counted.spare(2000.0) == pytest.approx(0.0)


def test_after_a_break_the_half_hour_is_held_tightly_for_a_while() -> None:
    """Four hundred answered within half an hour, 14 of them lost: 3.5 %. The month has plenty."""
    made = Budget(Pace(answered=50_000.0, abandoned=1_000.0))
    for i in range(400):
        made.answered(4.0 * i)
        if i % 28 == 0 and i:
            made.lost(4.0 * i)
    as_ever = made.risk(1_600.0)
    assert made.risk(1_600.0, broken_at=1_000.0) < 0.25 * as_ever
    assert made.risk(1_600.0, broken_at=-2_000.0) == as_ever


def test_after_a_break_a_team_of_few_may_still_dial() -> None:
    made = Budget(Pace(answered=5_000.0, abandoned=100.0))
    for i in range(30):
        made.answered(10.0 * i)
    assert made.risk(300.0, broken_at=290.0) > 0.01
