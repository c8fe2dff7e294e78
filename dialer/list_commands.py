"""`dialer list`: contacts into a campaign, and out of it with what came of them."""

import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from dialer.terminal import (
    CampaignName,
    Plant,
    Root,
    configuration_of,
    fail,
    open_store,
    running_engine,
    store_faults,
    word,
)

if TYPE_CHECKING:
    from dialer.campaigns.lists import ImportStore, ListReport
    from dialer.config.campaign import Campaign
    from dialer.config.configuration import Configuration
    from dialer.store.erasure import Erasures
    from dialer.store.list_records import Import

    Step = Callable[[int, int], None]

T = TypeVar("T")
lists = typer.Typer(help="Contact lists.", no_args_is_help=True)


class Forms(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


ListName = Annotated[str | None, typer.Option("--name", help="Of the list; left out, the configured one of this file.")]


@lists.command("import")
def import_file(
    campaign: CampaignName,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, resolve_path=True)],
    name: ListName = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come of it, and import nothing.")] = False,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Import a CSV or XLSX file into a campaign: through the running engine, else straight into the store.

    What was cut off goes on where it stopped. Rows that become no contact go to FILE.CAMPAIGN.rejected.csv beside it.
    """
    from dialer import tables
    from dialer.campaigns.report import report_path
    from dialer.web.client import DownError

    with tables.progress(file.name) as step:
        if dry_run:
            counts: Mapping[str, int] = _tried(root, plant, campaign, file, name, step)
        else:
            with running_engine(root, plant) as api:
                try:
                    counts = tables.steps(api.import_list(word(campaign), str(file), name and word(name)), step)
                except DownError:
                    counts = _imported(root, plant, campaign, file, name, step)
    typer.echo(", ".join(f"{count} {what}" for what, count in counts.items()))
    if counts["rejected"] or counts["duplicates"]:
        typer.echo(f"which rows and why: {report_path(file, campaign)}", err=True)


@lists.command()
def show(campaign: CampaignName, root: Root = Path("."), plant: Plant = None) -> None:
    """The lists of a campaign: how many contacts in which state, and the files that they came from."""
    from dialer import tables
    from dialer.campaigns.report import report_path

    configuration, model = _campaign(root, plant, campaign)

    async def look() -> "tuple[Sequence[tuple[str, str, int]], Sequence[Import]]":
        store = open_store(configuration)
        try:
            return await store.lists.counts(model.campaign), await store.imports.of(model.campaign)
        finally:
            await store.close()

    counts, imports = _run(look)
    tables.lists([source.name for source in model.sources], counts, imports)
    for path in dict.fromkeys(report_path(Path(one.path), model.campaign) for one in imports):
        if (root / path).exists():
            typer.echo(f"which rows were not taken and why: {path}")


@lists.command()
def export(
    campaign: CampaignName,
    out: Annotated[Path, typer.Argument(dir_okay=False, writable=True, resolve_path=True)],
    name: Annotated[str | None, typer.Option("--list", help="This list only.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Called since then (UTC) only.")
    ] = None,
    form: Annotated[Forms | None, typer.Option("--format", help="Left out, as OUT ends.")] = None,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Write a campaign's contacts with what came of them: fields, state, attempts, the latest call, talk time."""
    from dialer.campaigns import export as work
    from dialer.campaigns.sheet_writer import XlsxSheet

    configuration, model = _campaign(root, plant, campaign)
    after = None if since is None else since.replace(tzinfo=UTC).timestamp()
    part = out.with_name(f"{out.name}.part")

    async def write() -> int:
        store = open_store(configuration)
        try:
            arguments = (model.campaign, name and word(name), after, _told)
            if form is Forms.XLSX or (form is None and out.suffix.lower() == ".xlsx"):
                with XlsxSheet(part) as book:
                    return await work.export(store.lists, book, *arguments)
            with part.open("w", encoding="utf-8", newline="") as file:
                return await work.export(store.lists, work.CsvSheet(file), *arguments)
        finally:
            await store.close()

    try:
        count = _run(write)
        part.replace(out)
    except OSError as fault:
        fail(f"{out}: {fault.strerror or fault}")
    finally:
        part.unlink(missing_ok=True)
    typer.echo(f"{count} contacts")


def _told(count: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{count} contacts", err=True, nl=False)


def _imported(
    root: Path, plant: Path | None, campaign: str, file: Path, name: str | None, step: "Step"
) -> Mapping[str, int]:
    configuration, model = _campaign(root, plant, campaign)

    async def into_store() -> "ListReport":
        store = open_store(configuration)
        try:
            return await _import(configuration, model, store.imports, store.erasures, file, name, step)
        finally:
            await store.close()

    return _run(into_store).counts()


def _tried(
    root: Path, plant: Path | None, campaign: str, file: Path, name: str | None, step: "Step"
) -> Mapping[str, int]:
    """Into a store of its own, which is thrown away; what the real one has is asked of it."""
    from dialer.campaigns.trial import Trial
    from dialer.store.store import Store

    configuration, model = _campaign(root, plant, campaign)

    async def into_nothing() -> "ListReport":
        with TemporaryDirectory(prefix="dialer-") as folder:
            store, scratch = open_store(configuration), Store.open(f"sqlite:///{folder}/trial.db")
            try:
                trial = Trial(scratch.imports, store.imports)
                return await _import(configuration, model, trial, store.erasures, file, name, step)
            finally:
                await scratch.close()
                await store.close()

    return _run(into_nothing).counts()


def _campaign(root: Path, plant: Path | None, name: str) -> "tuple[Configuration, Campaign]":
    from dialer.config.faults import suggest

    configuration = configuration_of(root, plant)
    model = configuration.campaigns.get(name)
    if model is None:
        fail(f"there is no campaign `{name}`; {suggest(name, configuration.campaigns, 'campaigns')}")
    return configuration, model


async def _import(
    configuration: "Configuration", campaign: "Campaign", store: "ImportStore", erasures: "Erasures", file: Path,
    name: str | None, step: "Step",
) -> "ListReport":
    from dialer.campaigns.lists import import_list
    from dialer.campaigns.sources import rivals_of, source_of
    from dialer.erasure import asked_of
    from dialer.pseudonyms import Pseudonyms

    source = source_of(configuration, campaign, file, name and word(name))
    rivals = rivals_of(configuration, campaign, source)
    erased = asked_of(erasures, Pseudonyms(configuration.root), campaign.client)
    return await import_list(store, campaign, file, step, source=source, rivals=rivals, erased=erased)


def _run(work: "Callable[[], Coroutine[Any, Any, T]]") -> "T":
    import asyncio

    from dialer.campaigns.contacts import ListError

    try:
        with store_faults():
            return asyncio.run(work())
    except ListError as fault:
        fail(str(fault))
