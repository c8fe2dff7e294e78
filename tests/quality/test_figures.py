"""A stretch's figures: means over time, the worst, and how losses are bunched."""

import random
from dataclasses import replace
from statistics import mean

import pytest

from dialer.quality.codecs import CODECS
from dialer.quality.emodel import mos, rating
from dialer.quality.figures import bursts, delay_s, figures
from dialer.quality.streams import Interval

G711 = CODECS["alaw"]


def interval(number: int, lost: int = 0, expected: int = 250, **more: object) -> Interval:
    it = Interval(number * 5.0, number * 5.0 + 5, expected, lost, lost / expected, 0.002, 0.08, silent=False)
    return replace(it, **more)


def gilbert(seed: int, loss: float, burst_ratio: float, intervals: int) -> list[Interval]:
    """Losses of a chain of two states whose BurstR is 1 / (enter + leave)."""
    chance, losing = random.Random(seed), False
    enter, leave = loss / burst_ratio, (1 - loss) / burst_ratio
    found = []
    for number in range(intervals):
        lost = 0
        for _ in range(250):
            losing = chance.random() >= leave if losing else chance.random() < enter
            lost += losing
        found.append(interval(number, lost))
    return found


def test_nothing_reported_nothing_known():
    assert figures([], G711) is None


def test_a_clean_leg():
    found = figures([interval(n) for n in range(12)], G711)
    assert found is not None
    # 40 ms of network, 20 ms of packet, 4 ms of jitter buffer
    assert found.r == pytest.approx(rating(0, 1, 0.064, G711)) and found.r == pytest.approx(91.4, abs=0.1)
    assert (found.loss, found.dead_air_s, found.burst_ratio, found.seconds) == (0, 0, 1, 60)
    assert found.mos == mos(found.r) and found.round_trip_s == pytest.approx(0.08)


def test_delay_by_hand():
    assert delay_s(interval(0), G711) == pytest.approx(0.04 + 0.02 + 2 * 0.002)
    assert delay_s(interval(0, round_trip_s=None), G711) == pytest.approx(0.024)


def test_a_third_in_silence_costs_a_third():
    clean = figures([interval(n) for n in range(4)], G711)
    silent = [interval(n, 250, silent=True, loss=1.0) for n in (4, 5)]
    found = figures([*(interval(n) for n in range(4)), *silent], G711)
    assert clean is not None and found is not None
    assert found.r == pytest.approx(clean.r * 4 / 6) and found.r_worst == 0
    assert found.loss == pytest.approx(1 / 3) and found.dead_air_s == 10
    assert found.jitter_s == pytest.approx(0.002)  # of what was heard


def test_an_interval_weighs_as_long_as_it_lasts():
    short = interval(1, 25, ended=6.0)
    found = figures([interval(0), short], G711)
    assert found is not None
    assert found.loss == pytest.approx(0.1 / 6) and found.seconds == 6


def test_the_worst_is_the_worst():
    found = figures([interval(0), interval(1, 100), interval(2)], G711)
    assert found is not None and found.r_worst == pytest.approx(rating(0.4, 1, 0.064, G711)) and found.r > found.r_worst
    assert found.jitter_worst_s == 0.002


def test_an_unknown_round_trip_stays_unknown():
    found = figures([interval(0, round_trip_s=None)], G711)
    assert found is not None and found.round_trip_s is None


@pytest.mark.parametrize("burst_ratio", [2.0, 3.0, 5.0])
@pytest.mark.parametrize("loss", [0.01, 0.05])
def test_bursts_are_found(burst_ratio, loss):
    """Over many calls of five minutes the estimate is right to a fifth."""
    found = mean(bursts(gilbert(seed, loss, burst_ratio, 60)) for seed in range(40))
    assert found == pytest.approx(burst_ratio, rel=0.2)


@pytest.mark.parametrize("loss", [0.005, 0.05])
def test_chance_is_not_taken_for_bursts(loss):
    found = [bursts(gilbert(seed, loss, 1.0, 60)) for seed in range(60)]
    assert mean(found) < 1.1 and sum(it > 1 for it in found) <= 6


def test_a_loss_that_slowly_grows_is_no_burst():
    chance = random.Random(1)
    growing = [
        interval(n, sum(chance.random() < 0.001 * n for _ in range(250))) for n in range(60)
    ]  # fmt: skip
    assert bursts(growing) == 1


def test_few_intervals_tell_nothing_of_bursts():
    assert bursts([interval(n, 40 if n == 3 else 0) for n in range(7)]) == 1
    assert bursts([interval(n) for n in range(20)]) == 1
    assert bursts([interval(n, 250) for n in range(20)]) == 1
