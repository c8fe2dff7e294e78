"""Which packs hold: one answer for the gate, for budgets and for what is asked again."""

from pathlib import Path

import pytest

from dialer.compliance.holding import holding
from dialer.compliance.pack import Pack
from dialer.config.document import read

ROOT = Path(__file__).parents[2] / "configs/rules"
PACKS = {path.stem: Pack.model_validate(read(path).value) for path in ROOT.glob("*.yaml")}


def held(rules: list[str] | None, country: str | None) -> list[str]:
    return sorted(pack.rules for pack, reach in holding(rules, PACKS) if reach.covers(country))


@pytest.mark.parametrize(
    ("country", "names"),
    [("DE", ["de"]), ("PR", ["us"]), ("GB", ["uk"]), ("JP", ["strict"]), (None, ["strict"])],
)
def test_a_campaign_that_names_none_goes_by_the_country_s_and_for_the_rest_by_strict(
    country: str | None, names: list[str]
) -> None:
    assert held(None, country) == names


def test_those_that_are_named_hold_for_every_number() -> None:
    assert held(["fr", "de"], "US") == held(["fr", "de"], None) == ["de", "fr"]
    assert held([], "US") == []


def test_nobody_is_called_on_a_guess() -> None:
    with pytest.raises(KeyError):
        list(holding(["gone"], PACKS))
    with pytest.raises(KeyError):
        list(holding(None, {"de": PACKS["de"]}))
