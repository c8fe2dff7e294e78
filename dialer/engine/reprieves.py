"""Contacts that were refused by rules which have changed since are asked about again at once, not when the old rules
would have had it. The store remembers by which rules a campaign's refusals were decided, also over a restart."""

import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any

from dialer.compliance.holding import holding
from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration
from dialer.store.errors import StoreError

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

RULES = "@rules"
"""Beside the selections of the lists, whose names have no @."""
_DECIDE = {"purpose", "audience", "rules", "caps", "day_parts", "retry"}
_REFUSE = {"countries", "hours", "holidays", "caps", "pauses", "least_ring", "consent", "registers"}
"""Of a pack. Its title and version, its sources, and what it asks of a call that is made refuse nobody."""


def rules_of(configuration: Configuration, campaign: Campaign) -> str:
    """A digest of all in the files that refuses calls, opening hours apart: they put nobody off."""
    packs = [pack for pack, _ in holding(campaign.rules, configuration.rules)]
    refusing = sorted(
        (name, code) for name, one in configuration.campaigns.items() if one.client == campaign.client
        for code, disposition in one.dispositions.items() if disposition.refuses
    )  # fmt: skip
    shown = configuration.shown(campaign)
    told = [
        campaign.model_dump(mode="json", include=_DECIDE),
        {pack.rules: _unordered(pack.model_dump(mode="json", include=_REFUSE)) for pack in packs},
        refusing, None if shown is None else shown.max_per_day,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _unordered(value: Any) -> Any:
    """A pack's lists are sets: of hours, days, countries, purposes."""
    if isinstance(value, dict):
        return {key: _unordered(one) for key, one in value.items()}
    return sorted(map(_unordered, value), key=json.dumps) if isinstance(value, list) else value


async def grant_reprieves(engine: "Engine") -> None:
    """To every campaign whose rules changed. What could not be done is done at the next start or reload."""
    configuration = engine.configuration
    for name, campaign in configuration.campaigns.items():
        wanted = rules_of(configuration, campaign)
        try:
            before = (await engine.store.rounds.selections(name)).get(RULES)
            if before == wanted:
                continue
            if before is not None:
                count = await engine.store.reprieves.grant(name, engine.clock.now())
                log.info("the rules changed: %d refused contacts are due again", count, extra={"campaign": name})
                if count:
                    engine.campaigns.contact_added(name)
            await engine.store.rounds.stand_by(name, RULES, wanted)
        except StoreError as error:
            log.error("changed rules wait for the next reload: %s", error, extra={"campaign": name})
