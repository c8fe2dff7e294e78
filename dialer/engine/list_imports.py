"""Lists that come into the running engine: their contacts are dialled while the rest is still read."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dialer.campaigns.contacts import ListError
from dialer.campaigns.lists import ListReport, import_list
from dialer.campaigns.report import report_path
from dialer.campaigns.rows import scan
from dialer.campaigns.sources import rivals_of, source_of
from dialer.config.lists import ContactList
from dialer.erasure import asked_of

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often a campaign is told of what has come."""


async def import_into(
    engine: "Engine", campaign: str, path: Path, name: str | None = None, step: Callable[[int, int], None] | None = None
) -> ListReport:
    """Raises ListError, StoreError."""
    run = engine.campaigns.runs[campaign]
    source = source_of(engine.configuration, run.config, path, name)
    told_at = 0.0

    def stepped(done: int, total: int) -> None:
        nonlocal told_at
        if step is not None:
            step(done, total)
        if engine.clock.now() - told_at >= LOOK_S:
            told_at = engine.clock.now()
            engine.campaigns.contact_added(campaign)

    report = await import_list(
        engine.store.imports, run.config, path, stepped, source=source,
        rivals=rivals_of(engine.configuration, run.config, source),
        erased=asked_of(engine.store.erasures, engine.law.pseudonyms, run.config.client),
    )  # fmt: skip
    engine.metrics.imported(campaign, report.counts())
    engine.campaigns.contact_added(campaign)
    return report


async def import_configured(engine: "Engine", campaign: str) -> None:
    """The lists a campaign names, beside one another; each again only when its file has changed, or was cut off.
    Raises StoreError: what could not be written is there the next time."""
    run = engine.campaigns.runs.get(campaign)
    if run is None:  # it left the configuration
        return
    paths = engine.configuration.list_paths(run.config)
    work = (_import(engine, campaign, source, paths[source.name]) for source in run.config.sources)
    for fault in await asyncio.gather(*work, return_exceptions=True):
        if fault is not None:
            raise fault


async def _import(engine: "Engine", campaign: str, source: ContactList, path: Path) -> None:
    told = {"campaign": campaign, "list": source.name}
    try:
        digest = (await asyncio.to_thread(scan, path, source.encoding)).digest
        if await engine.store.imports.ended(campaign, source.name, digest):
            return
        report = await import_into(engine, campaign, path, source.name)
        log.info("list imported: %s", report.counts(), extra=told)
        counts = report.counts()
        if counts["rejected"] or counts["duplicates"]:
            log.warning("which rows were not taken and why: %s", report_path(path, campaign), extra=told)
    except (ListError, OSError) as error:
        log.error("the list could not be imported: %s", error, extra=told)
