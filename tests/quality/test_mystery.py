"""When test calls are placed, and how they are scored."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from dialer.config.test_calls import TestCall
from dialer.flows.fields import Recorded, Spoken
from dialer.quality.heard import Ruling
from dialer.quality.mystery import Came, by_card, by_rules, deeds, due, judge, moments, same_caller, score

BERLIN = ZoneInfo("Europe/Berlin")
DAY = 86_400.0


def a_test(**more: Any) -> TestCall:
    return TestCall.model_validate({
        "test": "hotline", "client": "acme", "number": "+493023125070", "caller_ids": ["+4915112300042"],
        "times": {"days": ["mon", "sun"], "from": "09:00", "to": "17:00", "per_day": 4},
        "expect": {"queue": "sales", "answered_within": "20s", "language": "de", "mos_at_least": 3.6},
        "weights": {"queue": 3},
        "card": {"weight": "25%", "items": {"greeting": {"text": "Name", "points": 10},
                                            "advice": {"text": "Right", "points": 30}}}, **more,
    })  # fmt: skip


CAME = Came("sales", "bye", "answered", 100.0, 101.0, 120.0, "de", ("sales",), 4.0)


def test_moments_lie_in_the_hours_each_in_its_own_part() -> None:
    times = a_test().times
    assert times is not None
    for day in (date(2026, 10, 25), date(2026, 11, 23)):  # the clock is put back on the first
        nine = datetime(day.year, day.month, day.day, 9, tzinfo=BERLIN).timestamp()
        found = list(moments("hotline", times, day, BERLIN))
        assert [int((at - nine) // 7200) for at in found] == [0, 1, 2, 3]
        assert found == list(moments("hotline", times, day, BERLIN)) != list(moments("other", times, day, BERLIN))
    assert list(moments("hotline", times, date(2026, 11, 24), BERLIN)) == []


def test_however_often_one_looks_each_is_due_once() -> None:
    times = a_test().times
    assert times is not None
    begin = datetime(2026, 11, 21, tzinfo=BERLIN).timestamp()
    found: list[float] = []
    for minute in range(4 * 24 * 60):
        found += due("hotline", times, begin + 60 * minute, begin + 60 * (minute + 1), BERLIN)
    assert found == list(due("hotline", times, begin, begin + 4 * DAY, BERLIN)) and len(found) == 8


def test_the_script_as_keys() -> None:
    steps = a_test(script=[{"wait": "3s"}, {"press": "1"}, {"wait": "500ms"}, {"press": "47#"}]).script
    assert deeds(steps) == [3, "1w47#"]
    spoken = a_test(script=[{"press": "1"}, {"say": {"de": "Ja?"}}, {"say": "prompts/no"}, {"wait": "1s"}]).script
    assert deeds(spoken) == ["1", Spoken({"de": "Ja?"}), Recorded("prompts/no"), 1] and deeds([]) == []


def test_each_thing_heard_is_a_rule_and_unknown_until_it_was_listened_to() -> None:
    hears = [{"prompt": "menu", "to": "9s"}, {"tone": 425, "never": True}, {"speech": "2s", "from": "5s"}]
    test = a_test(expect={"outcome": "answered", "hears": hears}, weights={"hears": 3})
    assert by_rules(judge(test, CAME)) == 100
    verdicts = judge(test, CAME, [Ruling(True, "0.93 at 0.5 s"), Ruling(False, "0.7 s"), Ruling(True, "4.0 s")])
    assert [(one.wanted, one.met, one.weight) for one in verdicts[1:]] == [
        ("prompt menu to 9 s", True, 3), ("never tone 425", False, 3), ("speech 2 from 5 s", True, 3)]
    assert by_rules(verdicts) == 70


@pytest.mark.parametrize(("came", "same"), [
    ("+4915112300042", True), ("4915112300042", True), ("015112300042", True), ("004915112300042", True),
    ("+4915112300043", False), ("42", False), ("anonymous", False), ("", False),
])  # fmt: skip
def test_a_number_is_known_again_in_national_form(came: str, same: bool) -> None:
    assert same_caller("+4915112300042", came) is same


def test_every_rule_weighs_what_it_is_given() -> None:
    assert by_rules(judge(a_test(), CAME)) == 100
    late = Came("sales", None, "answered", 100.0, 101.0, 120.1, "de", (), 4.0)
    assert by_rules(judge(a_test(), late)) == pytest.approx(100 * 5 / 6)
    elsewhere = Came("help", None, "abandoned", 100.0, 101.0, None, "en", (), 1.0)
    assert by_rules(judge(a_test(), elsewhere)) == 0


def test_without_a_queue_the_answer_counts() -> None:
    [rule] = judge(a_test(expect={"answered_within": "1s"}, weights={}), CAME)
    assert (rule.met, rule.got) == (True, "1.0")


def test_what_cannot_be_said_does_not_count() -> None:
    short = Came("sales", None, "answered", 100.0, 101.0, 120.0, "en", (), None)
    verdicts = judge(a_test(), short)
    assert [verdict.met for verdict in verdicts if verdict.rule == "mos_at_least"] == [None]
    assert by_rules(verdicts) == 80  # 4 of 5
    assert by_rules(judge(a_test(expect={"mos_at_least": 4}, weights={}), short)) is None


def test_a_card_has_its_share_of_the_score() -> None:
    assert by_card(a_test(), {"greeting": 10, "advice": 0}) == 25
    assert score(a_test(), 80.0, 40.0) == 70 and score(a_test(), 80.0, None) == 80 and score(a_test(), None, 40.0) == 40


@pytest.mark.parametrize(("points", "said"), [
    ({"greeting": 1}, "no points for advice"), ({"greeting": 11, "advice": 1}, "0 to 10"),
    ({"greeting": 1, "advice": 1, "tone": 1}, "the card has no tone"),
])  # fmt: skip
def test_a_card_is_filled_in_whole(points: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        by_card(a_test(), points)


@pytest.mark.parametrize(("more", "said"), [
    ({"expect": {}}, "nothing is expected"), ({"script": [{"wait": "1s", "press": "1"}]}, "a step is one thing"),
    ({"expect": {"hears": [{"prompt": "menu", "tone": 425}]}}, "one thing that is heard"),
    ({"expect": {"hears": [{"speech": "1s", "from": "5s", "to": "4s"}]}}, "`to` is not after `from`"),
    ({"expect": {"hears": [{"speech": "1s", "language": "de"}]}}, "only a prompt has a `language`"),
    ({"script": [{"wait": "301s"}]}, "use `stays`"), ({"times": {"from": "17:00", "to": "09:00"}}, "no time of one"),
])  # fmt: skip
def test_what_cannot_be_planned(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        a_test(**more)
