"""Which of our numbers a call shows."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dialer.calls.outcome import Outcome
from dialer.campaigns.caller_ids import DAYS, Choice, Seen, weighed
from dialer.config.caller_ids import CallerIds
from dialer.store.records import PastCall

BERLIN, MITTE, MUNICH, ANY = "+493023125001", "+493023125002", "+498923125003", "+4980023125"


def choice(numbers: list[dict[str, Any]], seen: dict[str, Seen] | None = None, pending: int = 0, **more: Any) -> Choice:
    return Choice(CallerIds.model_validate({"numbers": numbers, **more}), 0.0, 86_400.0, seen or {}, pending)


def shown(made: Choice, called: str, count: int = 1, past: tuple[PastCall, ...] = ()) -> Counter[str | None]:
    return Counter(made.number_for(called, past, f"c{index}") for index in range(count))


def test_the_longest_beginning_of_the_called_number_decides() -> None:
    numbers = [
        {"number": BERLIN, "areas": ["+4930", "+4933"]}, {"number": MITTE, "areas": ["+49302"]},
        {"number": MUNICH, "areas": ["+4989"]}, {"number": ANY},
    ]  # fmt: skip
    cases = [("+49305", BERLIN), ("+493023", MITTE), ("+49331", BERLIN), ("+498912", MUNICH), ("+44", ANY)]
    for called, number in cases:
        assert shown(choice(numbers), called, 20) == {number: 20}
    assert shown(choice(numbers[:1]), "+44", 3) == {BERLIN: 3}, "somebody has to be shown"


def test_the_least_used_by_weight() -> None:
    numbers = [{"number": BERLIN, "weight": 2}, {"number": MITTE}]
    found = shown(choice(numbers, rotate="least_used"), "+4930", 300)
    assert 190 <= found[BERLIN] <= 210
    behind = {BERLIN: Seen(today=100), MITTE: Seen(today=0)}
    assert shown(choice(numbers, behind, rotate="least_used"), "+4930", 40) == {MITTE: 40}


def test_the_one_that_people_answer_is_shown_most_and_others_are_tried() -> None:
    numbers = [{"number": BERLIN}, {"number": MITTE}, {"number": ANY}]
    seen = {BERLIN: Seen(0, 400, 80), MITTE: Seen(0, 400, 40), ANY: Seen(0, 3, 0)}
    found = shown(choice(numbers, seen), "+4930", 1000)
    assert found[BERLIN] > 500
    assert found[ANY] > 20, "little is known of it"
    assert found[MITTE] < 100


def test_the_same_call_shows_the_same_number() -> None:
    made = choice([{"number": BERLIN}, {"number": MITTE}], max_per_day=9)
    first = [made.number_for("+4930", (), f"c{index}") for index in range(8)]
    assert [made.number_for("+4930", (), f"c{index}") for index in range(8)] == first
    again = choice([{"number": BERLIN}, {"number": MITTE}], max_per_day=9)
    assert [again.number_for("+4930", (), f"c{index}") for index in range(8)] == first


@given(st.integers(1, 20), st.integers(0, 25), st.integers(0, 10), st.integers(0, 60))
def test_no_number_is_shown_more_often_than_it_may(most: int, today: int, pending: int, calls: int) -> None:
    seen = {BERLIN: Seen(today=today)}
    made = choice([{"number": BERLIN, "weight": 50}, {"number": MITTE}], seen, pending, max_per_day=most)
    found: Counter[str | None] = Counter()
    for index in range(calls):
        if made.refused_until() is None:
            number = made.number_for("+4930", (), f"c{index}")
            assert number is not None
            found[number] += 1
        else:
            assert made.number_for("+4930", (), f"c{index}") is None
    assert found[BERLIN] <= max(0, most - today - pending)
    assert found[MITTE] <= max(0, most - pending)


def test_when_there_is_room_again() -> None:
    one = [{"number": BERLIN}]
    assert choice(one, {BERLIN: Seen(today=5)}, max_per_day=5).refused_until() == 86_400.0
    assert choice(one, {BERLIN: Seen(today=4)}, 3, max_per_day=5).refused_until() == 5.0
    assert choice(one, {BERLIN: Seen(today=4)}, max_per_day=5).refused_until() is None


def test_who_was_called_before_sees_the_same_number_again() -> None:
    def past(at: float, number: str, ours: str) -> PastCall:
        return PastCall("c", 1, at, at, False, False, Outcome.BUSY, None, None, number=number, shown=ours)

    numbers = [{"number": BERLIN}, {"number": MITTE}]
    calls = (past(1.0, "+4930555", BERLIN), past(2.0, "+4930555", MITTE), past(3.0, "+4930777", BERLIN))
    assert shown(choice(numbers, sticky=True), "+4930555", 30, calls) == {MITTE: 30}
    assert len(shown(choice(numbers), "+4930555", 30, calls)) == 2
    gone = (past(2.0, "+4930555", "+49gone"),)
    assert len(shown(choice(numbers, sticky=True), "+4930555", 30, gone)) == 2
    worn_out = choice(numbers, {MITTE: Seen(today=9)}, sticky=True, max_per_day=9)
    assert shown(worn_out, "+4930555", 3, calls) == {BERLIN: 3}


def test_what_is_old_counts_less() -> None:
    seen = weighed([(0, 10, 5), (7, 10, 5), (DAYS, 1000, 1000)])
    assert seen.today == 10
    assert 14.0 < seen.dials < 15.0
    assert seen.answered == seen.dials / 2
