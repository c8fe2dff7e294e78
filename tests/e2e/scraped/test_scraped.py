"""A real Prometheus scrapes the engine while it calls: every query of the dashboards and the rules is answered, and
what it says of calls, talk and fees is what the store says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.eventually import eventually
from tests.e2e.files import campaign, flow
from tests.e2e.lab import Lab
from tests.prometheus.prometheus_server import ROOT, RULES, Prometheus

NUMBER = "+493023125001"
FILES = {
    **flow("line", {"line": {"queue": {"skills": ["sales"], "wrap_up": "0s"}, "overflow": "bye"},
                    "bye": {"hangup": None}}, number=NUMBER),
    **campaign("calls"),
    "configs/clients/acme.yaml": {
        "client": "acme", "name": "Acme", "caller_id": "+493023125001", "languages": ["en"], "timezone": "UTC",
        "contract": [{"from": "2026-01-01", "handled_call": {"price": 1.50}}],
    },
}  # fmt: skip


def queries() -> Iterator[str]:
    for file in (ROOT / "configs/grafana/dashboards").glob("*.json"):
        for panel in json.loads(file.read_text())["panels"]:
            yield from (target["expr"] for target in panel.get("targets", []))
    for file in RULES.glob("*.yml"):
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from (rule["expr"] for rule in group["rules"])


def asked(query: str) -> str:
    """As Grafana sends it."""
    for name, value in (("$__rate_interval", "1m"), ("$client", ".*"), ("$campaign", ".*"), ("$switch", ".*")):
        query = query.replace(name, value)
    assert "$" not in query, query
    return query


async def test_prometheus_says_what_the_store_says(lab: Lab) -> None:
    with Prometheus(f"{lab.plant.host}:{lab.engine.web_port}", lab.engine.token) as prometheus:
        await lab.log_in("agent01")
        await lab.dial("calls", "+493023120186", "+493023120105", "+493023120205")
        calls = await lab.settled(3)
        caller = await lab.call(NUMBER)
        await lab.until_bridged(2)
        caller.hang_up()
        calls = await lab.settled(4)

        def says(query: str, value: float) -> Any:
            return eventually(lambda: prometheus.value(query) is not None
                              and abs((prometheus.value(query) or 0.0) - value) < 0.001)  # fmt: skip

        for outcome in {str(call.outcome) for call in calls}:
            count = sum(str(call.outcome) == outcome for call in calls)
            await says(f'sum(dialer_calls_settled_total{{outcome="{outcome}"}})', count)
        await says("sum(dialer_talk_seconds_sum)", sum(call.talk_s for call in calls))
        await says("sum(dialer_talk_seconds_count)", sum(call.joined_at is not None for call in calls))
        await says('sum(dialer_agents{state!="logged_out"})', 1)
        await says('sum(dialer_campaign_contacts{campaign="calls"})', 3)
        for query in queries():
            prometheus.ask(asked(query))

        handled = sum(call.joined_at is not None for call in calls)
        assert handled >= 2
        await lab.post("agents/agent01/logout")
        await lab.until_agent("agent01", "logged_out")
        await lab.engine.stop()
        await lab.engine.start()  # the counters begin anew; the fee is what the ledger's facts say, as before
        await says('sum(dialer_fee{client="acme"})', 1.5 * handled)


def test_files_are_where_compose_mounts_them() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    for service in ("prometheus", "grafana"):
        for volume in compose["services"][service]["volumes"]:
            source = Path(volume.split(":")[0])
            assert str(source).startswith(".") is False or (ROOT / source).exists(), volume
