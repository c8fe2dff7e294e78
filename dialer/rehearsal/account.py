"""What a shift came to, from what the store has of it: calls, and the agents' time. Of a rehearsal or of a real day."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from dialer.calls.outcome import Outcome
from dialer.store.records import AgentSpan, CallRecord

HALF_HOUR_S = 1800.0
FEWEST = 20
"""A half hour with fewer people answering is not judged."""
PEOPLE = frozenset({Outcome.ANSWERED, Outcome.ABANDONED, Outcome.LEFT})
WORK = frozenset({"idle", "reserved", "talking", "wrap_up"})

OF_AGENTS = frozenset({
    "hours", "agents", "occupancy", "talk_minutes_per_hour", "wait_p50_s", "wait_p90_s", "agent_hours",
    "logged_in_hours",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """Shares 0..1, times in seconds."""

    hours: float
    agents: int
    occupancy: float
    """(talk + wrap-up) / (talk + wrap-up + idle)."""
    talk_minutes_per_hour: float
    """For each hour that an agent was at work."""
    wait_p50_s: float
    """Between two talks, idle."""
    wait_p90_s: float
    abandoned: float
    """Of the people who answered."""
    worst_half_hour: float
    """Of those with 20 answers and more."""
    answered: int
    """People."""
    connected: int
    attempts: int
    contacts_tried: int
    contacts_done: int
    contacts: int
    outcomes: dict[str, int]
    agent_hours: float
    """At work: paid time without pauses."""
    logged_in_hours: float
    line_minutes: float
    """Answered time on the line: what a carrier bills."""

    @property
    def penetration(self) -> float:
        """Contacts tried at least once, of all."""
        return self.contacts_tried / self.contacts if self.contacts else 0.0

    def calls_alone(self) -> dict[str, Any]:
        """What does not rest on the agents' time."""
        return {name: value for name, value in self.as_json().items() if name not in OF_AGENTS}

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"penetration": self.penetration}


def account(
    calls: Sequence[CallRecord], spans: Sequence[AgentSpan], hours: float, contacts: int, contacts_done: int,
    ended_at: float | None = None,
) -> Account:
    """`calls`: the campaign's attempts; those without an outcome are in hand yet. `spans`: of the agents, the last ones
    cut at the end. `ended_at`: of the shift; left out, the last answer."""
    people = [call for call in calls if call.outcome in PEOPLE]
    time_s: dict[str, float] = defaultdict(float)
    for span in spans:
        time_s[span.state] += span.ended_at - span.started_at
    busy_s = time_s["talking"] + time_s["wrap_up"]
    work_s = sum(time_s[state] for state in WORK)
    waits = sorted(wait for _, wait in waits_of(spans))
    abandoned = sum(call.outcome is Outcome.ABANDONED for call in people)
    return Account(
        hours=hours,
        agents=len({span.agent for span in spans}),
        occupancy=busy_s / work_s if work_s else 0.0,
        talk_minutes_per_hour=60 * time_s["talking"] / work_s if work_s else 0.0,
        wait_p50_s=quantile(waits, 0.5),
        wait_p90_s=quantile(waits, 0.9),
        abandoned=abandoned / len(people) if people else 0.0,
        worst_half_hour=worst_half_hour(people, ended_at),
        answered=len(people),
        connected=sum(call.joined_at is not None for call in calls),
        attempts=sum(call.outcome is not Outcome.CANCELLED for call in calls),
        contacts_tried=len({call.contact_id for call in calls}),
        contacts_done=contacts_done,
        contacts=contacts,
        outcomes=dict(Counter(str(call.outcome) for call in calls if call.outcome is not None)),
        agent_hours=work_s / 3600,
        logged_in_hours=sum(time_s.values()) / 3600,
        line_minutes=sum(max(0.0, (call.ended_at or 0) - call.answered_at) for call in calls if call.answered_at) / 60,
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    """By nearest rank: the smallest that so many are not above; 0 of none."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else 0.0


def waits_of(spans: Iterable[AgentSpan]) -> list[tuple[float, float]]:
    """When each talk began, and how long it was waited for: idle and held, since the agent was last busy or away."""
    waits: list[tuple[float, float]] = []
    waited: dict[str, float] = {}
    for span in sorted(spans, key=lambda span: (span.agent, span.started_at)):
        if span.state in ("idle", "reserved"):
            waited[span.agent] = waited.get(span.agent, 0.0) + span.ended_at - span.started_at
        elif (wait := waited.pop(span.agent, None)) is not None and span.state == "talking":
            waits.append((span.started_at, wait))
    return waits


def worst_half_hour(people: Sequence[CallRecord], ended_at: float | None) -> float:
    """The highest share abandoned in any half hour before the end, by the time of the answer; 0 when none has enough
    answers. The last minutes alone are none: a few unlucky people would be made a rate of."""
    answers = sorted(call.answered_at or 0.0 for call in people)
    losses = sorted(call.answered_at or 0.0 for call in people if call.outcome is Outcome.ABANDONED)
    last = (ended_at if ended_at is not None else answers[-1] + 1 if answers else 0.0) - HALF_HOUR_S
    worst = 0.0
    for at in {last, *(answer for answer in answers if answer <= last)}:
        answered = bisect_left(answers, at + HALF_HOUR_S) - bisect_left(answers, at)
        lost = bisect_left(losses, at + HALF_HOUR_S) - bisect_left(losses, at)
        if answered >= FEWEST:
            worst = max(worst, lost / answered)
    return worst
