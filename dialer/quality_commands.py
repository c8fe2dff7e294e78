"""`dialer quality ...`: how calls were."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from dialer.terminal import Plant, Root, configuration_of, fail, names_in, open_store, print_json, store_faults

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from dialer.store.test_calls import TestCallRow
    from dialer.store.voice import VoiceTotal
    from dialer.web.quality_port import ServiceView

quality = typer.Typer(help="How calls were.", no_args_is_help=True)


class Whose(StrEnum):
    CLIENT = "client"
    TRUNK = "trunk"
    AGENT = "agent"


@quality.callback()
def _group() -> None:
    """How calls were."""


@quality.command()
def voice(
    by: Annotated[Whose, typer.Option(help="Whose legs are put together.")] = Whose.CLIENT,
    day: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Of the calls' ends; left out, today.")] = None,
    zone: Annotated[str, typer.Option(help="Whose day: an IANA name, as Europe/Berlin.")] = "UTC",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """R and MOS, loss, jitter, round trip and dead air of a day's legs, in both directions: `in` is what comes from a
    leg, `out` what goes to it."""
    import asyncio

    from dialer import tables

    since, until = _bounds(day, zone)
    configuration = configuration_of(root, plant)

    async def run() -> "list[VoiceTotal]":
        store = open_store(configuration)
        try:
            return await store.voice.totals(by.value, since, until)
        finally:
            await store.close()

    with store_faults():
        found = asyncio.run(run())
    if as_json:
        print_json([asdict(total) for total in found])
    else:
        tables.voice(by.value, found)


@quality.command()
def service(
    client: Annotated[str | None, typer.Option(help="Of a client.", autocompletion=names_in("configs/clients"))] = None,
    campaign: Annotated[
        str | None, typer.Option(help="Of a campaign.", autocompletion=names_in("configs/campaigns"))
    ] = None,
    queue: Annotated[str | None, typer.Option(help="Of a queue: its name, FLOW_NODE, or the campaign.")] = None,
    agent: Annotated[str | None, typer.Option(help="Of an agent.")] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="Left out, today.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Included; left out, --from.")] = None,
    zone: Annotated[str | None, typer.Option(help="Whose days; left out, the client's, or UTC.")] = None,
    within: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0, help="Of the service level; left out, the contract's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Service level, speed of answer, abandon rates, handle time, occupancy, post-dial delay, answer-seizure ratio and
    more: each figure with its numerator, denominator and definition."""
    import asyncio
    import time

    from dialer import tables
    from dialer.service_report import NotKnownError, service_report

    asked = {"client": client, "campaign": campaign, "queue": queue, "agent": agent}
    named = [(whose, name) for whose, name in asked.items() if name is not None]
    if len(named) != 1:
        fail("name one of --client, --campaign, --queue, --agent", 2)
    [(whose, name)] = named
    configuration, days = configuration_of(root, plant), (_day(first), _day(last))
    if zone is not None:
        _zone(zone)

    async def run() -> "ServiceView":
        store = open_store(configuration)
        try:
            return await service_report(
                store, configuration, cast("Any", whose), name, *days, time.time(), within, zone)
        finally:
            await store.close()

    try:
        with store_faults():
            found = asyncio.run(run())
    except NotKnownError as fault:
        fail(str(fault))
    except ValueError as fault:
        fail(str(fault), 2)
    if as_json:
        print_json(asdict(found))
    else:
        tables.service(found)


@quality.command("test-calls")
def mystery(
    test: Annotated[str | None, typer.Option(autocompletion=names_in("configs/test_calls"), help="This one.")] = None,
    day: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Left out, today.")] = None,
    zone: Annotated[str, typer.Option(help="Whose day: an IANA name, as Europe/Berlin.")] = "UTC",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Test calls of a day: what became of them, what was expected and missed, and the rules' score."""
    import asyncio

    from dialer import tables

    since, until = _bounds(day, zone)
    configuration = configuration_of(root, plant)

    async def run() -> "list[TestCallRow]":
        store = open_store(configuration)
        try:
            return await store.test_calls.placed(since, until, test)
        finally:
            await store.close()

    with store_faults():
        found = asyncio.run(run())
    if as_json:
        print_json([asdict(row) for row in found])
    else:
        tables.mystery(found)


def _bounds(day: str | None, zone: str) -> tuple[float, float]:
    """A day's beginning and end, epoch seconds; it may have 23 or 25 hours."""
    from datetime import datetime, time, timedelta

    info = _zone(zone)
    first = _day(day) or datetime.now(info).date()
    return (
        datetime.combine(first, time(), info).timestamp(),
        datetime.combine(first + timedelta(days=1), time(), info).timestamp(),
    )


def _zone(name: str) -> "ZoneInfo":
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        fail(f"{name!r} is no time zone: write an IANA name, as Europe/Berlin", 2)


def _day(text: str | None) -> "date | None":
    from datetime import date

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"{text!r} is not a day: write year-month-day, 2026-11-22", 2)
