"""The files of a month's invoice: JSON, CSV and HTML of any rated month, PDF, and of a closed one the e-invoice."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from dialer.billing import einvoice
from dialer.billing.einvoice import Issued, Lack, Parties
from dialer.billing.invoice import COLUMNS, Invoice, as_json, as_row
from dialer.billing.months import Month
from dialer.billing.page import html
from dialer.billing.parties import Seller, series_of
from dialer.bookkeeping import booked_entries
from dialer.config.configuration import Configuration
from dialer.config.document import read
from dialer.config.faults import Fault
from dialer.config.models import Client
from dialer.store.invoices import InvoiceRow
from dialer.store.store import Store


class NotRatedError(Exception):
    """There is nothing whole to draw."""


@dataclass(frozen=True, slots=True)
class Drawn:
    invoice: Invoice
    closed: bool
    number: str | None
    """Of the invoice; a draft has none, nor a month without entries."""
    faults: tuple[Fault, ...]
    """What the configuration lacks for an e-invoice: without them there is one."""
    suffixes: tuple[str, ...]


async def draw(store: Store, configuration: Configuration, client: Client, month: Month, stem: Path) -> Drawn:
    """Writes STEM.json, .csv, .html, .pdf and .xml. A closed month without what the e-invoice needs has neither PDF nor
    XML: a page that looks like an invoice would be sent as one. Raises NotRatedError, OSError, StoreError, ValueError.
    """
    from dialer.billing.facturx import hybrid, xml
    from dialer.billing.paper import Paper, pdf

    state = (await store.books.months(client.client)).get(str(month))
    if state not in ("rated", "closed"):
        rate = f"dialer rate {client.client} {month}"
        raise NotRatedError(f"{month} is not rated to its end; once it is over: `{rate}` (until then that shows it)")
    invoice, closed = await _lines(store, client, month, stem), state == "closed"
    row = await _issued(store, configuration, client, month) if closed else None
    lacking = [*einvoice.lacks(invoice, configuration.plant.seller, client.buyer, client.contract),
               *_unshown(invoice, configuration.plant.seller, client)]
    parties = _parties(configuration, client, invoice, row, lacking)
    suffixes = [".json", ".csv", ".html"]
    made: dict[str, bytes] = {}
    if row is not None and parties is not None:
        issued = Issued(row.number, row.issued_on)
        xml(einvoice.document(invoice, issued, parties))  # what fits no invoice is not kept for it
        parties = Parties.model_validate(await store.invoices.freeze(row.number, parties.model_dump(mode="json")))
        made[".xml"] = xml(einvoice.document(invoice, issued, parties))
        made[".pdf"] = hybrid(pdf(Paper(invoice, issued, parties)), made[".xml"], row.number, parties.seller.name)
    elif not closed:
        made[".pdf"] = pdf(Paper(invoice, None, parties))
    number = row.number if row else None
    text = json.dumps(as_json(invoice, not closed) | {"number": number}, ensure_ascii=False, indent=2) + "\n"
    made |= {".json": text.encode(), ".html": html(invoice, not closed, number).encode()}
    for suffix, content in made.items():
        part = stem.with_suffix(f"{suffix}.part")  # half an invoice must not look like one
        part.write_bytes(content)
        part.replace(stem.with_suffix(suffix))
    for stale in {".pdf", ".xml"} - made.keys():
        stem.with_suffix(stale).unlink(missing_ok=True)
    faults = () if row is not None and row.parties else tuple(_faults(configuration, client, lacking))
    return Drawn(invoice, closed, number, faults, (*suffixes, *sorted(made.keys() - set(suffixes))))


async def _lines(store: Store, client: Client, month: Month, stem: Path) -> Invoice:
    """The month's entries into the CSV, and added up; so many are never in memory."""
    invoice = Invoice(client.client, client.name, str(month), client.currency)
    stem.parent.mkdir(parents=True, exist_ok=True)
    part = stem.with_suffix(".csv.part")
    with part.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(COLUMNS)
        async for entry in booked_entries(store.books, client.client, month):
            invoice.add(entry)
            lines.writerow(as_row(entry))
    part.replace(stem.with_suffix(".csv"))
    return invoice


async def _issued(store: Store, configuration: Configuration, client: Client, month: Month) -> InvoiceRow | None:
    on = datetime.now(ZoneInfo(client.timezone)).date()
    return await store.invoices.issue(client.client, str(month), on, series_of(configuration.plant.seller, on))


def _parties(
    configuration: Configuration, client: Client, invoice: Invoice, row: InvoiceRow | None, lacking: list[Lack],
) -> Parties | None:
    if row is not None and row.parties:
        return Parties.model_validate(row.parties)
    seller, buyer = configuration.plant.seller, client.buyer
    if lacking or seller is None or buyer is None:
        return None
    return einvoice.parties_of(invoice, seller, buyer, client.contract)


def _unshown(invoice: Invoice, seller: Seller | None, client: Client) -> Iterator[Lack]:
    """Names that the page could only show as boxes."""
    from dialer.billing.paper import unshown

    buyer, texts = client.buyer, "".join(heading.text for heading in invoice.lines)
    told: tuple[tuple[Literal["plant", "client"], str, str], ...] = (
        ("plant", "seller", seller.model_dump_json() if seller else ""),
        ("client", "buyer", buyer.model_dump_json() if buyer else ""),
        ("client", "name", "" if buyer and buyer.name else client.name),
        ("client", "contract", texts),
    )
    for file, key, text in told:
        if chars := unshown(text):
            yield Lack(file, (key,), f"the PDF's font cannot show {' '.join(ascii(char) for char in chars[:10])}",
                       "write it in Latin, Greek or Cyrillic letters")


def _faults(configuration: Configuration, client: Client, lacking: list[Lack]) -> Iterator[Fault]:
    file = configuration.root / "configs" / "clients" / f"{client.client}.yaml"
    for lack in lacking:
        document = configuration.plant_document if lack.file == "plant" else read(file)
        yield Fault(document.place(lack.at), lack.wrong, lack.right)
