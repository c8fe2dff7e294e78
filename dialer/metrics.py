"""Everything Prometheus sees of the engine: the only place with metric names.

Conventions are Prometheus' own (https://prometheus.io/docs/practices/naming/): base units, `_total` on
counters, bounded labels, never a call, a contact or a number. Counters and histograms are written when something
happens; gauges are read from the engine at every scrape (`Live`), so that they cannot drift.

`python -m dialer.metrics` prints the table for docs/metrics.md.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import chain
from typing import Final, Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from dialer import machine_metrics, pacing_metrics
from dialer.access_metrics import AccessMetrics
from dialer.calls.outcome import Outcome
from dialer.exposition import CONTENT_TYPE, Children, of_family, page
from dialer.fee_metrics import ROWS, FeeLive, FeeMetrics, samples
from dialer.recording_metrics import RecordingMetrics
from dialer.service_metrics import ServiceMetrics
from dialer.store.records import CallRecord, Direction
from dialer.voice_metrics import VoiceMetrics

_VERSION: Final = version("dialer")

AGENT_STATES: Final = ("logged_out", "calling", "idle", "reserved", "talking", "wrap_up", "paused")

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_CONNECT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
_RINGING = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0)
_WAITING = (1.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 300.0, 600.0)
_TALKING = (5.0, 10.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)
_BATCH = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)


@dataclass(frozen=True, slots=True)
class CampaignLive:
    client: str
    status: str
    dialling: int
    talking: int
    contacts: Mapping[str, int]
    budgets: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """By rule and window: how many more may be abandoned."""
    detection: machine_metrics.DetectionLive | None = None
    lasts_s: float | None = None
    running_low: bool = False
    pacing: pacing_metrics.PacingLive | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """What the engine holds at the moment of a scrape. `switches` and `store_up` are True while usable."""

    agents: Mapping[str, int] = field(default_factory=dict)
    """By state."""
    calls: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By direction and state."""
    campaigns: Mapping[str, CampaignLive] = field(default_factory=dict)
    queues: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    """Waiting, and seconds of the longest wait."""
    switches: Mapping[str, bool] = field(default_factory=dict)
    fees: Sequence[FeeLive] = ()
    store_up: bool = True
    draining: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """One row of docs/metrics.md."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    meaning: str


_GAUGES: Final = {
    row.name: row
    for row in (
        Definition("dialer_build_info", "gauge", ("version",), "Always 1; the version that runs."),
        Definition("dialer_agents", "gauge", ("state",), "Agents in each state."),
        Definition("dialer_calls", "gauge", ("direction", "state"), "Living calls in each state."),
        Definition("dialer_campaign_running", "gauge", ("client", "campaign"), "1 while the campaign may dial."),
        Definition("dialer_campaign_dialling", "gauge", ("client", "campaign"), "Attempts not yet answered."),
        Definition("dialer_campaign_talking", "gauge", ("client", "campaign"), "Attempts joined to an agent."),
        Definition("dialer_campaign_contacts", "gauge", ("client", "campaign", "state"),
                   "Contacts in the store: waiting, due, claimed, callback, held_back, done."),
        Definition("dialer_list_exhaustion_seconds", "gauge", ("client", "campaign"),
                   "How long the campaign's contacts last as they were used up in the last quarter of an hour."),
        Definition("dialer_list_running_low", "gauge", ("client", "campaign"),
                   "1 while fewer contacts are left than the campaign's alert_below."),
        Definition("dialer_abandon_budget_left", "gauge", ("client", "campaign", "rule", "window"),
                   "How many more people may be abandoned just now, by rule and window; below 0: too many were."),
        Definition("dialer_queue_waiting", "gauge", ("queue",), "Callers waiting for an agent."),
        Definition("dialer_queue_longest_wait_seconds", "gauge", ("queue",), "Wait of the caller waiting longest."),
        Definition("dialer_switch_up", "gauge", ("switch",), "1 while the switch's AMI link is logged in."),
        Definition("dialer_store_up", "gauge", (), "1 while the store takes commits."),
        Definition("dialer_draining", "gauge", (), "1 while the engine shuts down."),
        *(
            Definition(name, "gauge", labels, meaning)
            for name, labels, meaning in (*ROWS, *machine_metrics.ROWS, *pacing_metrics.ROWS)
        ),
    )
}


class Metrics:
    """Counters and histograms of one engine, in a registry of its own. Safe from any thread."""

    def __init__(self) -> None:
        # They would be a series more for each counter, which nobody asks for.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.catalogue: list[Definition] = list(_GAUGES.values())
        self._families: list[Children] = []
        self._process = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._process)
        self._define_calls()
        self._define_plant()
        self.voice = VoiceMetrics(self._counter, self._histogram)
        self.fees = FeeMetrics(self._counter)
        self.recordings = RecordingMetrics(self._counter, self._histogram)
        self.machines = machine_metrics.MachineMetrics(self._counter)
        self.service = ServiceMetrics(self._counter, self._histogram)
        self.access = AccessMetrics(self._counter)

    def _define_calls(self) -> None:
        counter, histogram = self._counter, self._histogram
        by_campaign = ("direction", "client", "campaign")
        self._started = counter("dialer_calls_started", "Calls offered: dialled by us, or arrived.", *by_campaign)
        self._settled = counter("dialer_calls_settled", "Calls over and settled, by outcome.", *by_campaign, "outcome")
        self._talk = histogram("dialer_talk_seconds", "Talk of a call with agents.", _TALKING, "direction")
        self._setup = histogram(
            "dialer_attempt_setup_seconds",
            "From the dial to the first ringing or answer (post-dial delay).",
            _RINGING,
            "switch",
        )
        self._connect = histogram(
            "dialer_answer_to_agent_seconds", "From a called person's answer to the join with an agent.", _CONNECT
        )
        self._queued = histogram(
            "dialer_queue_wait_seconds", "Wait in a queue, however it ended.", _WAITING, "queue", "ended"
        )
        self._script = histogram(
            "dialer_script_command_seconds",
            "A script's command, from the order to the reply (sounds and keys included).",
            (*_FAST, 5.0, 10.0, 30.0, 60.0),
            "command",
        )
        self._prompted = histogram(
            "dialer_digit_to_prompt_seconds", "From a caller's keys, as the switch handed them over, to the prompt "
            "that answers them, as it was ordered.", _FAST
        )
        self._decisions = counter("dialer_pacing_decisions", "Pacing decisions, by reason.", "campaign", "reason")
        self._dials = counter("dialer_pacing_dials", "Dials that pacing decisions placed.", "campaign")
        self._refused = counter(
            "dialer_refusals", "Contacts that a rule on outbound calls refused, by rule.", "campaign", "rule"
        )
        self._opted_out = counter(
            "dialer_opt_outs", "Persons who asked by a key not to be called again: in the message of an abandoned call "
            "(key), or in a flow (flow).", "client", "how"
        )
        self._imported = counter(
            "dialer_import_rows", "Rows of imported lists: imported, known, duplicates, rejected.", "campaign", "result"
        )

    def _define_plant(self) -> None:
        counter, histogram = self._counter, self._histogram
        self._failed = counter("dialer_switch_actions_failed", "Orders that a switch refused.", "switch", "action")
        self._links = counter("dialer_switch_link_changes", "AMI links made (up) and lost (down).", "switch", "state")
        self._ami_lag = histogram(
            "dialer_ami_lag_seconds", "From the switch's time stamp to our reading of an event.", _FAST, "switch"
        )
        self._loop_lag = histogram("dialer_event_loop_lag_seconds", "How late a timer of the event loop ran.", _FAST)
        self._depth = histogram("dialer_event_queue_depth", "Events waiting for the engine, sampled.", (0.0, *_BATCH))
        self._commits = histogram("dialer_store_commit_seconds", "A commit of the store's writer.", _FAST, "durable")
        self._batches = histogram("dialer_store_commit_items", "Items in a commit of the store's writer.", _BATCH)
        self._impossible = counter("dialer_impossible", "States that cannot be: each is a fault of ours.", "kind")
        self._ignored = counter("dialer_events_ignored", "Events with nothing to do in the state they met.", "event")
        self._requests = counter(
            "dialer_http_requests", "HTTP requests, by route and status.", "method", "route", "status"
        )
        self._answered = histogram("dialer_http_request_seconds", "HTTP requests, streams excepted.", _FAST, "route")

    def _counter(self, name: str, meaning: str, *labels: str) -> Children:
        self.catalogue.append(Definition(f"{name}_total", "counter", labels, meaning))
        return self._keep(Counter(name, meaning, labels, registry=self.registry), f"{name}_total", meaning)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Children:
        self.catalogue.append(Definition(name, "histogram", labels, meaning))
        metric = Histogram(name, meaning, labels, registry=self.registry, buckets=buckets)
        return self._keep(metric, name, meaning)

    def _keep(self, metric: Counter | Histogram, name: str, meaning: str) -> Children:
        children = Children(metric, name, meaning)
        self._families.append(children)
        return children

    # -- calls ---------------------------------------------------------------------------------------------

    def call_started(self, direction: Direction, client: str, campaign: str | None) -> None:
        self._started.inc(direction, client, campaign or "")

    def call_settled(self, record: CallRecord) -> None:
        """Counts the outcome, and takes talk and post-dial delay from the record. Once a call."""
        outcome = record.outcome or Outcome.LOST
        self._settled.inc(record.direction, record.client, record.campaign or "", outcome.value)
        if record.joined_at is not None:
            self._talk.observe(record.talk_s, record.direction)
        first_sign = record.ringing_at if record.ringing_at is not None else record.answered_at
        if record.dialled_at is not None and first_sign is not None:
            self._setup.observe(first_sign - record.dialled_at, record.switch)

    def answer_to_agent(self, seconds: float) -> None:
        self._connect.observe(seconds)

    def queue_wait(self, queue: str, seconds: float, ended: Literal["joined", "left", "expired"]) -> None:
        self._queued.observe(seconds, queue, ended)

    def script_command(self, command: str, seconds: float) -> None:
        """`command` is the name of a flows.commands.Command, in lower case."""
        self._script.observe(seconds, command)

    def digit_to_prompt(self, seconds: float) -> None:
        self._prompted.observe(seconds)

    # -- campaigns -----------------------------------------------------------------------------------------

    def pacing_decision(self, campaign: str, reason: str, placed: int) -> None:
        self._decisions.inc(campaign, reason)
        if placed:
            self._dials.inc(campaign, by=placed)

    def refused(self, campaign: str, rule: str) -> None:
        self._refused.inc(campaign, rule)

    def opted_out(self, client: str, how: str) -> None:
        """`how`: key (in the message of an abandoned call) or flow."""
        self._opted_out.inc(client, how)

    def imported(self, campaign: str, counts: Mapping[str, int]) -> None:
        """Counts by result, as `Control.import_list` gives them."""
        for result in ("imported", "known", "duplicates", "rejected"):
            self._imported.inc(campaign, result, by=counts.get(result, 0))

    def forget_campaign(self, campaign: str) -> None:
        """Drop the series of a campaign that left the configuration, once its last call is settled."""
        for family in self._families:
            family.forget("campaign", campaign)

    def forget_client(self, client: str) -> None:
        for family in self._families:
            family.forget("client", client)

    # -- the plant -----------------------------------------------------------------------------------------

    def action_failed(self, switch: str, action: str) -> None:
        self._failed.inc(switch, action)

    def link(self, switch: str, up: bool) -> None:
        self._links.inc(switch, "up" if up else "down")

    def ami_lag(self, switch: str, seconds: float) -> None:
        self._ami_lag.observe(seconds, switch)

    def loop_lag(self, seconds: float) -> None:
        self._loop_lag.observe(seconds)

    def event_queue(self, depth: int) -> None:
        self._depth.observe(depth)

    def store_commit(self, seconds: float, items: int, durable: bool) -> None:
        self._commits.observe(seconds, "yes" if durable else "no")
        self._batches.observe(items)

    def impossible(self, kind: str) -> None:
        self._impossible.inc(kind)

    def ignored(self, event: str) -> None:
        self._ignored.inc(event)

    def http(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """`route` is the pattern, never the path. Streams give no seconds."""
        self._requests.inc(method, route, str(status))
        if seconds is not None:
            self._answered.observe(seconds, route)

    # -- scrapes -------------------------------------------------------------------------------------------

    def render(self, live: Live, accept: str = "") -> tuple[bytes, str]:
        """The page and its content type: text, or OpenMetrics for who takes no text. Call it off the event loop."""
        if "openmetrics" in accept and "text/plain" not in accept:
            encode, content_type = choose_encoder(accept)
            return encode(_Scrape(live, self._process, self.registry)), content_type
        process = (of_family(family) for family in self._process.collect())
        gauges = (of_family(family) for family in _Scrape(live).collect())
        own = (children.lines() for children in self._families)
        return page(chain(process, own, gauges)), CONTENT_TYPE

class _Scrape(Collector):
    """One scrape: what was counted, and what lives now."""

    def __init__(self, live: Live, *counted: CollectorRegistry) -> None:
        self._counted = counted
        self._live = live

    def collect(self) -> Iterable[Metric]:
        for registry in self._counted:
            yield from registry.collect()
        yield from _plant_gauges(self._live)
        yield from _campaign_gauges(self._live)
        yield from (_gauge(name, found) for name, found in samples(self._live.fees))
        detections = {(it.client, name): it.detection for name, it in self._live.campaigns.items() if it.detection}
        yield from (_gauge(name, found) for name, found in machine_metrics.samples(detections))
        beliefs = {(it.client, name): it.pacing for name, it in self._live.campaigns.items() if it.pacing}
        yield from (_gauge(name, found) for name, found in pacing_metrics.samples(beliefs))


def _gauge(name: str, samples: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    row = _GAUGES[name]
    family = GaugeMetricFamily(name, row.meaning, labels=row.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _plant_gauges(live: Live) -> Iterable[Metric]:
    yield _gauge("dialer_build_info", [((_VERSION,), 1)])
    # Every state is always there: a series that comes and goes cannot be summed or alerted on.
    states = dict.fromkeys(AGENT_STATES, 0) | dict(live.agents)
    yield _gauge("dialer_agents", (((state,), count) for state, count in states.items()))
    yield _gauge("dialer_calls", live.calls.items())
    yield _gauge("dialer_queue_waiting", (((queue,), waiting) for queue, (waiting, _) in live.queues.items()))
    yield _gauge(
        "dialer_queue_longest_wait_seconds", (((queue,), wait_s) for queue, (_, wait_s) in live.queues.items())
    )
    yield _gauge("dialer_switch_up", (((switch,), up) for switch, up in live.switches.items()))
    yield _gauge("dialer_store_up", [((), live.store_up)])
    yield _gauge("dialer_draining", [((), live.draining)])


def _campaign_gauges(live: Live) -> Iterable[Metric]:
    rows = [((it.client, name), it) for name, it in live.campaigns.items()]
    yield _gauge(
        "dialer_abandon_budget_left",
        (((*labels, *budget), left) for labels, it in rows for budget, left in it.budgets.items()),
    )
    yield _gauge("dialer_campaign_running", ((labels, it.status == "running") for labels, it in rows))
    yield _gauge("dialer_campaign_dialling", ((labels, it.dialling) for labels, it in rows))
    yield _gauge("dialer_campaign_talking", ((labels, it.talking) for labels, it in rows))
    yield _gauge(
        "dialer_campaign_contacts",
        (((*labels, state), count) for labels, it in rows for state, count in it.contacts.items()),
    )
    yield _gauge("dialer_list_exhaustion_seconds",
                 ((labels, it.lasts_s) for labels, it in rows if it.lasts_s is not None))
    yield _gauge("dialer_list_running_low", ((labels, it.running_low) for labels, it in rows))


def reference() -> str:
    """docs/metrics.md."""
    lines = [
        "# Metrics",
        "",
        "Served at `/metrics` in the Prometheus text format, or OpenMetrics when asked for by `Accept`.",
        "Generated by `python -m dialer.metrics`; the Prometheus client's `process_*` and `python_*` come on top.",
        "",
        "| metric | type | labels | meaning |",
        "|---|---|---|---|",
    ]
    for row in sorted(Metrics().catalogue, key=lambda row: row.name):
        labels = ", ".join(f"`{label}`" for label in row.labels) or "–"
        lines.append(f"| `{row.name}` | {row.kind} | {labels} | {row.meaning} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
