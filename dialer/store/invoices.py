"""Numbers of invoices, and alerts of budgets: what is given once and never again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dialer.billing.money import plain
from dialer.store.books import Read, State, Write, open_month
from dialer.store.errors import StoreError
from dialer.store.queries import Transaction, one_by_one
from dialer.store.schema import ledger, ledger_months, metadata

if TYPE_CHECKING:
    from asyncio import Future

invoice_series = sa.Table(
    "invoice_series", metadata,
    # The number last given in each series: it counts in the transaction that gives the number, so without a gap.
    sa.Column("series", sa.String, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)

invoices = sa.Table(
    "invoices", metadata,
    sa.Column("number", sa.String, primary_key=True),
    sa.Column("client", sa.String, nullable=False),
    sa.Column("month", sa.String, nullable=False),
    sa.Column("issued_on", sa.String, nullable=False),
    sa.Column("parties", sa.JSON(none_as_null=True)),  # null until it was first drawn
    sa.UniqueConstraint("client", "month"),
)

budget_alerts = sa.Table(
    "budget_alerts", metadata,
    sa.Column("client", sa.String, primary_key=True),
    sa.Column("month", sa.String, primary_key=True),
    sa.Column("threshold", sa.String, primary_key=True),  # a share of the budget
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("net", sa.String, nullable=False),
)


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    number: str
    issued_on: date
    parties: Mapping[str, Any] | None
    """What the invoice said of seller and buyer when it was first drawn."""


@dataclass(frozen=True, slots=True)
class BudgetAlert:
    client: str
    month: str
    threshold: Decimal
    """A share of the budget."""
    at: float
    net: Decimal
    """The fee of the month by then, before taxes."""


# -- writes -----------------------------------------------------------------------------------------------------------


@one_by_one
def close_month(tx: Transaction, client: str, month: str, issued_on: date, series: str) -> InvoiceRow | None:
    """Closes the month and gives its invoice the next number. Fails if it is closed, or rated to no end."""
    if open_month(tx, client, month) == "rating":
        raise StoreError(f"{month} is not rated to its end for {client}: rate it again, then close it")
    closed: State = "closed"
    tx.upsert(ledger_months, {"client": client, "month": month, "state": closed})
    return _issue(tx, client, month, issued_on, series)


@one_by_one
def issue(tx: Transaction, client: str, month: str, issued_on: date, series: str) -> InvoiceRow | None:
    """The invoice of a closed month; one closed before invoices had numbers gets the next."""
    state = tx.connection.execute(
        sa.select(ledger_months.c.state).where(ledger_months.c.client == client, ledger_months.c.month == month),
    ).scalar_one_or_none()
    if state != "closed":
        raise StoreError(f"{month} is not closed for {client}: its invoice has no number")
    return _issue(tx, client, month, issued_on, series)


def _issue(tx: Transaction, client: str, month: str, issued_on: date, series: str) -> InvoiceRow | None:
    """None: nothing stands on the invoice, and it takes no number."""
    if (row := _of(tx.connection, client, month)) is not None:
        return row
    if tx.connection.execute(_STANDS, {"client": client, "month": month}).first() is None:
        return None
    tx.insert_new(invoice_series, [{"series": series, "last": 0}])
    own = invoice_series.c.series == series
    last = tx.connection.execute(sa.select(invoice_series.c.last).where(own).with_for_update()).scalar_one()
    number = series.format(number=last + 1)
    tx.connection.execute(sa.update(invoice_series).where(own).values(last=last + 1))
    row_of = {"number": number, "client": client, "month": month, "issued_on": issued_on.isoformat(), "parties": None}
    if not tx.insert_new(invoices, [row_of]):
        raise StoreError(f"invoice {number} is there already; change `seller.invoice_number` so that it counts anew")
    return InvoiceRow(number, issued_on, None)


@one_by_one
def freeze(tx: Transaction, number: str, parties: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the invoice says of seller and buyer, from its first drawing on."""
    own = invoices.c.number == number
    tx.connection.execute(sa.update(invoices).where(own, invoices.c.parties.is_(None)).values(parties=dict(parties)))
    found: Mapping[str, Any] = tx.connection.execute(sa.select(invoices.c.parties).where(own)).scalar_one()
    return found


@one_by_one
def alert(tx: Transaction, found: BudgetAlert) -> bool:
    """False: it was there already."""
    return bool(tx.insert_new(budget_alerts, [{
        "client": found.client, "month": found.month, "threshold": plain(found.threshold), "at": found.at,
        "net": plain(found.net)}]))


_STANDS = (
    sa.select(ledger.c.key)
    .where(ledger.c.client == sa.bindparam("client"), ledger.c.booked == sa.bindparam("month"))
    .group_by(ledger.c.key)
    .having((sa.func.min(ledger.c.revision) % 2 == 1) | (sa.func.max(ledger.c.revision) % 2 == 0))
    .limit(1)
)
"""A key of which more is booked in the month than an entry and its reversal."""


# -- reads ------------------------------------------------------------------------------------------------------------


def _of(connection: sa.Connection, client: str, month: str) -> InvoiceRow | None:
    row = connection.execute(
        sa.select(invoices.c.number, invoices.c.issued_on, invoices.c.parties)
        .where(invoices.c.client == client, invoices.c.month == month)).one_or_none()
    return None if row is None else InvoiceRow(row.number, date.fromisoformat(row.issued_on), row.parties)


def alerts(connection: sa.Connection, since: float) -> list[BudgetAlert]:
    rows = connection.execute(
        sa.select(budget_alerts).where(budget_alerts.c.at >= since).order_by(budget_alerts.c.at))
    return [BudgetAlert(row.client, row.month, Decimal(row.threshold), row.at, Decimal(row.net)) for row in rows]


class Invoices:
    """`Store.invoices`."""

    def __init__(self, write: Write, read: Read) -> None:
        self._write = write
        self._read = read

    def close(self, client: str, month: str, issued_on: date, series: str) -> "Future[InvoiceRow | None]":
        """Closes the month and numbers its invoice, both or neither. `series` has `{number}` in it, and counts for
        itself. None: the month has no entries, and takes no number. Fails if it is closed."""
        return self._write(close_month, client, month, issued_on, series)

    def issue(self, client: str, month: str, issued_on: date, series: str) -> "Future[InvoiceRow | None]":
        """The invoice of a closed month, always the same."""
        return self._write(issue, client, month, issued_on, series)

    def freeze(self, number: str, parties: Mapping[str, Any]) -> "Future[Mapping[str, Any]]":
        """What the invoice says of seller and buyer: this, unless it was drawn before."""
        return self._write(freeze, number, parties)

    def alert(self, found: BudgetAlert) -> "Future[bool]":
        """Whether it is new: each threshold alerts once a month."""
        return self._write(alert, found)

    def alerts(self, since: float) -> "Future[list[BudgetAlert]]":
        """In the order of their time."""
        return self._read(alerts, since)
