"""The board shows what the API says, on a terminal and as plain lines."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from demo.api import Snapshot
from demo.board import Board
from demo.panels import render, save_svg
from demo.scene import Scene, abandon_rate, differences, status_line

AGENT = {
    "id": "agent01", "name": "Agent 01", "state": "idle", "since": 100.0, "client": None, "number": None,
    "call_id": None, "campaign": None,
}  # fmt: skip
TALKING = {**AGENT, "state": "talking", "since": 130.0, "client": "globex", "number": "+44…0123"}
CAMPAIGN = {
    "id": "acme_winback", "client": "acme", "status": "running", "reason": "no_idle_agent", "dialling": 3, "talking": 2,
    "totals": {"contacts": {"due": 75, "done": 25}, "outcomes": {"answered": 9, "abandoned": 1, "busy": 15}},
}  # fmt: skip
CALL = {
    "id": "1", "direction": "inbound", "state": "queued", "client": "acme", "campaign": None, "number": "+49…4567",
    "agent": None, "since": 150.0,
}  # fmt: skip
QUEUE = {"id": "acme_support.support", "waiting": 2, "longest_wait_s": 4.0}
OUTCOMES = {"inbound:answered": 9, "outbound:busy": 15}
TOTALS = {"offered": 26, "answered": 10, "connected": 9, "abandoned": 1, "by_outcome": OUTCOMES}
SNAPSHOT = Snapshot(165.0, [TALKING], [CALL], [CAMPAIGN], [QUEUE], TOTALS)


def text_of(scene: Scene) -> str:
    console = Console(file=io.StringIO(), width=140, record=True)
    console.print(render(scene))
    return console.export_text()


def test_the_running_board_shows_calls_agents_and_campaigns():
    shown = text_of(Scene(snapshot=SNAPSHOT, calls_since=0.0, duration_s=90))
    for part in ("agent01", "talking", "0:35", "globex", "acme_winback", "25/100", "busy 15", "10.0%", "queued"):
        assert part in shown
    assert "waiting 2" in shown


def test_a_small_terminal_gets_a_board_that_fits():
    agents = [{**TALKING, "id": f"agent{number:02}"} for number in range(1, 13)]
    snapshot = Snapshot(165.0, agents, [CALL] * 30, [CAMPAIGN] * 2, [QUEUE], TOTALS)
    console = Console(file=io.StringIO(), width=80, record=True)
    console.print(render(Scene(snapshot=snapshot, calls_since=0.0), compact=True))
    shown = console.export_text()
    assert len(shown.splitlines()) <= 24
    for part in ("agent12", "talking", "acme_winback", "10.0%", "waiting 2", "24 more"):
        assert part in shown


@pytest.mark.parametrize("compact", [True, False])
def test_a_board_without_calls_agents_or_campaigns_can_be_drawn(compact: bool):
    console = Console(file=io.StringIO(), width=80, record=True)
    console.print(render(Scene(calls_since=0.0), compact))
    assert "calls now" in console.export_text()


@pytest.mark.parametrize("terminal", [True, False])
def test_set_up_shows_every_step(terminal: bool):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    with Board(console, 90) as board:
        board.begin("set-up")
        board.begin("set-up", "installing packages")
        board.done("set-up")
        board.begin("the engine", "starting")
        board.failed("the engine")
    shown = text_of(board.scene)
    assert "✓" in shown
    assert "installing packages" in shown
    assert "✗" in shown
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert "the engine" in written
    assert ("\x1b[" in written) is terminal


def test_text_from_outside_is_not_markup():
    strange = {**CALL, "number": "[red]+49[/]", "client": "[/]"}
    snapshot = Snapshot(165.0, [TALKING], [strange], [CAMPAIGN], [], TOTALS)
    assert "[red]+49[/]" in text_of(Scene(snapshot=snapshot, calls_since=0.0))


def test_one_line_for_a_log():
    line = status_line(Scene(snapshot=SNAPSHOT))
    assert "1 in, 0 out, 2 waiting" in line
    assert "1 talking" in line
    assert "acme_winback: running, 25%" in line


def test_differences_between_two_looks_are_told():
    paused = {**CAMPAIGN, "status": "paused"}
    before = Snapshot(160.0, [AGENT], [], [paused], [], {"by_outcome": {"inbound:answered": 8}})
    said = differences(before, SNAPSHOT)
    assert "inbound answered" in said
    assert "15 × outbound busy" in said
    assert "agent01 talking +44…0123 for globex" in said
    assert "campaign acme_winback is running" in said
    assert differences(SNAPSHOT, SNAPSHOT) == []


def test_the_abandon_rate_is_of_answered_calls():
    assert abandon_rate({"answered": 97, "abandoned": 3, "busy": 50}) == 0.03
    assert abandon_rate({"busy": 5}) is None


def test_the_picture_is_an_svg(tmp_path: Path):
    save_svg(Scene(snapshot=SNAPSHOT, calls_since=0.0), tmp_path / "board.svg")
    picture = (tmp_path / "board.svg").read_text()
    assert picture.startswith("<svg")
    assert "agent01" in picture
    assert "url(http" not in picture
