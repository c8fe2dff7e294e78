"""Each node, each of its exits."""

from dataclasses import replace
from typing import Any

import pytest
from flow_samples import FACTS, NOON, TEXT, WORLD, after, begin, flow_of

from dialer.flows.commands import (
    Answer,
    Collect,
    Dial,
    Directive,
    End,
    Pause,
    Play,
    QueueRequest,
    QueueResult,
    Reply,
    SetLanguage,
)
from dialer.flows.interpreter import start
from dialer.flows.session import CallFacts, Session

B = {"say": {"de": "b", "en": "b"}}
C = {"say": {"de": "c", "en": "c"}}
D = {"say": {"de": "d", "en": "d"}}
E = {"say": {"de": "e", "en": "e"}}
HEARD_B, HEARD_C, HEARD_D, HEARD_E = (Play((f"de:{name}",)) for name in "bcde")
DONE, SILENCE = Reply(), Reply()


def keys(digits: str) -> Reply:
    return Reply(digits=digits)


def first(node: dict[str, Any], facts: CallFacts = FACTS, now: float = NOON) -> tuple[Session, Directive]:
    return begin({"a": node, "b": B, "c": C, "d": D, "e": E}, facts, now)


def then(node: dict[str, Any], *replies: Reply | QueueResult) -> tuple[Session, Directive]:
    return after(first(node)[0], *replies)


# -- answer, say, play, goto, hangup ---------------------------------------------------------------------------


@pytest.mark.parametrize("plain", [None, True, "0s"])
def test_answer_picks_up_and_goes_on(plain: object) -> None:
    session, directive = first({"answer": plain, "next": "b"}, replace(FACTS, answered=False))
    assert directive == Answer()
    assert after(session, DONE)[1] == HEARD_B


def test_answer_may_be_followed_by_silence() -> None:
    session, directive = then({"answer": "500ms", "next": "b"}, DONE)
    assert directive == Pause(0.5)
    assert after(session, DONE)[1] == HEARD_B


def test_say_speaks_in_the_callers_language_and_goes_on() -> None:
    node = {"say": TEXT, "next": "b"}
    assert first(node)[1] == Play(("de:Ja",))
    assert first(node, replace(FACTS, language="en"))[1] == Play(("en:Yes",))
    assert then(node, DONE)[1] == HEARD_B
    assert then(node, Reply("failed", reason="no such sound"))[1] == HEARD_B
    assert then({"say": TEXT}, DONE)[1] == End(16, "no_exit")


def test_play_plays_the_recording_in_the_callers_language() -> None:
    node = {"play": "prompts/one", "next": "b"}
    assert first(node, replace(FACTS, language="en"))[1] == Play(("en:prompts/one",))
    assert then(node, DONE)[1] == HEARD_B


def test_goto() -> None:
    session, directive = first({"goto": "b"})
    assert (session.node, directive) == ("b", HEARD_B)


@pytest.mark.parametrize(("written", "end"), [
    (None, End(16, "hangup")), (True, End(16, "hangup")), ({"cause": 17}, End(17, "hangup")),
    ({"reason": "blocked"}, End(16, "blocked")),
])
def test_hangup(written: object, end: End) -> None:
    assert first({"hangup": written})[1] == end


def test_hangup_leaves_an_unanswered_call_unanswered() -> None:
    assert first({"hangup": {"cause": 17}}, replace(FACTS, answered=False))[1] == End(17, "hangup")


# -- menu ------------------------------------------------------------------------------------------------------

MENU = {"menu": TEXT, "choices": {"1": "b", "2": "c"}, "retries": 1, "timeout": "4s", "invalid": "prompts/wrong",
        "otherwise": "d"}  # fmt: skip


def test_menu_asks_for_one_key() -> None:
    assert first(MENU)[1] == Collect(("de:Ja",), most=1, first_s=4.0, between_s=3.0, finish="")


def test_menu_goes_where_the_key_says() -> None:
    session, directive = then(MENU, keys("2"))
    assert directive == HEARD_C
    assert session.names()["digits"] == "2"


def test_menu_is_repeated_after_silence_without_complaint() -> None:
    session, directive = then(MENU, SILENCE)
    assert isinstance(directive, Collect)
    assert directive.sounds == ("de:Ja",)
    assert after(session, keys("1"))[1] == HEARD_B


def test_menu_complains_about_a_wrong_key() -> None:
    _, directive = then(MENU, keys("9"))
    assert isinstance(directive, Collect)
    assert directive.sounds == ("de:prompts/wrong", "de:Ja")


def test_menu_gives_up_after_its_retries() -> None:
    assert then(MENU, SILENCE, keys("9"))[1] == HEARD_D
    without = {key: value for key, value in MENU.items() if key != "otherwise"}
    assert then(without, SILENCE, SILENCE)[1] == End(16, "no_choice")


def test_menu_with_longer_keys_waits_for_them() -> None:
    _, directive = first({"menu": TEXT, "choices": {"1": "b", "12": "c"}})
    assert isinstance(directive, Collect)
    assert (directive.most, directive.finish) == (2, "#")
    _, directive = first({"menu": TEXT, "choices": {"1#": "b", "12": "c"}})
    assert isinstance(directive, Collect)
    assert directive.finish == ""


def test_menu_counts_anew_when_entered_again() -> None:
    nodes = {"a": {**MENU, "otherwise": "b"}, "b": {"goto": "a"}, "c": C}
    session, _ = begin(nodes)
    session, _ = after(session, SILENCE, SILENCE)
    assert session.path == ("b", "a")
    session, directive = after(session, SILENCE)
    assert isinstance(directive, Collect)
    assert session.path == ()


# -- collect ---------------------------------------------------------------------------------------------------

QUESTION = {"prompt": TEXT, "digits": {"min": 2, "max": 4}, "store": "account", "retries": 1, "timeout": "6s",
            "between": "2s", "invalid": "prompts/wrong"}  # fmt: skip
COLLECT = {"collect": QUESTION, "next": "b", "otherwise": "c"}
CONFIRM = {**COLLECT, "collect": {**QUESTION, "confirm": "prompts/right"}}


def test_collect_asks() -> None:
    assert first(COLLECT)[1] == Collect(("de:Ja",), most=4, first_s=6.0, between_s=2.0, finish="#")


def test_collect_stores_the_digits_as_a_text() -> None:
    session, directive = then(COLLECT, keys("0123"))
    assert directive == HEARD_B
    assert session.names()["account"] == "0123"


@pytest.mark.parametrize("wrong", ["1", "12345", "1*", "a1", "١٢"])
def test_collect_asks_again_for_what_does_not_fit(wrong: str) -> None:
    session, directive = then(COLLECT, keys(wrong))
    assert isinstance(directive, Collect)
    assert directive.sounds == ("de:prompts/wrong", "de:Ja")
    assert after(session, keys(wrong))[1] == HEARD_C
    assert "account" not in after(session, keys(wrong))[0].variables


def test_collect_gives_up_after_silence() -> None:
    session, directive = then(COLLECT, SILENCE)
    assert isinstance(directive, Collect)
    assert directive.sounds == ("de:Ja",)
    assert after(session, SILENCE)[1] == HEARD_C
    assert then({"collect": {**QUESTION, "retries": 0}}, SILENCE)[1] == End(16, "no_digits")


def test_collect_reads_back_and_takes_what_is_confirmed() -> None:
    session, directive = then(CONFIRM, keys("42"))
    assert isinstance(directive, Collect)
    assert directive.sounds == ("de:4", "de:2", "de:prompts/right")
    assert directive.most == 1
    session, directive = after(session, keys("1"))
    assert (session.names()["account"], directive) == ("42", HEARD_B)


@pytest.mark.parametrize("answer", ["2", ""])
def test_collect_asks_again_when_not_confirmed(answer: str) -> None:
    session, directive = then(CONFIRM, keys("42"), keys(answer))
    assert isinstance(directive, Collect)
    assert directive.sounds == ("de:Ja",)
    session, directive = after(session, keys("43"), keys("1"))
    assert session.names()["account"] == "43"
    assert then(CONFIRM, keys("42"), keys("2"), keys("42"), keys("2"))[1] == HEARD_C


# -- language --------------------------------------------------------------------------------------------------

LANGUAGE = {"language": {"1": "de", "2": "en"}, "prompt": TEXT, "timeout": "3s", "otherwise": "de", "next": "b"}


def test_language_asks_in_every_language() -> None:
    assert first(LANGUAGE)[1] == Collect(("de:Ja", "en:Yes"), most=1, first_s=3.0, finish="")
    silent_one = {key: value for key, value in LANGUAGE.items() if key != "prompt"}
    assert first(silent_one)[1] == Collect((), most=1, first_s=3.0, finish="")


def test_language_becomes_the_callers() -> None:
    session, directive = then(LANGUAGE, keys("2"))
    assert directive == SetLanguage("en")
    session, directive = after(session, DONE)
    assert directive == Play(("en:b",))
    assert session.names()["language"] == "en"


@pytest.mark.parametrize("answer", ["", "7"])
def test_language_falls_back(answer: str) -> None:
    assert then({**LANGUAGE, "otherwise": "en"}, keys(answer))[1] == SetLanguage("en")
    kept = {key: value for key, value in LANGUAGE.items() if key != "otherwise"}
    session, _ = first(kept, replace(FACTS, language="en"))
    assert after(session, keys(answer))[1] == SetLanguage("en")


def test_language_asks_again_when_told_to() -> None:
    session, directive = then({**LANGUAGE, "retries": 1}, keys("7"))
    assert isinstance(directive, Collect)
    assert after(session, keys("7"))[1] == SetLanguage("de")


# -- set, branch, hours ----------------------------------------------------------------------------------------


def test_set_goes_from_first_to_last() -> None:
    session, directive = first({"set": {"x": "1", "y": "x + 1", "z": "'n'", "f": False}, "next": "b"})
    assert session.variables == {"x": 1, "y": 2, "z": "n", "f": False}
    assert directive == HEARD_B


@pytest.mark.parametrize(("caller", "heard"), [("+491", HEARD_B), ("+441", HEARD_C), ("x", HEARD_D)])
def test_branch_takes_the_first_that_is_true(caller: str, heard: Play) -> None:
    cases = [
        {"when": 'starts_with(caller, "+49")', "to": "b"}, {"when": 'starts_with(caller, "+")', "to": "c"},
    ]  # fmt: skip
    assert first({"branch": cases, "otherwise": "d"}, replace(FACTS, caller=caller))[1] == heard


def test_branch_without_a_true_case_ends() -> None:
    assert first({"branch": [{"when": False, "to": "b"}]})[1] == End(16, "no_exit")


def test_branch_reads_a_contacts_fields() -> None:
    facts = replace(FACTS, variables={"city": "Bonn", "language": "xx"})
    node = {"branch": [{"when": 'contact.city == "Bonn" and language == "de"', "to": "b"}]}
    assert first(node, facts)[1] == HEARD_B


@pytest.mark.parametrize(("hour", "heard", "marks"), [(12, HEARD_B, set()), (19, HEARD_C, {"closed"})])
def test_hours(hour: int, heard: Play, marks: set[str]) -> None:
    session, directive = first({"hours": "day", "open": "b", "closed": "c"}, now=NOON + (hour - 12) * 3600)
    assert directive == heard
    assert session.marks == marks


def test_hours_without_a_closed_exit_end_the_call_unanswered() -> None:
    session, directive = first({"hours": "night", "open": "b"}, replace(FACTS, answered=False))
    assert directive == End(16, "closed")
    assert session.marks == {"closed"}


# -- queue -----------------------------------------------------------------------------------------------------

QUEUE = {"queue": {"skills": ["sales", "${language}"], "priority": 2, "max_wait": "90s", "max_waiting": 5,
                   "wrap_up": "10s", "music": "jazz"},
         "next": "b", "full": "c", "timeout": "d", "no_agents": "e"}  # fmt: skip


def test_queue_asks_for_an_agent() -> None:
    assert first(QUEUE)[1] == QueueRequest("test_a", ("sales", "de"), 2, 90.0, 5, "jazz", 10.0)
    _, directive = first({"queue": {"skills": ["de", "${language}", "L_${language}"], "name": "desk"}})
    assert directive == QueueRequest("desk", ("de", "l_de"), 0, 600.0, None, "default", 30.0)


@pytest.mark.parametrize(("result", "heard", "marks"), [
    (QueueResult("talked"), HEARD_B, {"served"}),
    (QueueResult("full"), HEARD_C, {"overloaded"}),
    (QueueResult("expired"), HEARD_D, {"overloaded"}),
    (QueueResult("no_agents"), HEARD_E, {"overloaded"}),
])
def test_queue_exits(result: QueueResult, heard: Play, marks: set[str]) -> None:
    session, directive = then(QUEUE, result)
    assert directive == heard
    assert session.marks == marks


@pytest.mark.parametrize("result", [QueueResult("full"), QueueResult("expired"), QueueResult("no_agents")])
def test_queue_overflow_stands_for_what_is_not_given(result: QueueResult) -> None:
    line = {"queue": QUEUE["queue"]}
    assert then({**line, "overflow": "b"}, result)[1] == HEARD_B
    assert then({**QUEUE, "overflow": "b"}, result)[1] != HEARD_B
    assert then(line, result)[1] == End(17, f"queue_{result.status}")


def test_queue_ends_after_the_talk_by_default() -> None:
    assert then({"queue": QUEUE["queue"]}, QueueResult("talked"))[1] == End(16, "talked")


def test_queue_puts_a_caller_before_everybody_whose_agent_was_lost() -> None:
    session, directive = then(QUEUE, QueueResult("agent_lost"))
    assert isinstance(directive, QueueRequest)
    assert directive.priority == 11, "more than any flow may ask for"
    for wanted in (12, 13, 14, 15):
        session, directive = after(session, QueueResult("agent_lost"))
        assert isinstance(directive, QueueRequest)
        assert directive.priority == wanted
    assert after(session, QueueResult("agent_lost"))[1] == HEARD_D


# -- dial ------------------------------------------------------------------------------------------------------

DIAL = {"dial": "+493055502", "ring": "20s", "next": "b", "busy": "c", "no_answer": "d", "failed": "e"}


@pytest.mark.parametrize(("caller_id", "caller", "shown"), [
    ("client", "+4930123456", "+493055501"),
    ("caller", "+4930123456", "+4930123456"),
    ("caller", "anonymous", "+493055501"),
    ("caller", '"x" <1>\r\nAction: Originate', "+493055501"),
    ("+493055509", "+4930123456", "+493055509"),
])
def test_dial_shows_a_number(caller_id: str, caller: str, shown: str) -> None:
    _, directive = first({**DIAL, "caller_id": caller_id}, replace(FACTS, caller=caller))
    assert directive == Dial("+493055502", shown, 20.0)


@pytest.mark.parametrize(("status", "heard", "marks"), [
    ("answered", HEARD_B, {"forwarded"}),
    ("cancelled", HEARD_B, set()),
    ("busy", HEARD_C, set()),
    ("no_answer", HEARD_D, set()),
    ("congestion", HEARD_E, {"trunk_fault"}),
    ("unavailable", HEARD_E, {"trunk_fault"}),
    ("failed", HEARD_E, {"trunk_fault"}),
])
def test_dial_exits(status: Any, heard: Play, marks: set[str]) -> None:
    session, directive = then(DIAL, Reply(status))
    assert directive == heard
    assert session.marks == marks


@pytest.mark.parametrize(("status", "end"), [
    ("answered", End(16, "dial_answered")), ("busy", End(17, "dial_busy")),
    ("no_answer", End(19, "dial_no_answer")), ("congestion", End(34, "dial_failed")),
])
def test_dial_without_exits_ends_with_the_networks_cause(status: Any, end: End) -> None:
    assert then({"dial": "+493055502"}, Reply(status))[1] == end


@pytest.mark.parametrize("typed", ["", "110", "493055502", "+4930555021234567", "+49 30", "+4930555&PJSIP/x"])
def test_dial_takes_nothing_but_a_number(typed: str) -> None:
    facts = replace(FACTS, variables={"number": typed})
    session, directive = first({"dial": "${contact.number}", "failed": "e"}, facts)
    assert directive == HEARD_E
    assert session.marks == set()
    assert first({"dial": "${contact.number}"}, facts)[1] == End(28, "invalid_number")


def test_dial_does_not_pick_up_first() -> None:
    session, directive = first(DIAL, replace(FACTS, answered=False))
    assert isinstance(directive, Dial)
    assert after(session, Reply("busy"))[1] == Answer()
    assert after(session, Reply("answered"))[1] == HEARD_B


# -- picking up ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("node", [
    {"say": TEXT}, {"play": "prompts/one"}, MENU, COLLECT, LANGUAGE, QUEUE,
], ids=lambda node: next(iter(node)))  # fmt: skip
def test_what_is_to_be_heard_picks_up_first(node: dict[str, Any]) -> None:
    flow = flow_of({"a": node, "b": B, "c": C, "d": D, "e": E})
    session, directive = start(flow, replace(FACTS, answered=False), NOON, WORLD)
    assert (directive, session.path) == (Answer(), ())
    session, directive = after(session, DONE)
    assert session.path == ("a",)
    assert directive == start(flow, FACTS, NOON, WORLD)[1]


def test_a_call_that_cannot_be_picked_up_ends() -> None:
    session, _ = first({"say": TEXT}, replace(FACTS, answered=False))
    assert after(session, Reply("failed"))[1] == End(41, "not_answered")
