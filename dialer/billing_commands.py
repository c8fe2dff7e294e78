"""`dialer rate`, `dialer invoice`, `dialer sale` and `dialer score`: what clients pay."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from dialer.terminal import Plant, Root, configuration_of, fail, names_in, open_store, print_json, store_faults

if TYPE_CHECKING:
    from decimal import Decimal

    from dialer.billing.invoice import Invoice
    from dialer.billing.months import Month
    from dialer.billing.parties import Seller
    from dialer.billing.rating import Agreement
    from dialer.config.configuration import Configuration
    from dialer.config.models import Client
    from dialer.store.store import Store

T = TypeVar("T")
ClientName = Annotated[str, typer.Argument(autocompletion=names_in("configs/clients"))]
MonthName = Annotated[str, typer.Argument(metavar="MONTH", help="As 2026-11.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
SaleId = Annotated[str, typer.Argument(metavar="SALE", help="The sale's id, or the call's whose disposition told it.")]
CallId = Annotated[str, typer.Argument(metavar="CALL", help="The call's id.")]

sale = typer.Typer(help="What calls sold, for contracts with a share of the revenue.", no_args_is_help=True)


def rate(
    client: ClientName, month: MonthName,
    contract: Annotated[Path | None, typer.Option(help="What the month would cost by the contract in this file; "
                                                       "nothing is written.", exists=True, dir_okay=False)] = None,
    close: Annotated[bool, typer.Option("--close", help="Take no more entries into this month.")] = False,
    as_json: AsJson = False, root: Root = Path("."), plant: Plant = None,
) -> None:
    """Rate a month by the client's contract and write it into the ledger. A month that is not over is only shown."""
    from dialer.billing.invoice import as_json as plain_data

    configuration = configuration_of(root, plant)
    model, when = _client(configuration, client), _month(month)
    if contract is not None:
        _compare(configuration, model, when, contract, as_json)
        return
    seller = configuration.plant.seller
    sheet, said = _with_store(configuration, lambda store: _book(store, model, when, close, seller))
    if as_json:
        print_json(plain_data(sheet, draft=not close))
    else:
        _table([(client, sheet)])
    typer.echo(said, err=as_json)


async def _book(
    store: "Store", model: "Client", month: "Month", close: bool, seller: "Seller | None",
) -> "tuple[Invoice, str]":
    """Rates and perhaps closes; what the month costs, and what was done."""
    import time
    from datetime import datetime

    from dialer import bookkeeping
    from dialer.billing.months import bounds

    agreement = bookkeeping.agreement_of(model)
    _, until = bounds(month, agreement.zone)
    if until > time.time():
        if close:
            fail(f"{month} is not over")
        return await _rated(store, agreement, model, month), f"{month} is not over: nothing is written"
    states = await store.books.months(model.client)
    if close and states.get(str(month)) == "closed":
        fail(f"{month} is closed already")
    if close and (living := await store.books.unsettled(model.client, until)):
        fail(f"calls of {model.client} from before the end of {month} that are not settled: {living}")
    late = 0  # shifts that went on over the month's end, sales that were told after it
    if states.get(str(month.before)) == "closed":
        late = (await bookkeeping.book(store, agreement, month.before)).added
    done = await bookkeeping.book(store, agreement, month)
    said = f"{done.entries} entries, {done.added} rows added to the ledger of {done.month}"
    said += f", {late} more about {month.before}" if late else ""
    if close:
        today = datetime.now(agreement.zone).date()
        row = await bookkeeping.close(store, model.client, month, today, seller)
        said += f", closed, invoice {row.number}" if row else ", closed without an invoice: it has no entries"
    return await _rated(store, agreement, model, month), said


def fees(
    as_json: AsJson = False, root: Root = Path("."), plant: Plant = None,
) -> None:
    """What this month has cost each client so far, before taxes, and what it will come to."""
    import asyncio
    import time

    from dialer import tables
    from dialer.fee_rating import carry_out, order_of
    from dialer.fee_report import as_json as plain_data

    order = order_of(configuration_of(root, plant))
    with store_faults():
        found = asyncio.run(carry_out(order, time.time()))
    if as_json:
        print_json([plain_data(one) for one in found])
    else:
        tables.fees(found)


def invoice(
    client: ClientName, month: MonthName,
    out: Annotated[Path, typer.Option(help="Where to write the files.", file_okay=False)] = Path("."),
    root: Root = Path("."), plant: Plant = None,
) -> None:
    """Write a month's invoice, as the ledger has it: JSON, CSV with a line for each entry, HTML and PDF for people, and
    of a closed month the e-invoice: the PDF is Factur-X with the XML of EN 16931 in it, and the XML lies beside it."""
    from dialer.billing.invoice import presented
    from dialer.invoice_files import NotRatedError, draw

    configuration = configuration_of(root, plant)
    model, when = _client(configuration, client), _month(month)
    stem = out / f"{client}-{when}"
    try:
        drawn = _with_store(configuration, lambda store: draw(store, configuration, model, when, stem))
    except OSError as fault:
        fail(f"{fault.filename}: {fault.strerror or fault}")
    except (ValueError, NotRatedError) as fault:
        fail(str(fault))
    for lack in drawn.faults:
        typer.echo(str(lack), err=True)
    without = "nothing to invoice" if drawn.closed else "a draft: not closed"
    shown, credit = presented(drawn.invoice)
    what = f"{'credit note' if credit else 'invoice'} {drawn.number}" if drawn.number else without
    total = shown.money(shown.gross)
    typer.echo(f"{stem}{', '.join(drawn.suffixes)}: {total} {drawn.invoice.currency}, {what}")
    if drawn.faults and drawn.number:
        fail("no e-invoice, and no PDF: see above what is missing")


@sale.command("record")
def sale_record(
    call: CallId, amount: Annotated[str, typer.Argument(help="In the client's currency, as 49.90.")],
    sale_id: Annotated[str | None, typer.Option("--id", help="The sale's own id; left out, CALL.1.")] = None,
    root: Root = Path("."), plant: Plant = None,
) -> None:
    """Record what a call sold. It takes the place of what the call's disposition tells."""
    import re
    import time

    own = sale_id or f"{call}.1"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}", own) or own == call:
        fail(f"{own!r} cannot be a sale's id: letters, digits and _.:-, and not the call's own", 2)
    value = _amount(amount)
    _with_store(configuration_of(root, plant), lambda store: store.books.record_sale(own, call, time.time(), value))
    typer.echo(f"sale {own}: {amount}")


@sale.command("cancel")
def sale_cancel(sale_id: SaleId, root: Root = Path("."), plant: Plant = None) -> None:
    """Cancel a sale: this month takes its share back."""
    import time

    _with_store(configuration_of(root, plant), lambda store: store.books.cancel_sale(sale_id, time.time()))
    typer.echo(f"sale {sale_id} is cancelled")


def score(
    call: CallId, points: Annotated[str, typer.Argument(metavar="SCORE", help="0 to 100.")], root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Record the score of a test call."""
    import time

    value = _amount(points)
    if value > 100:
        fail(f"{points} is no score: 0 to 100", 2)
    _with_store(configuration_of(root, plant), lambda store: store.books.save_score(call, time.time(), value))
    typer.echo(f"{call}: {points}")


# -- how ---------------------------------------------------------------------------------------------------------------


def _compare(
    configuration: "Configuration", model: "Client", month: "Month", file: Path, as_json: bool,
) -> None:
    from dialer.billing.invoice import as_json as plain_data
    from dialer.bookkeeping import agreement_of

    other = _other(agreement_of(model), file)

    async def run(store: "Store") -> "tuple[Invoice, Invoice]":
        return (await _rated(store, agreement_of(model), model, month), await _rated(store, other, model, month))

    now, then = _with_store(configuration, run)
    if as_json:
        print_json({"contract": plain_data(now, draft=True), "other": plain_data(then, draft=True)})
    else:
        _table([("contract", now), ("other", then)])


async def _rated(store: "Store", agreement: "Agreement", model: "Client", month: "Month") -> "Invoice":
    from dialer.billing.invoice import invoice_of
    from dialer.bookkeeping import rated

    entries = await rated(store, agreement, month)
    return invoice_of(model.client, model.name, str(month), model.currency, entries)


def _with_store(configuration: "Configuration", use: "Callable[[Store], Awaitable[T]]") -> T:
    import asyncio

    async def run() -> T:
        store = open_store(configuration)
        try:
            return await use(store)
        finally:
            await store.close()

    with store_faults():
        return asyncio.run(run())


def _client(configuration: "Configuration", name: str) -> "Client":
    from dialer.config.faults import suggest

    model = configuration.clients.get(name)
    if model is None:
        fail(f"there is no client `{name}`; {suggest(name, configuration.clients, 'clients')}")
    if not model.contract:
        fail(f"{name} has no contract; add `contract:` to configs/clients/{name}.yaml")
    return model


def _month(text: str) -> "Month":
    from dialer.billing.months import parse_month

    try:
        return parse_month(text)
    except ValueError as fault:
        fail(str(fault), 2)


def _amount(text: str) -> "Decimal":
    from dialer.billing.money import parse_amount

    try:
        return parse_amount(text)
    except ValueError as fault:
        fail(str(fault), 2)


def _other(agreement: "Agreement", path: Path) -> "Agreement":
    """The same client under the contract of another file: of a client's, or one with `contract:` alone."""
    from dataclasses import replace

    from pydantic import BaseModel, ValidationError

    from dialer.billing.terms import Contracts
    from dialer.config.document import read
    from dialer.config.explain import explain

    class File(BaseModel):
        contract: Contracts

    document = read(path)
    faults = list(document.faults)
    if not faults:
        try:
            return replace(agreement, versions=File.model_validate(document.value).contract)
        except ValidationError as error:
            faults += explain(error, File, document)
    for fault in faults:
        typer.echo(str(fault), err=True)
    raise typer.Exit(2)


def _table(columns: "list[tuple[str, Invoice]]") -> None:
    from dialer import tables

    tables.invoices(columns)
