"""A shift as a picture: who was busy with what, how many dials were in the air, who was abandoned, how long agents and
callers waited."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from dialer.calls.outcome import Outcome
from dialer.rehearsal.account import HALF_HOUR_S, PEOPLE, quantile, waits_of
from dialer.rehearsal.outcome import Rehearsed
from dialer.store.records import CallRecord

STEP_S = 60.0
WRAP_UP, IDLE, PAUSE, INBOUND = "#8fc1a9", "#f2c14e", "#d9d9d9", "#5c4d7d"
CAMPAIGNS = ("#2a7f62", "#3d5a80", "#b5651d", "#7a9e1f", "#a23b72", "#00838f", "#6d4c41", "#c0392b")
"""More campaigns than these have the colours again."""
AIR, WINDOW, WHOLE, LIMIT = "#3d5a80", "#e0a458", "#9b2226", "#555555"
Layer = tuple[str, str, list[int]]
"""Its name, its colour, how many at each time."""


def draw(done: Rehearsed, title: str, path: Path, limits: Mapping[str, float], zone: tzinfo = UTC) -> None:
    """Writes PNG or SVG, by the path's suffix. `limits`: by campaign, the share that may be abandoned. Raises
    ImportError without matplotlib, OSError, ValueError for another suffix."""
    if path.suffix not in (".png", ".svg"):
        raise ValueError(f"{path}: a plot is a .png or an .svg")
    from matplotlib import dates, rcParams, use

    use("agg")
    rcParams["svg.hashsalt"] = "dialer"  # the same shift makes the same file
    from matplotlib import pyplot as plt

    figure, (staff, air, lost, waits) = plt.subplots(
        4, 1, figsize=(11, 13), layout="constrained", gridspec_kw={"height_ratios": (3, 2, 2, 2)})
    began, ended = done.began_at, done.began_at + 3600 * done.account.hours
    times = [began + STEP_S * step for step in range(int((ended - began) / STEP_S) + 1)]
    clock = [datetime.fromtimestamp(at, zone) for at in times]
    figure.suptitle(title)
    _stack(staff, clock, _staff(times, done), "agents")
    _stack(air, clock, _air(times, done), "dials in the air")
    _lost(lost, clock, times, done, limits)
    _waits(waits, done)
    for axes in (staff, air, lost):
        axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M", tz=zone))  # type: ignore[no-untyped-call]
        axes.set_xlim(clock[0], clock[-1])
    lost.set_xlabel(f"time of the day ({clock[0].tzname()})")
    for axes in (staff, air, lost, waits):
        axes.spines[["top", "right"]].set_visible(False)
    try:
        figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else None)
    finally:
        plt.close(figure)


def _stack(axes: Any, clock: Sequence[Any], layers: Sequence[Layer], label: str) -> None:
    axes.stackplot(clock, [layer for *_, layer in layers], labels=[name for name, *_ in layers],
                   colors=[color for _, color, _ in layers], step="mid")  # fmt: skip
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    axes.yaxis.get_major_locator().set_params(integer=True)
    if len(layers) > 1:
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(5, len(layers)), frameon=False)


def _staff(times: Sequence[float], done: Rehearsed) -> list[Layer]:
    """Talks by campaign where several share the agents, and callers' by themselves."""
    def those(states: Collection[str], calls: Collection[str] | None = None) -> list[int]:
        return _running(times, [(s.started_at, s.ended_at) for s in done.spans
                                if s.state in states and (calls is None or s.call_id in calls)])  # fmt: skip

    own = done.parts or {"": done}
    layers: list[Layer] = [
        (f"talk: {name}" if name else "talk", CAMPAIGNS[place % len(CAMPAIGNS)],
         those({"talking"}, {call.id for call in part.calls}))
        for place, (name, part) in enumerate(own.items())
    ]  # fmt: skip
    if done.service:
        layers.append(("talk with callers", INBOUND, those({"talking"}, {call.id for call in done.callers})))
    return [*layers, ("wrap-up", WRAP_UP, those({"wrap_up"})),
            ("idle or held for a call", IDLE, those({"idle", "reserved"})), ("pause", PAUSE, those({"paused"}))]


def _air(times: Sequence[float], done: Rehearsed) -> list[Layer]:
    def ringing(calls: Sequence[CallRecord]) -> list[int]:
        return _running(times, [(call.dialled_at, call.answered_at or call.ended_at or call.dialled_at)
                                for call in calls if call.dialled_at is not None])  # fmt: skip

    if not done.parts:
        return [("dials", AIR, ringing(done.calls))]
    return [(name, CAMPAIGNS[place % len(CAMPAIGNS)], ringing(part.calls))
            for place, (name, part) in enumerate(done.parts.items())]  # fmt: skip


def _lost(
    axes: Any, clock: Sequence[Any], times: Sequence[float], done: Rehearsed, limits: Mapping[str, float],
) -> None:
    """Of one campaign within half an hour as well; of several since the beginning alone: more lines nobody can read."""
    if not done.parts:
        axes.plot(clock, _shares(times, done.calls, HALF_HOUR_S), color=WINDOW, label="last half hour")
    for place, (name, part) in enumerate((done.parts or {"since the beginning": done}).items()):
        color = CAMPAIGNS[place % len(CAMPAIGNS)] if done.parts else WHOLE
        axes.plot(clock, _shares(times, part.calls, times[-1] - times[0] + 1), color=color,
                  label=f"{name}, since the beginning" if done.parts else name)  # fmt: skip
    for limit in sorted(set(limits.values())):
        axes.axhline(100 * limit, color=LIMIT, linestyle="--", linewidth=1, label=f"limit {100 * limit:g} %")
    axes.set_ylabel("abandoned, % of people")
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, ncols=3)


def _shares(times: Sequence[float], calls: Sequence[CallRecord], back_s: float) -> list[float]:
    """Abandoned, of those who answered in so many seconds before each time, in percent."""
    people = sorted((call.answered_at or 0.0, call.outcome is Outcome.ABANDONED) for call in calls
                    if call.outcome in PEOPLE)  # fmt: skip
    answers, losses = [at for at, _ in people], [at for at, lost in people if lost]

    def within(moments: Sequence[float], at: float) -> int:
        return bisect_right(moments, at) - bisect_right(moments, at - back_s)

    return [100 * within(losses, at) / answered if (answered := within(answers, at)) else 0.0 for at in times]


def _waits(axes: Any, done: Rehearsed) -> None:
    waits = [wait for _, wait in waits_of(done.spans)]
    callers = [max(0.0, call.joined_at - call.queued_at) for call in done.callers
               if call.queued_at is not None and call.joined_at is not None]  # fmt: skip
    most = quantile(sorted([*waits, *callers]), 0.98)
    waits, callers = ([min(most, wait) for wait in some] for some in (waits, callers))
    if callers:
        axes.hist([waits, callers], bins=40, color=[AIR, INBOUND], label=["agents, for a talk", "callers for an agent"])
        axes.legend(loc="upper right", frameon=False)
    else:
        axes.hist(waits, bins=40, color=AIR)
    what = "seconds waited" if callers else "seconds an agent waited for a talk"
    axes.set_xlabel(f"{what} (the last bar: that long, or longer)")
    axes.set_ylabel("talks")
    axes.set_xlim(left=0)


def _running(times: Sequence[float], spans: Sequence[tuple[float, float]]) -> list[int]:
    """How many are under way at each time."""
    begins, ends = sorted(begin for begin, _ in spans), sorted(end for _, end in spans)
    return [bisect_right(begins, at) - bisect_right(ends, at) for at in times]
