import re

from flow_samples import FLOWS, TEXT, flow_of
from hypothesis import given, settings

from dialer.flows.graph import dot, edges, mermaid, silent_loops, unreachable, warnings
from dialer.flows.model import Flow

FLOW = flow_of({
    "a": {"menu": TEXT, "choices": {"1": "b", "#": "c"}},
    "b": {"branch": [{"when": 'caller == "x"', "to": "c"}], "otherwise": "d"},
    "c": {"queue": {"skills": ["x"]}, "overflow": "d"},
    "d": {"hangup": None},
    "e": {"goto": "a"},
}, numbers=["+493055501"])  # fmt: skip


def test_edges() -> None:
    assert [tuple(edge) for edge in edges(FLOW)] == [
        ("a", "1", "b"), ("a", "#", "c"), ("a", "otherwise", None),
        ("b", 'caller == "x"', "c"), ("b", "otherwise", "d"),
        ("c", "overflow", "d"), ("c", "", None),
        ("e", "", "a"),
    ]  # fmt: skip
    assert unreachable(FLOW) == ["e"]


def test_dot() -> None:
    drawn = dot(FLOW)
    assert '  "+493055501" -> "a";' in drawn
    assert '  "a" [label="a\\nmenu"];' in drawn
    assert '  "b" -> "c" [label="caller == \\"x\\""];' in drawn
    assert '  "a" -> "end 1" [label="otherwise", style=dashed];' in drawn


def test_mermaid() -> None:
    drawn = mermaid(FLOW).splitlines()
    assert drawn[:3] == ["flowchart TD", '  c0(["+493055501"]) --> n0', '  n0["a: menu"]']
    assert '  n0 -->|"#35;"| n2' in drawn
    assert '  n1 -->|"caller == #quot;x#quot;"| n2' in drawn
    assert '  n0 -.->|"otherwise"| e2((end))' in drawn


@settings(max_examples=50, deadline=None)
@given(FLOWS)
def test_any_flow_is_drawn_whole(flow: Flow) -> None:
    count = len(list(edges(flow)))
    assert dot(flow).count(" -> ") == count + len(flow.numbers)
    assert len(re.findall(r"^  n\d+ -", mermaid(flow), re.MULTILINE)) == count
    for name in flow.nodes:
        assert f'"{name}"' in dot(flow)


def test_dead_ends_are_told() -> None:
    found = list(warnings(flow_of({
        "a": {"say": TEXT, "next": "b"},
        "b": {"collect": {"prompt": TEXT, "store": "x"}, "next": "c"},
        "c": {"queue": {"skills": ["x"], "max_waiting": 3}, "timeout": "d"},
        "d": {"say": TEXT},
    })))  # fmt: skip
    assert [line.split(";")[0] for line in found] == [
        "node `b` ends the call at otherwise",
        "node `c` ends the call at full, no_agents",
        "node `d` ends the call at next",
    ]


def test_loops_without_anybody_doing_anything_are_told() -> None:
    flow = flow_of({
        "a": {"menu": TEXT, "choices": {"1": "b"}, "otherwise": "b"},
        "b": {"say": TEXT, "next": "a"},
        "c": {"goto": "c"},
    })  # fmt: skip
    assert silent_loops(flow) == [["a", "b"], ["c"]]
    assert "a caller who does nothing goes round in a → b until ended after 200 nodes" in list(warnings(flow))


def test_loops_in_which_somebody_acts_or_waits_may_stand() -> None:
    assert silent_loops(flow_of({
        "a": {"menu": TEXT, "choices": {"1": "a"}, "otherwise": "b"},
        "b": {"queue": {"skills": ["x"]}, "timeout": "c"},
        "c": {"say": TEXT, "next": "b"},
    })) == []  # fmt: skip
