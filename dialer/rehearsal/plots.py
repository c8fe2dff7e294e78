"""A shift as a picture: who was busy, how many dials were in the air, who was abandoned, how long agents waited."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from dialer.calls.outcome import Outcome
from dialer.rehearsal.account import HALF_HOUR_S, PEOPLE, waits_of
from dialer.rehearsal.run import Rehearsed
from dialer.store.records import AgentSpan, CallRecord

STEP_S = 60.0
STATES = (("talking", "talk", "#2a7f62"), ("wrap_up", "wrap-up", "#8fc1a9"), ("idle", "idle", "#f2c14e"),
          ("paused", "pause", "#d9d9d9"))  # fmt: skip


def draw(done: Rehearsed, title: str, path: Path, limit: float, zone: tzinfo = UTC) -> None:
    """Writes PNG or SVG, by the path's suffix. Raises ImportError without matplotlib, OSError, ValueError for another
    suffix."""
    if path.suffix not in (".png", ".svg"):
        raise ValueError(f"{path}: a plot is a .png or an .svg")
    from matplotlib import dates, use

    use("agg")
    from matplotlib import pyplot as plt

    figure, (staff, air, lost, waits) = plt.subplots(
        4, 1, figsize=(11, 12), layout="constrained", gridspec_kw={"height_ratios": (3, 2, 2, 2)})
    began, ended = done.began_at, done.began_at + 3600 * done.account.hours
    times = [began + STEP_S * step for step in range(int((ended - began) / STEP_S) + 1)]
    clock = [datetime.fromtimestamp(at, zone) for at in times]
    figure.suptitle(title)
    _staff(staff, clock, times, done.spans)
    _air(air, clock, times, done.calls)
    _lost(lost, clock, times, done.calls, limit)
    _waits(waits, done.spans)
    for axes in (staff, air, lost):
        axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M", tz=zone))  # type: ignore[no-untyped-call]
        axes.set_xlim(clock[0], clock[-1])
    for axes in (staff, air, lost, waits):
        axes.spines[["top", "right"]].set_visible(False)
    try:
        figure.savefig(path, dpi=110)
    finally:
        plt.close(figure)


def _staff(axes: Any, clock: Sequence[Any], times: Sequence[float], spans: Sequence[AgentSpan]) -> None:
    shares = {"reserved": "idle"}
    layers = [
        _running(times, [(s.started_at, s.ended_at) for s in spans if shares.get(s.state, s.state) == state])
        for state, _, _ in STATES
    ]
    axes.stackplot(clock, layers, labels=[label for _, label, _ in STATES], colors=[color for *_, color in STATES])
    axes.set_ylabel("agents")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.14), ncols=len(STATES), frameon=False)


def _air(axes: Any, clock: Sequence[Any], times: Sequence[float], calls: Sequence[CallRecord]) -> None:
    ringing = [
        (call.dialled_at, call.answered_at or call.ended_at or call.dialled_at)
        for call in calls if call.dialled_at is not None
    ]  # fmt: skip
    axes.fill_between(clock, _running(times, ringing), color="#3d5a80", step="mid")
    axes.set_ylabel("dials in the air")
    axes.set_ylim(bottom=0)


def _lost(axes: Any, clock: Sequence[Any], times: Sequence[float], calls: Sequence[CallRecord], limit: float) -> None:
    people = sorted((call.answered_at or 0.0, call.outcome is Outcome.ABANDONED) for call in calls
                    if call.outcome in PEOPLE)
    answers, losses = [at for at, _ in people], [at for at, lost in people if lost]

    def share(at: float, since: float) -> float:
        answered = bisect_right(answers, at) - bisect_right(answers, since)
        return 100 * (bisect_right(losses, at) - bisect_right(losses, since)) / answered if answered else 0.0

    axes.plot(clock, [share(at, at - HALF_HOUR_S) for at in times], color="#e0a458", label="last half hour")
    axes.plot(clock, [share(at, times[0] - 1) for at in times], color="#9b2226", label="since the beginning")
    axes.axhline(100 * limit, color="#555555", linestyle="--", linewidth=1, label=f"limit {100 * limit:g} %")
    axes.set_ylabel("abandoned, %")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper right", frameon=False, ncols=3)


def _waits(axes: Any, spans: Sequence[AgentSpan]) -> None:
    waits = waits_of(spans)
    axes.hist(waits, bins=40, color="#3d5a80")
    axes.set_xlabel("seconds an agent waited for a talk")
    axes.set_ylabel("talks")


def _running(times: Sequence[float], spans: Sequence[tuple[float, float]]) -> list[int]:
    """How many are under way at each time."""
    begins, ends = sorted(begin for begin, _ in spans), sorted(end for _, end in spans)
    return [bisect_right(begins, at) - bisect_right(ends, at) for at in times]
