"""What files say of opt-outs and of numbers in rotation: faults with their places, and what ought to be decided."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dialer.config.faults import ConfigError
from dialer.config.loader import load
from dialer.config.rule_checks import warnings


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


@pytest.mark.parametrize(("campaign", "told"), [
    ({"rules": ["us"]}, True),
    ({"rules": ["us"], "mode": "progressive"}, False),
    ({"rules": ["us"], "abandon": {"message": {"en": "Acme. Press nine."}, "opt_out": {"key": "9"}}}, False),
    ({"rules": ["de"]}, False),
    ({"rules": None, "country": "US"}, True),
    ({"rules": None, "country": "DE"}, False),
])  # fmt: skip
def test_a_message_without_the_key_that_a_pack_wants_is_told(
    tmp_path: Path, campaign: dict[str, Any], told: bool
) -> None:
    ahead = {"mode": "predictive", "abandon": {"message": {"en": "Acme."}}} | campaign
    root = site(tmp_path, **{key: value for key, value in ahead.items() if value is not None})
    if campaign["rules"] is None:
        path = root / "configs/campaigns/winback.yaml"
        path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "rules"}))
    shutil.copytree(Path(__file__).parents[2] / "configs/rules", root / "configs/rules")
    assert any("`us` wants a key" in line for line in warnings(load(root, {}))) is told


def test_numbers_that_nobody_answers_are_told(tmp_path: Path) -> None:
    root = site(tmp_path, caller_ids={"numbers": [{"number": "+493023125002"}]})
    assert "campaign `winback` shows +493023125002, but no flow answers those who call it back" in list(
        warnings(load(root, {})))
