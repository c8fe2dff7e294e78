"""Which list a file belongs to, and whose numbers it leaves out."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dialer.campaigns.sources import rivals_of, source_of
from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration

BASE: dict[str, Any] = {"client": "acme", "mode": "agentless", "flow": "survey"}
WINBACK = Campaign.model_validate({
    **BASE, "campaign": "winback",
    "lists": [{"name": "gold", "file": "lists/gold.xlsx", "sheet": "A", "duplicates": "client"},
              {"name": "rest", "file": "lists/rest.csv"}],
})  # fmt: skip
SPRING = Campaign.model_validate({**BASE, "campaign": "spring", "list": "lists/spring.csv"})
OTHERS = Campaign.model_validate({**BASE, "campaign": "others", "client": "globex"})


def configuration(root: Path) -> Configuration:
    def list_paths(campaign: Campaign) -> dict[str, Path]:
        return {source.name: root / "configs" / source.file for source in campaign.sources}

    campaigns = {campaign.campaign: campaign for campaign in (WINBACK, SPRING, OTHERS)}
    return cast(Configuration, SimpleNamespace(campaigns=campaigns, list_paths=list_paths))


@pytest.mark.parametrize(
    ("campaign", "path", "name", "found"),
    [
        (WINBACK, "configs/lists/gold.xlsx", None, ("gold", "A")), (WINBACK, "new.xlsx", "gold", ("gold", "A")),
        (WINBACK, "New customers (2).csv", None, ("new_customers_2", None)), (WINBACK, "7.csv", None, ("main", None)),
        (WINBACK, "configs/lists/gold.xlsx", "silver", ("silver", None)),
        (SPRING, "configs/lists/../lists/spring.csv", None, ("main", None)),
    ],
)  # fmt: skip
def test_by_name_by_file_or_after_the_file(
    campaign: Campaign, path: str, name: str | None, found: tuple[str, str | None], tmp_path: Path
) -> None:
    source = source_of(configuration(tmp_path), campaign, tmp_path / path, name)
    assert (source.name, source.sheet) == found


def test_only_campaigns_of_the_client_are_rivals(tmp_path: Path) -> None:
    gold, rest = WINBACK.lists
    assert rivals_of(configuration(tmp_path), WINBACK, gold) == ["spring"]
    assert rivals_of(configuration(tmp_path), WINBACK, rest) == []
