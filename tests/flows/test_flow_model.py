"""What may be written in a flow, what is said of it where, and what is known of it before a call comes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flow_samples import FLOWS, TEXT, flow_of
from hypothesis import given, settings
from pydantic import ValidationError

from dialer.flows.model import Flow
from dialer.flows.node import kinds

GOOD = {"say": TEXT}


def faults(nodes: dict[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(ValidationError) as caught:
        flow_of(nodes)
    return [(error["loc"], error["msg"]) for error in caught.value.errors()]


@pytest.mark.parametrize(("node", "loc", "words"), [
    ({"sya": TEXT}, (), "did you mean `say`?"),
    ({"speak_now": TEXT}, (), "known kinds: answer, branch, collect, dial, do_not_call, goto, hangup, hours, language"),
    ({"say": TEXT, "goto": "b"}, (), "two kinds (say and goto)"),
    ("say", (), "write a mapping as {say: ..., next: ...}"),
    (None, (), "write a mapping"),
    ({**GOOD, "nxt": "b"}, ("nxt",), "not permitted"),
    ({**GOOD, "next": "No Name"}, ("next",), "pattern"),
    ({**GOOD, "next": 5}, ("next",), "string"),
    ({"say": {"german": "x"}}, ("say", "german", "[key]"), "pattern"),
    ({"say": {"de": ""}}, ("say", "de"), "pattern"),
    ({"say": {"de": "a\nb"}}, ("say", "de"), "pattern"),
    ({"say": {"de": "Hallo ${caller}"}}, ("say", "de"), "write it plainly"),
    ({"say": {}}, ("say",), "at least 1"),
    ({"say": "Hallo"}, ("say",), "dictionary"),
    ({"play": "../../etc/passwd"}, ("play",), "write prompts/NAME"),
    ({"play": "prompts/../x"}, ("play",), "write prompts/NAME"),
    ({"menu": "Hallo", "choices": {"1": "b"}}, ("menu",), "write prompts/NAME"),
    ({"menu": {"de": 5}, "choices": {"1": "b"}}, ("menu", "de"), "string"),
    ({"menu": TEXT}, ("choices",), "required"),
    ({"menu": TEXT, "choices": {}}, ("choices",), "at least 1"),
    ({"menu": TEXT, "choices": {"a": "b"}}, ("choices", "a", "[key]"), "pattern"),
    ({"menu": TEXT, "choices": {"1": "b"}, "timeout": "5"}, ("timeout",), "500ms"),
    ({"menu": TEXT, "choices": {"1": "b"}, "retries": "2"}, ("retries",), "integer"),
    ({"collect": {"prompt": TEXT}}, ("collect", "store"), "required"),
    ({"collect": {"prompt": TEXT, "store": "x", "digits": {"min": 5, "max": 4}}}, ("collect", "digits"), "smaller"),
    ({"language": {"1": "deutsch"}}, ("language", "1"), "pattern"),
    ({"set": {"x": "1 +"}}, ("set", "x"), "column 4: the end cannot stand here; a value is expected"),
    ({"set": {"x": 1.5}}, ("set", "x"), "whole number"),
    ({"set": {"X Y": "1"}}, ("set", "X Y", "[key]"), "pattern"),
    ({"branch": []}, ("branch",), "at least 1"),
    ({"branch": [{"when": "a = 1", "to": "b"}]}, ("branch", 0, "when"), "compare with =="),
    ({"branch": [{"when": "a"}]}, ("branch", 0, "to"), "required"),
    ({"hours": "office"}, ("open",), "required"),
    ({"queue": {"skills": []}}, ("queue", "skills"), "at least 1"),
    ({"queue": {"skills": ["${a"]}}, ("queue", "skills", 0), "add the `}`"),
    ({"queue": {"skills": ["a"], "priority": 11}}, ("queue", "priority"), "less than or equal to 10"),
    ({"queue": {"skills": ["a"], "max_wait": 90}}, ("queue", "max_wait"), "500ms"),
    ({"dial": "+49", "caller_id": "me"}, ("caller_id", ), ""),
    ({"hangup": {"cause": 200}}, ("hangup", "cause"), "127"),
    ({"answer": "later"}, ("answer",), "500ms"),
    ({"goto": None}, ("goto",), "string"),
])
def test_faults_name_their_place(node: object, loc: tuple[str | int, ...], words: str) -> None:
    found = faults({"a": node, "b": GOOD})
    assert any(place[:2 + len(loc)] == ("nodes", "a", *loc) and words in message for place, message in found), found


def test_every_fault_of_every_node_is_found_at_once() -> None:
    found = faults({"a": {"sya": 1}, "b": {"say": {"xx1": "y"}, "nxt": "q"}, "c": {"goto": "A"}})
    assert [loc[:2] for loc, _ in found] == [("nodes", "a"), ("nodes", "b"), ("nodes", "b"), ("nodes", "c")]


def test_the_kinds() -> None:
    assert sorted(kinds()) == [
        "answer", "branch", "collect", "dial", "do_not_call", "goto", "hangup", "hours", "language", "menu", "play",
        "queue", "say", "set",
    ]  # fmt: skip
    assert all(name in kind.model_fields and kind.model_fields[name].is_required() for name, kind in kinds().items())


def test_a_kind_is_added_by_one_class_in_one_file(tmp_path: Path) -> None:
    (tmp_path / "wait.py").write_text("""
from dialer.flows.commands import Pause
from dialer.flows.fields import NodeName
from dialer.flows.node import Node

class Wait(Node):
    wait: float
    next: NodeName | None = None

    def enter(self, session):
        return session.ask(Pause(self.wait))

    def on(self, session, reply):
        return session.go(self.next)
""")
    program = f"""
import dialer.flows.nodes
dialer.flows.nodes.__path__.append({str(tmp_path)!r})
from dialer.flows.interpreter import advance, start
from dialer.flows.commands import Reply
from dialer.flows.model import Flow
from dialer.flows.session import CallFacts, World
flow = Flow.model_validate({{"flow": "f", "client": "c", "languages": ["de"], "start": "a",
                             "nodes": {{"a": {{"wait": 2, "next": "b"}}, "b": {{"hangup": None}}}}}})
session, directive = start(flow, CallFacts("", "", "c", answered=True), 0.0, World({{}}, None, {{}}))
print(directive, advance(session, Reply(), 0.0)[1].reason, flow.unreachable(), "Wait" in str(Flow.model_json_schema()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Pause(seconds=2.0) hangup [] True"


@settings(max_examples=50, deadline=None)
@given(FLOWS)
def test_a_flow_is_plain_data_again_for_logs_and_the_api(flow: Flow) -> None:
    plain = json.loads(json.dumps(flow.model_dump(mode="json", by_alias=True)))
    assert plain["nodes"].keys() == flow.nodes.keys()


def test_the_schema_knows_every_kind() -> None:
    schema = Flow.model_json_schema()
    (node,) = schema["properties"]["nodes"]["patternProperties"].values()
    branches = [schema["$defs"][one["$ref"].rsplit("/")[-1]] if "$ref" in one else one for one in node["anyOf"]]
    assert sorted(branch["required"][0] for branch in branches) == sorted(kinds())
    assert all(branch["additionalProperties"] is False for branch in branches)


# -- what is known of it ---------------------------------------------------------------------------------------

FLOW = flow_of({
    "a": {"menu": "prompts/menu", "choices": {"1": "b"}, "invalid": {"de": "Nein"}, "otherwise": "c"},
    "b": {"queue": {"skills": ["sales", "${language}", "s_${x}"]}, "next": "missing"},
    "c": {"hours": "office", "open": "b"},
    "d": {"collect": {"prompt": TEXT, "store": "x", "confirm": TEXT}, "next": "e"},
    "e": {"language": {"1": "de", "2": "fr"}, "next": "a"},
}, languages=["de", "pt_BR"])  # fmt: skip


def test_references() -> None:
    assert [tuple(reference) for reference in FLOW.references()] == [
        (("client",), "client", "acme"),
        (("start",), "node", "a"),
        (("languages", 0), "language", "de"),
        (("languages", 1), "language", "pt_BR"),
        (("nodes", "a", "choices", "1"), "node", "b"),
        (("nodes", "a", "otherwise"), "node", "c"),
        (("nodes", "b", "queue", "skills", 0), "skill", "sales"),
        (("nodes", "b", "queue", "skills", 1), "skill", "de"),
        (("nodes", "b", "queue", "skills", 1), "skill", "pt_br"),
        (("nodes", "b", "next"), "node", "missing"),
        (("nodes", "c", "hours"), "hours", "office"),
        (("nodes", "c", "open"), "node", "b"),
        (("nodes", "d", "next"), "node", "e"),
        (("nodes", "e", "next"), "node", "a"),
    ]


def test_unreachable() -> None:
    assert FLOW.unreachable() == ["d", "e"]
    assert flow_of({"a": {"goto": "a"}, "b": {"goto": "a"}}).unreachable() == ["b"]


def test_prompts() -> None:
    assert [tuple(use) for use in FLOW.prompts()] == [
        (("nodes", "a", "menu"), "file", "menu", ("de", "pt_BR"), ()),
        (("nodes", "a", "invalid"), "text", "Nein", ("de", "pt_BR"), ("de",)),
        (("nodes", "d", "collect", "prompt"), "text", "Ja", ("de", "pt_BR"), ("de", "en")),
        (("nodes", "d", "collect", "confirm"), "text", "Ja", ("de", "pt_BR"), ("de", "en")),
    ]


def test_digits_are_spoken_where_they_are_read_back() -> None:
    spoken = set(FLOW.spoken())
    assert {("de", "Nein"), ("de", "Ja"), ("de", "7"), ("pt_BR", "7")} <= spoken
    assert ("en", "Yes") not in spoken
    assert ("pt_BR", "Ja") not in spoken


@pytest.mark.parametrize(("nodes", "loc", "wrong", "right"), [
    ({"a": {"branch": [{"when": "lanugage == \"de\"", "to": "a"}]}}, ("nodes", "a", "branch", 0, "when"),
     "variable `lanugage` is never set", "did you mean `language`?"),
    ({"a": {"queue": {"skills": ["${zzz}"]}}}, ("nodes", "a", "queue", "skills", 0),
     "variable `zzz` is never set", "known: caller, client, dialled, digits, flow, language"),
    ({"a": {"set": {"caller": 1}}}, ("nodes", "a", "set", "caller"), "`caller` cannot be set", "choose another name"),
    ({"a": {"language": {"1": "fr"}}}, ("nodes", "a", "language", "1"),
     "`fr` is not among the flow's languages", "known: de, en"),
])
def test_faults_within_the_flow(nodes: dict[str, Any], loc: object, wrong: str, right: str) -> None:
    assert list(flow_of(nodes).faults()) == [(loc, wrong, right)]


def test_variables_that_are_set_somewhere_or_come_from_outside_are_no_faults() -> None:
    flow = flow_of({
        "a": {"set": {"n": "n + 1", "m": "contact.anything"}, "next": "b"},
        "b": {"collect": {"prompt": TEXT, "store": "account"}, "next": "c"},
        "c": {"branch": [{"when": "account == n and caller and digits", "to": "a"}]},
    })  # fmt: skip
    assert list(flow.faults()) == []
