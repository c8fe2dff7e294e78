"""`dialer callbacks ...`: calls that are promised to people; `dialer campaign NAME set ...`: campaigns changed while
they run."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from dialer.terminal import (
    CampaignName,
    Plant,
    Root,
    configuration_of,
    fail,
    is_running,
    open_store,
    print_json,
    running_engine,
    store_faults,
    word,
)


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
    if not seen:
        typer.echo(f"nobody of {campaign} is promised a call")
    for one in seen:
        when = datetime.fromtimestamp(one["at"]).astimezone()
        typer.echo(f"{when:%Y-%m-%d %H:%M %Z}  contact {one['contact']}  {one['number']}  {one['agent'] or 'anyone'}")


def set_values(campaign: str, assignments: list[str], root: Path, plant: Plant) -> None:
    """`dialer campaign NAME set mode=predictive limits.channels=20`."""
    body = _changes(assignments)
    with running_engine(root, plant) as api:
        _tell(api.ask("PATCH", f"/v1/campaigns/{word(campaign)}", body))


def recycle(
    campaign: CampaignName,
    outcome: Annotated[str, typer.Option(help="Results that ended them: no_answer,busy, or an agent's code.")],
    in_list: Annotated[str | None, typer.Option("--list", help="Only those of this list.")] = None,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Call contacts again that are done, as if for the first time. Caps and law still hold."""
    body: dict[str, Any] = {"results": [word(one.strip()) for one in outcome.split(",") if one.strip()]}
    with running_engine(root, plant) as api:
        seen = api.ask("POST", f"/v1/campaigns/{word(campaign)}/recycle", body | ({"list": in_list} if in_list else {}))
    typer.echo(f"{seen['recycled']} contacts are to be called again")


def reset(campaign: str, root: Path, plant: Plant) -> None:
    with running_engine(root, plant) as api:
        _tell(api.ask("DELETE", f"/v1/campaigns/{word(campaign)}/overrides"))


def rename(old: str, names: list[str], root: Path, plant: Plant) -> None:
    """`dialer campaign OLD rename NEW`, after its file and the `campaign` in it."""
    import asyncio

    if len(names) != 1:
        fail("write one new name: dialer campaign OLD rename NEW", 2)
    word(old)
    new, configuration = word(names[0]), configuration_of(root, plant)
    if new not in configuration.campaigns:
        fail(f"no campaign {new}: rename its file to configs/campaigns/{new}.yaml, and the `campaign` in it", 2)
    if old in configuration.campaigns:
        fail(f"configs/campaigns/{old}.yaml is still there: a campaign goes on under one name", 2)
    if is_running(root, plant):
        fail("the engine is running: stop it first, and start it afterwards")

    async def run() -> int:
        store = open_store(configuration)
        try:
            return await store.renames.rename(old, new)
        finally:
            await store.close()

    with store_faults():
        count = asyncio.run(run())
    typer.echo(f"{old} is {new} now: {count} contacts, with all that is known of them")


def _tell(seen: dict[str, Any]) -> None:
    changed = ", ".join(f"{key}={'none' if value is None else value}" for key, value in seen["overrides"].items())
    typer.echo(f"{seen['id']}: {seen['status']}, {seen['mode']}; {changed or 'as its file has it'}")


def _changes(assignments: list[str]) -> dict[str, Any]:
    """`limits.channels=20` → `{"limits": {"channels": 20}}`; `none` is no value, numbers are numbers."""
    from dialer.config.overrides import KEYS

    body: dict[str, Any] = {}
    for assignment in assignments:
        key, sign, text = assignment.partition("=")
        if not sign or key not in KEYS:
            fail(f"{assignment!r}: write KEY=VALUE with one of {', '.join(KEYS)}", 2)
        part, _, inner = key.partition(".")
        if inner:
            body.setdefault(part, {})[inner] = _value(text)
        else:
            body[part] = _value(text)
    if not body:
        fail(f"nothing to set; write KEY=VALUE with one of {', '.join(KEYS)}", 2)
    return body


def _value(text: str) -> str | float | None:
    if text == "none":
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no time: write it as 2026-03-02T15:30+01:00", 2)
    return (moment if moment.tzinfo is not None else moment.astimezone()).isoformat()
