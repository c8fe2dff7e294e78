"""What service calls had: each figure with its numerator, its denominator and its definition.

Figures that have no base (nobody was dialled, nobody queued) have no value. Test calls are not among the calls.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from dialer.quality.level import FORMULAS, Formula, Level

Unit = Literal["share", "seconds"]
SIDES = ("customer", "agent", "system", "unknown")
"""Of a hang-up."""
REACHED = frozenset({"busy", "no_answer", "rejected"})
"""Unanswered, and yet the network did its part (ITU-T E.425: user busy, ring no answer, terminal rejection)."""
SERVED = frozenset({"answered", "self_served", "forwarded"})


@dataclass(frozen=True, slots=True)
class Rule:
    """What is counted as in time, short, or the same matter again."""

    within_s: float = 20.0
    formula: Formula = "offered"
    """That contract or client go by."""
    short_s: float = 10.0
    """An answered call that lasts less is a short one."""
    again_s: float = 7 * 86_400.0
    """A caller who calls again within this was not helped."""


class Row(NamedTuple):
    """What is asked of a settled call; times are epoch seconds."""

    direction: str
    outcome: str
    dialled_at: float | None
    ringing_at: float | None
    answered_at: float | None
    queued_at: float | None
    joined_at: float | None
    ended_at: float | None
    hung_up_by: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of the same calls beside their rows."""

    talks: int = 0
    """Calls that had an agent; of one agent, those that had this one."""
    talk_s: float = 0.0
    states: Mapping[str, float] = field(default_factory=dict)
    """Agents' seconds on these calls, by state."""
    shift: Mapping[str, float] = field(default_factory=dict)
    """Seconds in the period, by state, of the agents who had any of these calls."""
    dead_air_s: float = 0.0
    voice_s: float = 0.0
    """Reported on, customers' legs, both directions."""
    detected: int = 0
    """Calls that agents had and judged where detection had not said machine."""
    machines: int = 0
    """Of those, the machines."""
    resolved: int = 0
    resolvable: int = 0
    tests: int = 0
    """Test calls in the period."""


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float | None
    """A share 0..1, or seconds; None where the denominator is 0."""
    unit: Unit
    numerator: float
    denominator: float
    definition: str


@dataclass(slots=True)
class Tally:
    """Counts of calls, each told once, in any order."""

    rule: Rule
    level: Level = field(init=False)
    calls: int = 0
    waited_s: float = 0.0
    """Until the agent, of those connected."""
    gave_up_s: float = 0.0
    seizures: int = 0
    answers: int = 0
    reached: int = 0
    delays: int = 0
    delay_s: float = 0.0
    talked: int = 0
    """Outbound: a person had an agent (or heard an agentless flow)."""
    dropped: int = 0
    """Outbound: a person had none in time."""
    silent: int = 0
    """Of those, the ones who heard nothing."""
    machines: int = 0
    """Outbound: hung up as machines."""
    lasted: int = 0
    short: int = 0
    sides: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.level = Level(self.rule.within_s)

    def count(self, row: Row) -> None:
        self.calls += 1
        if row.direction == "outbound":
            self._outbound(row)
        else:
            self.level.count(row.outcome, row.queued_at, row.joined_at, row.ended_at)
            if row.queued_at is not None and row.joined_at is not None:
                self.waited_s += max(0.0, row.joined_at - row.queued_at)
            elif row.queued_at is not None and row.outcome == "abandoned" and row.ended_at is not None:
                self.gave_up_s += max(0.0, row.ended_at - row.queued_at)
        if row.answered_at is not None and row.ended_at is not None:
            self.lasted += 1
            self.short += row.ended_at - row.answered_at < self.rule.short_s
            self.sides[row.hung_up_by if row.hung_up_by in SIDES else "unknown"] += 1

    def _outbound(self, row: Row) -> None:
        self.talked += row.outcome == "answered"
        self.machines += row.outcome == "machine"
        if row.outcome == "abandoned":
            self.dropped += 1
            self.silent += row.message in (None, "silent")
        if row.dialled_at is None:
            return
        self.seizures += 1
        if row.answered_at is not None:
            self.answers += 1
        elif row.outcome in REACHED or row.ringing_at is not None:
            self.reached += 1
        heard_at = row.ringing_at if row.ringing_at is not None else row.answered_at
        if heard_at is not None:
            self.delays += 1
            self.delay_s += max(0.0, heard_at - row.dialled_at)


def tally_of(rows: Iterable[Row], rule: Rule) -> Tally:
    tally = Tally(rule)
    for row in rows:
        tally.count(row)
    return tally


def figures(tally: Tally, beside: Beside) -> list[Figure]:
    """In the order of reports."""
    return [
        *_waiting(tally), *_abandoned(tally, beside), *_handling(beside), *_network(tally), *_endings(tally, beside),
    ]  # fmt: skip


def _share(name: str, of: tuple[float, float], definition: str) -> Figure:
    return _figure(name, *of, "share", definition)


def _mean(name: str, seconds: float, count: float, definition: str) -> Figure:
    return _figure(name, seconds, count, "seconds", definition)


def _figure(name: str, numerator: float, denominator: float, unit: Unit, definition: str) -> Figure:
    value = numerator / denominator if denominator else None
    return Figure(name, value, unit, numerator, denominator, definition)


_LEVELS: Mapping[Formula, str] = {
    "offered": "had an agent within {0:g} s / queued",
    "answered": "had an agent within {0:g} s / had an agent",
    "patient": "had an agent within {0:g} s / queued, without those who gave up within {0:g} s",
    "forgiving": "had an agent or gave up within {0:g} s / queued",
}


def _waiting(tally: Tally) -> Iterator[Figure]:
    level, rule = tally.level, tally.rule
    for formula in FORMULAS:
        chosen = "; this client's" if formula == rule.formula else ""
        text = _LEVELS[formula].format(rule.within_s) + chosen
        yield _share(f"service_level_{formula}", level.share(formula), text)
    yield _mean("speed_of_answer", tally.waited_s, level.connected, "from queueing to the agent, of those connected")
    yield _mean("patience", tally.gave_up_s, level.gave_up, "from queueing to the hang-up, of those who gave up")


def _abandoned(tally: Tally, beside: Beside) -> Iterator[Figure]:
    level, people = tally.level, tally.talked + tally.dropped
    yield _share("abandoned_queued", (level.gave_up, level.queued), "inbound: gave up waiting / queued")
    late = level.gave_up - level.gave_up_in_time
    yield _share("abandoned_late", (late, level.queued - level.gave_up_in_time),
                 f"inbound: the same, without those who gave up within {tally.rule.within_s:g} s")
    yield _share("abandoned_tsr", (tally.dropped, people),
                 "outbound: abandoned / answered by a person (US 16 CFR 310.4(b)(4)(i))")
    machines = beside.machines / beside.detected if beside.detected else 0.0
    lost = tally.dropped * (1 - machines)
    yield _share("abandoned_ofcom", (lost, tally.talked + lost),
                 "outbound: D' / (H + D'), D' = D (1 - AM / (H + AM)) for machines that agents were given (UK Ofcom)")
    yield _share("silent_garante", (tally.silent, people + tally.machines),
                 "outbound: heard nobody and no message / answered, machines too; 3 in 100 (IT Garante 2014-02-20)")
    yield _share("abandoned_dialled", (tally.dropped, tally.seizures), "outbound: abandoned / dialled")


def _handling(beside: Beside) -> Iterator[Figure]:
    wrap_up = beside.states.get("wrap_up", 0.0)
    yield _mean("handle_time", beside.talk_s + wrap_up, beside.talks, "talk and wrap-up / calls with an agent")
    yield _mean("talk_time", beside.talk_s, beside.talks, "talk / calls with an agent")
    yield _mean("wrap_up_time", wrap_up, beside.talks, "wrap-up / calls with an agent")
    yield _mean("reserved_time", beside.states.get("reserved", 0.0), beside.talks,
                "agents held for these calls / calls with an agent; no part of handle time")
    shift = {state: beside.shift.get(state, 0.0) for state in ("idle", "reserved", "talking", "wrap_up")}
    yield _share("occupancy", (shift["talking"] + shift["wrap_up"], sum(shift.values())),
                 "talk and wrap-up / time on duty without pauses: all of the period of the agents who had these calls")


def _network(tally: Tally) -> Iterator[Figure]:
    yield _mean("post_dial_delay", tally.delay_s, tally.delays,
                "outbound: from the dial to ringing, or to the answer where none was told (ITU-T E.431)")
    yield _share("answer_seizure_ratio", (tally.answers, tally.seizures),
                 "outbound: answered, machines too / dialled (ITU-T E.411)")
    yield _share("network_effectiveness", (tally.answers + tally.reached, tally.seizures),
                 "outbound: answered, busy, rung or declined / dialled (ITU-T E.425)")


def _endings(tally: Tally, beside: Beside) -> Iterator[Figure]:
    yield _share("short_calls", (tally.short, tally.lasted),
                 f"lasted less than {tally.rule.short_s:g} s from the answer / answered")
    for side in SIDES:
        yield _share(f"hung_up_by_{side}", (tally.sides[side], tally.lasted), f"ended by {side} / answered")
    yield _share("first_call_resolution", (beside.resolved, beside.resolvable),
                 f"inbound: served, and no further call of that caller to the client within "
                 f"{tally.rule.again_s / 86_400:g} days / served, where that time is over; withheld numbers left out")
    yield _share("dead_air", (beside.dead_air_s, beside.voice_s), "no packet came / time with reports, customers' legs")
