"""What the demo's board shows, and in which words. Knows the engine only through `demo.api.Snapshot`."""

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal

from demo.api import Row, Snapshot

StepState = Literal["running", "done", "failed"]
MARKS = {"running": ("…", "yellow"), "done": ("✓", "green"), "failed": ("✗", "red")}
_LAST_EVENTS = 6


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


def status_line(scene: Scene) -> str:
    """The whole board in one line, for a log."""
    snapshot, totals = scene.snapshot, scene.snapshot.totals
    states = Counter(str(row["state"]) for row in snapshot.agents)
    parts = [
        clock(scene),
        f"calls: {count(snapshot, 'inbound')} in, {count(snapshot, 'outbound')} out, {waiting(snapshot)} waiting",
        "agents: " + ", ".join(f"{count} {state}" for state, count in sorted(states.items())),
        *(f"{row['id']}: {row['status']}, {part_done(row):.0%}" for row in snapshot.campaigns),
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


def clock(scene: Scene) -> str:
    gone = int(time.monotonic() - scene.calls_since) if scene.calls_since is not None else 0
    whole = f" / {minutes(int(scene.duration_s))}" if scene.duration_s is not None else ""
    return minutes(gone) + whole


def minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def count(snapshot: Snapshot, direction: str) -> int:
    return sum(row["direction"] == direction for row in snapshot.calls)


def waiting(snapshot: Snapshot) -> int:
    return sum(row["waiting"] for row in snapshot.queues)


def part_done(campaign: Row) -> float:
    contacts = campaign["totals"]["contacts"]
    return float(contacts.get("done", 0) / max(1, sum(contacts.values())))
