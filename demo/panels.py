"""The board's panels, drawn by rich from a Scene."""

import io
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from demo.api import Snapshot
from demo.scene import MARKS, Scene, abandon_rate, clock, count, minutes, waiting

_COLOURS = {
    "idle": "green", "reserved": "cyan", "calling": "cyan", "talking": "bold blue", "wrap_up": "yellow",
    "paused": "magenta", "logged_out": "dim", "running": "green", "queued": "yellow", "waiting": "yellow",
}  # fmt: skip
Cells = Mapping[str, RenderableType]


def save_svg(scene: Scene, path: Path) -> None:
    """The board as it stands, as a picture."""
    console = Console(record=True, width=132, file=io.StringIO(), force_terminal=True)
    console.print(render(scene))
    picture = console.export_svg(title="dialer demo")
    # Without the web fonts that rich names: the picture asks nobody for anything.
    path.write_text(re.sub(r"@font-face\s*\{[^}]*\}\s*", "", picture), encoding="utf-8")


def render(scene: Scene, compact: bool = False) -> RenderableType:
    """The whole board; `compact` fits 80 columns and 24 lines."""
    if scene.calls_since is None:
        return _steps(scene)
    columns = Table.grid(expand=True, padding=(0, 0 if compact else 1))
    columns.add_column(ratio=5)
    columns.add_column(ratio=5 if compact else 6)
    right = Group(_calls(scene.snapshot, compact), _events(scene, 4 if compact else 6))
    columns.add_row(_agents(scene.snapshot, compact), right)
    return Group(_headline(scene, compact), _campaigns(scene.snapshot, compact), columns)


def _steps(scene: Scene) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for step in scene.steps.values():
        mark, colour = MARKS[step.state]
        seconds = time.monotonic() - step.began if step.state == "running" else step.seconds
        table.add_row(
            Text(mark, style=colour), Text(step.name), Text(f"{seconds:5.1f} s", style="dim"),
            Text(step.note, style="dim", overflow="ellipsis", no_wrap=True),
        )  # fmt: skip
    return Panel(table, title="setting up", title_align="left")


def _headline(scene: Scene, compact: bool) -> RenderableType:
    snapshot, totals = scene.snapshot, scene.snapshot.totals
    figures = {"in": count(snapshot, "inbound"), "out": count(snapshot, "outbound"), "waiting": waiting(snapshot)}
    figures |= {name: totals.get(name, 0) for name in ("offered", "answered", "connected", "abandoned")}
    text = Text((" " if compact else "   ").join(f"{name} {figure}" for name, figure in figures.items()))
    text.highlight_words(list(figures), "dim")
    return Panel(text, title=f"calls · {scene.phase} · {clock(scene)}", title_align="left")


def _campaigns(snapshot: Snapshot, compact: bool) -> RenderableType:
    rows = []
    for row in snapshot.campaigns:
        contacts, outcomes = row["totals"]["contacts"], row["totals"]["outcomes"]
        rate = abandon_rate(outcomes)
        done, whole = contacts.get("done", 0), sum(contacts.values())
        name, status = Text(row["id"]), _state(row["status"])
        if not compact:
            name.append("\n" + row["client"], "dim")
            status.append("\n" + row["reason"].replace("_", " "), "dim")
        cells: dict[str, RenderableType] = {
            "campaign": name, "status": status, "list": f"{done}/{whole}",
            "dialling": str(row["dialling"]), "talking": str(row["talking"]),
            "abandoned": "–" if rate is None else f"{rate:.1%}",
        }  # fmt: skip
        if not compact:
            cells["done"] = ProgressBar(total=max(whole, 1), completed=done, width=16)
            cells["outcomes"] = Text(" ".join(f"{name} {count}" for name, count in sorted(outcomes.items())))
        rows.append(cells)
    return _panel("campaigns", rows)


def _agents(snapshot: Snapshot, compact: bool) -> RenderableType:
    rows = []
    for row in snapshot.agents:
        cells: dict[str, RenderableType] = {
            "agent": Text(row["id"]), "state": _state(row["state"]), "since": _ago(snapshot, row["since"]),
            "client": Text(row["client"] or ""),
        }  # fmt: skip
        rows.append(cells if compact else {**cells, "number": Text(row["number"] or "")})
    return _panel("agents", rows)


def _calls(snapshot: Snapshot, compact: bool) -> RenderableType:
    shown = 6 if compact else 14
    ordered = sorted(snapshot.calls, key=lambda row: float(row["since"]))
    rows = []
    for row in ordered[:shown]:
        cells: dict[str, RenderableType] = {
            "": Text("←", "green") if row["direction"] == "inbound" else Text("→", "cyan"),
            "number": Text(row["number"]), "state": _state(row["state"]), "agent": Text(row["agent"] or ""),
        }  # fmt: skip
        if not compact:
            cells |= {"client": Text(row["client"]), "since": _ago(snapshot, row["since"])}
        rows.append(cells)
    return _panel("calls now" + (f" · {len(ordered) - shown} more" if len(ordered) > shown else ""), rows)


def _events(scene: Scene, shown: int) -> RenderableType:
    text = Text("\n".join(list(scene.events)[-shown:]), style="dim", no_wrap=True, overflow="ellipsis")
    return Panel(text, title="last events", title_align="left")


def _panel(title: str, rows: Sequence[Cells]) -> RenderableType:
    if not rows:
        return Panel("", title=title, title_align="left")
    table = Table(box=None, expand=True, header_style="dim", padding=(0, 1))
    for column in rows[0]:
        table.add_column(column, no_wrap=column != "outcomes", overflow="ellipsis")
    for row in rows:
        table.add_row(*row.values())
    return Panel(table, title=title, title_align="left")


def _state(state: str) -> Text:
    return Text.assemble((state.replace("_", " "), _COLOURS.get(state, "default")))


def _ago(snapshot: Snapshot, since: float) -> str:
    return minutes(max(0, int(snapshot.at - since)))
