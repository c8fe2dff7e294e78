"""`dialer callbacks ...`: calls that are promised to people."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from dialer.terminal import CampaignName, Plant, Root, fail, print_json, running_engine, word


def callbacks(
    campaign: CampaignName,
    move: Annotated[int | None, typer.Option(metavar="CONTACT", help="Give this one another time or agent.")] = None,
    at: Annotated[str | None, typer.Option(help="With --move: 2026-03-02T15:30+01:00.")] = None,
    to: Annotated[str | None, typer.Option(help="With --move: an agent, or anyone.")] = None,
    cancel: Annotated[int | None, typer.Option(metavar="CONTACT", help="Cancel this one: its contact is done.")] = None,
    root: Root = Path("."),
    plant: Plant = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Calls promised to people, the earliest first."""
    if (at is not None or to is not None) and move is None:
        fail("--at and --to need --move CONTACT", 2)
    path = f"/v1/campaigns/{word(campaign)}/callbacks"
    with running_engine(root, plant) as api:
        if move is not None:
            wanted = {"at": None if at is None else _moment(at), "to": None if to is None else word(to)}
            api.ask("PATCH", f"{path}/{move}", {name: value for name, value in wanted.items() if value is not None})
        if cancel is not None:
            api.ask("DELETE", f"{path}/{cancel}")
        seen = api.get(path)
    if as_json:
        print_json(seen)
        return
    for one in seen:
        when = datetime.fromtimestamp(one["at"]).astimezone()
        typer.echo(f"{when:%Y-%m-%d %H:%M %Z}  contact {one['contact']}  {one['number']}  {one['agent'] or 'anyone'}")


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no time: write it as 2026-03-02T15:30+01:00", 2)
    return (moment if moment.tzinfo is not None else moment.astimezone()).isoformat()
