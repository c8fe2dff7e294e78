"""The rules compute what they say, alerts fire when they should; dashboards are what their script makes of them."""

import importlib.util
import json
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from prometheus_server import ROOT, RULES, program

HERE = Path(__file__).parent


def told(*arguments: str) -> str:
    done = subprocess.run([program("promtool"), *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("file", sorted(RULES.glob("*.yml")), ids=lambda file: file.stem)
def test_promtool_accepts_the_rules(file: Path) -> None:
    assert "SUCCESS" in told("check", "rules", str(file))


def test_promtool_accepts_the_configuration_as_it_is() -> None:
    assert "SUCCESS" in told("check", "config", str(RULES.parent / "prometheus.yml"))


def test_the_containers_scrape_as_a_machine_does() -> None:
    documents = [
        yaml.safe_load((ROOT / "configs" / place / "prometheus.yml").read_text()) for place in ("prometheus", "compose")
    ]
    for document in documents:
        (job,) = document["scrape_configs"]
        job.pop("authorization", None)
        del job["static_configs"]
    assert documents[0] == documents[1]


def test_rules_compute_and_alerts_fire() -> None:
    assert "SUCCESS" in told("test", "rules", str(HERE / "rules_test.yml"))


def test_every_alert_is_tried_and_has_its_chapter() -> None:
    alerts = [rule["alert"] for group in yaml.safe_load((RULES / "alerting.yml").read_text())["groups"]
              for rule in group["rules"]]  # fmt: skip
    tried = (HERE / "rules_test.yml").read_text()
    chapters = (ROOT / "docs" / "monitoring.md").read_text()
    for alert in alerts:
        assert f"alertname: {alert}" in tried, f"{alert} is not tried"
        assert f"\n### {alert}\n" in chapters, f"{alert} has no chapter"


def dashboards() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dashboards", ROOT / "scripts" / "dashboards.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["dashboards"] = module
    spec.loader.exec_module(module)
    return module


def test_dashboards_are_current() -> None:
    made = dashboards()
    for dashboard in made.DASHBOARDS:
        file = made.FOLDER / f"{dashboard.uid.removeprefix('dialer-')}.json"
        assert file.read_text() == made.text(dashboard), f"run `python scripts/dashboards.py`: {file.name} is old"


def test_no_panel_lies_over_another() -> None:
    for file in (ROOT / "configs/grafana/dashboards").glob("*.json"):
        seen: set[tuple[int, int]] = set()
        panels = json.loads(file.read_text())["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        for panel in panels:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}  # fmt: skip
            assert not cells & seen and place["x"] + place["w"] <= 24, panel["title"]
            seen |= cells
