"""Writes the Grafana dashboards in configs/grafana/dashboards: `python scripts/dashboards.py`.

A panel is a title, a unit and its queries; where it stands follows from the order. Twelve columns of two make a row.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "configs" / "grafana" / "dashboards"
SOURCE = {"type": "prometheus", "uid": "${source}"}
OF_CAMPAIGN = 'client=~"$client", campaign=~"$campaign"'
OF_CLIENT = 'client=~"$client"'
OUT = f'direction="outbound", {OF_CAMPAIGN}'
RATE = "[$__rate_interval]"


@dataclass(frozen=True)
class Panel:
    title: str
    unit: str
    """Grafana's word: short, percentunit, s, reqps, none."""
    queries: dict[str, str]
    """By legend."""
    about: str = ""
    kind: str = "timeseries"
    width: int = 8
    stacked: bool = False
    limits: tuple[float, ...] = field(default=())
    """Above the first it is amber, above the second red."""


@dataclass(frozen=True)
class Dashboard:
    uid: str
    title: str
    variables: dict[str, str]
    """By name: the query of its values."""
    rows: dict[str, tuple[Panel, ...]]


def quantile(q: float, metric: str, by: str = "", of: str = "") -> str:
    groups = f"{by}, le" if by else "le"
    return f"histogram_quantile({q}, sum by ({groups}) (rate({metric}_bucket{{{of}}}{RATE})))"


def mean(metric: str, by: str, of: str = "") -> str:
    return f"sum by ({by}) (rate({metric}_sum{{{of}}}{RATE})) / sum by ({by}) (rate({metric}_count{{{of}}}{RATE}))"


CLIENTS = {"client": "label_values(dialer_calls_started_total, client)"}
CAMPAIGNS = CLIENTS | {"campaign": 'label_values(dialer_calls_started_total{client=~"$client"}, campaign)'}

OPERATIONS = Dashboard("dialer-operations", "Dialer: operations", CAMPAIGNS, {
    "Now": (
        Panel("Agents", "short", {"{{state}}": 'sum by (state) (dialer_agents{state!="logged_out"})'}, stacked=True),
        Panel("Busy", "percentunit", {"talk and wrap-up": "job:dialer_occupancy:ratio_avg30m"},
              "Talk and wrap-up of the time at work, last half hour."),
        Panel("Calls", "short", {"{{direction}} {{state}}": "sum by (direction, state) (dialer_calls)"}, stacked=True),
    ),
    "Campaigns": (
        Panel("Abandoned of the people who answered", "percentunit", {
            "{{campaign}}, half an hour": f"campaign:dialer_abandoned:ratio_increase30m{{{OF_CAMPAIGN}}}",
            "{{campaign}}, a day": f"campaign:dialer_abandoned:ratio_increase24h{{{OF_CAMPAIGN}}}",
            "{{campaign}}, 30 days": f"campaign:dialer_abandoned:ratio_increase30d{{{OF_CAMPAIGN}}}",
        }, "3 % in 30 days is the limit of 16 CFR 310.4(b)(4).", limits=(0.0285, 0.03)),
        Panel("In the air and talking", "short", {
            "{{campaign}} dialling": f"dialer_campaign_dialling{{{OF_CAMPAIGN}}}",
            "{{campaign}} talking": f"dialer_campaign_talking{{{OF_CAMPAIGN}}}",
        }),
        Panel("What came of the dials", "reqps",
              {"{{outcome}}": f"sum by (outcome) (rate(dialer_calls_settled_total{{{OUT}}}{RATE}))"}, stacked=True),
        Panel("What keeps the pacer from dialling more", "reqps", {
            "{{reason}}": f'sum by (reason) (rate(dialer_pacing_decisions_total{{campaign=~"$campaign"}}{RATE}))',
        }, stacked=True),
        Panel("Contacts left", "short",
              {"{{campaign}}": f'sum by (campaign) (dialer_campaign_contacts{{state="due", {OF_CAMPAIGN}}})'}),
        Panel("Refused by a rule", "reqps", {
            "{{rule}}": f'sum by (rule) (rate(dialer_refusals_total{{campaign=~"$campaign"}}{RATE}))',
        }, stacked=True),
    ),
    "Network": (
        Panel("Answered and delivered", "percentunit", {
            "{{campaign}} answer-seizure ratio": f"campaign:dialer_answer_seizure:ratio_increase1h{{{OF_CAMPAIGN}}}",
            "{{campaign}} network effectiveness":
                f"campaign:dialer_network_effectiveness:ratio_increase1h{{{OF_CAMPAIGN}}}",
        }, "ITU-T E.411 and E.425, last hour."),
        Panel("Until it rings (post-dial delay)", "s", {
            "{{switch}} p50": quantile(0.5, "dialer_attempt_setup_seconds", "switch"),
            "{{switch}} p90": quantile(0.9, "dialer_attempt_setup_seconds", "switch"),
        }),
        Panel("From answer to agent", "s", {
            "p50": quantile(0.5, "dialer_answer_to_agent_seconds"),
            "p99": quantile(0.99, "dialer_answer_to_agent_seconds"),
        }, limits=(1.0, 2.0)),
    ),
    "Callers": (
        Panel("Waiting", "short", {"{{queue}}": "dialer_queue_waiting"}, stacked=True),
        Panel("Longest wait now", "s", {"{{queue}}": "dialer_queue_longest_wait_seconds"}),
        Panel("Service level (20 s)", "percentunit", {"{{queue}}": "queue:dialer_service_level20s:ratio_rate30m"}),
    ),
    "Engine": (
        Panel("Switches and store", "none",
              {"{{switch}}": "dialer_switch_up", "store": "dialer_store_up"}, "1 is up.", width=6),
        Panel("Lateness of the loop", "s", {"p99": quantile(0.99, "dialer_event_loop_lag_seconds")}, width=6),
        Panel("Lateness of the switch's news", "s",
              {"{{switch}} p99": quantile(0.99, "dialer_ami_lag_seconds", "switch")}, width=6),
        Panel("Commit of the store", "s", {
            "durable {{durable}} p99": quantile(0.99, "dialer_store_commit_seconds", "durable"),
        }, width=6),
    ),
})

LEG = 'switch=~"$switch"'
SWITCHES = {"switch": "label_values(dialer_switch_up, switch)"}
QUALITY = Dashboard("dialer-quality", "Dialer: quality", CLIENTS | SWITCHES, {
    "Voice": (
        Panel("MOS by client", "none", {
            "{{client}} {{direction}}":
                mean("dialer_voice_mos", "client, direction", f'{OF_CLIENT}, {LEG}, leg="customer"'),
        }, "MOS-CQ by the E-model (ITU-T G.107); below 3.6 many users are dissatisfied.", width=12),
        Panel("R by switch", "none", {
            "{{switch}} {{leg}} {{direction}}": mean("dialer_voice_r_factor", "switch, leg, direction", LEG),
        }, width=12),
        Panel("Packets lost", "percentunit", {
            "{{switch}} {{leg}} {{direction}}": mean("dialer_voice_loss_ratio", "switch, leg, direction", LEG),
        }),
        Panel("Jitter, p95", "s", {
            "{{switch}} {{leg}} {{direction}}":
                quantile(0.95, "dialer_voice_jitter_seconds", "switch, leg, direction", LEG),
        }),
        Panel("Round trip, p95", "s", {
            "{{switch}} {{leg}}": quantile(0.95, "dialer_voice_round_trip_seconds", "switch, leg", LEG),
        }),
        Panel("Dead air", "s", {
            "{{switch}} {{leg}} {{direction}}":
                f"sum by (switch, leg, direction) (increase(dialer_voice_dead_air_seconds_total{{{LEG}}}[5m]))",
        }, "Seconds in five minutes in which no packet came through."),
    ),
    "Service": (
        Panel("Service level (20 s)", "percentunit", {"{{queue}}": "queue:dialer_service_level20s:ratio_rate30m"}),
        Panel("Average speed of answer", "s", {"{{queue}}": "queue:dialer_speed_of_answer_seconds:mean_rate30m"}),
        Panel("Inbound calls", "reqps", {
            "{{outcome}}":
                f'sum by (outcome) (rate(dialer_calls_settled_total{{direction="inbound", {OF_CLIENT}}}{RATE}))',
        }, stacked=True),
        Panel("Talk, p50 and p90", "s", {
            "{{direction}} p50": quantile(0.5, "dialer_talk_seconds", "direction"),
            "{{direction}} p90": quantile(0.9, "dialer_talk_seconds", "direction"),
        }),
    ),
    "Service by client, by its own rule": (
        Panel("Service level", "percentunit", {
            "{{client}} {{queue}}": f"client_queue:dialer_service_level:ratio_rate30m{{{OF_CLIENT}}}",
        }, "Time and formula of the contract, or of `service:` of the client."),
        Panel("Average speed of answer", "s", {
            "{{client}} {{queue}}": f"client_queue:dialer_speed_of_answer_seconds:mean_rate30m{{{OF_CLIENT}}}",
        }),
        Panel("Gave up waiting", "percentunit", {
            "{{client}} {{queue}}": f"client_queue:dialer_gave_up:ratio_rate30m{{{OF_CLIENT}}}",
        }),
        Panel("Talk, mean", "s", {
            "{{client}} {{queue}}": f"client_queue:dialer_service_talk_seconds:mean_rate30m{{{OF_CLIENT}}}",
        }),
        Panel("Short calls", "percentunit", {
            "{{client}} {{direction}}": f"client:dialer_short_calls:ratio_increase1h{{{OF_CLIENT}}}",
        }),
        Panel("Test calls, mean score of a day", "none", {
            "{{client}} {{test}}": f"client_test:dialer_test_call_score:mean_increase1d{{{OF_CLIENT}}}",
        }, "By their rules, 0 to 100."),
        Panel("Test calls of a day", "short", {
            "{{test}} {{result}}": f"sum by (test, result) (increase(dialer_test_calls_total{{{OF_CLIENT}}}[1d]))",
        }),
    ),
    "Recordings": (
        Panel("Score cards, mean of 30 days", "none", {
            "{{client}}": f"sum by (client) (increase(dialer_score_card_score_sum{{{OF_CLIENT}}}[30d])) / "
                          f"sum by (client) (increase(dialer_score_card_score_count{{{OF_CLIENT}}}[30d]))",
        }, "Of all cards, corrected ones too; `dialer recording scores` has what counts."),
        Panel("Score cards of 30 days", "short", {
            "{{client}} {{result}}":
                f"sum by (client, result) (increase(dialer_score_cards_total{{{OF_CLIENT}}}[30d]))",
        }),
        Panel("Recordings of a day", "short", {
            "{{client}} {{result}}": f"sum by (client, result) (increase(dialer_recordings_total{{{OF_CLIENT}}}[1d]))",
        }, "All but `recorded` are faults."),
    ),
})

BILLING = Dashboard("dialer-billing", "Dialer: billing", {"client": "label_values(dialer_fee, client)"}, {
    "This month": (
        Panel("Fee so far", "none", {
            "{{client}} {{currency}}": f"sum by (client, currency) (dialer_fee{{{OF_CLIENT}}})",
        }, "Before taxes, by the client's contract.", kind="stat", width=8),
        Panel("Expected at the month's end", "none", {
            "{{client}} {{bound}} {{currency}}": f"dialer_fee_forecast{{{OF_CLIENT}}}",
        }, "low and high: one month in ten each ends outside.", width=8),
        Panel("Budget used", "percentunit", {"{{client}}": f"dialer_budget_used_ratio{{{OF_CLIENT}}}"}, kind="stat",
              width=8, limits=(0.8, 1.0)),
        Panel("Fee by term", "none", {"{{client}} {{term}}": f"dialer_fee{{{OF_CLIENT}}}"}, stacked=True, width=12),
        Panel("Fee of the last day", "none", {
            "{{client}}":
                f"sum by (client) (dialer_fee{{{OF_CLIENT}}}) - sum by (client) (dialer_fee{{{OF_CLIENT}}} offset 1d)",
        }, width=12),
    ),
    "Watch": (
        Panel("Campaigns held back by a budget", "none", {
            "{{client}}": f"dialer_budget_outbound_stopped{{{OF_CLIENT}}}",
        }),
        Panel("Budget alerts", "short", {
            "{{client}}": f"sum by (client) (increase(dialer_budget_alerts_total{{{OF_CLIENT}}}[1d]))",
        }),
        Panel("Age of the rating", "s", {
            "{{client}}": f"time() - dialer_fee_updated_timestamp_seconds{{{OF_CLIENT}}}",
        }),
    ),
})
DASHBOARDS = (OPERATIONS, QUALITY, BILLING)


def panel_json(panel: Panel, number: int, x: int, y: int) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    steps += [{"color": color, "value": at} for color, at in zip(("orange", "red"), panel.limits, strict=False)]
    custom = {"lineWidth": 1, "fillOpacity": 40 if panel.stacked else 0, "showPoints": "never", "spanNulls": True,
              "stacking": {"mode": "normal" if panel.stacked else "none"},
              "thresholdsStyle": {"mode": "line" if panel.limits else "off"}}  # fmt: skip
    options = {"reduceOptions": {"calcs": ["lastNotNull"]}} if panel.kind == "stat" else {
        "legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return {
        "id": number, "type": panel.kind, "title": panel.title, "description": panel.about, "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": 8},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": custom if panel.kind != "stat" else {},
                                     "thresholds": {"mode": "absolute", "steps": steps}}, "overrides": []},
        "options": options,
        "targets": [{"refId": chr(65 + i), "datasource": SOURCE, "expr": query, "legendFormat": legend}
                    for i, (legend, query) in enumerate(panel.queries.items())],
    }  # fmt: skip


def dashboard_json(dashboard: Dashboard) -> dict[str, Any]:
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in dashboard.rows.items():
        panels.append({"id": len(panels) + 1, "type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})  # fmt: skip
        y, x = y + 1, 0
        for panel in row:
            if x + panel.width > 24:
                x, y = 0, y + 8
            panels.append(panel_json(panel, len(panels) + 1, x, y))
            x += panel.width
        y += 8
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    variables = [
        {"name": name, "label": name, "type": "query", "datasource": SOURCE, "query": query, "refresh": 2,
         "includeAll": True, "multi": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"}, "sort": 1}
        for name, query in dashboard.variables.items()
    ]  # fmt: skip
    return {
        "uid": dashboard.uid, "title": dashboard.title, "tags": ["dialer"], "schemaVersion": 41, "version": 1,
        "timezone": "browser", "refresh": "10s", "time": {"from": "now-3h", "to": "now"}, "editable": True,
        "templating": {"list": [source, *variables]}, "annotations": {"list": []}, "panels": panels,
    }  # fmt: skip


def text(dashboard: Dashboard) -> str:
    return json.dumps(dashboard_json(dashboard), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for dashboard in DASHBOARDS:
        (FOLDER / f"{dashboard.uid.removeprefix('dialer-')}.json").write_text(text(dashboard), encoding="utf-8")


if __name__ == "__main__":
    main()
