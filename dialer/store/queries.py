"""Every write of the store, the same for SQLite and PostgreSQL.

A query gets the transaction and the arguments of all its writes in it, and returns as many results. It may be repeated
after a commit of unknown end: what was done is not done twice.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dialer.calls.outcome import Outcome
from dialer.numbers import country_of
from dialer.store import bulk, direct
from dialer.store.errors import StoreError
from dialer.store.records import (
    PEOPLE_S,
    AgentSession,
    AgentSpan,
    CallRecord,
    ContactState,
    ContactVerdict,
    NewContact,
    Talk,
    in_part,
)
from dialer.store.schema import (
    agent_sessions,
    agent_spans,
    calls,
    campaign_status,
    contacts,
    dispositions,
    people,
    talks,
    tallies,
)

_ANSWERED = (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.MACHINE)
T = TypeVar("T")
Query = Callable[["Transaction", Sequence[Any]], Sequence[Any]]


@dataclass(slots=True)
class Transaction:
    """What the writer thread gives to each query of a batch."""

    connection: sa.Connection
    tally: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Changes of counts by (campaign, kind, name), written once at the end of the batch."""
    people: Counter[tuple[str, int, str, str]] = field(default_factory=Counter)
    """The same of answered attempts, by (campaign, slot, country, outcome)."""
    earlier: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """What the batch did to `tally` before this part of it."""

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    def upsert(self, table: sa.Table, row: Mapping[str, Any]) -> None:
        self.connection.execute(_upsert(self.dialect, table, tuple(row)), row)

    def insert_new(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> int:
        """How many were not there yet."""
        return self.connection.execute(_insert_new(self.dialect, table), rows).rowcount if rows else 0

    def count_contacts(self, campaign: str, in_list: str, before: str | None, after: str, number: int = 1) -> None:
        for state, change in ((before, -number), (after, number)):
            if state is not None:
                self.tally[campaign, "contacts", state] += change
                self.tally[campaign, "lists", f"{in_list}:{state}"] += change


# -- statements: built once, for building one costs more than running it ----------------------------------------------


def insert_into(dialect: str, table: sa.Table) -> Any:
    """INSERT with ON CONFLICT: both databases have it, SQLAlchemy names it once for each."""
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)


@cache
def _insert_new(dialect: str, table: sa.Table) -> Any:
    return insert_into(dialect, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


@cache
def _upsert(dialect: str, table: sa.Table, names: tuple[str, ...]) -> Any:
    insert = insert_into(dialect, table)
    update = {name: insert.excluded[name] for name in names if name not in table.primary_key.columns}
    return insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=update)


@cache
def _write_call(dialect: str, settling: bool) -> Any:
    """Insert or update, unless it is settled."""
    insert = insert_into(dialect, calls)
    update = {name: insert.excluded[name] for name in (*_CALL_FIELDS, "over_at", *(["counted"] if settling else []))}
    del update["id"]
    update["disposition"] = sa.func.coalesce(insert.excluded.disposition, calls.c.disposition)
    return insert.on_conflict_do_update(index_elements=[calls.c.id], set_=update, where=calls.c.outcome.is_(None))


_STANDING = ("state", "next_at", "result", "attempts", "tries", "turn")
"""What a verdict changes of a contact."""
_KNOWN = (
    sa.select(calls.c.id, calls.c.outcome, calls.c.disposition)
    .where(calls.c.id.in_(sa.bindparam("ids", expanding=True))).order_by(calls.c.id).with_for_update()
)
_JUDGED = (
    sa.select(contacts.c.id, contacts.c.campaign, contacts.c.list, contacts.c.call_id,
              *(contacts.c[name] for name in _STANDING))
    .where(contacts.c.id.in_(sa.bindparam("ids", expanding=True))).order_by(contacts.c.id).with_for_update()
)
_JUDGE = (
    sa.update(contacts).where(contacts.c.id == sa.bindparam("contact"))
    .values({name: sa.bindparam(name) for name in _STANDING})
)
_CHARGE = sa.update(calls).where(calls.c.id == sa.bindparam("call")).values(counted=sa.bindparam("counted"))
_DISPOSE = (
    sa.update(calls).where(calls.c.id == sa.bindparam("call"))
    .values(disposition=sa.bindparam("disposition"), refused=sa.bindparam("refused"))
    .returning(calls.c.outcome, calls.c.counted)
)
_DISPOSED = (
    sa.select(dispositions.c.contact_id, dispositions.c.state, dispositions.c.next_at, dispositions.c.reason,
              dispositions.c.turn, dispositions.c.result)
    .where(dispositions.c.call_id == sa.bindparam("call"), dispositions.c.contact_id.is_not(None))
)

# -- rows -------------------------------------------------------------------------------------------------------------


_NAMES: dict[type[Any], tuple[str, ...]] = {
    record: tuple(f.name for f in fields(record))
    for record in (CallRecord, Talk, AgentSpan, AgentSession, ContactVerdict)
}
_VALUES = {record: attrgetter(*names) for record, names in _NAMES.items()}
_CALL_FIELDS = _NAMES[CallRecord]
_CALL_VALUES = _VALUES[CallRecord]
_OWN = ("id", "contact_id")


def _row(record: Any) -> dict[str, Any]:
    row = dict(zip(_NAMES[type(record)], _VALUES[type(record)](record), strict=True))
    for name, value in row.items():
        if type(value) is str and not value.isprintable():
            row[name] = _clean(value)
    return row


def _clean(value: Any) -> Any:
    """Numbers and names come from the wire: NUL and half characters would cost us the row."""
    if type(value) is not str or value.isprintable():
        return value
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def columns_of(records: Sequence[CallRecord]) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Of calls that are only intended: lists of what differs, and what is the same for all. Nulls are left out."""
    each: dict[str, list[Any]] = {}
    same: dict[str, Any] = {}
    columns = zip(*map(_CALL_VALUES, records), strict=True)
    for name, column in (*zip(_CALL_FIELDS, columns, strict=True), ("over_at", tuple(map(_over_at, records)))):
        if name in _OWN or column.count(column[0]) < len(column):
            each[name] = [*map(_clean, column)]
        elif column[0] is not None:
            same[name] = _clean(column[0])
    return each, same


def call_row(record: CallRecord) -> dict[str, Any]:
    row = _row(record)
    row["outcome"] = None if record.outcome is None else record.outcome.value
    row["over_at"] = _over_at(record)
    return row


def _over_at(record: CallRecord) -> float:
    return record.ended_at or record.answered_at or record.dialled_at or record.created_at


def one_by_one(write: Callable[..., T]) -> Callable[["Transaction", Sequence[Any]], list[T]]:
    """A query out of what does one write."""
    def query(tx: Transaction, many: Sequence[Any]) -> list[T]:
        return [write(tx, *arguments) for arguments in many]
    return query


# -- contacts ---------------------------------------------------------------------------------------------------------


def contact_row(campaign: str, new: NewContact) -> dict[str, Any]:
    return {
        "campaign": campaign, "number": new.number, "fields": dict(new.fields), "state": first_state(new),
        "attempts": 0, "tries": {}, "next_at": new.next_at, "others": list(new.others) or None, "list": new.list,
        "rank": new.rank, "timezone": new.timezone,
    }


@one_by_one
def add_contacts(tx: Transaction, campaign: str, new: Sequence[NewContact]) -> tuple[int, int]:
    by_state: dict[tuple[str, ContactState], list[dict[str, Any]]] = {}
    for contact in new:
        by_state.setdefault((contact.list, first_state(contact)), []).append(contact_row(campaign, contact))
    inserted = 0
    for (in_list, state), rows in by_state.items():
        inserted += (count := tx.insert_new(contacts, rows))
        tx.count_contacts(campaign, in_list, None, state, count)
    return inserted, len(new) - inserted


def first_state(new: NewContact) -> ContactState:
    """Without asking the clock: one whose time is past already waits until the next claim."""
    return "held_back" if new.held_back else "waiting" if new.next_at > 0 else "due"


@dataclass(frozen=True, slots=True)
class _Word:
    """What a call has to say about a contact; its reason is charged in place of `charged`."""

    call_id: str
    verdict: ContactVerdict
    charged: str | None = None


def _judge(tx: Transaction, words: Iterable[_Word]) -> None:
    """Changes the contacts as the words say, one after the other."""
    by_contact: dict[int, list[_Word]] = {}
    for word in words:
        by_contact.setdefault(word.verdict.contact_id, []).append(word)
    if not by_contact:
        return
    changed = []
    for row in tx.connection.execute(_JUDGED, {"ids": sorted(by_contact)}).mappings().all():
        contact = before = dict(row)
        for word in by_contact[row["id"]]:
            contact = _judged(contact, word)
        tx.count_contacts(contact["campaign"], contact["list"], before["state"], contact["state"])
        changed.append({name: contact[name] for name in _STANDING} | {"contact": contact["id"]})
    if changed:
        tx.connection.execute(_JUDGE, changed)


def _judged(contact: dict[str, Any], word: _Word) -> dict[str, Any]:
    verdict, tries = word.verdict, Counter(contact["tries"])
    tries[word.charged or ""] -= 1
    tries[verdict.reason] += 1
    first = word.charged is None
    if first and verdict.part and verdict.reason:
        tries[in_part(verdict.part)] += 1
    contact = contact | {
        "attempts": contact["attempts"] + (1 if first else 0),
        "tries": {reason: number for reason, number in tries.items() if reason and number > 0},
    }
    latest = contact["call_id"] == word.call_id
    if latest and contact["state"] == "claimed" and contact["result"] is not None:
        # While this attempt was on its way, an earlier one's disposition ended the contact.
        return contact | {"state": "done"}
    result = (verdict.result or verdict.reason) if verdict.state == "done" else None
    if latest or contact["state"] in ("waiting", "due", "held_back"):
        return contact | {"state": verdict.state, "next_at": verdict.next_at, "result": result, "turn": verdict.turn}
    if verdict.state == "done":
        # A later attempt has the contact: this one may end it for good, but neither take it away nor open it again.
        return contact | {"result": result}
    return contact


# -- calls ------------------------------------------------------------------------------------------------------------


def save_calls(tx: Transaction, many: Sequence[tuple[CallRecord]]) -> list[None]:
    rows = {record.id: call_row(record) | {"outcome": None} for record, in many}
    tx.connection.execute(_write_call(tx.dialect, settling=False), list(rows.values()))
    return [None] * len(many)


def settle(
    tx: Transaction, many: Sequence[tuple[CallRecord, ContactVerdict | None, Sequence[Talk]]],
) -> list[None]:
    new = {settling[0].id: settling for settling in reversed(many)}  # of a call settled twice, the first
    known = tx.connection.execute(_KNOWN, {"ids": sorted(new)}).all()
    for call_id, outcome, _ in known:
        if outcome is not None:
            del new[call_id]
    if not new:
        return [None] * len(many)
    words = {record.id: verdict for record, verdict, _ in new.values() if verdict is not None}
    for call_id, outcome, disposition in known:
        if outcome is None and disposition is not None and (disposed := _disposed(tx, call_id)) is not None:
            words[call_id] = replace(disposed, part=words[call_id].part if call_id in words else "")
    rows = []
    for record, *_ in new.values():
        if record.outcome is None:
            raise StoreError(f"call {record.id} cannot be settled without an outcome")
        rows.append(call_row(record) | {"counted": words[record.id].reason if record.id in words else None})
        if record.campaign is not None:
            tx.tally[record.campaign, "outcomes", record.outcome.value] += 1
            if record.outcome in _ANSWERED:
                slot = int(rows[-1]["over_at"] // PEOPLE_S)
                tx.people[record.campaign, slot, country_of(record.number), record.outcome.value] += 1
    tx.connection.execute(_write_call(tx.dialect, settling=True), rows)
    _judge(tx, [_Word(call_id, verdict) for call_id, verdict in words.items()])
    tx.insert_new(talks, [_row(talk) for *_, talked in new.values() for talk in talked])
    return [None] * len(many)


def _disposed(tx: Transaction, call_id: str) -> ContactVerdict | None:
    """The verdict that a disposition left for the settle."""
    row = tx.connection.execute(_DISPOSED, {"call": call_id}).one_or_none()
    return None if row is None else ContactVerdict(*row[:4], turn=row.turn or 0, result=row.result or "")


def _without_part(verdict: ContactVerdict) -> dict[str, Any]:
    """The part of the day is counted when the call is settled."""
    row = _row(verdict)
    del row["part"]
    return row


@one_by_one
def dispose(
    tx: Transaction, call_id: str, agent: str, code: str, at: float, verdict: ContactVerdict | None, refused: bool,
) -> None:
    """Before the settle the verdict waits for it; afterwards it takes the place of the one that was applied."""
    call = tx.connection.execute(_DISPOSE, {"call": call_id, "disposition": code, "refused": refused}).one_or_none()
    if call is None:
        raise StoreError(f"there is no call {call_id} to dispose of")
    row: dict[str, Any] = {"call_id": call_id, "agent": agent, "code": code, "at": at}
    tx.upsert(dispositions, row if verdict is None else row | _without_part(verdict))
    if call.outcome is not None and verdict is not None:
        _judge(tx, [_Word(call_id, verdict, call.counted)])
        tx.connection.execute(_CHARGE, {"call": call_id, "counted": verdict.reason})


# -- agents, campaigns, lists -----------------------------------------------------------------------------------------


def save_spans(tx: Transaction, many: Sequence[tuple[AgentSpan]]) -> list[None]:
    tx.insert_new(agent_spans, [_row(span) for span, in many])
    return [None] * len(many)


@one_by_one
def save_session(tx: Transaction, session: AgentSession) -> None:
    tx.upsert(agent_sessions, _row(session))


@one_by_one
def drop_session(tx: Transaction, agent: str) -> None:
    tx.connection.execute(sa.delete(agent_sessions).where(agent_sessions.c.agent == agent))


@one_by_one
def save_campaign_status(tx: Transaction, campaign: str, status: str, at: float) -> None:
    tx.upsert(campaign_status, {"campaign": campaign, "status": status, "at": at})


# -- the batch --------------------------------------------------------------------------------------------------------

_FIRST: tuple[Query, ...] = (save_calls, settle, dispose, save_spans)


def rank(query: Query) -> int:
    """The order of queries within a batch, so that each runs once for all its writes. Nobody has heard of any of them
    yet; a call is saved before it is settled, and settled before contacts are claimed."""
    return _FIRST.index(query) if query in _FIRST else len(_FIRST)


def write_tally(tx: Transaction) -> None:
    """Last in the transaction, in one order everywhere: engines meet on these rows, and only for the commit."""
    rows = [
        {"campaign": campaign, "kind": kind, "name": name, "count": change}
        for (campaign, kind, name), change in sorted(tx.tally.items()) if change
    ]
    counted = [
        {"campaign": campaign, "slot": slot, "country": country, "outcome": outcome, "count": count}
        for (campaign, slot, country, outcome), count in sorted(tx.people.items())
    ]
    if direct.is_postgres(tx.connection):
        direct.finish(tx.connection, [
            bulk.adding(table, those, "count") for table, those in ((tallies, rows), (people, counted)) if those])
        return
    bulk.add(tx.connection, tallies, rows, "count")
    bulk.add(tx.connection, people, counted, "count")
