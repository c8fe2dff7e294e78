"""The chance of more people than agents, against the sum over all that may happen."""

from collections.abc import Sequence
from itertools import product
from math import comb, prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.campaigns.pacing.excess import Agents, Exact, Refined, counts, upper_tail

chance = st.floats(0.01, 0.99)
chances = st.lists(chance, min_size=1, max_size=6)


def nobody_free(idle: int, live: Sequence[float], freed: Sequence[float]) -> float:
    """P(live ≥ idle + freed), every combination by itself."""
    total = 0.0
    for outcome in product((0, 1), repeat=len(live) + len(freed)):
        coming, going = outcome[: len(live)], outcome[len(live) :]
        if sum(coming) >= idle + sum(going):
            total += prod(p if hit else 1 - p for p, hit in zip([*live, *freed], outcome, strict=True))
    return total


def rows(chances: Sequence[float]) -> list[tuple[int, list[float]]]:
    return [(1, [one]) for one in chances]


@settings(max_examples=60, deadline=None)
@given(idle=st.integers(-1, 4), live=chances, freed=chances)
def test_the_exact_distribution_is_the_sum_over_all_combinations(
    idle: int, live: list[float], freed: list[float]
) -> None:
    [risk] = Exact(Agents(idle, rows(freed), 1), rows(live)).risks()
    assert risk == pytest.approx(nobody_free(idle, live, freed), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(idle=st.integers(0, 3), live=chances, freed=chances, fresh=chance)
def test_adding_a_dial_is_having_had_it(idle: int, live: list[float], freed: list[float], fresh: float) -> None:
    added = Exact(Agents(idle, rows(freed), 1), rows(live))
    added.add([fresh])
    had = Exact(Agents(idle, rows(freed), 1), rows([*live, fresh]))
    assert added.risks() == pytest.approx(had.risks())
    many = Refined(Agents(idle, rows(freed), 1), rows(live), 0.0)
    many.add([fresh])
    assert many.risks() == pytest.approx(Refined(Agents(idle, rows(freed), 1), rows([*live, fresh]), 0.0).risks())


@pytest.mark.parametrize("p", [0.1, 0.35, 0.8])
def test_counts_of_equal_chances_are_binomial(p: float) -> None:
    pmf = counts([(12, p)], 5)
    binomial = [comb(12, i) * p**i * (1 - p) ** (12 - i) for i in range(13)]
    assert pmf[:5] == pytest.approx(binomial[:5])
    assert pmf[5] == pytest.approx(sum(binomial[5:]))


@pytest.mark.parametrize(("idle", "dials", "p", "busy", "q"), [(4, 60, 0.2, 90, 0.15), (12, 100, 0.3, 150, 0.2)])
def test_the_refined_normal_agrees_with_the_exact_distribution(
    idle: int, dials: int, p: float, busy: int, q: float
) -> None:
    live, freed = counts([(dials, p)], dials), counts([(busy, q)], busy)
    true = sum(live[x] * sum(freed[: max(0, x - idle + 1)]) for x in range(dials + 1))
    [near] = Refined(Agents(idle, [(busy, [q])], 1), [(dials, [p])], 0.0).risks()
    assert near == pytest.approx(true, abs=0.004)
    third_left_out = upper_tail(-0.5 + idle + busy * q - dials * p, dials * p * (1 - p) + busy * q * (1 - q), 0.0)
    assert abs(near - true) <= abs(third_left_out - true)


def test_who_takes_an_agent_takes_it_from_those_who_come_later() -> None:
    """One agent idle, one dial that is live at the second point for certain: an earlier one costs it its agent."""
    assert Exact(Agents(1, [], 2), [(1, [0.0, 1.0])]).risk() == pytest.approx(1.0)
    assert Exact(Agents(2, [], 2), [(1, [0.0, 1.0])]).risk() == pytest.approx(0.0)


def test_an_unsure_estimate_is_a_greater_risk() -> None:
    sure = Refined(Agents(20, [], 1), [(60, [0.2])], 0.0)
    unsure = Refined(Agents(20, [], 1), [(60, [0.2])], 0.3)
    assert unsure.risk() > sure.risk() * 1.5


def test_the_most_dials_are_those_that_would_be_added_one_by_one() -> None:
    agents = Agents(10, [(1, [0.3, 0.4])] * 40, 2)
    step, search = (Refined(agents, [(5, [0.2, 0.3])], 0.1) for _ in range(2))
    count = 0
    while step.risk() <= 0.05:
        step.add([0.2, 0.35])
        count += 1
    assert search.most([0.2, 0.35], 0.05, 1000) == count > 10
    assert search.risks() == pytest.approx(step.risks())
    assert Refined(agents, [], 0.1).most([0.2, 0.35], 0.05, 3) == 3
    assert Exact(Agents(2, [], 1), []).most([0.5], 0.3, 100) == 3
