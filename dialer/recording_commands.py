"""`dialer recording ...`: recordings of talks, the samples drawn of them, and score cards. By the running engine's API:
who listens is written down there."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer

from dialer.terminal import Plant, Root, fail, names_in, print_json, running_engine, word

if TYPE_CHECKING:
    from dialer.web.client import Api

recording = typer.Typer(help="Recordings of talks, and what is said of them.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="RECORDING", help="Its id, as `list` shows it.")]
Client = Annotated[str | None, typer.Option(help="Of a client.", autocompletion=names_in("configs/clients"))]
Campaign = Annotated[str | None, typer.Option(help="Of a campaign.", autocompletion=names_in("configs/campaigns"))]
Agent = Annotated[str | None, typer.Option(help="Of an agent.")]
By = Annotated[str, typer.Option(help="Who listens or scores, as a name: maria.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Reason = Annotated[str, typer.Argument(help="Why.")]


@recording.callback()
def _group() -> None:
    """Recordings of talks, and what is said of them."""


@recording.command("list")
def list_(
    client: Client = None,
    campaign: Campaign = None,
    agent: Agent = None,
    call: Annotated[str | None, typer.Option(help="Of a call, by its id.")] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="Left out, today (UTC).")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Included; left out, --from.")] = None,
    as_json: AsJson = False,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Recordings of some days, at most 1,000."""
    from dialer import tables

    asked = {"client": client, "campaign": campaign, "agent": agent, "call": call, "from": first, "to": last}
    found = _get(root, plant, "/v1/recordings", asked)
    if as_json:
        print_json(found)
    else:
        tables.recordings(found)


@recording.command()
def show(recording: Id, root: Root = Path("."), plant: Plant = None) -> None:
    """One recording: who listened to it, and every score card."""
    print_json(_get(root, plant, f"/v1/recordings/{_id(recording)}"))


@recording.command()
def fetch(
    recording: Id,
    by: By,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Left out, RECORDING.wav.")] = None,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """The recording as a WAV file. That you listen is written down."""
    asked = f"/v1/recordings/{_id(recording)}/audio?{urlencode({'by': word(by)})}"
    path = out or Path(f"{_id(recording)}.wav")
    with running_engine(root, plant) as api:
        try:
            _fetch(api, asked, path)
        except FileExistsError:
            fail(f"{path} is there already")
        except OSError as fault:
            fail(f"{path} cannot be written: {fault.strerror}")
    typer.echo(str(path))


def _fetch(api: "Api", asked: str, path: Path) -> None:
    """Nobody else may read it, and half of it is nothing. Raises OSError."""
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        try:
            api.fetch(asked, file)
            file.flush()
        except BaseException:
            path.unlink(missing_ok=True)
            raise


@recording.command()
def hold(recording: Id, reason: Reason, root: Root = Path("."), plant: Plant = None) -> None:
    """Keep a recording beyond its time, until `release`."""
    with running_engine(root, plant) as api:
        api.post(f"/v1/recordings/{_id(recording)}/hold", {"reason": reason})


@recording.command()
def release(recording: Id, root: Root = Path("."), plant: Plant = None) -> None:
    """End a hold: the recording is deleted when its time is over."""
    with running_engine(root, plant) as api:
        api.ask("DELETE", f"/v1/recordings/{_id(recording)}/hold")


@recording.command()
def delete(recording: Id, reason: Reason, root: Root = Path("."), plant: Plant = None) -> None:
    """Delete a recording before its time."""
    with running_engine(root, plant) as api:
        api.post(f"/v1/recordings/{_id(recording)}/delete", {"reason": reason})


@recording.command()
def samples(
    client: Client = None,
    campaign: Campaign = None,
    agent: Agent = None,
    period: Annotated[str | None, typer.Option(help="2026-11, or a week: 2026-W47.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that were scored.")] = False,
    as_json: AsJson = False,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Recordings that were drawn, and wait to be scored."""
    from dialer import tables

    asked = {"client": client, "campaign": campaign, "agent": agent, "period": period,
             "scored": None if every else "no"}  # fmt: skip
    found = _get(root, plant, "/v1/samples", asked)
    if as_json:
        print_json(found)
    else:
        tables.samples(found)


@recording.command()
def card(
    recording: Id,
    points: Annotated[list[str], typer.Argument(
        metavar="CRITERION=POINTS...", help="An optional one left out, or `fax=-`: no occasion.")],
    by: By,
    comment: Annotated[str, typer.Option(help="One line.")] = "",
    with_: Annotated[
        str | None,
        typer.Option("--card", help="Of a recording in no sample.", autocompletion=names_in("configs/score_cards")),
    ] = None,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Fill in a score card: `dialer recording card ID --by maria greeting=5 advice=8 fax=-`. Another one by the same
    person corrects it."""
    given = dict(map(_points, points))
    body: dict[str, object] = {"by": by, "points": given, "comment": comment, "card": with_}
    with running_engine(root, plant) as api:
        made = api.post(f"/v1/recordings/{_id(recording)}/card", body)
    failed = f"; failed: {', '.join(made['failed'])}" if made["failed"] else ""
    typer.echo(f"{made['score']:.1f}, {'passed' if made['passed'] else 'not passed'}{failed}")


@recording.command()
def scores(
    by: Annotated[str, typer.Option(help="agent, campaign or client.")] = "agent",
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="Left out, this month.")] = None,
    client: Client = None,
    campaign: Campaign = None,
    as_json: AsJson = False,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """What the samples of a month were scored: mean, passed, critical failures, and each criterion's share."""
    from dialer import tables

    found = _get(root, plant, "/v1/scores", {"by": by, "month": month, "client": client, "campaign": campaign})
    if as_json:
        print_json(found)
    else:
        tables.scores(by, found)


def _get(root: Path, plant: Path | None, path: str, asked: dict[str, str | None] | None = None) -> Any:
    query = urlencode({name: value for name, value in (asked or {}).items() if value is not None})
    with running_engine(root, plant) as api:
        return api.get(f"{path}?{query}" if query else path)


def _id(text: str) -> str:
    import re

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", text):
        fail(f"{text!r} is no recording's id", 2)
    return text


def _points(text: str) -> tuple[str, int | None]:
    name, equals, given = text.partition("=")
    if not equals or not (given == "-" or given.isdecimal()):
        fail(f"{text!r}: write CRITERION=POINTS, as greeting=5, or fax=- where there was no occasion", 2)
    return name, None if given == "-" else int(given)
