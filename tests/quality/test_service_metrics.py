"""The counters of service come to what the report says of the same calls."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.calls.outcome import Outcome
from dialer.metrics import Live, Metrics
from dialer.quality.level import FORMULAS
from dialer.quality.service import Row, Rule, tally_of
from dialer.store.records import CallRecord

WAITS = st.one_of(st.none(), st.integers(0, 60))


@st.composite
def inbound(draw: st.DrawFn) -> CallRecord:
    waited, talked = draw(WAITS), draw(st.integers(0, 40))
    joined = waited is not None and draw(st.booleans())
    outcome = Outcome.ANSWERED if joined else draw(st.sampled_from([Outcome.ABANDONED, Outcome.SELF_SERVED]))
    return CallRecord(
        "c", "inbound", "node1", "main", "acme", "1", "2", 100.0, answered_at=100.0,
        queued_at=None if waited is None else 100.0, joined_at=100.0 + (waited or 0) if joined else None,
        ended_at=100.0 + (waited or 0) + talked, talk_s=float(talked) if joined else 0.0, outcome=outcome,
        queue=None if waited is None else "line",
    )  # fmt: skip


def counted(metrics: Metrics) -> Counter[tuple[str, str]]:
    """By name and the last label."""
    page = metrics.render(Live())[0].decode()
    found: Counter[tuple[str, str]] = Counter()
    for name, labels, value in re.findall(r"^(dialer_(?:service|answered)_\w+)\{(.*)\} (\S+)$", page, re.MULTILINE):
        found[name, labels.rpartition('="')[2].rstrip('"')] += float(value)
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(inbound(), max_size=30), st.sampled_from(FORMULAS))
def test_they_are_the_reports_figures(calls: list[CallRecord], formula: str) -> None:
    rule, metrics = Rule(within_s=20.0, formula=formula, short_s=15.0), Metrics()  # type: ignore[arg-type]
    for call in calls:
        metrics.service.settled(call, rule)
    tally = tally_of((Row(call.direction, str(call.outcome), None, None, call.answered_at, call.queued_at,
                          call.joined_at, call.ended_at, None, None) for call in calls), rule)  # fmt: skip
    told = counted(metrics)
    met, of = tally.level.share(rule.formula)
    assert (told["dialer_service_level_calls_total", "met"], told["dialer_service_level_calls_total", "missed"]) == (
        met, of - met)
    assert told["dialer_service_calls_total", "joined"] == tally.level.connected
    assert told["dialer_service_calls_total", "gave_up"] == tally.level.gave_up
    assert told["dialer_service_wait_seconds_total", "joined"] == pytest.approx(tally.waited_s)
    assert told["dialer_service_wait_seconds_total", "gave_up"] == pytest.approx(tally.gave_up_s)
    assert told["dialer_answered_calls_total", "short"] == tally.short
    assert told["dialer_answered_calls_total", "normal"] == tally.lasted - tally.short
    assert told["dialer_service_talk_seconds_total", "line"] == sum(call.talk_s for call in calls)
