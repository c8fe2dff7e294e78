"""Flow tests: the samples' hold, and a wrong expectation is found."""

import shutil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flow_samples import TEXT, calendar, flow_of

from dialer.flows.offline import FlowTest, bare_world, run
from dialer.flows.shell import draw, run_tests

ROOT = Path(__file__).parents[2]
FLOW = flow_of({
    "a": {"hours": "day", "open": "b", "closed": "d"},
    "b": {"menu": TEXT, "choices": {"1": "c"}},
    "c": {"queue": {"skills": ["x"], "priority": 1}, "timeout": "d"},
    "d": {"dial": "+493055502", "next": "e"},
    "e": {"hangup": {"reason": "bye"}},
})  # fmt: skip
WORLD = bare_world({"day": calendar("day", "08:00", "18:00")}, {"acme": "+493055501"})


def found(expect: dict[str, Any], **test: Any) -> list[str]:
    one = FlowTest.model_validate({"test": "x", "keys": ["1"], "queues": ["expired"], **test, "expect": expect})
    return run(one, FLOW, WORLD, ZoneInfo("Europe/Berlin"))


def test_what_holds() -> None:
    assert found({
        "nodes": ["a", "b", "c", "d", "e"], "hears": ["Ja"], "queues": [{"queue": "test_c", "skills": ["x"]}],
        "dials": ["+493055502"], "language": "de", "marks": ["forwarded", "overloaded"], "cause": 16, "reason": "bye",
        "variables": {"digits": "1"},
    }) == []  # fmt: skip


@pytest.mark.parametrize(("expect", "line"), [
    ({"nodes": ["a", "b"]}, "nodes: a, b, c, d, e, not a, b"),
    ({"hears": ["No"]}, "hears: `No` was not heard"),
    ({"hears": ["Ja", "Ja"]}, "hears: `Ja` was not heard after the one before"),
    ({"queues": []}, "queues: test_c, that is 1 instead of 0"),
    ({"queues": [{"skills": ["y"]}]}, "queue test_c: skills x, not y"),
    ({"queues": [{"priority": 2}]}, "queue test_c: priority 1, not 2"),
    ({"dials": []}, "dials: +493055502, not none"),
    ({"language": "en"}, "language: de, not en"),
    ({"marks": ["closed"]}, "marks: forwarded, overloaded, not closed"),
    ({"cause": 17}, "cause: 16, not 17"),
    ({"reason": "done"}, "reason: bye, not done"),
    ({"variables": {"digits": "2"}}, "variable digits: `1`, not `2`"),
])  # fmt: skip
def test_what_does_not_hold_is_told(expect: dict[str, Any], line: str) -> None:
    assert found(expect) == [line]


def test_answers_that_nobody_asked_for_are_told() -> None:
    assert found({}, keys=["1", "2"], dials=["busy", "answered"]) == ["not used: keys 2", "not used: dials answered"]


def test_time_is_the_clients_unless_it_says_otherwise() -> None:
    assert found({"marks": ["overloaded", "forwarded"]}, at="2026-01-07 18:30") == []  # 17:30 UTC
    closed: dict[str, Any] = {"keys": [], "queues": []}
    assert found({"marks": ["closed", "forwarded"]}, at="2026-01-07 18:30+00:00", **closed) == []


# -- the commands ----------------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("configs", "ivr_flows"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_samples_hold(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_tests(root) == 0
    printed = capsys.readouterr().out
    assert "ok     acme_support.yaml: support in German" in printed
    assert printed.splitlines()[-1].endswith(" passed, 0 failed")


def test_a_test_that_fails_fails_the_command(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = root / "ivr_flows" / "tests" / "survey.yaml"
    path.write_text(path.read_text().replace('{helpful: "0"}', '{helpful: "5"}'))
    assert run_tests(root) == 1
    printed = capsys.readouterr().out
    assert "FAILED survey.yaml: it did not\n         variable helpful: `0`, not `5`" in printed


def test_faults_in_test_files_have_their_place(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = root / "ivr_flows" / "tests"
    (folder / "a.yaml").write_text("flow: survy\ntests:\n  - {test: x, expect: {}}\n")
    (folder / "b.yaml").write_text('flow: survey\ntests:\n  - {test: x, kees: ["1"], at: soon, expect: {}}\n')
    assert run_tests(root) == 2
    printed = capsys.readouterr().err
    assert "a.yaml:1:7: no flow `survy`; did you mean `survey`?" in printed
    assert "b.yaml:3:15: unknown key `kees`; did you mean `keys`?" in printed
    assert "b.yaml:3:32: `soon` is not a time; write 2026-03-02 10:00" in printed


def test_a_faulty_configuration_is_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "ivr_flows" / "survey.yaml").write_text("flow: survey\n")
    assert run_tests(root) == 2
    assert draw(root, None, "survey") == 2
    assert "survey.yaml:1:1: key `client` is missing" in capsys.readouterr().err


def test_a_flow_is_drawn(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert draw(root, None, "globex_desk") == 0
    assert capsys.readouterr().out.startswith('digraph "globex_desk" {')
    assert draw(root, None, "globex_desk", "mermaid") == 0
    assert capsys.readouterr().out.startswith("flowchart TD")
    assert draw(root, None, "globex") == 2
    assert "no flow `globex`; did you mean `globex_desk`?" in capsys.readouterr().err
