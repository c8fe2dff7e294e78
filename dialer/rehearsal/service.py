"""What the callers had, who share the agents with campaigns. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dialer.quality.level import Level
from dialer.quality.service import Rule
from dialer.rehearsal.account import quantile
from dialer.store.records import CallRecord


@dataclass(frozen=True, slots=True)
class Service:
    """Of one queue, or of all; shares 0..1, times in seconds."""

    callers: int
    """Who asked for an agent."""
    connected: int
    gave_up: int
    refused: int
    """Sent elsewhere: the queue was full, nobody was there, or the longest wait was over."""
    in_time: int
    """By their clients' rule, of `counted`."""
    counted: int
    speed_of_answer_s: float
    """The mean wait of those connected."""
    wait_p90_s: float
    """Of those connected."""

    @property
    def level(self) -> float:
        return self.in_time / self.counted if self.counted else 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "callers": self.callers, "connected": self.connected, "gave_up": self.gave_up, "refused": self.refused,
            "service_level": self.level, "in_time": self.in_time, "counted": self.counted,
            "speed_of_answer_s": self.speed_of_answer_s, "wait_p90_s": self.wait_p90_s,
        }  # fmt: skip


def service(calls: Iterable[CallRecord], rules: Mapping[str, Rule]) -> Service:
    """`calls`: inbound, over; `rules`: by client."""
    levels = {client: Level(rule.within_s) for client, rule in rules.items()}
    waits: list[float] = []
    callers = refused = 0
    for call in calls:
        if call.queued_at is None and call.outcome != "overloaded":
            continue
        callers += 1
        refused += call.joined_at is None and call.outcome not in (None, "abandoned")
        if call.outcome is not None:
            levels[call.client].count(call.outcome, call.queued_at, call.joined_at, call.ended_at)
        if call.queued_at is not None and call.joined_at is not None:
            waits.append(max(0.0, call.joined_at - call.queued_at))
    shares = [level.share(rules[client].formula) for client, level in levels.items()]
    waits.sort()
    return Service(
        callers=callers,
        connected=sum(level.connected for level in levels.values()),
        gave_up=sum(level.gave_up for level in levels.values()),
        refused=refused,
        in_time=sum(share[0] for share in shares),
        counted=sum(share[1] for share in shares),
        speed_of_answer_s=sum(waits) / len(waits) if waits else 0.0,
        wait_p90_s=quantile(waits, 0.9),
    )


def by_queue(calls: Sequence[CallRecord], rules: Mapping[str, Rule]) -> dict[str, Service]:
    queues = sorted({call.queue for call in calls if call.queue is not None})
    return {queue: service([call for call in calls if call.queue == queue], rules) for queue in queues}
