"""What the pacer learns, against the distributions that the samples were drawn from."""

from math import erf, exp, log, sqrt
from random import Random

import pytest

from dialer.campaigns.pacing.answers import BIN_S, Answers
from dialer.campaigns.pacing.durations import Freeing, Lasting
from dialer.campaigns.pacing.share import Share

RING_S = 22.0


def lognormal_tail(x: float, mean: float, variation: float) -> float:
    spread = log(1 + variation**2)
    return 0.5 * (1 - erf((log(x) - log(mean) + spread / 2) / sqrt(spread) / sqrt(2)))


def learnt(mean: float, variation: float, samples: int, seed: int = 1) -> Lasting:
    draw, spread = Random(seed), log(1 + variation**2)
    lasting = Lasting(120.0, 1.0, 6.0)
    for _ in range(samples):
        lasting.learn(draw.lognormvariate(log(mean) - spread / 2, sqrt(spread)))
    lasting.refresh()
    return lasting


@pytest.mark.parametrize("elapsed", [10.0, 60.0, 240.0])
@pytest.mark.parametrize("more", [5.0, 30.0])
def test_what_is_left_of_a_talk_depends_on_how_long_it_has_been(elapsed: float, more: float) -> None:
    lasting = learnt(180.0, 1.0, 3000)
    left = lasting.outlasts(elapsed + more) / lasting.outlasts(elapsed)
    true = lognormal_tail(elapsed + more, 180.0, 1.0) / lognormal_tail(elapsed, 180.0, 1.0)
    assert left == pytest.approx(true, abs=0.02)


def test_two_kinds_of_talks_are_not_taken_for_one() -> None:
    """Half last 20 s, half 300 s: after 60 s nobody is about to be free, which no lognormal curve would say."""
    lasting, draw = Lasting(120.0, 1.0, 6.0), Random(1)
    for _ in range(1500):
        lasting.learn(draw.gauss(20, 2) if draw.random() < 0.5 else draw.gauss(300, 15))
    lasting.refresh()
    assert 1 - lasting.outlasts(90.0) / lasting.outlasts(60.0) < 0.03
    assert lasting.outlasts(60.0) == pytest.approx(0.5, abs=0.05)


def test_an_agent_is_free_after_the_talk_and_the_wrap_up() -> None:
    draw = Random(3)
    talks, wraps = [draw.lognormvariate(4.0, 0.8) for _ in range(4000)], [draw.gammavariate(2, 8) for _ in range(4000)]
    talk, wrap = Lasting(120.0, 1.0, 6.0), Lasting(20.0, 0.7, 6.0)
    for one, other in zip(talks, wraps, strict=True):
        talk.learn(one)
        wrap.learn(other)
    freeing = Freeing(talk, wrap)
    for _ in range(2000):
        freeing.ended_work(True)
    freeing.refresh([10.0, 25.0])
    for elapsed in (20.0, 80.0):
        going = [(one, other) for one, other in zip(talks, wraps, strict=True) if one > elapsed]
        for chance, within in zip(freeing.talking(elapsed), (10.0, 25.0), strict=True):
            true = sum(one + other <= elapsed + within for one, other in going) / len(going)
            assert chance == pytest.approx(true, abs=0.035)
    still = [other for other in wraps if other > 12]
    true = sum(other <= 22 for other in still) / len(still)
    assert freeing.wrapping(12.0)[0] == pytest.approx(true, abs=0.05)


class Calls:
    """Dials one after the other: a person answers `share` of them, half of the others ring out, half fail at once."""

    def __init__(self, share: float) -> None:
        self.share, self.draw, self.now = share, Random(5), 0.0
        self.answers = Answers(RING_S)

    def dial(self) -> tuple[float | None, float]:
        """When a person answers, or None; and when it ends for nobody."""
        if self.draw.random() < self.share:
            return 2 + 8 * exp(self.draw.gauss(0, 0.4)), 99.0
        return None, 2.0 if self.draw.random() < 0.5 else RING_S + 2

    def run(self, dials: int) -> None:
        for _ in range(dials):
            self.now += 1.0
            self.answers.share.expected(self.share, 1.0)
            at, ends = self.dial()
            if at is not None and at < RING_S:
                self.answers.person(self.now, at, at + 1.0)
            else:
                self.answers.nobody(self.now, ends, None)
        self.answers.refresh(5)


@pytest.mark.parametrize("age", [0.0, 6.0, 12.0])
def test_the_chance_of_a_person_depends_on_how_long_it_has_been_in_the_air(age: float) -> None:
    calls = Calls(0.4)
    calls.run(3000)
    [(_, chances)] = calls.answers.demand({int(age / BIN_S): 1})
    fates = [calls.dial() for _ in range(20_000)]
    out = [at for at, ends in fates if min(at or 99.0, ends) > age]
    for point, chance in zip(calls.answers.points, chances, strict=True):
        true = sum(at is not None and at + 1.0 <= age + point for at in out) / len(out)
        assert chance == pytest.approx(true, abs=0.05)


def test_calls_taken_back_do_not_pass_for_calls_that_nobody_would_answer() -> None:
    """All calls out for more than 9 s are ended: half of the people are not heard of, and still are known of."""
    calls = Calls(0.4)
    for _ in range(4000):
        calls.now += 1.0
        calls.answers.share.expected(calls.share, 1.0)
        at, ends = calls.dial()
        if int(calls.now) % 50 == 0:
            calls.answers.refresh(5)
        if min(at or 99.0, ends) > 9.0 and calls.draw.random() < 0.7:
            calls.answers.taken_back(calls.now, 9.0)
        elif at is not None and at < RING_S:
            calls.answers.person(calls.now, at, at + 1.0)
        else:
            calls.answers.nobody(calls.now, ends, None)
    assert calls.answers.share.settled == pytest.approx(0.4, abs=0.05)


def test_answers_beyond_chance_change_the_share_within_some_answers() -> None:
    share = Share()
    for i in range(1000):
        share.resolved(float(i), float(i % 3 == 0))
        share.expected(1 / 3, 1.0)
    assert share.value == pytest.approx(1 / 3, abs=0.05)
    for i in range(40):  # answers come in twice as often as they were expected
        share.resolved(1000.0 + i, 1.0)
        share.expected(0.5, 1.0)
    assert share.value > 0.5


def test_a_dead_carrier_is_not_taken_for_people_who_do_not_answer() -> None:
    share = Share()
    for i in range(1000):
        share.resolved(float(i), float(i % 3 == 0))
        share.expected(1 / 3, 1.0)
    for i in range(500):
        share.resolved(1000.0 + 0.1 * i, 0.0)
    assert share.out
    assert share.value > 0.25
    for i in range(40):
        share.resolved(1100.0 + i, float(i % 3 == 0))
        share.expected(1 / 3, 1.0)
    assert not share.out


def test_a_list_that_has_run_dry_is_believed_in_the_end() -> None:
    share = Share()
    for i in range(1000):
        share.resolved(float(i), float(i % 3 == 0))
        share.expected(1 / 3, 1.0)
    for i in range(3000):
        share.resolved(1000.0 + i, 0.0)
        share.expected(share.settled, 1.0)
    assert share.value < 0.1


def test_failures_that_come_before_the_first_answers_can_do_not_lower_the_share() -> None:
    """Sixty were dialled at once; a sixth failed at once, and the first people answer after that."""
    share = Share()
    for i in range(10):
        share.resolved(0.5 * i, 0.0)
        share.expected(0.05, 0.5)
    assert share.value == pytest.approx(0.4)


def test_the_first_answers_of_all_are_no_break_and_the_lull_after_them_no_outage() -> None:
    share = Share()
    for i in range(60):
        share.expected(0.3, 1.0)
        share.resolved(float(i), float(10 <= i < 40))
    for _ in range(25):
        share.expected(0.3, 1.0)
    assert share.broken_at < 0 and not share.out
