"""Samples of recordings: one in each part of the period, by a seed, made as the period goes."""

import random
from collections import Counter
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from dialer.config.score_cards import Sample
from dialer.quality.sampling import Candidate, Drawn, Period, draw, period_at

BERLIN = ZoneInfo("Europe/Berlin")
SAMPLE = Sample(card="service", per_agent=4)
PERIOD = Period("2026-11", 0.0, 4000.0)
RULE = "client:acme"


def talks(agent: str, *began: float) -> list[Candidate]:
    return [Candidate(f"{agent}-{at:g}", agent, at) for at in began]


MANY = [one for agent in ("anna", "bob") for one in talks(agent, *range(0, 4000, 10))]


def drawn(candidates: list[Candidate], now: float, before: tuple[Drawn, ...] = ()) -> list[Drawn]:
    return list(draw(RULE, SAMPLE, PERIOD, candidates, before, now))


@pytest.mark.parametrize(("at", "per", "name", "days"), [
    (1_792_000_000.0, "month", "2026-10", 31 + 1 / 24), (1_793_491_200.0, "month", "2026-11", 30),
    (1_793_491_200.0, "week", "2026-W44", 7), (1_792_900_000.0, "week", "2026-W43", 7 + 1 / 24),
])  # fmt: skip
def test_periods_on_the_clients_clock(at: float, per: str, name: str, days: float) -> None:
    period = period_at(at, per, BERLIN)  # type: ignore[arg-type]
    assert (period.name, (period.until - period.since) / 86_400) == (name, pytest.approx(days))
    assert period.since <= at < period.until
    assert period_at(period.since, per, BERLIN) == period_at(period.until - 1, per, BERLIN) == period  # type: ignore[arg-type]


def test_one_a_part_of_each_agent_once_the_part_is_over() -> None:
    assert drawn(MANY, 999.0) == []
    for parts in (1, 2, 3, 4):
        found = drawn(MANY, 1000.0 * parts)
        assert Counter(one.agent for one in found) == {"anna": parts, "bob": parts}
        by_id = {one.id: one for one in MANY}
        assert all(1000 * one.part <= by_id[one.id].began_at < 1000 * (one.part + 1) for one in found)


def test_the_same_whenever_and_in_whatever_order_it_is_asked() -> None:
    at_once = set(drawn(MANY, 4000.0))
    as_it_goes: set[Drawn] = set()
    for now in (1000.0, 1700.0, 2000.0, 3000.0, 4000.0, 9000.0):
        shuffled = random.Random(now).sample(MANY, len(MANY))
        as_it_goes |= set(draw(RULE, SAMPLE, PERIOD, shuffled, tuple(as_it_goes), now))
    assert as_it_goes == at_once and len(at_once) == 8


def test_no_talk_is_liked_better_than_another() -> None:
    counts: Counter[float] = Counter()
    for period in range(2000):
        found = draw(RULE, SAMPLE, replace(PERIOD, name=str(period)), talks("anna", 10, 20, 30, 40, 50), (), 1000.0)
        counts.update(float(one.id.removeprefix("anna-")) for one in found)
    assert all(320 < counts[at] < 480 for at in (10, 20, 30, 40, 50))  # 400 expected, 18 the standard deviation


def test_an_empty_part_is_made_up_for_from_the_others() -> None:
    away = talks("anna", 100, 200, 300, 3500)
    found = drawn(away, 3000.0)
    assert sorted(one.part for one in found) == [0, 1, 2] and len({one.id for one in found}) == 3
    later = drawn(away, 4000.0, tuple(found))
    assert [(one.part, one.id) for one in later] == [(3, "anna-3500")]
    assert drawn(talks("anna", 100), 4000.0) == [Drawn("anna-100", "anna", 0)]


def test_what_is_gone_is_replaced_from_its_part_and_never_comes_back() -> None:
    found = drawn(MANY, 4000.0)
    lost = next(one for one in found if (one.agent, one.part) == ("anna", 2))
    before = tuple(replace(one, dropped=one is lost) for one in found)
    [new] = drawn([one for one in MANY if one.id != lost.id], 4000.0, before)
    assert (new.agent, new.part) == ("anna", 2) and new.id != lost.id
    assert drawn(MANY, 4000.0, (*before, new)) == []
