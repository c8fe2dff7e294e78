"""What is read from the store, on connections that cannot write; the same for SQLite and PostgreSQL."""

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from dialer.calls.outcome import Outcome
from dialer.store.records import AgentSession, AgentSpan, CallRecord, CampaignTotals, Contact, Talk
from dialer.store.schema import (
    agent_sessions,
    agent_spans,
    calls,
    campaign_status,
    contacts,
    talks,
    tallies,
)

_CALL_COLUMNS = tuple(calls.c[f.name] for f in fields(CallRecord))
_OUTCOME_AT = [f.name for f in fields(CallRecord)].index("outcome")
_TALK_COLUMNS = tuple(talks.c[f.name] for f in fields(Talk))
_SPAN_COLUMNS = tuple(agent_spans.c[f.name] for f in fields(AgentSpan))
_SESSION_COLUMNS = tuple(agent_sessions.c[f.name] for f in fields(AgentSession))
CONTACT_COLUMNS = tuple(contacts.c["others" if f.name == "numbers" else f.name] for f in fields(Contact))
# Written out, not bound: the planners recognise the partial indexes by them.
IS_DUE = contacts.c.state == sa.literal_column("'due'")
IS_WAITING = contacts.c.state == sa.literal_column("'waiting'")
IS_CALLBACK = contacts.c.state == sa.literal_column("'callback'")
# What is asked of a campaign every second or so is put together once.
_OF_CAMPAIGN: sa.BindParameter[str] = sa.bindparam("campaign")
_LISTS = sa.select(tallies.c.name, tallies.c.count).where(tallies.c.campaign == _OF_CAMPAIGN, tallies.c.kind == "lists")
_COUNTED = (
    sa.select(tallies.c.kind, tallies.c.name, tallies.c.count)
    .where(tallies.c.campaign == _OF_CAMPAIGN, tallies.c.kind.in_(("contacts", "outcomes")))
)
_DUE_AT = (
    sa.select(contacts.c.next_at).where(contacts.c.campaign == _OF_CAMPAIGN, IS_DUE).limit(1)
    .order_by(contacts.c.list, contacts.c.rank)  # that index, or all contacts are read where none is due
)
_WAITS_UNTIL = (
    sa.select(contacts.c.next_at)
    .where(IS_WAITING, contacts.c.campaign == _OF_CAMPAIGN, contacts.c.list == sa.bindparam("list"))
    .order_by(contacts.c.next_at).limit(1)
)
_NUMBER_AT, _NUMBERS_AT, _TURN_AT, _STATE_AT = (
    [f.name for f in fields(Contact)].index(name) for name in ("number", "numbers", "turn", "state")
)
_CONTACT = attrgetter(*(f.name for f in fields(Contact)))


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
    row = connection.execute(sa.select(*CONTACT_COLUMNS).where(*where)).one_or_none()
    return None if row is None else contact_of(row)


def contact_of(row: Sequence[Any]) -> Contact:
    """From CONTACT_COLUMNS."""
    values = list(row)
    if others := values[_NUMBERS_AT]:
        numbers = values[_NUMBERS_AT] = (values[_NUMBER_AT], *others)
        values[_NUMBER_AT] = numbers[values[_TURN_AT] % len(numbers)]
    else:
        values[_NUMBERS_AT] = ()
    return Contact(*values)


def claimed(contact: Contact) -> Contact:
    """`replace` takes twice as long."""
    values = list(_CONTACT(contact))
    values[_STATE_AT] = "claimed"
    return Contact(*values)


def next_due_at(connection: sa.Connection, campaign: str) -> float | None:
    """When somebody may be called: one who is due already, else the first of each list's who wait."""
    found = connection.execute(_DUE_AT, {"campaign": campaign}).scalar_one_or_none()
    if found is not None:
        return float(found)
    times = [
        connection.execute(_WAITS_UNTIL, {"campaign": campaign, "list": name}).scalar()
        for name in lists_of(connection, campaign)
    ]
    return min((at for at in times if at is not None), default=None)


def lists_of(connection: sa.Connection, campaign: str) -> dict[str, dict[str, int]]:
    """Contacts by list and state."""
    found: dict[str, dict[str, int]] = {}
    for name, count in connection.execute(_LISTS, {"campaign": campaign}).all():
        in_list, _, state = name.rpartition(":")
        found.setdefault(in_list, {})[state] = count
    return found


def totals(connection: sa.Connection, campaign: str) -> CampaignTotals:
    states = dict.fromkeys(("waiting", "due", "claimed", "done"), 0)
    counted: dict[str, dict[str, int]] = {"contacts": states, "outcomes": {}}
    for kind, name, number in connection.execute(_COUNTED, {"campaign": campaign}):
        counted[kind][name] = number
    due_at, lists = next_due_at(connection, campaign), lists_of(connection, campaign)
    return CampaignTotals(campaign, counted["contacts"], counted["outcomes"], due_at, lists)


def sessions(connection: sa.Connection) -> list[AgentSession]:
    return [AgentSession(*row) for row in connection.execute(sa.select(*_SESSION_COLUMNS))]


def status_of(connection: sa.Connection, campaign: str) -> str | None:
    return (status_since(connection, campaign) or (None, 0.0))[0]


def status_since(connection: sa.Connection, campaign: str) -> tuple[str, float] | None:
    columns = campaign_status.c.status, campaign_status.c.at
    row = connection.execute(sa.select(*columns).where(campaign_status.c.campaign == campaign)).one_or_none()
    return None if row is None else (row.status, row.at)
