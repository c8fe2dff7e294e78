"""Every command: what it asks for, what it says, and how it exits."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from port_double import Plant

from dialer.web.port import Health, RefusedError

Dialer = Callable[..., Any]


def test_the_help_is_fast_because_it_loads_little() -> None:
    heavy = {"aiohttp", "sqlalchemy", "pydantic", "prometheus_client", "panoramisk", "phonenumbers", "yaml", "alembic"}
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, dialer.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert heavy.isdisjoint(loaded.stdout.split())


@pytest.mark.parametrize(
    "words", [["--help"], ["agent", "--help"], ["list", "import", "--help"], ["flow", "graph", "--help"]]
)
def test_help(dialer: Dialer, root: Path, words: list[str]) -> None:
    assert dialer(root, *words).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["fly"],
        ["agent", "anna"],
        ["agent", "anna", "fly"],
        ["campaign", "x", "login"],
        ["status", "--root", "/none"],
        ["agent", "../anna", "ready"],
        ["list", "import", "winback", "missing.csv"],
        ["serve", "--log", "xml"],
    ],
)
def test_wrong_usage_is_2(dialer: Dialer, running: Path, words: list[str]) -> None:
    assert dialer(running, *words).exit_code == 2


def test_status(dialer: Dialer, running: Path) -> None:
    seen = dialer(running, "status")
    assert seen.exit_code == 0
    for text in (
        "engine up",
        "switch main: up",
        "winback",
        "no_idle_agent",
        "anna",
        "talking",
        "9 offered",
        "support",
        "0:12",
    ):
        assert text in seen.output


def test_status_exits_1_when_something_is_down(dialer: Dialer, running: Path, plant: Plant) -> None:
    plant.now = Health({"main": "login refused"}, "up", False)
    seen = dialer(running, "status")
    assert seen.exit_code == 1
    assert "login refused" in seen.output


def test_status_tells_what_is_lacking(dialer: Dialer, running: Path, plant: Plant) -> None:
    plant.now = Health({"main": "up"}, "up", False, ["recordings of switch `main`: there is no directory /nowhere"])
    seen = dialer(running, "status")
    assert seen.exit_code == 0
    assert "warning: recordings of switch `main`" in seen.output


def test_status_for_programs(dialer: Dialer, running: Path) -> None:
    seen = json.loads(dialer(running, "status", "--json").stdout)
    assert seen["totals"]["offered"] == 9


def test_calls(dialer: Dialer, running: Path) -> None:
    seen = dialer(running, "calls")
    assert "node1-abc-1" in seen.output
    assert "+49…23" in seen.output


def test_an_agent(dialer: Dialer, running: Path, plant: Plant) -> None:
    seen = dialer(running, "agent", "anna", "pause", "--reason", "tea")
    assert (seen.exit_code, seen.stdout) == (0, "anna: paused\n")
    assert plant.orders == [("anna", "pause", "tea")]


def test_a_campaign(dialer: Dialer, running: Path, plant: Plant) -> None:
    seen = dialer(running, "campaign", "winback", "drain")
    assert (seen.exit_code, seen.stdout) == (0, "winback: draining\n")


def test_a_refusal_is_1_and_in_the_engines_words(dialer: Dialer, running: Path, plant: Plant) -> None:
    plant.fault = RefusedError("anna is talking")
    seen = dialer(running, "agent", "anna", "ready")
    assert (seen.exit_code, seen.stderr) == (1, "dialer: anna is talking\n")
    assert "there is no agent bert" in dialer(running, "agent", "bert", "ready").stderr


def test_a_reload(dialer: Dialer, running: Path, plant: Plant) -> None:
    assert dialer(running, "reload").exit_code == 0
    plant.faults = ["configs/agents.yaml:3:5: unknown key `nam`; did you mean `name`?"]
    refused = dialer(running, "reload")
    assert refused.exit_code == 2
    assert plant.faults[0] in refused.stderr


def test_the_token_is_missing(dialer: Dialer, running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIALER_API_TOKEN")
    seen = dialer(running, "calls")
    assert seen.exit_code == 1
    assert "web.token_env" in seen.stderr


@pytest.mark.parametrize(
    "words", [["status"], ["calls"], ["reload"], ["agent", "anna", "ready"], ["campaign", "winback", "start"]]
)
def test_no_engine_is_said_clearly(dialer: Dialer, root: Path, words: list[str]) -> None:
    seen = dialer(root, *words)
    assert seen.exit_code == 1
    assert "Is `dialer serve` running?" in seen.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("web: {listen: {port: high}}", "plant.yaml:1:22"),
        ("web: [", "plant.yaml:2:1: not valid YAML"),
        ("- x", "is not a plant"),
        ("web: {listen: {port: 0}}", "port 0"),
    ],
)
def test_a_bad_plant_is_2_with_its_place(dialer: Dialer, root: Path, text: str, message: str) -> None:
    (root / "configs" / "plant.yaml").write_text(text)
    seen = dialer(root, "calls")
    assert seen.exit_code == 2
    assert message in seen.stderr


def test_no_plant_at_all(dialer: Dialer, tmp_path: Path) -> None:
    seen = dialer(tmp_path, "calls")
    assert seen.exit_code == 2
    assert "--root or --plant" in seen.stderr


def test_check_and_schema(dialer: Dialer, root: Path) -> None:
    assert dialer(root, "check").exit_code == 0
    assert dialer(root, "schema", "out").exit_code == 0
    assert list((root / "out").glob("*.json"))
    (root / "configs" / "agents.yaml").write_text("agents: {a: {nmae: x}}")
    assert dialer(root, "check").exit_code == 2


def test_flows(dialer: Dialer, root: Path) -> None:
    assert dialer(root, "flow", "graph", "survey").stdout.startswith("digraph")
    assert dialer(root, "flow", "graph", "survey", "--as", "mermaid").stdout.startswith("flowchart")
    assert dialer(root, "flow", "graph", "surveys").exit_code == 2
    assert dialer(root, "flow", "test").exit_code == 0


def test_a_list_goes_through_the_running_engine(dialer: Dialer, running: Path, plant: Plant) -> None:
    (running / "a.csv").write_text("number\n+4930231250123\n")
    seen = dialer(running, "list", "import", "winback", "a.csv")
    assert (seen.exit_code, seen.stdout) == (0, "3 imported, 0 known, 2 duplicates, 1 rejected\n")
    assert "a.csv.winback.rejected.csv" not in seen.stderr and "a.winback.rejected.csv" in seen.stderr
    assert plant.orders == [("import", "winback", str(running / "a.csv"), None), ("imported", "winback")]
    plant.fault = RefusedError("a.csv:1: no column `number`")
    refused = dialer(running, "list", "import", "winback", "a.csv")
    assert (refused.exit_code, refused.stderr) == (1, "dialer: a.csv:1: no column `number`\n")


def test_a_list_goes_into_the_store_without_an_engine(dialer: Dialer, root: Path) -> None:
    (root / "a.csv").write_text("number,name\n+4930231250123,A\n+4930231250124,B\n+4930231250124,B\n12,C\n")
    first = dialer(root, "list", "import", "acme_winback", "a.csv")
    assert (first.exit_code, first.stdout) == (0, "2 imported, 0 known, 1 duplicates, 1 rejected\n")
    again = dialer(root, "list", "import", "acme_winback", "a.csv")
    assert again.stdout == "0 imported, 3 known, 0 duplicates, 1 rejected\n"
    with sqlite3.connect(root / "var" / "dialer.db") as store:
        rows = store.execute("select number from contacts where campaign = 'acme_winback' order by number").fetchall()
    store.close()
    assert rows == [("+4930231250123",), ("+4930231250124",)]


def test_a_list_without_an_engine_is_refused_with_a_reason(dialer: Dialer, root: Path) -> None:
    (root / "a.csv").write_text("name\nA\n")
    wrong = dialer(root, "list", "import", "acme_winback", "a.csv")
    assert wrong.exit_code == 1
    assert "number" in wrong.stderr
    unknown = dialer(root, "list", "import", "acme_winbac", "a.csv")
    assert unknown.exit_code == 1
    assert "did you mean `acme_winback`?" in unknown.stderr


def test_the_stores_upgrade(dialer: Dialer, root: Path) -> None:
    assert dialer(root, "store", "upgrade").exit_code == 0
    assert (root / "var" / "dialer.db").exists()
    path = root / "configs" / "plant.yaml"
    path.write_text(path.read_text().replace("sqlite:///var/dialer.db", "sqlite:////proc/none/dialer.db"))
    refused = dialer(root, "store", "upgrade")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("dialer: ")
    assert "Traceback" not in refused.output


def test_serving_a_faulty_configuration_is_2(root: Path) -> None:
    (root / "configs" / "agents.yaml").write_text("agents: {a: {nmae: x}}")
    done = served(root)
    _, told = done.communicate(timeout=60)
    assert done.returncode == 2
    assert "did you mean `name`?" in told


def test_names_complete(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def complete(*words: str) -> list[str]:
        environment = {
            **os.environ,
            "_DIALER_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
        done = subprocess.run(
            [sys.executable, "-c", "from dialer.cli import app; app(prog_name='dialer')"],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.split()

    assert complete("dialer", "campaign", "acme") == ["acme_winback"]
    assert "agent01" in complete("dialer", "agent", "agent0")
    assert "survey" in complete("dialer", "flow", "graph", "")


def served(root: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, "DIALER_AMI_SECRET": "x"}
    return subprocess.Popen(
        [sys.executable, "-m", "dialer.cli", "serve"], cwd=root, env=environment, stderr=subprocess.PIPE, text=True
    )


def test_serving_ends_in_order_on_sigterm(root: Path) -> None:
    """No Asterisk is there: the engine serves nevertheless, says so, and stops when asked."""
    path = root / "configs" / "plant.yaml"
    text = path.read_text().replace("port: 4573", "port: 0").replace("port: 5038", "port: 1")
    path.write_text(text)
    engine = served(root)
    assert engine.stderr is not None
    seen = []
    for line in engine.stderr:
        seen.append(line)
        if "serving" in line:
            break
    else:
        raise AssertionError("".join(seen))
    engine.send_signal(signal.SIGTERM)
    rest = engine.communicate(timeout=60)[1]
    assert engine.returncode == 0
    assert "stopped" in rest
    for line in [*seen, *rest.splitlines()]:
        assert json.loads(line)["message"]
