"""`dialer dnc ...` and `dialer why`: who may not be called, and why somebody was not."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dialer.terminal import (
    Plant,
    Root,
    configuration_of,
    fail,
    names_in,
    open_store,
    running_engine,
    store_faults,
    word,
)

if TYPE_CHECKING:
    from dialer.config.campaign import Campaign
    from dialer.config.configuration import Configuration
    from dialer.registers import Imported
    from dialer.store.records import Contact, Stop
    from dialer.store.store import Store

dnc = typer.Typer(help="Do-not-call lists and national registers.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="With + and the country's code.")]
CHUNK = 500
Scope = Annotated[str, typer.Option(help="Whose list: global, client:NAME or campaign:NAME.")]


@dnc.command("add")
def add(number: Number, scope: Scope = "global", root: Root = Path("."), plant: Plant = None) -> None:
    """Put a number on a do-not-call list: in force at once, through the running engine, else straight in the store."""
    from dialer.web.client import DownError

    body = {"scope": _scope(scope), "number": _number(number)}
    with running_engine(root, plant) as api:
        try:
            api.post("/v1/do-not-call", body)
        except DownError:
            _add_to_store(configuration_of(root, plant), scope, [number])
    typer.echo(f"{number} is on {scope}")


@dnc.command("remove")
def remove(number: Number, scope: Scope = "global", root: Root = Path("."), plant: Plant = None) -> None:
    """Take a number off a do-not-call list. Contacts that it ended stay done."""
    import asyncio

    configuration = configuration_of(root, plant)

    async def run() -> bool:
        store = open_store(configuration)
        try:
            return await store.unstop(_scope(scope), _number(number))
        finally:
            await store.close()

    with store_faults():
        if not asyncio.run(run()):
            fail(f"{number} is not on {scope}")
    typer.echo(f"{number} is off {scope}")


@dnc.command("check")
def check(number: Number, root: Root = Path("."), plant: Plant = None) -> None:
    """Every do-not-call list and register that a number is on, also one that was erased. Exit 1 when there is one."""
    import asyncio

    from dialer.pseudonyms import Pseudonyms
    from dialer.registers import FOLDER, Registers

    configuration = configuration_of(root, plant)

    alias = Pseudonyms(configuration.root).alias

    async def stops() -> "list[Stop]":
        store = open_store(configuration)
        try:
            found = await store.stops(_number(number))
            return found if alias is None else [*found, *await store.stops(alias(number))]
        finally:
            await store.close()

    with store_faults():
        found = [f"{stop.scope}: {stop.source}" for stop in asyncio.run(stops())]
    names = {name for pack in configuration.rules.values() for name in pack.registers}
    registers = Registers(configuration.root / FOLDER).some(names)
    found += [f"register {name}" for name, register in sorted(registers.items()) if register.holds(number)]
    for line in found or [f"{number} is on no list"]:
        typer.echo(line)
    raise typer.Exit(1 if found else 0)


@dnc.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    register: Annotated[str | None, typer.Option(help="A national register, as country packs call it.")] = None,
    scope: Annotated[str | None, typer.Option(help="Or whose list: global, client:NAME or campaign:NAME.")] = None,
    country: Annotated[str | None, typer.Option(help="Of numbers written without +: IT.")] = None,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Put a national register in place of the one before, or numbers on a do-not-call list beside those that it has: a
    number a line, or the first column of a CSV file."""
    import time

    from dialer.campaigns.phones import NoCountry, Rejected, read_number
    from dialer.registers import FOLDER, import_register, path_of

    configuration = configuration_of(root, plant)
    if (register is None) == (scope is None):
        fail("say whose numbers these are: --scope client:NAME, or --register NAME for a national register", 2)
    known = {name for pack in configuration.rules.values() for name in pack.registers}
    if register is not None and word(register) not in known:
        fail(f"no country pack asks for a register `{register}`; known: {', '.join(sorted(known)) or 'none'}; "
             "a list of your own: --scope client:NAME")

    national = 0

    def normalise(text: str) -> str | None:
        nonlocal national
        try:
            return read_number(text, country)
        except NoCountry:
            national += any(map(str.isdigit, text))
            return None
        except Rejected:
            return None

    try:
        if register is not None:
            done = import_register(file, path_of(root / FOLDER, register), normalise, time.time())
        else:
            done = _stop_all(configuration, _scope(scope or ""), file, normalise)
    except OSError as fault:
        fail(f"{file}: {fault.strerror or fault}")
    typer.echo(f"{done.numbers} numbers, {done.rejected} lines rejected")
    if national:
        typer.echo(f"{national} numbers are written without +: name their country, as --country IT", err=True)


def why(
    who: Annotated[str, typer.Argument(metavar="CONTACT|NUMBER", help="A contact's id, or a number with +.")],
    campaign: Annotated[str, typer.Option(autocompletion=names_in("configs/campaigns"))],
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Why a contact was called or was not, and when it can be next."""
    import asyncio
    import time

    from dialer import why as reasons
    from dialer.config.faults import suggest

    configuration = configuration_of(root, plant)
    model = configuration.campaigns.get(campaign)
    if model is None:
        fail(f"there is no campaign `{campaign}`; {suggest(campaign, configuration.campaigns, 'campaigns')}")
    if not who.isdecimal():
        _number(who)
    now, live = time.time(), _live(configuration, campaign)

    async def run() -> list[str]:
        store = open_store(configuration)
        try:
            contact = await _contact(store, model, who)
            found = await reasons.look(configuration, store, model, contact, now, live)
            return list(reasons.told(found, model, now))
        finally:
            await store.close()

    with store_faults():
        for line in asyncio.run(run()):
            typer.echo(line)


def _live(configuration: "Configuration", campaign: str) -> Mapping[str, Any] | None:
    """The campaign as the running engine shows it: nothing where it does not, None where no engine answers."""
    from dialer.web.client import Api, AskError, DownError

    web = configuration.plant.web
    try:
        shown = Api.at(web.listen, os.environ.get(web.token_env)).get("/v1/campaigns")
    except DownError:
        return None
    except AskError as fault:
        typer.echo(f"how the campaign stands is not known: {fault}", err=True)
        return {}
    return next((one for one in shown if one["id"] == campaign), {})


async def _contact(store: "Store", campaign: "Campaign", who: str) -> "Contact":
    from dialer.store.records import Contact
    from dialer.why import STRANGER

    if who.isdecimal():
        found = await store.contact(int(who))
        if found is None or found.campaign != campaign.campaign:
            fail(f"{campaign.campaign} has no contact {who}")
        return found
    found = await store.find_contact(campaign.campaign, who)
    return found or Contact(STRANGER, campaign.campaign, who, {}, "due", 0, {}, 0.0)


def _stop_all(
    configuration: "Configuration", scope: str, file: Path, normalise: Callable[[str], str | None],
) -> "Imported":
    """Straight into the store: it holds from the next claim on. Raises OSError."""
    from dialer.registers import Imported, Rejects, numbers_in

    rejected = Rejects()
    numbers = {f"+{number}": None for number in numbers_in(file, normalise, rejected)}
    _add_to_store(configuration, scope, list(numbers), file.name)
    return Imported(len(numbers), rejected.count)


def _add_to_store(configuration: "Configuration", scope: str, numbers: Sequence[str], source: str = "cli") -> None:
    import asyncio
    import time

    from dialer.store.records import Stop

    kind, _, name = scope.partition(":")
    if kind != "global" and name not in (configuration.clients if kind == "client" else configuration.campaigns):
        fail(f"there is no {kind} `{name}`")

    async def run() -> None:
        store, now = open_store(configuration), time.time()
        try:
            for at in range(0, len(numbers), CHUNK):
                await store.stop([Stop(scope, number, source, now) for number in numbers[at:at + CHUNK]])
        finally:
            await store.close()

    with store_faults():
        asyncio.run(run())


def _scope(text: str) -> str:
    kind, colon, name = text.partition(":")
    if text != "global" and (kind not in ("client", "campaign") or not colon):
        fail(f"{text!r} is no list: write global, client:NAME or campaign:NAME", 2)
    if colon:
        word(name)
    return text


def _number(text: str) -> str:
    from dialer.numbers import is_e164

    if not is_e164(text):
        fail(f"{text!r} is no number: write it with + and the country's code, +4930231250", 2)
    return text
