"""`dialer quality ...`: how calls were."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dialer.terminal import Plant, Root, configuration_of, fail, open_store, print_json, store_faults

if TYPE_CHECKING:
    from dialer.store.voice import VoiceTotal

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


def _bounds(day: str | None, zone: str) -> tuple[float, float]:
    """A day's beginning and end, epoch seconds; it may have 23 or 25 hours."""
    from datetime import date, datetime, time, timedelta
    from zoneinfo import ZoneInfo

    try:
        info = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        fail(f"{zone!r} is no time zone: write an IANA name, as Europe/Berlin", 2)
    try:
        first = date.fromisoformat(day) if day else datetime.now(info).date()
    except ValueError:
        fail(f"{day!r} is not a day: write year-month-day, 2026-11-22", 2)
    return (
        datetime.combine(first, time(), info).timestamp(),
        datetime.combine(first + timedelta(days=1), time(), info).timestamp(),
    )
