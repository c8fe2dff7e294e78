"""Which list a file belongs to, as the configuration says or as its name does."""

import re
from pathlib import Path

from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration
from dialer.config.lists import MAIN, ContactList


def source_of(configuration: Configuration, campaign: Campaign, path: Path, name: str | None) -> ContactList:
    """The campaign's list of this name, or of this file when no name is given; else a list like any, named after the
    file: `New customers.csv` → `new_customers`."""
    paths = configuration.list_paths(campaign)
    for source in campaign.sources:
        if source.name == name or (name is None and paths[source.name].resolve() == path.resolve()):
            return source
    if name is None:
        plain = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")[:63]
        name = plain if plain[:1].isalpha() else MAIN
    return ContactList(name=name, file=str(path))


def rivals_of(configuration: Configuration, campaign: Campaign, source: ContactList) -> list[str]:
    """Campaigns whose numbers the list leaves out."""
    if source.duplicates == "campaign":
        return []
    return sorted(name for name, other in configuration.campaigns.items()
                  if other.client == campaign.client and name != campaign.campaign)
