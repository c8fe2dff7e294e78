"""Ledger, sales and scores of test calls: what money rests on. Every write waits for the disk."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from dialer.billing.entry import Entry
from dialer.billing.facts import Call, Facts, Sale, Score, Span
from dialer.billing.ledger import changes, taken_back
from dialer.billing.money import plain
from dialer.store.errors import StoreError
from dialer.store.queries import Transaction, one_by_one
from dialer.store.schema import agent_spans, calls, ledger, ledger_months, sales, test_scores
from dialer.store.scores import means
from dialer.store.test_schema import test_calls

if TYPE_CHECKING:
    from asyncio import Future

State = Literal["rating", "rated", "closed"]
TEST_S = 3600.0
"""No test call comes in later than this after it was placed."""
PAGE = 1_000
"""Entries posted or read at once."""

_FIELDS = tuple(f.name for f in fields(Entry))
_ENTRY = tuple(ledger.c[name] for name in _FIELDS)


def _row(entry: Entry, booked: str) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(entry, name) for name in _FIELDS}
    return row | {
        "booked": booked, "version": entry.version.isoformat(), "quantity": plain(entry.quantity),
        "unit_price": plain(entry.unit_price), "amount": format(entry.amount, "f"),
    }


def _entry(row: Sequence[Any]) -> Entry:
    found = dict(zip(_FIELDS, row, strict=True))
    for name in ("quantity", "unit_price", "amount"):
        found[name] = Decimal(found[name])
    return Entry(**found | {"version": date.fromisoformat(found["version"])})


# -- writes -----------------------------------------------------------------------------------------------------------


@one_by_one
def post(tx: Transaction, entries: Sequence[Entry], booked: str, run: str | None) -> int:
    """Brings the ledger to say these; how many rows that took."""
    if entries:
        open_month(tx, entries[0].client, booked, run)
    latest = _latest(tx, [entry.key for entry in entries])
    return tx.insert_new(ledger, [_row(entry, booked) for entry in changes(latest, entries)])


@one_by_one
def withdraw(tx: Transaction, client: str, keys: Sequence[str], booked: str, run: str | None) -> int:
    """Takes back what stands under these keys."""
    open_month(tx, client, booked, run)
    standing = [entry for entry in _latest(tx, keys).values() if entry.revision % 2 == 0]
    return tx.insert_new(ledger, [_row(taken_back(entry), booked) for entry in standing])


def _latest(tx: Transaction, keys: Sequence[str]) -> dict[str, Entry]:
    rows = tx.connection.execute(
        sa.select(*_ENTRY).where(ledger.c.key.in_(keys)).order_by(ledger.c.key, ledger.c.revision))
    return {entry.key: entry for entry in map(_entry, rows)}


def open_month(tx: Transaction, client: str, booked: str, run: str | None = None) -> State | None:
    """A month that is closed meanwhile takes no more entries, and a rating that another one overtook adds none: what it
    read is older than what the other one wrote."""
    found = tx.connection.execute(
        sa.select(ledger_months.c.state, ledger_months.c.run)
        .where(ledger_months.c.client == client, ledger_months.c.month == booked).with_for_update(),
    ).one_or_none()
    if found is not None and found.state == "closed":
        raise StoreError(f"{booked} is closed for {client}")
    if run is not None and (found is None or found.run != run):
        raise StoreError(f"another rating of {booked} for {client} began meanwhile: it goes on, this one ends")
    return None if found is None else found.state


@one_by_one
def begin_month(tx: Transaction, client: str, month: str, run: str) -> None:
    open_month(tx, client, month)
    state: State = "rating"
    tx.upsert(ledger_months, {"client": client, "month": month, "state": state, "run": run})


@one_by_one
def end_month(tx: Transaction, client: str, month: str, run: str) -> None:
    open_month(tx, client, month, run)
    state: State = "rated"
    tx.upsert(ledger_months, {"client": client, "month": month, "state": state, "run": run})


@one_by_one
def record_sale(tx: Transaction, sale_id: str, call_id: str, at: float, amount: Decimal) -> None:
    _known(tx, call_id)
    if tx.connection.execute(sa.select(calls.c.id).where(calls.c.id == sale_id)).first() is not None:
        raise StoreError(f"{sale_id} is a call's id, and stands for the sale that the call's disposition told")
    row = {"id": sale_id, "call_id": call_id, "at": at, "amount": plain(amount), "cancelled_at": None}
    if not tx.insert_new(sales, [row]):
        before = tx.connection.execute(sa.select(sales.c.call_id, sales.c.amount).where(sales.c.id == sale_id)).one()
        if tuple(before) != (call_id, plain(amount)):
            raise StoreError(f"there is another sale {sale_id}; a sale's amount never changes: cancel it")


@one_by_one
def cancel_sale(tx: Transaction, sale_id: str, at: float) -> None:
    """Cancelled already, it stays as it is. A call's id cancels what its disposition told."""
    known = tx.connection.execute(sa.select(sales.c.id).where(sales.c.id == sale_id)).one_or_none()
    if known is None:
        call = _known(tx, sale_id, "sale or call")
        if tx.connection.execute(sa.select(sales.c.id).where(sales.c.call_id == sale_id)).first() is not None:
            raise StoreError(f"call {sale_id} has recorded sales; cancel them by their own ids")
        tx.insert_new(sales, [{"id": sale_id, "call_id": sale_id, "at": call, "amount": None, "cancelled_at": None}])
    tx.connection.execute(
        sa.update(sales).where(sales.c.id == sale_id, sales.c.cancelled_at.is_(None)).values(cancelled_at=at))


@one_by_one
def save_score(tx: Transaction, call_id: str, at: float, score: Decimal) -> None:
    """A later score of the same call replaces the earlier one."""
    _known(tx, call_id)
    tx.upsert(test_scores, {"call_id": call_id, "at": at, "score": plain(score)})


def _known(tx: Transaction, call_id: str, what: str = "call") -> float:
    at: float | None = tx.connection.execute(
        sa.select(calls.c.created_at).where(calls.c.id == call_id)).scalar_one_or_none()
    if at is None:
        raise StoreError(f"there is no {what} {call_id}")
    return at


# -- reads ------------------------------------------------------------------------------------------------------------


def facts(
    connection: sa.Connection, client: str, since: float, until: float, agents: Sequence[str], reach_s: float,
) -> Facts:
    """Of the client, in the time; calls only if they are settled, and all spans of these agents. `reach_s`: calls of so
    long before are among them, if they ended in it."""
    if connection.dialect.name == "postgresql":  # all of one moment, and a million rows not at once
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
    own = calls.c.client == client
    found = sa.select(*(calls.c[name] for name in _CALL)).where(
        own, calls.c.created_at >= since - reach_s, calls.c.created_at < until, calls.c.outcome.is_not(None))
    if reach_s:
        found = found.where((calls.c.created_at >= since) | (calls.c.ended_at > since))
    spans = sa.select(*(agent_spans.c[name] for name in _SPAN), calls.c.client).outerjoin(
        calls, calls.c.id == agent_spans.c.call_id,
    ).where(agent_spans.c.ended_at > since, agent_spans.c.started_at < until, own | agent_spans.c.agent.in_(agents))
    tested = sa.select(test_scores.c.call_id, test_scores.c.at, test_scores.c.score)
    when = (sales.c.at.between(since, until) | sales.c.cancelled_at.between(since, until)
            | calls.c.created_at.between(since, until))
    return Facts(
        [Call(*row) for row in _stream(connection, found)],
        [Span(*row) for row in _stream(connection, spans)],
        [_sale(row) for row in connection.execute(_SALES.where(own, when))],
        [Score(row[0], row[1], Decimal(row[2]))
         for row in connection.execute(tested.join(calls, calls.c.id == test_scores.c.call_id).where(
             own, test_scores.c.at.between(since, until)))],
        frozenset(connection.execute(sa.select(test_calls.c.call_id).where(
            test_calls.c.client == client, test_calls.c.placed_at >= since - reach_s - TEST_S,
            test_calls.c.placed_at < until, test_calls.c.call_id.is_not(None))).scalars()),
        means(connection, client, since, until),
    )


_CALL = ("id", "created_at", *[f.name for f in fields(Call)][2:])
_SALES = sa.select(
    sales.c.id, sales.c.call_id, sales.c.at, sales.c.amount, calls.c.disposition, sales.c.cancelled_at,
).join(calls, calls.c.id == sales.c.call_id)
_SPAN = [f.name for f in fields(Span)][:-1]


def _stream(connection: sa.Connection, statement: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    return iter(connection.execute(statement, execution_options={"yield_per": PAGE}))


def unsettled(connection: sa.Connection, client: str, until: float) -> int:
    """Read by the index of open calls, few of all clients, and not by the client's."""
    statement = sa.select(sa.func.count()).select_from(calls).where(
        calls.c.client + "" == client, calls.c.created_at < until, calls.c.outcome.is_(None))
    return int(connection.execute(statement).scalar_one())


def sale(connection: sa.Connection, sale_id: str) -> Sale | None:
    row = connection.execute(_SALES.where(sales.c.id == sale_id)).one_or_none()
    return None if row is None else _sale(row)


def _sale(row: Sequence[Any]) -> Sale:
    return Sale(row[0], row[1], row[2], None if row[3] is None else Decimal(row[3]), *row[4:])


def page(connection: sa.Connection, client: str, column: str, month: str, after: tuple[str, int]) -> list[Entry]:
    return [_entry(row) for row in connection.execute(page_statement(client, column, month, after))]


def page_statement(client: str, column: str, month: str, after: tuple[str, int]) -> sa.Select[Any]:
    return (
        sa.select(*_ENTRY)
        .where(ledger.c.client == client, ledger.c[column] == month,
               sa.tuple_(ledger.c.key, ledger.c.revision) > after)
        .order_by(ledger.c.key, ledger.c.revision).limit(PAGE)
    )


def months(connection: sa.Connection, client: str) -> dict[str, State]:
    statement = sa.select(ledger_months.c.month, ledger_months.c.state).where(ledger_months.c.client == client)
    return {row.month: row.state for row in connection.execute(statement)}


# -- the store's side -------------------------------------------------------------------------------------------------

Write = Callable[..., "Future[Any]"]
Read = Callable[..., "Future[Any]"]


class Books:
    """The part of the store that money rests on; `Store.books`."""

    def __init__(self, write: Write, read: Read) -> None:
        self._write = write
        self._read = read

    def post(self, entries: Sequence[Entry], booked: str, run: str | None = None) -> "Future[int]":
        """Entries of one client, each key once, at most PAGE of them, onto the invoice of the month `booked`. What the
        ledger says already is left; what it says otherwise is taken back and said anew. How many rows that took.
        Fails if the month is closed, or if a rating other than `run` has begun."""
        return self._write(post, entries, booked, run, rows=len(entries))

    def withdraw(self, client: str, keys: Sequence[str], booked: str, run: str | None = None) -> "Future[int]":
        """Takes back what stands under these keys, at most PAGE of them."""
        return self._write(withdraw, client, keys, booked, run, rows=len(keys))

    def begin(self, client: str, month: str, run: str) -> "Future[None]":
        """The month is `rating`, by the rating of this name and no earlier one. Fails if it is closed."""
        return self._write(begin_month, client, month, run)

    def end(self, client: str, month: str, run: str) -> "Future[None]":
        """The rating has gone through."""
        return self._write(end_month, client, month, run)

    def months(self, client: str) -> "Future[dict[str, State]]":
        return self._read(months, client)

    def page(
        self, client: str, month: str, after: tuple[str, int] = ("", -1), by: Literal["booked", "month"] = "booked",
    ) -> "Future[list[Entry]]":
        """The next PAGE entries after a key and revision, by the month that they are booked in or are about."""
        return self._read(page, client, by, month, after)

    def facts(
        self, client: str, since: float, until: float, agents: Sequence[str] = (), reach_s: float = 0.0,
    ) -> "Future[Facts]":
        """What a month is rated from, times in epoch seconds: spans of after-call work and the like on the client's
        calls, and all those of the agents named. `reach_s`: how long before calls may have begun that end in the time.
        """
        return self._read(facts, client, since, until, agents, reach_s)

    def unsettled(self, client: str, until: float) -> "Future[int]":
        """Calls from before that are not settled."""
        return self._read(unsettled, client, until)

    def record_sale(self, sale_id: str, call_id: str, at: float, amount: Decimal) -> "Future[None]":
        """The same again changes nothing; fails for another call or amount, or if there is no such call."""
        return self._write(record_sale, sale_id, call_id, at, amount)

    def cancel_sale(self, sale_id: str, at: float) -> "Future[None]":
        """By the sale's id, or the call's whose disposition told it."""
        return self._write(cancel_sale, sale_id, at)

    def sale(self, sale_id: str) -> "Future[Sale | None]":
        return self._read(sale, sale_id)

    def save_score(self, call_id: str, at: float, score: Decimal) -> "Future[None]":
        """Of a test call, 0 to 100."""
        return self._write(save_score, call_id, at, score, fact=True)
