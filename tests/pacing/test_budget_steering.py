"""The risk that is allowed, given what was lost."""

from collections import deque
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.campaigns.pacing.share import Share
from dialer.campaigns.pacing.steering import Steering

SHARE = 0.03
MIDDLE = 5.4
"""As many losses in hand as are meant to be, of sixty that were allowed."""


@given(answered=st.floats(0.0, 50_000.0), spare=st.floats(-20.0, 200.0), less=st.floats(0.0, 20.0))
def test_with_less_in_hand_no_more_is_risked(answered: float, spare: float, less: float) -> None:
    steering = Steering()
    assert 0.0 <= steering.risk(SHARE, answered, spare - less) <= steering.risk(SHARE, answered, spare) <= 0.6


@given(answered=st.floats(0.0, 50_000.0))
def test_five_calls_beyond_the_law_are_the_end_whatever_went_before(answered: float) -> None:
    assert Steering().risk(SHARE, answered, -5.01) == 0.0


def test_a_burst_of_losses_does_not_stop_a_team_of_many() -> None:
    """Some are lost at once out of 12,000: a call or two short of the goal changes little."""
    steering = Steering()
    assert steering.risk(SHARE, 12_000.0, 14.0) > 0.8 * steering.risk(SHARE, 12_000.0, 18.0)
    assert steering.risk(SHARE, 300.0, -1.0) < 0.2 * steering.risk(SHARE, 300.0, 2.0)


@given(answered=st.floats(200.0, 50_000.0))
def test_the_loss_that_would_be_one_too_many_is_hardly_risked(answered: float) -> None:
    steering = Steering()
    assert steering.risk(SHARE, answered, 1.0) < 0.15 * steering.risk(SHARE, answered, 8.0)


def test_who_loses_several_at_a_time_keeps_further_off() -> None:
    alone, together = Steering(), Steering()
    for i in range(60):
        alone.lost(100.0 * i)
        together.lost(200.0 * (i // 2))
    for spare in (1.0, 2.0, 4.0):
        assert together.risk(SHARE, 1_000.0, spare) < 0.9 * alone.risk(SHARE, 1_000.0, spare)


@pytest.mark.parametrize("share", [0.01, 0.03, 0.05])
@pytest.mark.parametrize("together", [1, 2])
def test_at_no_moment_more_is_lost_than_may_be(share: float, together: int) -> None:
    """Each risk comes to what it says, some answers later, so many at a time. After the first six that were allowed."""
    over = 0
    for seed in range(20):
        draw, steering, lost, late = Random(seed), Steering(), 0, deque([0.0] * 3)
        for answered in range(1, int(60 / share)):
            risk = steering.risk(share, answered, share * answered - lost)
            late.append(risk)
            steering.answered(risk)
            if draw.random() < late.popleft() / together:
                lost += together
                for _ in range(together):
                    steering.lost(60.0 * answered)
            if share * answered >= 6 and lost > share * answered:
                over += 1
                break
        assert lost > 0.6 * share * answered
    assert over <= 2


@pytest.mark.parametrize("ratio", [0.4, 1.2])
def test_it_learns_what_a_risk_comes_to(ratio: float) -> None:
    steering, lost = Steering(), 0.0
    for i in range(20_000):
        risk = steering.risk(SHARE, 2_000.0, MIDDLE)
        steering.answered(risk)
        lost += ratio * risk
        if lost >= 1:
            steering.lost(20.0 * i)
            lost -= 1
    assert ratio * steering.risk(SHARE, 2_000.0, MIDDLE) == pytest.approx(SHARE, rel=0.1)


def test_while_nothing_changes_the_share_stays_where_it_is() -> None:
    """One in three, evenly: some answers more or less within the last minute are no news."""
    share = Share()
    for i in range(3000):
        share.resolved(float(i), float(i % 3 == 0))
        share.expected(1 / 3, 1.0)
    before = share.value
    for _ in range(5):
        share.resolved(3000.0, 1.0)
    assert share.value == pytest.approx(before, rel=0.03)
    assert share.variation < 0.08
