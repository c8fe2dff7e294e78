"""Abandon budgets over several windows, each by its own definition."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.campaigns.pacing.windows import Estimates, Kind, Limit, Window, Windows

DAY = 86_400.0


def window(limit: Limit, estimates: Estimates | None = None) -> Window:
    return Window(limit, estimates or Estimates())


def filled(limit: Limit, talked: float = 0, abandoned: float = 0, machine: float = 0, **unknown: float) -> Window:
    found = window(limit, Estimates(**unknown))
    for kind, count in (("talked", talked), ("abandoned", abandoned), ("machine", machine)):
        found.add(0.0, kind, count)
    return found


def test_a_share_of_people_within_days():
    stands = filled(Limit("us", 0.03, 30 * DAY), talked=970, abandoned=20).standing(0.0)
    assert (stands.answered, stands.abandoned, round(stands.left, 6)) == (990, 20, 9.7)
    assert stands.window == "30d"


def test_machines_count_among_the_answered_where_the_definition_says_so():
    counted = {"talked": 80, "abandoned": 2, "machine": 100}
    assert filled(Limit("x", 0.03, DAY), **counted).standing(0.0).answered == 82
    assert filled(Limit("x", 0.03, DAY, of="answered"), **counted).standing(0.0).answered == 182


def test_people_hung_up_as_machines_are_abandoned_where_they_count():
    counted = {"talked": 80, "abandoned": 2, "machine": 100, "false_positives": 0.02}
    assert filled(Limit("x", 0.03, DAY), **counted).standing(0.0).abandoned == 2
    stands = filled(Limit("x", 0.03, DAY, false_positives=True), **counted).standing(0.0)
    assert (stands.abandoned, stands.answered) == (4, 84)


def test_machines_among_the_abandoned_are_taken_off_by_ofcoms_formula():
    """D' = D (1 − AM/(H + AM)); with a tenth of the calls to agents being machines, 20 abandoned are 18."""
    limit = Limit("uk.target", 0.03, DAY, machines_among_lost=True)
    stands = filled(limit, talked=482, abandoned=20, machines=0.1).standing(0.0)
    assert (round(stands.abandoned, 6), round(stands.answered, 6)) == (18, 500)


def test_of_the_last_hundred_answered_at_most_three():
    found = window(Limit("it.silent", 3, answers=100))
    for i in range(97):
        found.add(float(i), "talked")
    for i in range(2):
        found.add(97.0 + i, "abandoned")
    assert found.strain(99.0) is not None
    found.add(99.0, "abandoned")
    assert found.strain(99.0) is None
    for i in range(110):
        found.add(100.0 + i, "talked")
    assert found.standing(210.0).abandoned == 0
    assert found.strain(210.0) == 0.0


def test_what_is_past_the_window_is_forgotten_and_not_before():
    found = window(Limit("own", 0.05, 3600.0))
    found.add(0.0, "abandoned", 5)
    found.add(0.0, "talked", 20)
    assert found.standing(3599.0).abandoned == 5
    assert found.standing(3600.0 + 61.0).abandoned == 0


def test_the_tightest_window_decides():
    easy, tight = filled(Limit("a", 0.03, 30 * DAY), talked=5000), filled(Limit("b", 0.03, DAY), 1000, 31)
    spent = filled(Limit("c", 0.03, DAY), talked=1000, abandoned=40)
    assert Windows([easy]).allowed(0.0, 0.05) == 0.05
    assert 0 < Windows([easy, tight]).allowed(0.0, 0.05) < 0.05
    assert Windows([easy, tight, spent]).allowed(0.0, 0.05) == 0.0


def test_a_group_shares_one_window():
    common = window(Limit("group", 0.03, DAY))
    mine, theirs = Windows([common]), Windows([common])
    common.add(0.0, "abandoned", 10)
    assert mine.allowed(0.0, 0.05) == theirs.allowed(0.0, 0.05) == 0.0


def test_of_each_campaigns_calls_its_own_estimates_hold():
    """One that hangs up no people, and one of which a tenth of those hung up are."""
    sure, unsure = Estimates(0.0, 0.0), Estimates(0.1, 0.5)
    found = window(Limit("group", 0.03, DAY, false_positives=True, machines_among_lost=True), sure)
    for of in (sure, unsure):
        for kind, count in (("talked", 100), ("abandoned", 4), ("machine", 50)):
            found.add(0.0, kind, count, of)
    stands = found.standing(0.0)
    assert (stands.abandoned, stands.answered) == (4 + 2 + 5, 200 + 4 + 2 + 5)
    unsure.false_positives = 0.2
    assert found.standing(0.0).abandoned == 16
    assert found.standing(2 * DAY).abandoned == 0


moments = st.lists(
    st.tuples(st.floats(0, 4000), st.sampled_from(["talked", "abandoned", "machine"]), st.integers(1, 5)), max_size=80
)


@settings(max_examples=200, deadline=None)
@given(moments=moments, later=st.floats(0, 4000))
def test_a_window_never_forgets_what_is_within_it(moments: list[tuple[float, Kind, int]], later: float):
    """And it holds what is past for a sixtieth of its length at most."""
    found, now, told = window(Limit("own", 0.05, 3600.0)), 0.0, []
    for passed, kind, count in moments:
        now += passed
        found.add(now, kind, count)
        told.append((now, kind, count))
    now += later
    lost = found.standing(now).abandoned
    within = sum(count for at, kind, count in told if kind == "abandoned" and at >= now - 3600.0)
    about = sum(count for at, kind, count in told if kind == "abandoned" and at >= now - 3600.0 * (1 + 2 / 60))
    assert within - 1e-9 <= lost <= about + 1e-9


@settings(max_examples=100, deadline=None)
@given(st.lists(st.booleans(), min_size=150, max_size=400))
def test_the_last_hundred_are_never_fewer(people: list[bool]):
    """Whatever came, what counts as the last hundred holds the last hundred."""
    found = window(Limit("it", 3, answers=100))
    for at, talked in enumerate(people):
        found.add(float(at), "talked" if talked else "abandoned")
    assert found.standing(500.0).abandoned >= sum(not talked for talked in people[-100:])
