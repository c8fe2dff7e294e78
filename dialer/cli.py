"""The `dialer` command. Exit codes: 0 fine, 1 refused or failed, 2 bad configuration or usage.

Everything heavy is imported by the command that needs it, so that `dialer --help` and completion are fast.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from dialer.config.models import Web
    from dialer.web.client import Api

app = typer.Typer(
    help="IVR and outbound dialer engine on Asterisk.", no_args_is_help=True, pretty_exceptions_enable=False
)
lists = typer.Typer(help="Contact lists.", no_args_is_help=True)
flows = typer.Typer(help="IVR flows: look at them, try them without a call.", no_args_is_help=True)
stores = typer.Typer(help="The store.", no_args_is_help=True)
app.add_typer(lists, name="list")
app.add_typer(flows, name="flow")
app.add_typer(stores, name="store")


class AgentVerbs(StrEnum):
    LOGIN = "login"
    READY = "ready"
    PAUSE = "pause"
    LOGOUT = "logout"
    HANGUP = "hangup"
    END_WRAP_UP = "end_wrap_up"


class CampaignVerbs(StrEnum):
    START = "start"
    PAUSE = "pause"
    DRAIN = "drain"
    STOP = "stop"


class GraphForms(StrEnum):
    DOT = "dot"
    MERMAID = "mermaid"


class LogForms(StrEnum):
    JSON = "json"
    TEXT = "text"


def _names(folder: str) -> Callable[[typer.Context, str], list[str]]:
    def complete(context: typer.Context, incomplete: str) -> list[str]:
        root = Path(context.params.get("root") or ".")
        return sorted(path.stem for path in (root / folder).glob(f"{incomplete}*.yaml"))

    return complete


def _agent_names(context: typer.Context, incomplete: str) -> list[str]:
    from dialer.config.document import read

    path = Path(context.params.get("root") or ".") / "configs" / "agents.yaml"
    value = read(path).value if path.exists() else None
    agents = value.get("agents") if isinstance(value, dict) else None
    return [name for name in agents or () if name.startswith(incomplete)]


Root = Annotated[
    Path, typer.Option(help="Where configs/ and ivr_flows/ are.", exists=True, file_okay=False, envvar="DIALER_ROOT")
]
Plant = Annotated[
    Path | None, typer.Option(help="Instead of ROOT/configs/plant.yaml.", dir_okay=False, envvar="DIALER_PLANT")
]
Log = Annotated[LogForms | None, typer.Option(help="Form of the log; left out, DIALER_LOG, or text on a terminal.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
CampaignName = Annotated[str, typer.Argument(autocompletion=_names("configs/campaigns"))]
FlowName = Annotated[str, typer.Argument(autocompletion=_names("ivr_flows"))]
AgentName = Annotated[str, typer.Argument(autocompletion=_agent_names)]


def _fail(message: str, code: int = 1) -> NoReturn:
    typer.echo(f"dialer: {message}", err=True)
    raise typer.Exit(code)


# -- the engine ------------------------------------------------------------------------------------------------


@app.command()
def serve(root: Root = Path("."), plant: Plant = None, log: Log = None) -> None:
    """Run the engine until SIGTERM or Ctrl-C."""
    from dialer import logs
    from dialer.service import serve as run

    try:
        end = logs.setup(None if log is None else log.value)
    except ValueError as fault:
        _fail(str(fault), 2)
    try:
        code = run(root, plant)
    finally:
        end()
    raise typer.Exit(code)


@app.command()
def check(root: Root = Path("."), plant: Plant = None) -> None:
    """Check the whole configuration and say every fault with its place."""
    from dialer.config.commands import check as run

    raise typer.Exit(run(root, plant))


@app.command()
def schema(directory: Annotated[Path, typer.Argument(metavar="DIR", file_okay=False)]) -> None:
    """Write JSON Schema for every kind of file, so that editors complete and check."""
    from dialer.config.commands import write_schema as run

    raise typer.Exit(run(directory))


@app.command()
def reload(root: Root = Path("."), plant: Plant = None) -> None:
    """Let the running engine take the changed configuration, or refuse it whole (exit 2)."""
    from dialer.web.client import AskError

    with _engine(root, plant) as api:
        try:
            api.post("/v1/reload")
        except AskError as fault:
            for line in fault.faults:
                typer.echo(line, err=True)
            if fault.faults:
                _fail(str(fault), 2)
            raise
    typer.echo("reloaded")


@app.command()
def status(root: Root = Path("."), plant: Plant = None, as_json: AsJson = False) -> None:
    """What the running engine does: health, agents, campaigns, queues. Exit 1 when something is down."""
    from dialer import tables

    paths = {"health": "/healthz", "agents": "/v1/agents", "campaigns": "/v1/campaigns", "queues": "/v1/queues",
             "totals": "/v1/totals"}
    with _engine(root, plant) as api:
        seen = {name: api.get(path) for name, path in paths.items()}
    if as_json:
        _print_json(seen)
    else:
        tables.status(seen)
    raise typer.Exit(1 if seen["health"]["status"] == "down" else 0)


@app.command()
def calls(root: Root = Path("."), plant: Plant = None, as_json: AsJson = False) -> None:
    """The living calls."""
    from dialer import tables

    with _engine(root, plant) as api:
        seen = api.get("/v1/calls")
    if as_json:
        _print_json(seen)
    else:
        tables.calls(seen)


@app.command()
def agent(
    name: AgentName, verb: AgentVerbs, root: Root = Path("."), plant: Plant = None,
    reason: Annotated[str, typer.Option(help="Of a pause.")] = "",
) -> None:
    """Log an agent in or out, make it ready, pause it, hang up its call, end its wrap-up."""
    with _engine(root, plant) as api:
        seen = api.post(f"/v1/agents/{_word(name)}/{verb.value}", {"reason": reason})
    typer.echo(f"{seen['id']}: {seen['state']}")


@app.command()
def campaign(name: CampaignName, verb: CampaignVerbs, root: Root = Path("."), plant: Plant = None) -> None:
    """Start, pause, drain or stop a campaign."""
    with _engine(root, plant) as api:
        seen = api.post(f"/v1/campaigns/{_word(name)}/{verb.value}")
    typer.echo(f"{seen['id']}: {seen['status']}")


# -- lists, flows, store ---------------------------------------------------------------------------------------


@lists.command("import")
def list_import(
    campaign: CampaignName,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, resolve_path=True)],
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Import a CSV list into a campaign: through the running engine, else straight into the store.

    Rejected rows go to NAME.rejected.csv beside the list.
    """
    from dialer import tables
    from dialer.web.client import DownError

    with _engine(root, plant) as api, tables.progress(file.name) as step:
        try:
            counts = tables.steps(api.import_list(_word(campaign), str(file)), step)
        except DownError:
            counts = _import_into_store(root, plant, campaign, file, step)
    typer.echo(", ".join(f"{count} {what}" for what, count in counts.items()))
    if counts["rejected"]:
        typer.echo(f"rejected rows and why: {file.with_name(f'{file.stem}.rejected.csv')}", err=True)


def _import_into_store(
    root: Path, plant: Path | None, campaign: str, file: Path, step: Callable[[int, int], None]
) -> dict[str, int]:
    import asyncio
    import time

    from dialer.campaigns.contacts import ListError
    from dialer.campaigns.lists import import_list
    from dialer.config.faults import ConfigError, suggest
    from dialer.config.loader import load
    from dialer.service import store_url
    from dialer.store.store import Store

    try:
        configuration = load(root, os.environ, plant)
    except ConfigError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(2) from None
    model = configuration.campaigns.get(campaign)
    if model is None:
        _fail(f"there is no campaign `{campaign}`; {suggest(campaign, configuration.campaigns, 'campaigns')}")
    settings = configuration.plant.store

    async def run() -> dict[str, int]:
        store = Store.open(store_url(settings.url, root), os.environ.get(settings.password_env or ""))
        try:
            report = await import_list(store, model, file, step)
            counts = report.counts()
            await store.save_list_import(campaign, str(file), report.digest, time.time(), **counts)
        finally:
            await store.close()
        return counts

    try:
        with _store_faults():
            return asyncio.run(run())
    except ListError as fault:
        _fail(str(fault))


@flows.command("graph")
def flow_graph(
    name: FlowName, form: Annotated[GraphForms, typer.Option("--as")] = GraphForms.DOT,
    root: Root = Path("."), plant: Plant = None,
) -> None:
    """Draw a flow as Graphviz or Mermaid text; what looks wrong in it goes to standard error."""
    from dialer.flows.shell import draw

    raise typer.Exit(draw(root, plant, name, form.value))


@flows.command("test")
def flow_test(root: Root = Path("."), plant: Plant = None) -> None:
    """Run the tests in ivr_flows/tests/ without a call."""
    from dialer.flows.shell import run_tests

    raise typer.Exit(run_tests(root, plant))


@stores.command("upgrade")
def store_upgrade(root: Root = Path("."), plant: Plant = None) -> None:
    """Make the store's tables, or bring them to this version's form. The engine does so by itself at start."""
    import asyncio

    from dialer.service import store_url
    from dialer.store.store import Store

    settings = _plant_part(root, plant, "store")

    async def upgrade() -> None:
        await Store.open(store_url(settings.url, root), os.environ.get(settings.password_env or "")).close()

    with _store_faults():
        asyncio.run(upgrade())
    typer.echo("the store is up to date")


# -- shared ----------------------------------------------------------------------------------------------------


def _word(name: str) -> str:
    """A name as a part of a path: anything that is no name cannot be known to the engine."""
    import re

    if not re.fullmatch("[a-z][a-z0-9_]{0,62}", name):
        _fail(f"{name!r} is not a name: lower-case letters, digits and _", 2)
    return name


@contextmanager
def _engine(root: Path, plant: Path | None) -> "Iterator[Api]":
    """The running engine's API; turns what can go wrong into a message and an exit code."""
    from dialer.web.client import Api, AskError, DownError

    web: Web = _plant_part(root, plant, "web")
    if web.listen.port == 0:
        _fail("web.listen has port 0 (any free one): give it a number to reach the engine by this command", 2)
    try:
        yield Api.at(web.listen, os.environ.get(web.token_env))
    except DownError as fault:
        _fail(f"{fault}. Is `dialer serve` running?")
    except AskError as fault:
        _fail(str(fault))


def _plant_part(root: Path, plant: Path | None, part: str) -> Any:
    """One section of plant.yaml; the rest of the configuration may be broken meanwhile."""
    from pydantic import ValidationError

    from dialer.config import models
    from dialer.config.document import read

    path = plant or root / "configs" / "plant.yaml"
    if not path.is_file():
        _fail(f"{path}: there is no such file; say where with --root or --plant", 2)
    document = read(path)
    if document.faults or not isinstance(document.value, dict):
        _fail("\n".join(map(str, document.faults)) or f"{path}: is not a plant's configuration", 2)
    model = models.Web if part == "web" else models.Store
    try:
        return model.model_validate(document.value.get(part) or {})
    except ValidationError as fault:
        first = fault.errors()[0]
        _fail(f"{document.place((part, *first['loc']))}: {first['msg']}", 2)


@contextmanager
def _store_faults() -> Iterator[None]:
    from dialer.store.errors import StoreError

    try:
        yield
    except StoreError as fault:
        _fail(str(fault))


def _print_json(value: object) -> None:
    import json

    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    sys.exit(app())
