"""The `dialer` command. Exit codes: 0 fine, 1 refused or failed, 2 bad configuration or usage.

Everything heavy is imported by the command that needs it, so that `dialer --help` and completion are fast.
"""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dialer.audit_commands import audit
from dialer.billing_commands import fees, invoice, rate, sale, score
from dialer.campaign_commands import callbacks, recycle, rename, reset, set_values
from dialer.law_commands import dnc, why
from dialer.list_commands import lists
from dialer.person_commands import caller_ids, consent, erase
from dialer.quality_commands import quality
from dialer.recording_commands import recording
from dialer.simulate_commands import simulate
from dialer.terminal import (
    CampaignName,
    Plant,
    Root,
    fail,
    names_in,
    plant_part,
    print_json,
    running_engine,
    store_faults,
    word,
)
from dialer.token_commands import token

app = typer.Typer(
    help="IVR and outbound dialer engine on Asterisk.", no_args_is_help=True, pretty_exceptions_enable=False
)
flows = typer.Typer(help="IVR flows: look at them, try them without a call.", no_args_is_help=True)
stores = typer.Typer(help="The store.", no_args_is_help=True)
app.add_typer(lists, name="list")
app.add_typer(flows, name="flow")
app.add_typer(stores, name="store")
app.add_typer(dnc, name="dnc")
app.add_typer(quality, name="quality")
app.add_typer(recording, name="recording")
app.command()(why)
app.add_typer(consent, name="consent")
app.command()(erase)
app.command("caller-ids")(caller_ids)
app.command()(callbacks)
app.command()(recycle)
app.command()(rate)
app.command()(fees)
app.command()(invoice)
app.add_typer(sale, name="sale")
app.add_typer(token, name="token")
app.command()(audit)
app.command()(score)
app.command()(simulate)


class AgentVerbs(StrEnum):
    LOGIN = "login"
    READY = "ready"
    PAUSE = "pause"
    LOGOUT = "logout"
    HANGUP = "hangup"
    END_WRAP_UP = "end_wrap_up"
    PAUSE_RECORDING = "pause_recording"
    RESUME_RECORDING = "resume_recording"


class CampaignVerbs(StrEnum):
    START = "start"
    PAUSE = "pause"
    DRAIN = "drain"
    STOP = "stop"
    SET = "set"
    RESET = "reset"
    RENAME = "rename"


class GraphForms(StrEnum):
    DOT = "dot"
    MERMAID = "mermaid"


class LogForms(StrEnum):
    JSON = "json"
    TEXT = "text"


def _agent_names(context: typer.Context, incomplete: str) -> list[str]:
    from dialer.config.document import read

    path = Path(context.params.get("root") or ".") / "configs" / "agents.yaml"
    value = read(path).value if path.exists() else None
    agents = value.get("agents") if isinstance(value, dict) else None
    return [name for name in agents or () if name.startswith(incomplete)]


Log = Annotated[LogForms | None, typer.Option(help="Form of the log; left out, DIALER_LOG, or text on a terminal.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
FlowName = Annotated[str, typer.Argument(autocompletion=names_in("ivr_flows"))]
AgentName = Annotated[str, typer.Argument(autocompletion=_agent_names)]


# -- the engine ------------------------------------------------------------------------------------------------


@app.command()
def serve(root: Root = Path("."), plant: Plant = None, log: Log = None) -> None:
    """Run the engine until SIGTERM or Ctrl-C."""
    from dialer import logs
    from dialer.service import serve as run

    try:
        end = logs.setup(None if log is None else log.value)
    except ValueError as fault:
        fail(str(fault), 2)
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

    with running_engine(root, plant) as api:
        try:
            api.post("/v1/reload")
        except AskError as fault:
            for line in fault.faults:
                typer.echo(line, err=True)
            if fault.faults:
                fail(str(fault), 2)
            raise
    typer.echo("reloaded")


@app.command()
def status(root: Root = Path("."), plant: Plant = None, as_json: AsJson = False) -> None:
    """What the running engine does: health, agents, campaigns, queues. Exit 1 when something is down."""
    from dialer import tables

    paths = {"health": "/healthz", "agents": "/v1/agents", "campaigns": "/v1/campaigns", "queues": "/v1/queues",
             "totals": "/v1/totals"}
    with running_engine(root, plant) as api:
        seen = {name: api.get(path) for name, path in paths.items()}
    if as_json:
        print_json(seen)
    else:
        tables.status(seen)
    raise typer.Exit(1 if seen["health"]["status"] == "down" else 0)


@app.command()
def calls(root: Root = Path("."), plant: Plant = None, as_json: AsJson = False) -> None:
    """The living calls."""
    from dialer import tables

    with running_engine(root, plant) as api:
        seen = api.get("/v1/calls")
    if as_json:
        print_json(seen)
    else:
        tables.calls(seen)


@app.command()
def agent(
    name: AgentName, verb: AgentVerbs, root: Root = Path("."), plant: Plant = None,
    reason: Annotated[str, typer.Option(help="Of a pause.")] = "",
) -> None:
    """Log an agent in or out, make it ready, pause it, hang up its call, end its wrap-up."""
    with running_engine(root, plant) as api:
        seen = api.post(f"/v1/agents/{word(name)}/{verb.value}", {"reason": reason})
    typer.echo(f"{seen['id']}: {seen['state']}")


@app.command()
def campaign(
    name: CampaignName,
    verb: CampaignVerbs,
    values: Annotated[
        list[str] | None, typer.Argument(help="Of `set`: mode=power limits.channels=20. Of `rename`: the new name."),
    ] = None,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Start, pause, drain or stop a campaign; `set` values while it runs, or `reset` it to its file; `rename` it with
    all that is kept of it, the engine being stopped."""
    if values and verb not in (CampaignVerbs.SET, CampaignVerbs.RENAME):
        fail(f"`{verb.value}` takes no values", 2)
    match verb:
        case CampaignVerbs.SET:
            set_values(name, values or [], root, plant)
        case CampaignVerbs.RENAME:
            rename(name, values or [], root, plant)
        case CampaignVerbs.RESET:
            reset(name, root, plant)
        case _:
            with running_engine(root, plant) as api:
                seen = api.post(f"/v1/campaigns/{word(name)}/{verb.value}")
            typer.echo(f"{seen['id']}: {seen['status']}")


# -- flows, store ---------------------------------------------------------------------------------------


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

    settings = plant_part(root, plant, "store")

    async def upgrade() -> None:
        await Store.open(store_url(settings.url, root), os.environ.get(settings.password_env or "")).close()

    with store_faults():
        asyncio.run(upgrade())
    typer.echo("the store is up to date")


if __name__ == "__main__":
    sys.exit(app())
