"""`dialer consent ...`, `dialer erase`, `dialer caller-ids`: persons' rights, and the numbers they see."""

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
    print_json,
    running_engine,
    store_faults,
    word,
)

if TYPE_CHECKING:
    from dialer.campaigns.consents import Unread
    from dialer.config.configuration import Configuration
    from dialer.store.records import Consent

consent = typer.Typer(help="Consents of called persons.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="With + and the country's code.")]
ClientName = Annotated[str, typer.Option(autocompletion=names_in("configs/clients"))]
Purpose = Annotated[str, typer.Option(help="advertising, service, debt or research.")]
CHUNK = 500


@consent.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    client: ClientName,
    purpose: Purpose = "advertising",
    source: Annotated[str, typer.Option(help="Of rows that name none; left out, the file's name.")] = "",
    country: Annotated[str | None, typer.Option(help="Of numbers written without +: DE.")] = None,
    proof_file: Annotated[Path | None, typer.Option(exists=True, help="Shows them all; left out, the file.")] = None,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Put consents into the store: CSV with number, given_at, proof, and where wanted until, source, purpose. Rows that
    are none are written to FILE.rejected.csv."""
    import asyncio
    import time

    from dialer.campaigns.consents import ConsentFileError, Terms, digest_of, read

    configuration = configuration_of(root, plant)
    if client not in configuration.clients:
        fail(f"there is no client `{client}`")
    try:
        digest = digest_of(proof_file or file)
        terms = Terms(client, purpose, source or file.name, country, digest, time.time())
        with store_faults():
            added, known, unread = asyncio.run(_store(configuration, client, read(file, terms), terms.now))
        if unread:
            _write_rejects(file, unread)
    except (ConsentFileError, UnicodeDecodeError) as fault:
        fail(str(fault))
    except OSError as fault:
        fail(f"{file}: {fault.strerror or fault}")
    typer.echo(f"{added} consents, {known} known already, {len(unread)} rows rejected")
    raise typer.Exit(1 if unread else 0)


async def _store(
    configuration: "Configuration", client: str, rows: Any, now: float
) -> tuple[int, int, "list[Unread]"]:
    from dialer.erasure import campaigns_of
    from dialer.store.records import Consent

    store = open_store(configuration)
    campaigns, unread, added, read = campaigns_of(configuration, client), [], 0, 0

    async def put(given: "list[Consent]") -> int:
        new = await store.add_consents(given)
        await store.wake_consented([one.number for one in given], campaigns, now)
        return new

    try:
        chunk: list[Consent] = []
        for row in rows:
            if not isinstance(row, Consent):
                unread.append(row)
                continue
            read += 1
            chunk.append(row)
            if len(chunk) == CHUNK:
                added += await put(chunk)
                chunk = []
        if chunk:
            added += await put(chunk)
    finally:
        await store.close()
    return added, read - added, unread


def _write_rejects(file: Path, unread: "list[Unread]") -> None:
    import csv

    target = file.with_name(f"{file.name.removesuffix('.csv')}.rejected.csv")
    with target.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("line", "reason"))
        rows.writerows((row.line, row.reason, *row.cells) for row in unread)
    for row in unread[:5]:
        typer.echo(f"{file}:{row.line}: {row.reason}", err=True)
    typer.echo(f"all rejected rows: {target}", err=True)


@consent.command("show")
def show(number: Number, root: Root = Path("."), plant: Plant = None) -> None:
    """A person's consents with their proof, as JSON, times in UTC; also those that are over."""
    import asyncio
    from dataclasses import asdict
    from datetime import UTC, datetime

    configuration = configuration_of(root, plant)

    async def run() -> "list[Consent]":
        store = open_store(configuration)
        try:
            return await store.consents(_number(number))
        finally:
            await store.close()

    with store_faults():
        found = [asdict(one) for one in asyncio.run(run())]
    for one in found:
        for name in ("given_at", "until", "revoked_at"):
            if one[name] is not None:
                one[name] = datetime.fromtimestamp(one[name], UTC).isoformat(timespec="seconds")
    print_json(found)


@consent.command("revoke")
def revoke(
    number: Number,
    client: ClientName,
    purpose: Annotated[str | None, typer.Option(help="Left out, all of them.")] = None,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """End a person's consent: in force at once, through the running engine, else straight in the store."""
    import asyncio
    import time

    from dialer.web.client import DownError

    body = {"client": word(client), "number": _number(number), "purpose": purpose}
    configuration = configuration_of(root, plant)

    async def run() -> int:
        store = open_store(configuration)
        try:
            return await store.revoke_consents(client, number, purpose, time.time())
        finally:
            await store.close()

    with running_engine(root, plant) as api:
        try:
            ended = api.ask("DELETE", "/v1/consents", body)["count"]
        except DownError:
            with store_faults():
                ended = asyncio.run(run())
    typer.echo(f"{ended} consents ended")


def erase(
    number: Number,
    reason: Annotated[str, typer.Option(help="Stands in the certificate: `letter of 2026-11-20`.")],
    client: Annotated[str | None, typer.Option(help="In whose calls; left out, in everybody's.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The certificate for programs.")] = False,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Erase a person (GDPR art. 17) everywhere but in what must be kept, and print the certificate. Needs the running
    engine: the person may be in a call."""
    body = {"number": _number(number), "client": client, "reason": reason}
    with running_engine(root, plant) as api:
        made = api.post("/v1/erasures", body)
    if json:
        print_json(made)
        return
    from dialer.erasure import told
    from dialer.store.erasure import Certificate

    kept = {one["what"]: one["count"] for one in made["kept"]}
    found = Certificate(made["id"], made["hash"], made["client"], made["at"], made["reason"], made["erased"], kept,
                        tuple(made["elsewhere"]))  # fmt: skip
    for line in told(found):
        typer.echo(line)


def caller_ids(
    client: Annotated[str, typer.Argument(autocompletion=names_in("configs/clients"))],
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """How often each number in rotation was shown in 30 days, and how many people answered."""
    with running_engine(root, plant) as api:
        rows = api.get(f"/v1/clients/{word(client)}/caller-ids")
    if not rows:
        typer.echo(f"no number of {client} was shown in rotation")
    for row in rows:
        rate = f"{100 * row['answered'] / row['dials']:.1f} %" if row["dials"] else "-"
        typer.echo(f"{row['number']}  {row['dials']} dials, {row['today']} today, {row['answered']} answered, {rate}")


def _number(text: str) -> str:
    from dialer.numbers import is_e164

    if not is_e164(text):
        fail(f"{text!r} is no number: write it with + and the country's code, +4930231250", 2)
    return text
