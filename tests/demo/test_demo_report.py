"""The arithmetic of the demo's report and its comparison with Asterisk's CDR."""

import dataclasses

from demo.plant import CdrRow
from demo.report import Ledger, build, faults, percentile, summary
from demo.witness import compare, legs
from dialer.calls.outcome import Outcome
from dialer.store.records import AgentSpan, CallRecord, CampaignTotals, Talk

INBOUND = CallRecord(
    "in-1", "inbound", "demo", "main", "acme", "+4930", "+4931", 100.0, answered_at=100.2, queued_at=108.0,
    joined_at=109.0, ended_at=130.0, agent="agent01", talk_s=21.0, outcome=Outcome.ANSWERED,
)  # fmt: skip
OUTBOUND = CallRecord(
    "out-1", "outbound", "demo", "main", "acme", "+4930", "+4931", 100.0, campaign="acme_winback", dialled_at=100.1,
    answered_at=105.0, joined_at=105.02, ended_at=120.0, agent="agent02", outcome=Outcome.ANSWERED,
)  # fmt: skip
BUSY = CallRecord(
    "out-2", "outbound", "demo", "main", "acme", "+4930", "+4931", 100.0, dialled_at=100.1, ended_at=100.3,
    outcome=Outcome.BUSY,
)  # fmt: skip
CALLS = [INBOUND, OUTBOUND, BUSY]


def row(call: CallRecord, **changed: float | str | None) -> CdrRow:
    fields = {
        "uniqueid": call.id, "linkedid": call.id, "channel": "PJSIP/trunk-00000001", "dstchannel": "", "src": "",
        "dst": "", "dcontext": "dialer", "start": call.dialled_at or call.created_at, "answer": call.answered_at,
        "end": call.ended_at, "disposition": "", "lastapp": "", "sequence": 1,
    }  # fmt: skip
    return CdrRow(**{**fields, **changed})  # type: ignore[typeddict-item]


def ledger(calls: list[CallRecord], **changed: object) -> Ledger:
    totals = [CampaignTotals("acme_winback", {"due": 5, "done": 2}, {"answered": 1, "busy": 1}, None)]
    spans = [AgentSpan("agent01", "idle", 0, 10), AgentSpan("agent01", "talking", 10, 31.5),
             AgentSpan("agent01", "idle", 35, 36)]
    whole = Ledger(calls, [], [Talk("in-1", "agent01", 10, 31.5)], spans, totals)
    return dataclasses.replace(whole, **changed)  # type: ignore[arg-type]


def differences(calls: list[CallRecord], rows: list[CdrRow]) -> dict[str, str]:
    return {found["call"]: found["what"] for found in compare(calls, legs(rows))["differences"]}


def test_counts_are_kept_apart_by_direction_and_client():
    report = build(ledger(CALLS), legs(map(row, CALLS)), 60.0)
    assert report["calls"]["offered"] == 3
    assert report["outbound"] == {
        "offered": 2, "answered": 1, "connected": 1, "abandoned": 0, "outcomes": {"answered": 1, "busy": 1},
    }  # fmt: skip
    assert report["clients"]["acme"]["inbound"]["connected"] == 1
    assert report["agents"]["agent01"]["talks"] == 1
    assert report["agents"]["agent01"]["talk_s"] == 21.5
    assert report["agents"]["agent01"]["idle_s"] == 11


def test_answer_to_agent_is_of_outbound_calls_only():
    report = build(ledger(CALLS), [], 60.0)
    assert report["answer_to_agent_ms"] == {"count": 1, "p50": 20.0, "p99": 20.0}
    assert report["campaigns"]["acme_winback"]["answer_to_agent_ms"]["count"] == 1
    assert report["waited_ms"] == {"count": 1, "p50": 1000.0, "p99": 1000.0}


def test_percentiles_are_values_that_were_measured():
    values = [float(value) for value in range(1, 101)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([7.0], 0.99) == 7
    assert percentile([], 0.5) is None


def test_a_good_run_has_no_faults_and_a_readable_summary():
    report = build(ledger(CALLS), legs(map(row, CALLS)), 60.0)
    assert faults(report, ["acme"]) == []
    assert "acme outbound" in summary(report)
    assert "3 of 3 calls agree" in summary(report)


def test_each_failing_is_named():
    report = build(ledger([BUSY]), legs([row(BUSY)]), 60.0)
    assert faults(report, ["acme", "globex"]) == [
        "no inbound call of acme was answered", "no outbound call of acme reached an agent",
        "no inbound call of globex was answered", "no outbound call of globex reached an agent",
        "no inbound call reached an agent",
    ]  # fmt: skip
    lost = dataclasses.replace(OUTBOUND, id="out-3", outcome=Outcome.LOST)
    claimed = CampaignTotals("acme_winback", {"claimed": 2}, {}, None)
    broken = ledger([*CALLS, lost], unsettled=[BUSY], campaigns=[claimed])
    report = build(broken, legs(map(row, [*CALLS, lost])), 60.0)
    assert faults(report, ["acme"]) == [
        "1 calls were never settled", "2 contacts of acme_winback are still claimed",
        "1 calls were lost, which nothing in this world should cause",
    ]  # fmt: skip


def test_the_witness_agrees_within_a_second():
    assert differences(CALLS, [row(INBOUND, end=130.9), row(OUTBOUND, answer=105.9), row(BUSY)]) == {}


def test_the_witness_disagrees_beyond_a_second():
    found = differences(CALLS, [row(INBOUND, end=131.5), row(OUTBOUND, answer=106.5), row(BUSY, answer=100.2)])
    assert found["in-1"].startswith("lasted -1.50 s")
    assert found["out-1"].startswith("answered -1.50 s")
    assert found["out-2"].startswith("answered at None")


def test_calls_that_only_one_side_knows_are_differences():
    strange, agent = row(BUSY, uniqueid="x"), row(BUSY, uniqueid="y", channel="PJSIP/agent01-0000000a")
    assert set(differences([INBOUND, BUSY], [row(INBOUND), strange, agent])) == {"out-2", "x"}


def test_a_call_that_never_left_needs_no_cdr():
    never = dataclasses.replace(BUSY, dialled_at=None, outcome=Outcome.CANCELLED)
    assert differences([never], []) == {}


def test_lines_of_one_channel_are_one_leg():
    [leg] = legs([row(INBOUND, start=109.0, end=130.0, answer=109.0), row(INBOUND, start=100.0, end=109.0)])
    assert (leg.started_at, leg.answered_at, leg.ended_at) == (100.0, 100.2, 130.0)
