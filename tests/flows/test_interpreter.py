"""Whole flows: any flow, any replies."""

import json
from dataclasses import replace
from typing import get_args

import pytest
from flow_samples import FACTS, FLOWS, NOON, REPLIES, TEXT, WORLD, after, begin, flow_of, silent
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.flows.commands import Answer, Collect, Directive, End, Play, QueueRequest, QueueResult, Reply
from dialer.flows.interpreter import MOST_STEPS, advance, dump, restore, resume, start
from dialer.flows.model import Flow
from dialer.flows.session import CallFacts

REPLIES_A_NODE = 16
"""At most: eleven questions and as many read back would be more, but the random flows ask less."""


@settings(max_examples=120, deadline=None)
@given(FLOWS, st.lists(REPLIES, max_size=30), st.booleans())
def test_no_reply_breaks_any_flow(flow: Flow, replies: list[Reply | QueueResult], answered: bool) -> None:
    session, directive = start(flow, replace(FACTS, answered=answered), NOON, WORLD)
    heard: list[Directive] = [directive]
    for reply in replies:
        session, directive = advance(session, reply, session.now + 1)
        heard.append(directive)
        assert isinstance(directive, get_args(Directive))
        assert (session.awaits == "nothing") == isinstance(directive, End)
    if not answered and not isinstance(heard[0], End):
        spoken = [one for one in heard if isinstance(one, Play | Collect | QueueRequest)]
        assert not spoken or Answer() in heard[: heard.index(spoken[0])] or Reply("answered") in replies


@settings(max_examples=120, deadline=None)
@given(FLOWS, st.booleans())
def test_a_silent_caller_comes_to_an_end(flow: Flow, answered: bool) -> None:
    session, directive = start(flow, replace(FACTS, answered=answered), NOON, WORLD)
    for _ in range(MOST_STEPS * REPLIES_A_NODE):
        if isinstance(directive, End):
            return
        session, directive = advance(session, silent(directive), session.now)
    pytest.fail(f"still asking for {directive}")


@settings(max_examples=120, deadline=None)
@given(FLOWS, st.lists(REPLIES, max_size=20), st.lists(REPLIES, min_size=1, max_size=10))
def test_a_restored_call_goes_on_as_if_nothing_had_been(
    flow: Flow, before: list[Reply | QueueResult], later: list[Reply | QueueResult]
) -> None:
    session, directive = start(flow, replace(FACTS, variables={"name": "Ü"}), NOON, WORLD)
    for reply in before:
        session, directive = advance(session, reply, session.now + 1)
    other = restore(flow, dump(session), WORLD)
    assert other == replace(session, path=())
    for reply in later:
        session, directive = advance(session, reply, session.now + 1)
        other, restored = advance(other, reply, other.now + 1)
        assert restored == directive


@pytest.mark.parametrize("nodes", [
    {"a": {"goto": "a"}},
    {"a": {"set": {"x": "x + 1"}, "next": "b"}, "b": {"branch": [{"when": "x < 0", "to": "a"}], "otherwise": "a"}},
    {"a": {"say": TEXT, "next": "b"}, "b": {"goto": "a"}},
    {"a": {"menu": TEXT, "choices": {"1": "a"}, "otherwise": "a"}},
    {"a": {"queue": {"skills": ["x"]}, "timeout": "a"}},
    {"a": {"dial": "no number", "failed": "a"}},
])  # fmt: skip
def test_a_loop_is_ended_not_spun(nodes: dict[str, object]) -> None:
    session, directive = begin(nodes)
    while not isinstance(directive, End):
        session, directive = advance(session, silent(directive), NOON)
    assert directive == End(31, "loop")
    assert session.steps == MOST_STEPS


def test_a_caller_who_does_something_is_not_ended() -> None:
    session, directive = begin({"a": {"menu": TEXT, "choices": {"1": "b"}}, "b": {"goto": "a"}})
    for _ in range(2 * MOST_STEPS):
        session, directive = advance(session, Reply(digits="1"), NOON)
    assert isinstance(directive, Collect)


def test_an_ended_flow_stays_ended() -> None:
    session, _ = begin({"a": {"hangup": None}})
    assert after(session, Reply(), QueueResult("talked"))[1] == End()
    assert resume(session, NOON)[1] == End()


def test_a_node_that_is_not_there_ends_the_call() -> None:
    assert begin({"a": {"goto": "b"}})[1] == End(41, "unknown_node")


def test_a_reply_that_does_not_belong_asks_again() -> None:
    session, directive = begin({"a": {"queue": {"skills": ["x"]}}, "b": {"say": TEXT}})
    assert after(session, Reply("expired"))[1] == directive
    session, directive = begin({"a": {"say": TEXT}})
    assert after(session, QueueResult("talked"))[1] == directive


def test_languages_come_from_the_call_where_the_flow_speaks_them() -> None:
    flow = flow_of({"a": {"say": TEXT}})
    assert start(flow, FACTS, NOON, WORLD)[0].language == "de"
    assert start(flow, replace(FACTS, language="en"), NOON, WORLD)[0].language == "en"
    assert start(flow, replace(FACTS, language="fr"), NOON, WORLD)[0].language == "de"


def test_what_comes_from_outside_cannot_pass_for_something_else() -> None:
    session, _ = begin({"a": {"say": TEXT}}, replace(FACTS, variables={"caller": "x", "language": "fr", "y": "1"}))
    names = session.names()
    assert (names["caller"], names["language"], names["contact.caller"]) == (FACTS.caller, "de", "x")
    assert "y" not in names


# -- after a crash ---------------------------------------------------------------------------------------------

NODES = {
    "a": {"language": {"1": "de", "2": "en"}, "next": "b"},
    "b": {"collect": {"prompt": TEXT, "store": "x"}, "next": "c"},
    "c": {"queue": {"skills": ["x"]}, "next": "d", "timeout": "d"},
    "d": {"say": TEXT},
}


def waiting() -> str:
    session, _ = begin(NODES)
    session, directive = after(session, Reply(digits="2"), Reply(), Reply(digits="42"))
    assert isinstance(directive, QueueRequest)
    return dump(session.mark("closed"))


def test_a_talk_that_went_on_through_the_crash() -> None:
    session = restore(flow_of(NODES), waiting(), WORLD)
    session, directive = advance(session, QueueResult("talked"), NOON)
    assert directive == Play(("en:Yes",))
    assert session.marks == {"served", "closed"}
    assert session.variables["x"] == "42"


def test_a_lost_directive_is_asked_again() -> None:
    _, directive = resume(restore(flow_of(NODES), waiting(), WORLD), NOON)
    assert directive == QueueRequest("test_c", ("x",), max_wait_s=600.0)


def test_a_node_changed_elsewhere_does_not_matter() -> None:
    changed = {**NODES, "d": {"say": {"de": "Neu", "en": "New"}}}
    session = restore(flow_of(changed), waiting(), WORLD)
    assert advance(session, QueueResult("talked"), NOON)[1] == Play(("en:New",))


@pytest.mark.parametrize("changed", [
    {**NODES, "c": {"queue": {"skills": ["y"]}, "next": "d"}},
    {name: node for name, node in {**NODES, "b": {"say": TEXT, "next": "d"}}.items() if name != "c"},
])  # fmt: skip
@pytest.mark.parametrize("on", [lambda s: advance(s, QueueResult("talked"), NOON), lambda s: resume(s, NOON)])
def test_a_changed_node_begins_the_flow_anew(changed: dict[str, object], on: object) -> None:
    session = restore(flow_of(changed), waiting(), WORLD)
    assert callable(on)
    session, directive = on(session)
    assert session.path == ("a",)
    assert isinstance(directive, Collect)
    assert session.marks == {"closed"}
    assert session.variables["x"] == "42"


def test_another_flow_begins_anew() -> None:
    other = Flow.model_validate({**flow_of(NODES).model_dump(mode="json", exclude={"simulate"}), "flow": "other"})
    assert restore(other, waiting(), WORLD).awaits == "entry"


def test_a_language_that_was_dropped_is_not_spoken() -> None:
    german = {**NODES, "a": {"say": TEXT, "next": "b"}}
    plain = flow_of(german).model_dump(mode="json", exclude={"simulate"})
    flow = Flow.model_validate({**plain, "languages": ["de"]})
    assert restore(flow, waiting(), WORLD).language == "de"


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"flow": "test"}', waiting()[:-2],
                                  waiting().replace('"caller"', '"koller"'),
                                  json.dumps({**json.loads(waiting()), "memory": 5})])  # fmt: skip
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a flow's position"):
        restore(flow_of(NODES), text, WORLD)


def test_facts_survive() -> None:
    facts = CallFacts("+49", "+44", "acme", "en", {"city": "Köln"}, answered=True)
    session, _ = begin(NODES, facts)
    assert restore(flow_of(NODES), dump(session), WORLD).facts == facts
