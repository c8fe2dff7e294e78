"""The samples of recordings that are to be scored, drawn as their periods go by."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dialer.config.configuration import Configuration
from dialer.config.score_cards import Sample
from dialer.quality.sampling import Candidate, Drawn, Period, draw, period_at
from dialer.store.scores import Eligible, SampleRow

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)


def rules(configuration: Configuration) -> Iterator[tuple[str, str, str | None, Sample]]:
    """By name: whose client, which campaign, what is sampled."""
    for name, client in configuration.clients.items():
        if client.sample is not None:
            yield f"client:{name}", name, None, client.sample
    for name, campaign in configuration.campaigns.items():
        if campaign.sample is not None:
            yield f"campaign:{name}", campaign.client, name, campaign.sample


async def draw_samples(engine: "Engine", now: float) -> None:
    """Of this period and the one before, which may still lose a recording. Raises StoreError."""
    configuration, scores = engine.configuration, engine.store.scores
    await scores.drop_gone(now)
    own = [name for name, campaign in configuration.campaigns.items() if campaign.sample is not None]
    for rule, client, campaign, sample in rules(configuration):
        zone = ZoneInfo(configuration.clients[client].timezone)
        present = period_at(now, sample.per, zone)
        for period in (period_at(present.since - 1.0, sample.per, zone), present):
            of = Eligible(client, campaign, own, period.since, min(period.until, now), sample.least_talk,
                          sample.dispositions)  # fmt: skip
            await _draw(engine, rule, sample, period, of, now)


async def _draw(engine: "Engine", rule: str, sample: Sample, period: Period, of: Eligible, now: float) -> None:
    if period.part_ends(sample.per_agent)[0] > now:
        return
    scores = engine.store.scores
    before = [
        Drawn(row.recording_id, row.agent, row.part, row.dropped_at is not None)
        for row in await scores.drawn(rule, period.name)
    ]
    candidates = [Candidate(*found) for found in await scores.eligible(of)]
    rows = [
        SampleRow(rule, one.id, one.agent, period.name, one.part, sample.card, now)
        for one in draw(rule, sample, period, candidates, before, now)
    ]
    if rows:
        added = await scores.add_samples(rows)
        log.info("%d recordings drawn to be scored, of %s", added, period.name, extra={"rule": rule})
