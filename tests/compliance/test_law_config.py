"""What files say of opt-outs and of numbers in rotation: faults with their places, and what ought to be decided."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dialer.config import overrides
from dialer.config.faults import ConfigError
from dialer.config.loader import load
from dialer.config.rule_checks import warnings
from dialer.store.records import Override


def site(root: Path, **campaign: Any) -> Path:
    files: dict[str, Any] = {
        "configs/plant.yaml": {"switches": {"main": {}}},
        "configs/agents.yaml": {"agents": {"ada": {"name": "Ada", "phone": "p1", "skills": ["sales"]}}},
        "configs/clients/acme.yaml": {
            "client": "acme", "name": "Acme", "caller_id": "+493023125001", "languages": ["en"]},
        "configs/campaigns/winback.yaml": {
            "campaign": "winback", "client": "acme", "rules": [], "agents": {"skills": ["sales"]}} | campaign,
    }  # fmt: skip
    for name, document in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(document, indent=1))
    return root


def faults(root: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(root, {})
    return [str(fault).partition("winback.yaml:")[2] for fault in caught.value.faults]


@pytest.mark.parametrize(("abandon", "words"), [
    ({"opt_out": {"key": "9"}}, "a key, but no message that says so"),
    ({"message": {"en": "Acme."}, "opt_out": {"key": "10"}}, "`10` cannot stand here"),
    ({"message": {"en": "Acme."}, "opt_out": {"key": "9", "confirm": {"fr": "Oui."}}}, "`fr` is not among"),
])  # fmt: skip
def test_faults_of_an_opt_out_name_their_place(tmp_path: Path, abandon: dict[str, Any], words: str) -> None:
    found = faults(site(tmp_path, abandon=abandon))
    assert any(words in fault and fault[0].isdigit() for fault in found), found


@pytest.mark.parametrize("ids", [
    {"numbers": []}, {"numbers": [{"number": "030"}]}, {"numbers": [{"number": "+493023125001", "areas": ["030"]}]},
    {"numbers": [{"number": "+493023125001"}], "rotate": "dice"},
])  # fmt: skip
def test_what_is_no_rotation(tmp_path: Path, ids: dict[str, Any]) -> None:
    assert faults(site(tmp_path, caller_ids=ids))


AHEAD = {"mode": "predictive", "abandon": {"message": {"en": "Acme."}}}
WITH_KEY = {"message": {"en": "Acme. Press nine."}, "opt_out": {"key": "9"}}
NO_KEY = "`us` wants a key in the message of abandoned calls"


def ruled(root: Path, **campaign: Any) -> Path:
    """`rules=None` leaves them out."""
    site(root, **campaign)
    path = root / "configs/campaigns/winback.yaml"
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if v is not None}, indent=1))
    shutil.copytree(Path(__file__).parents[2] / "configs/rules", root / "configs/rules")
    return root


@pytest.mark.parametrize(("campaign", "told"), [
    ({"rules": ["us"]}, NO_KEY),
    ({"rules": ["us"], "mode": "power"}, NO_KEY),
    ({"rules": ["us", "strict"]}, "`strict`, `us` want a key"),
])  # fmt: skip
def test_a_campaign_without_what_its_pack_wants_of_abandoned_calls_is_at_fault(
    tmp_path: Path, campaign: dict[str, Any], told: str
) -> None:
    [fault] = faults(ruled(tmp_path, **AHEAD | campaign))
    line, _, text = fault.partition(":")
    assert int(line) > 1 and told in text and "; add `" in text


@pytest.mark.parametrize("campaign", [
    {"rules": ["us"], "abandon": WITH_KEY}, {"rules": ["us"], "purpose": "debt"}, {"rules": ["de"]},
    {"rules": ["us"], "mode": "progressive"}, {"rules": ["uk"]}, {"rules": []},
    {"rules": None, "country": "DE"},
])  # fmt: skip
def test_one_that_has_it_or_is_not_bound_is_fine(tmp_path: Path, campaign: dict[str, Any]) -> None:
    told = list(warnings(load(ruled(tmp_path, **AHEAD | campaign), {})))
    assert not [line for line in told if "abandoned calls" in line]


@pytest.mark.parametrize(("campaign", "told"), [
    ({"country": "US"}, NO_KEY), ({"country": "JP"}, "`strict` wants a key"), ({}, "`strict`, `us` want a key"),
])  # fmt: skip
def test_where_a_pack_only_may_hold_it_is_told(tmp_path: Path, campaign: dict[str, Any], told: str) -> None:
    found = load(ruled(tmp_path, **AHEAD | {"rules": None} | campaign), {})
    assert [line for line in warnings(found) if told in line and line.startswith("campaign `winback`")]


def test_a_mode_that_is_changed_while_it_runs_asks_for_the_same(tmp_path: Path) -> None:
    found = load(ruled(tmp_path, **AHEAD | {"rules": ["us"], "mode": "progressive"}), {})
    assert NO_KEY in overrides.faults(found.campaigns["winback"], {"mode": "predictive"}, ["en"], found.rules)[0]
    kept = {"winback": {"mode": Override("winback", "mode", '"predictive"', '"progressive"', 0.0)}}
    assert overrides.stale(found, kept) == [kept["winback"]["mode"]]


def test_numbers_that_nobody_answers_are_told(tmp_path: Path) -> None:
    root = site(tmp_path, caller_ids={"numbers": [{"number": "+493023125002"}]})
    assert "campaign `winback` shows +493023125002, but no flow answers those who call it back" in list(
        warnings(load(root, {})))
