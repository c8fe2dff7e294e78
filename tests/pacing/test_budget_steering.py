"""The risk that is allowed, given what was lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.campaigns.pacing.share import Share
from dialer.campaigns.pacing.steering import Steering

SHARE = 0.03


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


@pytest.mark.parametrize("ratio", [0.4, 1.2])
def test_it_learns_what_a_risk_comes_to(ratio: float) -> None:
    steering, lost = Steering(), 0.0
    for _ in range(20_000):
        risk = steering.risk(SHARE, 2_000.0, 3.8)  # as many in hand as are meant to be
        steering.answered(risk)
        lost += ratio * risk
        if lost >= 1:
            steering.lost()
            lost -= 1
    assert ratio * steering.risk(SHARE, 2_000.0, 3.8) == pytest.approx(SHARE, rel=0.1)


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
