"""The pacer, driven by another simulator than the project's own, with what goes wrong in the world."""

from collections.abc import Callable
from math import inf

import pytest
from foreign_world import Foreign, one_to_one, shift

from dialer.campaigns.pacing import EventKind, IdleAgent, Pace, Predictive, Snapshot
from dialer.campaigns.pacing.dials import Dials, Fact, Lost, Nobody, Person
from dialer.campaigns.pacing.durations import Freeing, Lasting
from dialer.campaigns.pacing.share import Share

FREE = {"here": 50}
SPENT = {"answered": 1000.0, "abandoned": 60.0}

# -- whole shifts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answers", "talk_s"), [(0.2, 60.0), (0.35, 180.0), (0.6, 60.0)])
def test_fifty_agents_begin_together_and_cold(answers: float, talk_s: float) -> None:
    """Talks that are over soon, answers and failures that come soon are the first that are seen: they are not all."""
    assert shift(Foreign(agents=50, seconds=600.0, answers=answers, talk_s=talk_s), 2).worst_since_start() < 0.06


def test_a_carrier_whose_calls_ring_out_and_then_do_not() -> None:
    floor = shift(Foreign(seconds=3600.0, silent=(1500.0, 2100.0)), 2)
    assert floor.lost_between(2100, 3600) < 0.065


def test_calls_ring_three_times_as_long_as_configured_and_are_not_taken_back() -> None:
    world = Foreign(agents=8, seconds=5400.0, ring_s=66.0, ring_median_s=16.0, ring_sigma=0.6, obeys=False)
    floor = shift(world, 1)
    assert floor.abandoned < 0.042
    assert floor.occupancy > one_to_one(world, 1).occupancy + 0.02


@pytest.mark.parametrize(
    ("deaf", "gain"),
    [
        ("connected idle left answered ringing wrap_up machine failed", 0.01),
        ("failed", 0.02),
        ("connected idle", 0.02),
    ],
)
def test_it_is_worth_it_whatever_is_not_told(deaf: str, gain: float) -> None:
    world = Foreign(deaf=frozenset(deaf.split()))
    floor = shift(world, 1)
    assert floor.abandoned < 0.045
    assert floor.occupancy > one_to_one(world, 1).occupancy + gain


def test_news_that_comes_late_costs_less_than_it_brings() -> None:
    world = Foreign(late_s=2.0)
    floor = shift(world, 1)
    assert floor.abandoned < 0.045
    assert floor.occupancy > one_to_one(world, 1).occupancy


# -- dials ------------------------------------------------------------------------------------------------


def told(dials: Dials, *events: tuple[float, EventKind, str]) -> list[Fact]:
    return [fact for now, kind, dial in events for fact in dials.on_event(now, kind, dial)]


def test_people_of_whom_nothing_was_told_before_count_all_the_same() -> None:
    facts = told(Dials(22.0), (1.0, "abandoned", "a"), (1.5, "live", "a"), (2.0, "abandoned", "a"))
    assert facts == [Person(), Lost(0.0)]


def test_a_person_who_hangs_up_waits_no_longer() -> None:
    dials = Dials(22.0)
    told(dials, (0.0, "placed", "a"), (9.0, "live", "a"), (9.5, "failed", "a"))
    assert not dials.waiting


def test_what_comes_out_of_order_brings_nothing_back() -> None:
    dials = Dials(22.0)
    told(dials, (1.0, "failed", "a"), (1.5, "placed", "a"))
    assert not dials.air
    told(dials, (60.0, "placed", "a"))
    assert dials.air == {"a": 60.0}


def test_a_dial_given_up_is_still_known_when_it_is_answered() -> None:
    dials = Dials(22.0)
    told(dials, (0.0, "placed", "a"), (0.0, "placed", "b"))
    assert list(dials.give_up(50.0, 0)) == [Nobody(50.0), Nobody(50.0)]
    assert told(dials, (60.0, "answered", "a"), (61.0, "live", "a")) == [Person(60.0, 1.0)]
    told(dials, (61.0, "placed", "c"))
    assert list(dials.give_up(61.0 + 60.0, 0)) == []  # they may ring for a minute here


def test_a_dial_that_the_driver_counts_is_not_given_up() -> None:
    dials = Dials(22.0)
    told(dials, (0.0, "placed", "a"), (1.0, "placed", "b"))
    assert list(dials.give_up(60.0, 2)) == []
    assert list(dials.give_up(60.0, 1)) == [Nobody(60.0)]
    assert list(dials.air) == ["b"] and dials.untold(1) == 0


def test_a_driver_that_never_tells_of_losses_is_not_believed_to_have_none() -> None:
    dials = Dials(22.0)
    for i in range(30):
        told(dials, (float(i), "placed", f"{i}"), (i + 5.0, "connected", f"{i}"))
    told(dials, (40.0, "live", "x"))
    assert list(dials.give_up(60.0, 0)) == [Lost(None)]


def test_where_losses_are_told_those_not_told_are_as_likely_as_the_others() -> None:
    dials, facts = Dials(22.0), []
    for i in range(400):
        told(dials, (i * 30.0, "placed", f"{i}"), (i * 30.0 + 5.0, "live", f"{i}"))
        if i % 2:
            told(dials, (i * 30.0 + 6.0, "abandoned" if i % 20 == 1 else "connected", f"{i}"))
        facts += list(dials.give_up(i * 30.0 + 16.0, 0))
    assert facts.count(Lost(None)) == pytest.approx(0.1 * 200, abs=4)


def risk_after(connections_told: Callable[[int], bool]) -> float:
    """What is risked after a hundred calls, each taken by an agent of her own."""
    pacer, free = Predictive(Pace(answered=1_000.0, abandoned=25.0)), [IdleAgent(f"a{i}", "here") for i in range(100)]
    for i in range(100):
        pacer.decide(i * 30.0, Snapshot(idle=tuple(free[i:]), free={}))
        pacer.on_event(i * 30.0 + 1.0, "live", f"{i}", None)
        if connections_told(i):
            pacer.on_event(i * 30.0 + 1.0, "connected", f"{i}", f"a{i}")
        for second in range(2, 16):
            pacer.decide(i * 30.0 + second, Snapshot(idle=tuple(free[i + 1 :]), free={}))
    return pacer.beliefs(3_100.0).risk


def test_agents_who_go_to_work_without_a_word_have_taken_calls() -> None:
    """Every tenth event is lost, no loss was told so far: that is no driver that never tells of losses."""
    assert risk_after(lambda i: i < 30 or i % 10 > 0) == pytest.approx(risk_after(lambda i: True), rel=0.05)


@pytest.mark.parametrize("agents", [10, 50])
def test_when_every_tenth_event_is_lost_the_law_is_kept_all_the_same(agents: int) -> None:
    floor = shift(Foreign(agents=agents, seconds=4_500.0 if agents == 10 else 1_500.0, lost=0.1), 1)
    assert 0.01 < floor.abandoned < 0.036
    assert floor.worst_since_start() < 0.06


# -- agents -----------------------------------------------------------------------------------------------


def test_an_agent_who_is_idle_no_more_has_taken_the_call() -> None:
    pacer = Predictive(Pace(**SPENT))
    two = tuple([IdleAgent(name, "here") for name in ("ann", "bob")])
    pacer.decide(0.0, Snapshot(idle=two, free=FREE))
    pacer.on_event(0.0, "live", "a", None)
    assert len(pacer.decide(1.0, Snapshot(idle=two[1:], free=FREE)).places) == 1
    assert pacer.supply(1.0)[0][0] == 1


def test_talks_that_go_on_are_no_short_talks() -> None:
    """Fifty began together. After a minute eight are over, which lasted half a minute; the others go on."""
    lasting = Lasting(120.0, 1.0, 6.0)
    for _ in range(8):
        lasting.learn(30.0)
    lasting.refresh()
    hasty = lasting.outlasts(90.0) / lasting.outlasts(60.0)
    lasting.refresh([60.0] * 42)
    assert lasting.outlasts(60.0) > 0.75
    assert lasting.outlasts(90.0) / lasting.outlasts(60.0) > hasty + 0.15


def test_who_wraps_up_for_ever_is_not_counted_on() -> None:
    freeing = Freeing(Lasting(120.0, 1.0, 6.0), Lasting(20.0, 0.7, 6.0))
    freeing.refresh([10.0, 25.0])
    assert freeing.wrapping(20.0)[1] > 0.5
    assert max(freeing.wrapping(400.0)) < 0.05


# -- the carrier ------------------------------------------------------------------------------------------


def steady() -> Share:
    share = Share()
    for i in range(1000):
        share.resolved(float(i), float(i % 3 == 0))
        share.expected(1 / 3, 1.0)
    return share


def test_a_drought_of_answers_is_an_outage_before_a_dial_has_rung_out() -> None:
    share, least = steady(), inf
    for _ in range(60):
        share.expected(0.25, 1.0)
        least = min(least, share.value)
    assert share.out and least > 0.5 * share.settled
    assert share.value == pytest.approx(1 / 3, abs=0.05)


def test_half_as_many_answers_are_no_outage() -> None:
    share = steady()
    for i in range(600):
        share.resolved(1000.0 + i, float(i % 6 == 0))
        share.expected(1 / 3 if not share.out else 0.0, 1.0)
    assert share.value == pytest.approx(1 / 6, abs=0.05)


def test_at_first_silence_says_nothing() -> None:
    share = Share()
    for _ in range(25):
        share.expected(1.0, 1.0)
    assert share.value == pytest.approx(0.4)
