"""What a demo run came to, from the engine's own store and Asterisk's CDR. Pure but for `read`.

`build` gives the content of demo-report.json, `faults` says why a run was not a good one, `summary` tells it to people.
"""

import math
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.witness import CdrLeg, compare
from dialer.calls.outcome import Outcome
from dialer.store.records import AgentSpan, CallRecord, CampaignTotals, Talk
from dialer.store.store import Store

_NARROWEST = 40
"""Columns for a line's outcomes, however narrow the terminal."""
_NO_BREAK = "\u00a0"


@dataclass(frozen=True, slots=True)
class Ledger:
    """All that the store holds after a run."""

    calls: Sequence[CallRecord]
    unsettled: Sequence[CallRecord]
    talks: Sequence[Talk]
    spans: Sequence[AgentSpan]
    campaigns: Sequence[CampaignTotals]


async def read(database: Path, node: str, campaigns: Iterable[str]) -> Ledger:
    """Read the store of an engine that has ended."""
    store = Store.open(f"sqlite:///{database}")
    try:
        return Ledger(
            await store.settled_calls(0.0), await store.open_calls(node), await store.talks(0.0),
            await store.spans(0.0), [await store.totals(campaign) for campaign in campaigns],
        )
    finally:
        await store.close()


def build(ledger: Ledger, legs: Sequence[CdrLeg], seconds: float, refusals: Sequence[str] = ()) -> dict[str, Any]:
    calls = ledger.calls
    clients = sorted({call.client for call in calls})
    return {
        "seconds": round(seconds, 1),
        "calls": _counts(calls),
        "inbound": _counts(_going(calls, "inbound")),
        "outbound": _counts(_going(calls, "outbound")),
        "clients": {
            client: {
                direction: _counts([call for call in _going(calls, direction) if call.client == client])
                for direction in ("inbound", "outbound")
            }
            for client in clients
        },
        "campaigns": {totals.campaign: _campaign(totals, calls) for totals in ledger.campaigns},
        "agents": _agents(ledger),
        "answer_to_agent_ms": _milliseconds(_answer_to_agent_s(_going(calls, "outbound"))),
        "waited_ms": _milliseconds(
            call.joined_at - call.queued_at for call in _going(calls, "inbound") if call.joined_at and call.queued_at
        ),
        "unsettled": [call.id for call in ledger.unsettled],
        "cdr": compare(calls, legs),
        "refusals": list(refusals),
    }


def faults(report: Mapping[str, Any], clients: Iterable[str]) -> list[str]:
    """Why this run does not prove that calls truly went through; empty when it does."""
    said = []
    for client in clients:
        mine = report["clients"].get(client, {"inbound": _counts([]), "outbound": _counts([])})
        if not mine["inbound"]["answered"]:
            said.append(f"no inbound call of {client} was answered")
        if not mine["outbound"]["connected"]:
            said.append(f"no outbound call of {client} reached an agent")
    if not report["inbound"]["connected"]:
        said.append("no inbound call reached an agent")
    if report["unsettled"]:
        said.append(f"{len(report['unsettled'])} calls were never settled")
    for campaign, totals in report["campaigns"].items():
        if claimed := totals["contacts"].get("claimed", 0):
            said.append(f"{claimed} contacts of {campaign} are still claimed")
    for bad in (Outcome.LOST, Outcome.FAILED):
        if times := report["calls"]["outcomes"].get(bad, 0):
            said.append(f"{times} calls were {bad}, which nothing in this world should cause")
    said += [f"{fault['call']}: {fault['what']}" for fault in report["cdr"]["differences"][:10]]
    return said


def summary(report: Mapping[str, Any], width: int = 120) -> str:
    """The report in words, for a terminal of `width` columns."""
    lines = [f"{report['seconds']:.0f} seconds of calls", ""]
    lines.append(f"{'':<22}{'offered':>9}{'answered':>10}{'connected':>11}{'abandoned':>11}  outcomes")
    rows = [("all calls", report["calls"])]
    for client, directions in report["clients"].items():
        rows += [(f"{client} {direction}", counts) for direction, counts in directions.items()]
    for name, counts in rows:
        outcomes = ", ".join(f"{outcome}{_NO_BREAK}{count}" for outcome, count in counts["outcomes"].items())
        figures = (
            f"{name:<22}{counts['offered']:>9}{counts['answered']:>10}{counts['connected']:>11}"
            f"{counts['abandoned']:>11}  "
        )
        first, *others = textwrap.wrap(outcomes, max(width - len(figures), _NARROWEST)) or [""]
        told = [figures + first, *(" " * len(figures) + other for other in others)]
        lines += [line.replace(_NO_BREAK, " ") for line in told]
    lines += ["", f"{'agent':<22}{'talks':>9}{'talk s':>10}{'wrap-up s':>11}{'idle s':>11}{'paused s':>10}"]
    for agent, times in report["agents"].items():
        lines.append(
            f"{agent:<22}{times['talks']:>9}{times['talk_s']:>10.1f}{times['wrap_up_s']:>11.1f}"
            f"{times['idle_s']:>11.1f}{times['paused_s']:>10.1f}"
        )
    cdr = report["cdr"]
    return "\n".join([
        *lines, "",
        f"from a person's answer to an agent: {_told(report['answer_to_agent_ms'])}",
        *(f"  {name}{' (after machine detection)' if totals.get('machine_detection') else ''}: "
          f"{_told(totals['answer_to_agent_ms'])}" for name, totals in report["campaigns"].items()),
        f"callers waited for an agent: {_told(report['waited_ms'])}",
        (f"Asterisk's CDR: {cdr['matched']} of {cdr['engine_calls']} calls agree within 1 s, "
         f"{len(cdr['differences'])} differences"),
        *(f"  {fault['call']}: {fault['what']}" for fault in cdr["differences"][:10]),
    ])


def percentile(values: Sequence[float], part: float) -> float | None:
    """Nearest rank: the smallest value that at least `part` (0..1) of all values do not exceed."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def _going(calls: Iterable[CallRecord], direction: str) -> list[CallRecord]:
    return [call for call in calls if call.direction == direction]


def _counts(calls: Sequence[CallRecord]) -> dict[str, Any]:
    outcomes = Counter(str(call.outcome) for call in calls)
    return {
        "offered": len(calls),
        "answered": sum(call.answered_at is not None for call in calls),
        "connected": sum(call.joined_at is not None for call in calls),
        "abandoned": outcomes[Outcome.ABANDONED],
        "outcomes": dict(sorted(outcomes.items())),
    }


def _campaign(totals: CampaignTotals, calls: Iterable[CallRecord]) -> dict[str, Any]:
    mine = [call for call in calls if call.campaign == totals.campaign]
    return {
        "contacts": dict(totals.contacts),
        "outcomes": dict(totals.outcomes),
        "answer_to_agent_ms": _milliseconds(_answer_to_agent_s(mine)),
    }


def _answer_to_agent_s(calls: Iterable[CallRecord]) -> list[float]:
    return [
        call.joined_at - call.answered_at
        for call in calls
        if call.joined_at is not None and call.answered_at is not None
    ]


def _milliseconds(seconds: Iterable[float]) -> dict[str, float | int | None]:
    values = [round(value * 1000, 1) for value in seconds]
    return {"count": len(values), "p50": percentile(values, 0.5), "p99": percentile(values, 0.99)}


def _told(times: Mapping[str, float | int | None]) -> str:
    if not times["count"]:
        return "no call"
    return f"p50 {times['p50']:.0f} ms, p99 {times['p99']:.0f} ms ({times['count']} calls)"


def _agents(ledger: Ledger) -> dict[str, dict[str, float]]:
    seconds: dict[str, Counter[str]] = defaultdict(Counter)
    for span in ledger.spans:
        seconds[span.agent][span.state] += span.ended_at - span.started_at  # type: ignore[assignment]
    talks = Counter(talk.agent for talk in ledger.talks)
    return {
        agent: {
            "talks": talks[agent],
            "talk_s": round(spent["talking"], 1),
            "wrap_up_s": round(spent["wrap_up"], 1),
            "idle_s": round(spent["idle"], 1),
            "reserved_s": round(spent["reserved"], 1),
            "paused_s": round(spent["paused"], 1),
        }
        for agent, spent in sorted(seconds.items())
    }
