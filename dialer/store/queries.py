"""Every statement of the store, the same for SQLite and PostgreSQL.

Writes take the `Transaction` they are part of; what they do, they do wholly or not at all. Each may be repeated after a
commit of unknown end: what was done is not done twice.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dialer.calls.outcome import Outcome
from dialer.store.errors import StoreError
from dialer.store.records import (
    AgentSession,
    AgentSpan,
    Attempt,
    CallRecord,
    CampaignTotals,
    Contact,
    ContactVerdict,
    NewContact,
    Slot,
    Talk,
)
from dialer.store.schema import (
    agent_sessions,
    agent_spans,
    calls,
    campaign_status,
    contacts,
    dispositions,
    list_imports,
    talks,
    tallies,
)

_CALL_FIELDS = tuple(f.name for f in fields(CallRecord))
_CALL_COLUMNS = tuple(calls.c[name] for name in _CALL_FIELDS)
_OUTCOME_AT = _CALL_FIELDS.index("outcome")
_CONTACT_COLUMNS = tuple(contacts.c[f.name] for f in fields(Contact))
_TALK_COLUMNS = tuple(talks.c[f.name] for f in fields(Talk))
_SPAN_COLUMNS = tuple(agent_spans.c[f.name] for f in fields(AgentSpan))
_SESSION_COLUMNS = tuple(agent_sessions.c[f.name] for f in fields(AgentSession))


@dataclass(slots=True)
class Transaction:
    """What the writer thread gives to each write of a batch."""

    connection: sa.Connection
    tally: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Changes of counts by (campaign, kind, name), written once at the end of the batch."""

    def insert(self, table: sa.Table) -> Any:
        """INSERT with ON CONFLICT: both databases have it, SQLAlchemy names it once for each."""
        return (postgresql if self.connection.dialect.name == "postgresql" else sqlite).insert(table)

    def upsert(self, table: sa.Table, row: Mapping[str, Any]) -> None:
        insert = self.insert(table)
        update = {name: insert.excluded[name] for name in row if name not in table.primary_key.columns}
        statement = insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=update)
        self.connection.execute(statement, [row])

    def insert_new(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> int:
        """How many were not there yet."""
        if not rows:
            return 0
        statement = self.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        return self.connection.execute(statement, rows).rowcount

    def count_contacts(self, campaign: str, before: str | None, after: str, number: int = 1) -> None:
        if before is not None:
            self.tally[campaign, "contacts", before] -= number
        self.tally[campaign, "contacts", after] += number


def _clean(value: Any) -> Any:
    """Numbers and names come from the wire: NUL and half characters would cost us the row."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def _row(record: Any) -> dict[str, Any]:
    return {f.name: _clean(getattr(record, f.name)) for f in fields(record)}


def _call_row(record: CallRecord) -> dict[str, Any]:
    row = _row(record)
    row["outcome"] = None if record.outcome is None else record.outcome.value
    row["over_at"] = record.ended_at or record.answered_at or record.dialled_at or record.created_at
    return row


# -- contacts ---------------------------------------------------------------------------------------------------------


def add_contacts(tx: Transaction, campaign: str, new: Sequence[NewContact]) -> tuple[int, int]:
    rows = [
        {"campaign": campaign, "number": contact.number, "fields": dict(contact.fields), "state": "due", "attempts": 0,
         "tries": {}, "next_at": contact.next_at}
        for contact in new
    ]
    inserted = tx.insert_new(contacts, rows)
    tx.count_contacts(campaign, None, "due", inserted)
    return inserted, len(rows) - inserted


_DUE = (
    sa.select(*_CONTACT_COLUMNS)
    .where(contacts.c.campaign == sa.bindparam("campaign"), contacts.c.state == "due",
           contacts.c.next_at <= sa.bindparam("now"))
    .order_by(contacts.c.next_at, contacts.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
    .with_for_update(skip_locked=True)  # SQLite needs none: one transaction writes at a time
)
_CLAIM = (
    sa.update(contacts).where(contacts.c.id == sa.bindparam("contact"))
    .values(state="claimed", call_id=sa.bindparam("call"))
)


def claim(
    tx: Transaction, campaign: str, slots: Sequence[Slot], record: Callable[[Slot, Contact], CallRecord], now: float,
) -> list[Attempt]:
    due = tx.connection.execute(_DUE, {"campaign": campaign, "now": now, "limit": len(slots)}).all()
    if not due:
        return []
    attempts = [
        Attempt(slot.call_id, slot.switch, slot.agent, replace(Contact(*row), state="claimed"))
        for slot, row in zip(slots, due, strict=False)
    ]
    rows = []
    for slot, attempt in zip(slots, attempts, strict=False):
        call = record(slot, attempt.contact)
        if (call.id, call.contact_id, call.outcome) != (slot.call_id, attempt.contact.id, None):
            raise StoreError(f"the intent of call {slot.call_id} must bear its id, its contact and no outcome")
        rows.append(_call_row(call))
    tx.connection.execute(_CLAIM, [{"contact": attempt.contact.id, "call": attempt.call_id} for attempt in attempts])
    tx.connection.execute(calls.insert(), rows)
    tx.count_contacts(campaign, "due", "claimed", len(attempts))
    return attempts


def release(tx: Transaction, call_ids: Sequence[str]) -> None:
    """Takes back claims whose caller was told that they failed, or is not there any more: nothing was dialled."""
    for call_id in call_ids:
        intent = sa.delete(calls).where(calls.c.id == call_id, calls.c.state == "intended", calls.c.outcome.is_(None))
        if tx.connection.execute(intent).rowcount == 0:
            continue
        freed = tx.connection.execute(
            sa.update(contacts).where(contacts.c.call_id == call_id, contacts.c.state == "claimed")
            .values(state=sa.case((contacts.c.result.is_(None), "due"), else_="done"), call_id=None)
            .returning(contacts.c.campaign, contacts.c.state),
        ).one_or_none()
        if freed is not None:
            tx.count_contacts(freed.campaign, "claimed", freed.state)


def _apply(tx: Transaction, call_id: str, verdict: ContactVerdict, counted: str | None, attempts: int) -> bool:
    """Changes the contact as the verdict says; its reason is charged in place of `counted`. False if there is no such
    contact."""
    found = tx.connection.execute(
        sa.select(contacts.c.campaign, contacts.c.state, contacts.c.tries, contacts.c.call_id, contacts.c.result)
        .where(contacts.c.id == verdict.contact_id).with_for_update(),
    ).one_or_none()
    if found is None:
        return False
    tries = Counter(found.tries)
    tries[counted or ""] -= 1
    tries[verdict.reason] += 1
    change: dict[str, Any] = {
        "attempts": contacts.c.attempts + attempts,
        "tries": {reason: number for reason, number in tries.items() if reason and number > 0},
    }
    mine = found.call_id == call_id or found.state == "due"
    if found.call_id == call_id and found.state == "claimed" and found.result is not None:
        # While this attempt was on its way, an earlier one's disposition ended the contact.
        change |= {"state": "done", "next_at": 0.0}
    elif mine:
        result = verdict.reason if verdict.state == "done" else None
        change |= {"state": verdict.state, "next_at": verdict.next_at, "result": result}
    elif verdict.state == "done":
        # A later attempt has the contact: this one may end it for good, but neither take it away nor open it again.
        change["result"] = verdict.reason
    tx.connection.execute(sa.update(contacts).where(contacts.c.id == verdict.contact_id).values(change))
    if "state" in change:
        tx.count_contacts(found.campaign, found.state, change["state"])
    return True


# -- calls ------------------------------------------------------------------------------------------------------------


def _write_call(tx: Transaction, row: Mapping[str, Any]) -> Any:
    """Insert or update, unless it is settled: then None. Else the row's disposition and charged reason."""
    insert = tx.insert(calls)
    update = {name: insert.excluded[name] for name in row if name != "id"}
    update["disposition"] = sa.func.coalesce(insert.excluded.disposition, calls.c.disposition)
    statement = insert.on_conflict_do_update(index_elements=[calls.c.id], set_=update, where=calls.c.outcome.is_(None))
    return tx.connection.execute(statement.returning(calls.c.disposition), row).one_or_none()


def save_call(tx: Transaction, record: CallRecord) -> None:
    _write_call(tx, _call_row(record) | {"outcome": None})


def settle(
    tx: Transaction, record: CallRecord, verdict: ContactVerdict | None, conversations: Sequence[Talk],
) -> None:
    if record.outcome is None:
        raise StoreError(f"call {record.id} cannot be settled without an outcome")
    written = _write_call(tx, _call_row(record))
    if written is None:
        return
    if written.disposition is not None:
        verdict = _disposed(tx, record.id) or verdict
    if verdict is not None and _apply(tx, record.id, verdict, None, attempts=1):
        _charge(tx, record.id, verdict)
    tx.insert_new(talks, [_row(talk) for talk in conversations])
    if record.campaign is not None:
        tx.tally[record.campaign, "outcomes", record.outcome.value] += 1


def _charge(tx: Transaction, call_id: str, verdict: ContactVerdict) -> None:
    tx.connection.execute(sa.update(calls).where(calls.c.id == call_id), {"counted": verdict.reason})


def _disposed(tx: Transaction, call_id: str) -> ContactVerdict | None:
    row = tx.connection.execute(
        sa.select(dispositions.c.contact_id, dispositions.c.state, dispositions.c.next_at, dispositions.c.reason)
        .where(dispositions.c.call_id == call_id, dispositions.c.contact_id.is_not(None)),
    ).one_or_none()
    return None if row is None else ContactVerdict(*row)


def dispose(
    tx: Transaction, call_id: str, agent: str, code: str, at: float, verdict: ContactVerdict | None,
) -> None:
    """Before the settle the verdict waits for it; afterwards it takes the place of the one that was applied."""
    settled = tx.connection.execute(
        sa.update(calls).where(calls.c.id == call_id).values(disposition=code)
        .returning(calls.c.outcome, calls.c.counted),
    ).one_or_none()
    if settled is None:
        raise StoreError(f"there is no call {call_id} to dispose of")
    row: dict[str, Any] = {"call_id": call_id, "agent": agent, "code": code, "at": at}
    tx.upsert(dispositions, row if verdict is None else row | _row(verdict))
    if settled.outcome is None or verdict is None:
        return
    charged = settled.counted is not None
    if _apply(tx, call_id, verdict, settled.counted, attempts=0 if charged else 1):
        _charge(tx, call_id, verdict)


# -- agents, campaigns, lists -----------------------------------------------------------------------------------------


def save_span(tx: Transaction, span: AgentSpan) -> None:
    tx.insert_new(agent_spans, [_row(span)])


def save_session(tx: Transaction, session: AgentSession) -> None:
    tx.upsert(agent_sessions, _row(session))


def drop_session(tx: Transaction, agent: str) -> None:
    tx.connection.execute(sa.delete(agent_sessions).where(agent_sessions.c.agent == agent))


def save_campaign_status(tx: Transaction, campaign: str, status: str, at: float) -> None:
    tx.upsert(campaign_status, {"campaign": campaign, "status": status, "at": at})


def save_list_import(tx: Transaction, row: Mapping[str, Any]) -> None:
    tx.upsert(list_imports, row)


def write_tally(tx: Transaction) -> None:
    """Last in the transaction, in one order everywhere: engines meet on these rows, and only for the commit."""
    rows = [
        {"campaign": campaign, "kind": kind, "name": name, "count": change}
        for (campaign, kind, name), change in sorted(tx.tally.items()) if change
    ]
    if rows:
        insert = tx.insert(tallies)
        update = {"count": tallies.c.count + insert.excluded.count}
        tx.connection.execute(insert.on_conflict_do_update(index_elements=list(tallies.primary_key), set_=update), rows)


# -- reads ------------------------------------------------------------------------------------------------------------


def _calls(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[CallRecord]:
    statement = sa.select(*_CALL_COLUMNS).where(*where).order_by(calls.c.over_at, calls.c.id)
    return [_call(row) for row in connection.execute(statement)]


def _call(row: Sequence[Any]) -> CallRecord:
    values = list(row)
    if values[_OUTCOME_AT] is not None:
        values[_OUTCOME_AT] = Outcome(values[_OUTCOME_AT])
    return CallRecord(*values)


def call(connection: sa.Connection, call_id: str) -> CallRecord | None:
    return next(iter(_calls(connection, calls.c.id == call_id)), None)


def open_calls(connection: sa.Connection, node: str) -> list[CallRecord]:
    return _calls(connection, calls.c.node == node, calls.c.outcome.is_(None))


def settled_calls(
    connection: sa.Connection, since: float, until: float | None, campaign: str | None,
) -> list[CallRecord]:
    where = [calls.c.outcome.is_not(None), calls.c.over_at >= since]
    if until is not None:
        where.append(calls.c.over_at < until)
    if campaign is not None:
        where.append(calls.c.campaign == campaign)
    return _calls(connection, *where)


def talks_since(connection: sa.Connection, since: float, until: float | None) -> list[Talk]:
    return [Talk(*row) for row in connection.execute(_ended(talks, _TALK_COLUMNS, since, until))]


def spans_since(connection: sa.Connection, since: float, until: float | None) -> list[AgentSpan]:
    return [AgentSpan(*row) for row in connection.execute(_ended(agent_spans, _SPAN_COLUMNS, since, until))]


def _ended(
    table: sa.Table, columns: Sequence[sa.Column[Any]], since: float, until: float | None,
) -> sa.Select[Any]:
    statement = sa.select(*columns).where(table.c.ended_at >= since).order_by(table.c.ended_at)
    return statement if until is None else statement.where(table.c.ended_at < until)


def contact(connection: sa.Connection, contact_id: int) -> Contact | None:
    return _contact(connection, contacts.c.id == contact_id)


def contact_by_number(connection: sa.Connection, campaign: str, number: str) -> Contact | None:
    return _contact(connection, contacts.c.campaign == campaign, contacts.c.number == number)


def _contact(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> Contact | None:
    row = connection.execute(sa.select(*_CONTACT_COLUMNS).where(*where)).one_or_none()
    return None if row is None else Contact(*row)


def next_due_at(connection: sa.Connection, campaign: str) -> float | None:
    earliest: float | None = connection.execute(
        sa.select(sa.func.min(contacts.c.next_at)).where(contacts.c.campaign == campaign, contacts.c.state == "due"),
    ).scalar_one()
    return earliest


def totals(connection: sa.Connection, campaign: str) -> CampaignTotals:
    counted: dict[str, dict[str, int]] = {"contacts": {"due": 0, "claimed": 0, "done": 0}, "outcomes": {}}
    statement = sa.select(tallies.c.kind, tallies.c.name, tallies.c.count).where(tallies.c.campaign == campaign)
    for kind, name, number in connection.execute(statement):
        counted[kind][name] = number
    return CampaignTotals(campaign, counted["contacts"], counted["outcomes"], next_due_at(connection, campaign))


def sessions(connection: sa.Connection) -> list[AgentSession]:
    return [AgentSession(*row) for row in connection.execute(sa.select(*_SESSION_COLUMNS))]


def status_of(connection: sa.Connection, campaign: str) -> str | None:
    statement = sa.select(campaign_status.c.status).where(campaign_status.c.campaign == campaign)
    return connection.execute(statement).scalar_one_or_none()


def list_imported(connection: sa.Connection, campaign: str, path: str, digest: str) -> bool:
    statement = sa.select(list_imports.c.at).where(
        list_imports.c.campaign == campaign, list_imports.c.path == path, list_imports.c.digest == digest)
    return connection.execute(statement).one_or_none() is not None
