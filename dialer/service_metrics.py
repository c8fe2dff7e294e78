"""What Prometheus sees of service and of test calls: `metrics.py` puts it on its page. By the definitions of
`quality/service.py`, by each client's own rule; test calls are no part of the service."""

from collections.abc import Callable
from typing import Final

from dialer.exposition import Children
from dialer.quality.level import Level
from dialer.quality.service import Rule
from dialer.store.records import CallRecord

_SCORES: Final = (0.0, 20.0, 40.0, 50.0, 60.0, 70.0, 75.0, 80.0, 90.0, 95.0, 100.0)


class ServiceMetrics:
    """`counter` and `histogram` define a family: its name, its meaning (buckets), its labels."""

    def __init__(self, counter: Callable[..., Children], histogram: Callable[..., Children]) -> None:
        of_queue = ("client", "queue")
        self._calls = counter("dialer_service_calls", "Callers who waited: joined to an agent, or gave_up.", *of_queue,
                              "ended")
        self._waits = counter("dialer_service_wait_seconds", "Their waiting.", *of_queue, "ended")
        self._level = counter("dialer_service_level_calls", "Callers that the service level counts, by the contract's "
                              "or the client's time and formula: met, missed.", *of_queue, "result")
        self._talk = counter("dialer_service_talk_seconds", "Talk with callers who waited.", *of_queue)
        self._answered = counter("dialer_answered_calls", "Answered calls over: short (below the client's threshold), "
                                 "or not.", "client", "direction", "length")
        self._tests = counter("dialer_test_calls", "Test calls: judged, or why they came to nothing (not_placed, "
                              "unanswered, did_not_arrive, lost).", "client", "test", "result")
        self._scores = histogram("dialer_test_call_score", "Scores of test calls by their rules, 0 to 100.", _SCORES,
                                 "client", "test")

    def settled(self, record: CallRecord, rule: Rule) -> None:
        """A call that is no test call. Once a call."""
        if record.answered_at is not None and record.ended_at is not None:
            length = "short" if record.ended_at - record.answered_at < rule.short_s else "normal"
            self._answered.inc(record.client, record.direction, length)
        if record.direction == "inbound" and record.queued_at is not None:
            self._waited(record, record.queued_at, rule)

    def _waited(self, record: CallRecord, queued_at: float, rule: Rule) -> None:
        level = Level(rule.within_s)
        level.count(str(record.outcome), queued_at, record.joined_at, record.ended_at)
        if not level.queued:
            return
        whose = (record.client, record.queue or "")
        ended, until = ("joined", record.joined_at) if record.joined_at is not None else ("gave_up", record.ended_at)
        self._calls.inc(*whose, ended)
        self._waits.inc(*whose, ended, by=max(0.0, (until or queued_at) - queued_at))
        if record.talk_s:
            self._talk.inc(*whose, by=record.talk_s)
        met, of = level.share(rule.formula)
        if of:
            self._level.inc(*whose, "met" if met else "missed")

    def test_call(self, client: str, test: str, result: str) -> None:
        self._tests.inc(client, test, result)

    def test_score(self, client: str, test: str, score: float) -> None:
        self._scores.observe(score, client, test)
