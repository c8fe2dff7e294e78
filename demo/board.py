"""The live board: set-up steps first, then calls, agents, campaigns and the last events.

On a terminal it is a rich Live display; elsewhere (CI, a pipe) one line for every step and one every few seconds.
It knows the engine only through `demo.api.Snapshot`.
"""

import io
import re
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from demo.api import Row, Snapshot

StepState = Literal["running", "done", "failed"]
_MARKS = {"running": ("…", "yellow"), "done": ("✓", "green"), "failed": ("✗", "red")}
_COLOURS = {
    "idle": "green", "reserved": "cyan", "calling": "cyan", "talking": "bold blue", "wrap_up": "yellow",
    "paused": "magenta", "logged_out": "dim", "running": "green", "queued": "yellow", "waiting": "yellow",
}
_PLAIN_EVERY_S = 5.0
_LAST_EVENTS = 6
_CALLS_SHOWN = 14


@dataclass(slots=True)
class Step:
    name: str
    state: StepState
    began: float
    note: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Scene:
    """What the board shows."""

    steps: dict[str, Step] = field(default_factory=dict)
    snapshot: Snapshot = field(default_factory=Snapshot)
    calls_since: float | None = None
    duration_s: float | None = None
    """None: until Ctrl-C."""
    phase: str = "setting up"
    events: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_EVENTS))


class Board:
    """`with Board(console) as board:` shows the scene until the end."""

    def __init__(self, console: Console, duration_s: float | None) -> None:
        self.scene = Scene(duration_s=duration_s)
        self._console = console
        self._live = Live(console=console, refresh_per_second=4, get_renderable=self._render, screen=False)
        self._plain = not console.is_terminal
        """Not a terminal: one line a step, one every few seconds."""
        self._last_plain = 0.0

    def __enter__(self) -> "Board":
        if not self._plain:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """The picture stays as it is; what follows is text."""
        if self._live.is_started:
            self._live.stop()

    def begin(self, name: str, note: str = "") -> None:
        """A step of the set-up begins, or says more about itself."""
        if name not in self.scene.steps:
            self.scene.steps[name] = Step(name, "running", time.monotonic())
        self._turn(name, "running", note)

    def done(self, name: str, note: str = "") -> None:
        self._turn(name, "done", note)

    def failed(self, name: str) -> None:
        self._turn(name, "failed", "")

    def calls_begin(self) -> float:
        self.scene.calls_since = time.monotonic()
        self.phase("running")
        return self.scene.calls_since

    def phase(self, phase: str) -> None:
        self.scene.phase = phase
        if self._plain:
            self.say(f"{_clock(self.scene)} {phase}")

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _turn(self, name: str, state: StepState, note: str) -> None:
        step = self.scene.steps[name]
        step.state, step.note, step.seconds = state, note or step.note, time.monotonic() - step.began
        if self._plain:
            self.say(f"{_MARKS[state][0]} {name}{': ' + note if note else ''}")

    def show(self, snapshot: Snapshot) -> None:
        for text in differences(self.scene.snapshot, snapshot):
            self.scene.events.append(f"{time.strftime('%H:%M:%S')} {text}")
        self.scene.snapshot = snapshot
        running = self.scene.calls_since is not None
        if self._plain and running and time.monotonic() - self._last_plain >= _PLAIN_EVERY_S:
            self._last_plain = time.monotonic()
            self.say(status_line(self.scene))

    def _render(self) -> RenderableType:
        return render(self.scene)


def save_svg(scene: Scene, path: Path) -> None:
    """The board as it stands, as a picture."""
    console = Console(record=True, width=132, file=io.StringIO(), force_terminal=True)
    console.print(render(scene))
    picture = console.export_svg(title="dialer demo")
    # Without the web fonts that rich names: the picture asks nobody for anything.
    path.write_text(re.sub(r"@font-face\s*\{[^}]*\}\s*", "", picture), encoding="utf-8")


def render(scene: Scene) -> RenderableType:
    if scene.calls_since is None:
        return _steps(scene)
    snapshot = scene.snapshot
    columns = Table.grid(expand=True, padding=(0, 1))
    columns.add_column(ratio=5)
    columns.add_column(ratio=6)
    columns.add_row(_agents(snapshot), Group(_calls(snapshot), _events(scene)))
    return Group(_headline(scene), _campaigns(snapshot), columns)


def status_line(scene: Scene) -> str:
    """The whole board in one line, for a log."""
    snapshot, totals = scene.snapshot, scene.snapshot.totals
    states = Counter(str(row["state"]) for row in snapshot.agents)
    parts = [
        _clock(scene),
        f"calls: {_count(snapshot, 'inbound')} in, {_count(snapshot, 'outbound')} out, {_waiting(snapshot)} waiting",
        "agents: " + ", ".join(f"{count} {state}" for state, count in sorted(states.items())),
        *(f"{row['id']}: {row['status']}, {_percent_done(row):.0%}" for row in snapshot.campaigns),
        (f"offered {totals.get('offered', 0)}, connected {totals.get('connected', 0)}, "
         f"abandoned {totals.get('abandoned', 0)}"),
    ]
    return " | ".join(parts)


def differences(before: Snapshot, after: Snapshot) -> list[str]:
    """What happened between two looks, in words."""
    said = []
    outcomes_before = before.totals.get("by_outcome", {})
    for outcome, count in after.totals.get("by_outcome", {}).items():
        if more := count - outcomes_before.get(outcome, 0):
            words = outcome.replace(":", " ").replace("_", " ")
            said.append(f"{more} × {words}" if more > 1 else words)
    for row in after.agents:
        old = before.agent(row["id"])
        if old and old["state"] != row["state"] and row["state"] in ("talking", "paused", "logged_out"):
            whom = f" {row['number']} for {row['client']}" if row["state"] == "talking" else ""
            said.append(f"{row['id']} {row['state'].replace('_', ' ')}{whom}")
    statuses = {row["id"]: row["status"] for row in before.campaigns}
    said += [
        f"campaign {row['id']} is {row['status']}"
        for row in after.campaigns
        if statuses.get(row["id"], row["status"]) != row["status"]
    ]
    return said


def abandon_rate(outcomes: Row) -> float | None:
    """Abandoned as a part of all calls that a person answered, 0..1; None before the first."""
    abandoned, answered = outcomes.get("abandoned", 0), outcomes.get("answered", 0)
    return float(abandoned / (abandoned + answered)) if abandoned + answered else None


def _steps(scene: Scene) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for step in scene.steps.values():
        mark, colour = _MARKS[step.state]
        seconds = time.monotonic() - step.began if step.state == "running" else step.seconds
        table.add_row(Text(mark, style=colour), Text(step.name), Text(f"{seconds:5.1f} s", style="dim"),
                      Text(step.note, style="dim", overflow="ellipsis", no_wrap=True))
    return Panel(table, title="setting up", title_align="left")


def _headline(scene: Scene) -> RenderableType:
    snapshot, totals = scene.snapshot, scene.snapshot.totals
    text = Text.assemble(
        ("in ", "dim"), f"{_count(snapshot, 'inbound')}   ", ("out ", "dim"), f"{_count(snapshot, 'outbound')}   ",
        ("waiting ", "dim"), f"{_waiting(snapshot)}   ",
        ("offered ", "dim"), f"{totals.get('offered', 0)}   ", ("answered ", "dim"), f"{totals.get('answered', 0)}   ",
        ("connected ", "dim"), (f"{totals.get('connected', 0)}   ", "bold green"),
        ("abandoned ", "dim"), f"{totals.get('abandoned', 0)}",
    )
    return Panel(text, title=f"calls · {scene.phase} · {_clock(scene)}", title_align="left")


def _campaigns(snapshot: Snapshot) -> RenderableType:
    table = _table("campaign", "status", "", "list", "dialling", "talking", "outcomes", "abandoned")
    for row in snapshot.campaigns:
        contacts, outcomes = row["totals"]["contacts"], row["totals"]["outcomes"]
        rate = abandon_rate(outcomes)
        done, whole = contacts.get("done", 0), sum(contacts.values())
        table.add_row(
            Text.assemble(row["id"], ("\n" + row["client"], "dim")),
            _state(row["status"]).append("\n" + row["reason"].replace("_", " "), "dim"),
            ProgressBar(total=max(whole, 1), completed=done, width=16), f"{done}/{whole}", str(row["dialling"]),
            str(row["talking"]), Text(" ".join(f"{name} {count}" for name, count in sorted(outcomes.items()))),
            "–" if rate is None else f"{rate:.1%}",
        )
    return Panel(table, title="campaigns", title_align="left")


def _agents(snapshot: Snapshot) -> RenderableType:
    table = _table("agent", "state", "since", "client", "number")
    for row in snapshot.agents:
        table.add_row(Text(row["id"]), _state(row["state"]), _ago(snapshot, row["since"]), Text(row["client"] or ""),
                      Text(row["number"] or ""))
    return Panel(table, title="agents", title_align="left")


def _calls(snapshot: Snapshot) -> RenderableType:
    table = _table("", "number", "client", "state", "since", "agent")
    rows = sorted(snapshot.calls, key=lambda row: row["since"])
    for row in rows[:_CALLS_SHOWN]:
        arrow = Text("←", "green") if row["direction"] == "inbound" else Text("→", "cyan")
        table.add_row(arrow, Text(row["number"]), Text(row["client"]), _state(row["state"]),
                      _ago(snapshot, row["since"]), Text(row["agent"] or ""))
    more = f" · {len(rows) - _CALLS_SHOWN} more" if len(rows) > _CALLS_SHOWN else ""
    return Panel(table, title=f"calls now{more}", title_align="left")


def _events(scene: Scene) -> RenderableType:
    return Panel(Text("\n".join(scene.events), style="dim"), title="last events", title_align="left")


def _table(*columns: str) -> Table:
    table = Table(box=None, expand=True, header_style="dim", padding=(0, 1))
    for column in columns:
        table.add_column(column, no_wrap=column != "outcomes", overflow="ellipsis")
    return table


def _state(state: str) -> Text:
    return Text.assemble((state.replace("_", " "), _COLOURS.get(state, "default")))


def _ago(snapshot: Snapshot, since: float) -> str:
    seconds = max(0, int(snapshot.at - since))
    return f"{seconds // 60}:{seconds % 60:02}"


def _clock(scene: Scene) -> str:
    gone = int(time.monotonic() - scene.calls_since) if scene.calls_since is not None else 0
    whole = f" / {_minutes(int(scene.duration_s))}" if scene.duration_s is not None else ""
    return _minutes(gone) + whole


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def _count(snapshot: Snapshot, direction: str) -> int:
    return sum(row["direction"] == direction for row in snapshot.calls)


def _waiting(snapshot: Snapshot) -> int:
    return sum(row["waiting"] for row in snapshot.queues)


def _percent_done(campaign: Row) -> float:
    contacts = campaign["totals"]["contacts"]
    return float(contacts.get("done", 0) / max(1, sum(contacts.values())))
