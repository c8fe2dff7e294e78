"""How often detection is wrong, as a rate with its interval."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.campaigns.detection import Share, Tally


@pytest.mark.parametrize(("count", "of", "low", "high"), [
    (0, 10, 0.0, 0.2775), (1, 20, 0.0089, 0.2361), (10, 20, 0.2993, 0.7007), (263, 263, 0.9856, 1.0),
])  # fmt: skip
def test_the_interval_is_wilson_s(count: int, of: int, low: float, high: float) -> None:
    """Values of Newcombe 1998, table I, where it has them (263 of 263), else of the formula by hand."""
    assert Share(count, of).interval == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_rate_lies_in_its_interval(count: int, of: int) -> None:
    share = Share(min(count, of), of)
    low, high = share.interval
    assert share.rate is not None
    assert 0 <= low <= share.rate + 1e-12 and share.rate - 1e-12 <= high <= 1


def test_the_guess_counts_less_and_less() -> None:
    assert Share(0, 0).with_guess(0.02) == 0.02
    assert Share(0, 0).interval == (0.0, 1.0) and Share(0, 0).rate is None
    assert math.isclose(Share(10, 100).with_guess(0.02), 11 / 150)
    assert abs(Share(1000, 10_000).with_guess(0.02) - 0.1) < 0.001


def test_what_detection_said_and_what_it_was() -> None:
    tally = Tally()
    for said, was, times in ((True, False, 2), (True, True, 8), (False, True, 1), (False, False, 9)):
        tally.add(said, was, times)
    assert (tally.false_positives, tally.missed) == (Share(2, 10), Share(1, 10))
    tally.add(True, False, -1)
    assert tally.false_positives == Share(1, 9)
