"""Names, labels and their bounds; what a record adds; that nothing outlives its campaign."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus
from quality_double import HEARD

from dialer import exposition
from dialer import metrics as module
from dialer.calls.outcome import Outcome
from dialer.fee_metrics import FeeLive
from dialer.machine_metrics import DetectionLive
from dialer.metrics import CampaignLive, Live, Metrics, reference
from dialer.pacing_metrics import PacingLive
from dialer.quality.service import Rule
from dialer.quality.streams import Interval
from dialer.store.records import CallRecord

ROOT = Path(__file__).parents[2]
LIVE = Live(
    agents={"idle": 3},
    calls={("inbound", "queued"): 2},
    campaigns={"winback": CampaignLive(
        "acme", "running", 4, 5, {"due": 10, "done": 2}, {("own", "30d"): 1.5}, DetectionLive(0.05, 0.01, 0.2, 40),
        5400.0, True, PacingLive(0.35, 180.0, 30.0, 0.06, 4))},
    queues={"support": (2, 12.5)},
    switches={"main": True, "second": False},
    fees=[FeeLive("acme", "EUR", 100.0, {"talk": 812.5}, {"expected": 1500.0}, (1000.0, 0.8125, False))],
)


def record(**changes: object) -> CallRecord:
    known: dict[str, object] = {
        "id": "node1-abc-1",
        "direction": "outbound",
        "node": "node1",
        "switch": "main",
        "client": "acme",
        "campaign": "winback",
        "number": "+4930231250123",
        "our_number": "+4930231250000",
        "created_at": 100.0,
        "outcome": Outcome.ANSWERED,
        "dialled_at": 100.0,
        "ringing_at": 101.5,
        "answered_at": 105.0,
        "joined_at": 105.01,
        "ended_at": 150.0,
        "talk_s": 44.0,
    }
    return CallRecord(**(known | changes))  # type: ignore[arg-type]


@pytest.fixture
def used() -> Metrics:
    """With a sample of everything there is."""
    it = Metrics()
    it.call_started("outbound", "acme", "winback")
    it.call_started("inbound", "acme", None)
    it.call_settled(record())
    it.answer_to_agent(0.012)
    it.queue_wait("support", 12.0, "joined")
    it.script_command("Play", 0.5)
    it.digit_to_prompt(0.002)
    it.pacing_decision("winback", "placed", 3)
    it.imported("winback", {"imported": 5, "duplicates": 1, "rejected": 2})
    it.refused("winback", "de.hours")
    it.opted_out("acme", "key")
    it.machines.message("winback", left=True)
    it.fees.alerted("acme")
    it.service.settled(CallRecord("c9", "inbound", "node1", "main", "acme", "1", "2", 0.0, answered_at=0.0,
                                  queued_at=0.0, joined_at=5.0, ended_at=90.0, talk_s=85.0,
                                  outcome=Outcome.ANSWERED, queue="line"), Rule())  # fmt: skip
    it.service.test_call("acme", "hotline", "judged")
    it.service.test_score("acme", "hotline", 80.0)
    it.recordings.began("acme", "winback")
    it.recordings.ended("acme", "winback", "recorded")
    it.recordings.removed("acme", "expired")
    it.recordings.not_removed("main")
    it.recordings.card("acme", "winback", "passed", 85.0)
    it.action_failed("main", "Originate")
    it.link("main", True)
    it.ami_lag("main", 0.001)
    it.loop_lag(0.001)
    it.event_queue(3)
    it.store_commit(0.004, 20, True)
    it.impossible("joined_twice")
    it.ignored("Ringing")
    it.http("GET", "/v1/agents", 200, 0.001)
    it.voice.rated(HEARD)
    it.voice.interval("main", "customer", "out", Interval(0.0, 5.0, 250, 3, 0.012, 0.002, 0.08, silent=False))
    it.voice.interval("main", "customer", "in", Interval(0.0, 5.0, 250, 250, 1.0, 0.0, None, silent=True))
    return it


def samples(metrics: Metrics, live: Live = LIVE) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = metrics.render(live)[0].decode()
    return {
        (it.name, tuple(sorted(it.labels.items()))): it.value for family in prometheus(text) for it in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return samples(metrics).get((name, tuple(sorted(labels.items()))))


def test_a_settled_record_is_taken_apart(used: Metrics) -> None:
    labels = {"direction": "outbound", "client": "acme", "campaign": "winback"}
    assert value(used, "dialer_calls_started_total", **labels) == 1
    assert value(used, "dialer_calls_settled_total", **labels, outcome="answered") == 1
    assert value(used, "dialer_talk_seconds_sum", direction="outbound") == 44.0
    assert value(used, "dialer_attempt_setup_seconds_sum", switch="main") == 1.5


def test_a_fault_of_recordings_begins_at_zero(used: Metrics) -> None:
    labels = {"client": "acme", "campaign": "winback"}
    for result, count in (("recorded", 1), ("no_file", 0), ("not_started", 0), ("no_record", 0)):
        assert value(used, "dialer_recordings_total", **labels, result=result) == count


def test_an_attempt_nobody_answered_has_no_talk_and_no_setup() -> None:
    it = Metrics()
    it.call_settled(record(ringing_at=None, answered_at=None, joined_at=None, talk_s=0.0, outcome=Outcome.CONGESTION))
    assert value(it, "dialer_talk_seconds_count", direction="outbound") is None
    assert value(it, "dialer_attempt_setup_seconds_count", switch="main") is None


def test_decisions_and_imports(used: Metrics) -> None:
    used.pacing_decision("winback", "no_idle_agent", 0)
    assert value(used, "dialer_pacing_decisions_total", campaign="winback", reason="no_idle_agent") == 1
    assert value(used, "dialer_pacing_dials_total", campaign="winback") == 3
    assert value(used, "dialer_import_rows_total", campaign="winback", result="rejected") == 2


def test_gauges_are_the_live_figures(used: Metrics) -> None:
    assert value(used, "dialer_agents", state="idle") == 3
    assert value(used, "dialer_agents", state="talking") == 0
    assert value(used, "dialer_calls", direction="inbound", state="queued") == 2
    assert value(used, "dialer_campaign_talking", client="acme", campaign="winback") == 5
    assert value(used, "dialer_campaign_running", client="acme", campaign="winback") == 1
    assert value(used, "dialer_campaign_contacts", client="acme", campaign="winback", state="due") == 10
    assert value(used, "dialer_list_exhaustion_seconds", client="acme", campaign="winback") == 5400.0
    assert value(used, "dialer_list_running_low", client="acme", campaign="winback") == 1
    assert value(used, "dialer_switch_up", switch="second") == 0
    assert value(used, "dialer_store_up") == 1
    assert not any(name == "dialer_calls" for name, _ in samples(used, Live()))


def test_a_campaigns_series_go_with_it_and_may_come_back(used: Metrics) -> None:
    used.call_started("outbound", "acme", "other")
    used.forget_campaign("winback")
    left = [labels for name, labels in samples(used, Live()) if ("campaign", "winback") in labels]
    assert left == []
    assert value(used, "dialer_calls_started_total", direction="outbound", client="acme", campaign="other") == 1
    used.call_started("outbound", "acme", "winback")
    assert value(used, "dialer_calls_started_total", direction="outbound", client="acme", campaign="winback") == 1


def test_a_clients_series_go_with_it(used: Metrics) -> None:
    used.forget_client("acme")
    assert [labels for _, labels in samples(used, Live()) if ("client", "acme") in labels] == []


def test_labels_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposition, "MOST_CHILDREN", 5)
    it = Metrics()
    for count in range(100):
        it.impossible(f"kind {count}")
    kinds = {
        dict(labels)["kind"]: it for (name, labels), it in samples(it).items() if name == "dialer_impossible_total"
    }
    assert len(kinds) == 6
    assert kinds["other"] == 95


def test_the_text_says_what_openmetrics_says(used: Metrics) -> None:
    """Ours against the client library's, of everything but what moves meanwhile."""

    def values(families: Iterable[Any]) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        return {(sample.name, frozenset(sample.labels.items())): sample.value
                for family in families for sample in family.samples if sample.name.startswith("dialer_")}  # fmt: skip

    body, _ = used.render(LIVE, "application/openmetrics-text; version=1.0.0")
    assert values(prometheus(used.render(LIVE)[0].decode())) == values(openmetrics(body.decode()))


def test_odd_labels_survive() -> None:
    it = Metrics()
    it.impossible('a "quoted"\\back\nline')
    kinds = {dict(labels).get("kind") for name, labels in samples(it) if name == "dialer_impossible_total"}
    assert kinds == {'a "quoted"\\back\nline'}


def test_no_label_is_of_one_call_or_contact() -> None:
    names = {label for row in Metrics().catalogue for label in row.labels}
    assert names.isdisjoint({"call", "call_id", "attempt", "contact", "number", "agent", "channel"})


@pytest.mark.parametrize("row", Metrics().catalogue, ids=lambda row: row.name)
def test_every_name_in_the_catalogue_is_rendered(used: Metrics, row: module.Definition) -> None:
    suffix = "_count" if row.kind == "histogram" else ""
    found = [dict(labels) for name, labels in samples(used) if name == row.name + suffix]
    assert found
    assert all(set(labels) == set(row.labels) for labels in found)


def test_counters_have_one_series_each(used: Metrics) -> None:
    assert not [name for name, _ in samples(used) if name.endswith("_created")]


def test_openmetrics_parses(used: Metrics) -> None:
    body, content_type = used.render(LIVE, "application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert any(family.name == "dialer_agents" for family in openmetrics(body.decode()))


def test_promtool_finds_nothing_to_say(used: Metrics) -> None:
    promtool = shutil.which("promtool") or shutil.which("promtool", path=ROOT / "var" / "tools")
    assert promtool, "promtool is missing: `make setup` gets it from Debian's package prometheus"
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=used.render(LIVE)[0], capture_output=True, timeout=30, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_the_reference_is_current() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text() == reference(), "python -m dialer.metrics > docs/metrics.md"
