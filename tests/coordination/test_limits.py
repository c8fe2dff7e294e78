"""Channels and calls per second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.coordination.limits import BURST_S, RETURNABLE_S, Limit, Limits, LocalLimits, Scope

AST1, AST2 = Scope("switch", "ast1"), Scope("switch", "ast2")
ACME = Scope("campaign", "acme")


def test_channels_are_taken_in_all_scopes_or_in_none() -> None:
    limits: Limits = LocalLimits({AST1: Limit(channels=2), ACME: Limit(channels=1)})
    assert limits.acquire("a", [AST1, ACME]) is None
    assert limits.acquire("b", [AST1, ACME]) == ACME
    assert (limits.used(AST1), limits.free(AST1), limits.free(ACME)) == (1, 1, 0)
    assert limits.acquire("c", [AST1]) is None
    assert limits.acquire("d", [AST1]) == AST1


def test_a_holder_holds_once_and_gives_back_once() -> None:
    limits = LocalLimits({AST1: Limit(channels=1)})
    assert limits.acquire("a", [AST1, AST1]) is None
    assert limits.acquire("a", [AST1]) is None
    assert limits.used(AST1) == 1
    assert limits.release("a")
    assert not limits.release("a")
    assert limits.free(AST1) == 1


def test_no_limit_is_no_limit_and_yet_is_counted() -> None:
    limits = LocalLimits()
    assert all(limits.acquire(str(holder), [AST1]) is None for holder in range(500))
    assert (limits.free(AST1), limits.used(AST1), limits.allowance(AST1, 0.0)) == (None, 500, None)
    assert all(limits.take([AST1], 0.0) == 0.0 for _ in range(500))


def test_what_lives_already_counts_above_the_limit() -> None:
    limits = LocalLimits({AST1: Limit(channels=1)})
    limits.hold("a", [AST1])
    limits.hold("b", [AST1])
    assert (limits.used(AST1), limits.free(AST1), limits.acquire("c", [AST1])) == (2, 0, AST1)
    limits.release("a")
    assert limits.acquire("c", [AST1]) == AST1
    limits.release("b")
    assert limits.acquire("c", [AST1]) is None


def test_other_limits_keep_what_is_held() -> None:
    limits = LocalLimits({AST1: Limit(channels=5)})
    for holder in "abc":
        limits.acquire(holder, [AST1])
    limits.configure({AST1: Limit(channels=2)})
    assert (limits.used(AST1), limits.free(AST1)) == (3, 0)
    limits.configure({})
    assert limits.free(AST1) is None


HOLDERS = st.sampled_from("abcdef")
ACTIONS = st.lists(st.tuples(st.sampled_from(["acquire", "hold", "release"]), HOLDERS,
                             st.lists(st.sampled_from([AST1, AST2, ACME]), min_size=1)))  # fmt: skip


@given(ACTIONS)
def test_counts_are_those_of_a_plain_book(actions: list[tuple[str, str, list[Scope]]]) -> None:
    caps = {AST1: 2, AST2: 1}
    limits = LocalLimits({scope: Limit(channels=cap) for scope, cap in caps.items()})
    book: set[tuple[str, Scope]] = set()
    for action, holder, scopes in actions:
        new = {(holder, scope) for scope in scopes} - book
        match action:
            case "acquire":
                refused = limits.acquire(holder, scopes)
                full = {scope for _, scope in new if sum(s == scope for _, s in book) >= caps.get(scope, 99)}
                assert (refused in full) if full else (refused is None)
                book |= set() if full else new
            case "hold":
                limits.hold(holder, scopes)
                book |= new
            case _:
                assert limits.release(holder) == any(name == holder for name, _ in book)
                book = {entry for entry in book if entry[0] != holder}
        for scope in (AST1, AST2, ACME):
            assert limits.used(scope) == sum(s == scope for _, s in book)


@given(
    st.sampled_from([0.5, 1.0, 3.0, 10.0, 200.0]),
    st.lists(st.floats(0, 0.6), min_size=1, max_size=200),
)
def test_in_no_window_more_calls_than_its_rate_and_the_burst(rate: float, gaps: list[float]) -> None:
    limits = LocalLimits({AST1: Limit(calls_per_second=rate)})
    now = 100.0
    placed: list[float] = []
    for gap in gaps:
        now += gap
        for _ in range(40):
            if limits.take([AST1], now) > 0:
                break
            placed.append(now)
    burst = max(1.0, rate * BURST_S)
    for first, start in enumerate(placed):
        for last in range(first, len(placed)):
            assert last - first + 1 <= rate * (placed[last] - start) + burst + 1e-6


STEPS = st.lists(
    st.tuples(st.floats(0, 0.4), st.sampled_from(["take", "take", "give back"]), st.integers(0, 30)), max_size=200
)


@given(st.sampled_from([0.5, 1.0, 3.0, 10.0, 200.0]), STEPS)
def test_what_was_not_given_back_never_exceeds_the_rate_and_the_burst(
    rate: float, steps: list[tuple[float, str, int]]
) -> None:
    limits, now, placed = LocalLimits({AST1: Limit(calls_per_second=rate)}), 100.0, dict[str, float]()
    for number, (gap, what, which) in enumerate(steps):
        now += gap
        if what == "give back" and placed:
            back = list(placed)[-1 - which % len(placed):][:which % 4 + 1]
            limits.give_back(back, now)
            for holder in back:  # those of long ago stay
                if now - placed[holder] <= RETURNABLE_S:
                    del placed[holder]
        elif limits.take([AST1], now, f"call {number}") == 0.0:
            placed[f"call {number}"] = now
    times, burst = list(placed.values()), max(1.0, rate * BURST_S)
    for first, start in enumerate(times):
        for last in range(first, len(times)):
            assert last - first + 1 <= rate * (times[last] - start) + burst + 1e-6


@given(st.sampled_from([0.5, 1.0, 3.0, 10.0, 200.0]), st.lists(st.floats(0, 0.4), min_size=1, max_size=60), st.data())
def test_after_giving_back_all_is_as_if_it_had_never_been_taken(
    rate: float, gaps: list[float], data: st.DataObject
) -> None:
    limits, without = (LocalLimits({AST1: Limit(calls_per_second=rate)}) for _ in range(2))
    now, taken = 100.0, list[tuple[str, float]]()
    for number, gap in enumerate(gaps):
        now += gap
        if limits.take([AST1], now, f"call {number}") == 0.0:
            taken.append((f"call {number}", now))
    unused = data.draw(st.sets(st.sampled_from(taken)))
    for one in taken:
        if one not in unused:
            assert without.take([AST1], one[1]) == 0.0
    late = data.draw(st.floats(0, 0.4))
    known = [name for name, at in unused if taken[-1][1] - at <= RETURNABLE_S]
    if len(known) == len(unused):
        limits.give_back(known, now + late)
        assert limits.allowance(AST1, now + late) == without.allowance(AST1, now + late)
        assert limits.take([AST1], now + late) == pytest.approx(without.take([AST1], now + late))


def test_claims_that_dial_nobody_do_not_use_up_the_rate() -> None:
    limits, now = LocalLimits({AST1: Limit(calls_per_second=1.0), ACME: Limit(calls_per_second=5.0)}), 100.0
    for number in range(50):
        assert limits.take([AST1, ACME], now, str(number)) == 0.0
        limits.give_back([str(number)], now)
    assert limits.take([AST1, ACME], now, "dialled") == 0.0
    assert limits.take([AST1, ACME], now, "too soon") > 0.0
    limits.give_back(["dialled", "dialled", "too soon", "nobody"], now)
    assert limits.take([AST1, ACME], now, "once") == 0.0
    assert limits.take([AST1, ACME], now, "twice") > 0.0


def test_what_was_taken_at_another_rate_or_long_ago_is_not_given_back() -> None:
    limits = LocalLimits({AST1: Limit(calls_per_second=0.01)})
    assert limits.take([AST1], 100.0, "a") == 0.0
    limits.configure({AST1: Limit(calls_per_second=0.02)})
    limits.give_back(["a"], 100.0)
    assert limits.take([AST1], 100.0, "b") > 0.0
    assert limits.take([AST1], 150.0, "c") == 0.0
    limits.configure({AST1: Limit(calls_per_second=0.02)})
    limits.give_back(["c"], 151.0)
    assert limits.take([AST1], 151.0, "d") == 0.0, "the same limits change nothing"


@given(st.sampled_from([0.5, 1.0, 7.0, 200.0]), st.floats(0, 5))
def test_after_the_wait_that_was_named_the_call_may_go(rate: float, late: float) -> None:
    limits = LocalLimits({AST1: Limit(calls_per_second=rate)})
    while (wait_s := limits.take([AST1], 50.0)) == 0.0:
        pass
    assert 0 < wait_s <= 1 / rate
    assert limits.take([AST1], 50.0 + wait_s * 0.9) > 0
    assert limits.take([AST1], 50.0 + wait_s + late) == 0.0


def test_a_loop_that_wakes_ten_times_a_second_reaches_the_rate() -> None:
    limits = LocalLimits({AST1: Limit(calls_per_second=200.0)})
    placed = 0
    for tick in range(101):
        while limits.take([AST1], tick / 10) == 0.0:
            placed += 1
    assert placed == pytest.approx(2000, abs=21)


def test_a_refused_call_takes_nothing_from_the_other_rate() -> None:
    limits = LocalLimits({AST1: Limit(calls_per_second=100.0), ACME: Limit(calls_per_second=1.0)})
    assert limits.take([AST1, ACME], 0.0) == 0.0
    assert limits.allowance(AST1, 0.0) == 9
    assert limits.take([AST1, ACME], 0.0) == pytest.approx(1.0)
    assert limits.allowance(AST1, 0.0) == 9
    assert limits.allowance(ACME, 0.0) == 0


def test_a_clock_that_is_set_back_gives_nothing_away_and_the_rate_goes_on_from_there() -> None:
    limits = LocalLimits({AST1: Limit(calls_per_second=1.0)})
    assert limits.take([AST1], 10_000.0) == 0.0
    assert limits.take([AST1], 2_800.0) > 0
    assert limits.take([AST1], 2_800.5) > 0
    assert limits.take([AST1], 2_801.0) == 0.0


def test_a_changed_rate_counts_at_once_and_grants_no_new_burst() -> None:
    limits = LocalLimits({AST1: Limit(calls_per_second=1.0)})
    assert limits.take([AST1], 0.0) == 0.0
    limits.configure({AST1: Limit(calls_per_second=10.0)})
    assert limits.take([AST1], 0.0) == pytest.approx(0.1)
    assert limits.take([AST1], 0.1) == 0.0
    limits.configure({AST1: Limit(calls_per_second=100.0)})
    assert limits.allowance(AST1, 5.0) == 10
    limits.configure({AST1: Limit(calls_per_second=2.0)})
    assert limits.allowance(AST1, 5.0) == 1
