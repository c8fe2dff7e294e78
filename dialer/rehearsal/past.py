"""What happened before, as something to draw from or to go through again. Pure: rows in, samples and steps out."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from dialer.calls.outcome import Outcome
from dialer.rehearsal.account import PEOPLE
from dialer.rehearsal.population import Fate, Kind, Own, Samples
from dialer.rehearsal.staff import Step
from dialer.store.records import AgentSpan, CallRecord

KINDS: Mapping[Outcome, Kind] = {
    **dict.fromkeys(PEOPLE, "person"), Outcome.MACHINE: "machine", Outcome.BUSY: "busy",
    Outcome.INVALID_NUMBER: "invalid", Outcome.NO_ANSWER: "no_answer", Outcome.CONGESTION: "congestion",
    Outcome.REJECTED: "busy", Outcome.FAILED: "congestion",
}  # fmt: skip
MOST_DETECT_S = 5.0
READY_S = 0.5
"""A gap in an agent's time that is longer was a log-out."""


def fate_of(call: CallRecord) -> Fate | None:
    """What the dial came to; None if it says nothing about the called: cancelled, lost."""
    if call.outcome is None or call.dialled_at is None or (kind := KINDS.get(call.outcome)) is None:
        return None
    rings_s = None if call.ringing_at is None else call.ringing_at - call.dialled_at
    if call.answered_at is not None:
        known_at = call.joined_at or call.queued_at or call.ended_at or call.answered_at
        detect_s = min(MOST_DETECT_S, max(0.0, known_at - call.answered_at))
        return Fate(kind, rings_s, call.answered_at - call.dialled_at, detect_s)
    if kind == "no_answer" or call.ended_at is None:
        return Fate(kind, rings_s, None)
    return Fate(kind, rings_s, call.ended_at - call.dialled_at)


def samples_of(
    calls: Sequence[CallRecord], spans: Iterable[AgentSpan], zone: ZoneInfo, *, replay: bool = False,
) -> Samples:
    """From a campaign's attempts. Raises ValueError when they are too few to draw from."""
    fates: dict[int, list[Fate]] = defaultdict(list)
    own: dict[tuple[str, int], Own] = {}
    dials: Counter[str] = Counter()
    for call in sorted(calls, key=lambda call: call.created_at):
        if (fate := fate_of(call)) is None:
            continue
        fates[datetime.fromtimestamp(call.created_at, zone).hour].append(fate)
        dials[call.number] += 1
        own[call.number, dials[call.number]] = Own(fate, call.talk_s or None, call.disposition)
    talks = [call.talk_s for call in calls if call.talk_s > 0]
    if not talks:
        raise ValueError("nobody talked: there is nothing to learn from")
    ids = {call.id for call in calls}
    wraps = [span.ended_at - span.started_at for span in spans if span.state == "wrap_up" and span.call_id in ids]
    codes = Counter(call.disposition for call in calls if call.disposition and call.talk_s > 0)
    said = {code: number / len(talks) for code, number in codes.items()}
    return Samples(fates, talks, wraps, said, own if replay else {})


def steps_of(spans: Iterable[AgentSpan], calls: Iterable[CallRecord], began_at: float) -> list[Step]:
    """What the agents did that day: a talk that is none of these calls counts as a pause."""
    own = {call.id for call in calls}
    steps: list[Step] = []
    last: dict[str, AgentSpan] = {}
    away: dict[str, bool] = {}
    for span in sorted(spans, key=lambda span: (span.agent, span.started_at)):
        at, before = span.started_at - began_at, last.get(span.agent)
        paused = span.state == "paused" or (span.call_id is not None and span.call_id not in own)
        if before is None or span.started_at - before.ended_at > READY_S:
            if before is not None:
                steps.append(Step(before.ended_at - began_at, span.agent, "logout"))
            steps.append(Step(max(0.0, at - 1.0), span.agent, "login"))
            away[span.agent] = True
        if paused != away[span.agent]:
            steps.append(Step(at, span.agent, "pause" if paused else "ready"))
            away[span.agent] = paused
        last[span.agent] = span
    steps += [Step(span.ended_at - began_at, agent, "logout") for agent, span in last.items()]
    return sorted(steps, key=lambda step: step.at)
