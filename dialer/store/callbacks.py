"""Calls promised to people. A contact whose state is `callback` is one: `next_at` is the promised time, its row here
says who promised it and to whom it goes. Whatever else becomes of the contact, the row alone promises nothing."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from dialer.store.desk_records import Callback, Promise
from dialer.store.queries import Transaction, one_by_one
from dialer.store.reads import IS_CALLBACK
from dialer.store.records import CALLBACK
from dialer.store.schema import callbacks, contacts, tallies

CANCELLED = "callback_cancelled"
"""Why a contact is done whose callback was cancelled."""

_PROMISE = tuple(callbacks.c[f.name] for f in fields(Promise))


def _select() -> sa.Select[Any]:
    return (
        sa.select(*_PROMISE, contacts.c.campaign, contacts.c.next_at, contacts.c.number)
        .select_from(contacts.join(callbacks, callbacks.c.contact_id == contacts.c.id))
        .where(IS_CALLBACK)
        .order_by(contacts.c.next_at, contacts.c.id)
    )


def _callback(row: Sequence[Any]) -> Callback:
    *promise, campaign, at, own = row
    made = Promise(*promise)
    return Callback(made, campaign, at, made.number or own)


def coming(connection: sa.Connection, campaigns: Sequence[str], until: float, limit: int) -> list[Callback]:
    """Of each campaign those due by then, the earliest first."""
    found: list[Callback] = []
    for campaign in campaigns:  # one at a time: each is a few rows of an index
        statement = _select().where(contacts.c.campaign == campaign, contacts.c.next_at <= until).limit(limit)
        found += [_callback(row) for row in connection.execute(statement)]
    return found


def of_campaign(connection: sa.Connection, campaign: str, limit: int) -> list[Callback]:
    statement = _select().where(contacts.c.campaign == campaign).limit(limit)
    return [_callback(row) for row in connection.execute(statement)]


def waiting(connection: sa.Connection, campaign: str) -> int:
    """How many callbacks the campaign has, whenever they are."""
    statement = sa.select(tallies.c.count).where(
        tallies.c.campaign == campaign, tallies.c.kind == "contacts", tallies.c.name == CALLBACK)
    return connection.execute(statement).scalar_one_or_none() or 0


def keeping(connection: sa.Connection, call_ids: Sequence[str]) -> list[str]:
    """Of these calls those that are to keep a promise."""
    statement = sa.select(callbacks.c.call_id).where(callbacks.c.call_id.in_(call_ids))
    return list(connection.execute(statement).scalars())


@one_by_one
def promise(tx: Transaction, made: Promise) -> None:
    tx.upsert(callbacks, asdict(made))


@one_by_one
def move(
    tx: Transaction, campaign: str, contact_id: int, at: float | None, change_agent: bool, agent: str | None,
) -> bool:
    """Another time, another agent; False when nothing is promised."""
    found = sa.select(contacts.c.id).where(
        contacts.c.id == contact_id, contacts.c.campaign == campaign, contacts.c.state == CALLBACK).with_for_update()
    if tx.connection.execute(found).one_or_none() is None:
        return False
    if at is not None:
        tx.connection.execute(sa.update(contacts).where(contacts.c.id == contact_id).values(next_at=at))
    if change_agent:
        tx.connection.execute(sa.update(callbacks).where(callbacks.c.contact_id == contact_id).values(agent=agent))
    return True


@one_by_one
def cancel(tx: Transaction, campaign: str, contact_id: int) -> bool:
    """The contact is done; False when nothing is promised."""
    done = (
        sa.update(contacts)
        .where(contacts.c.id == contact_id, contacts.c.campaign == campaign, contacts.c.state == CALLBACK)
        .values(state="done", result=CANCELLED).returning(contacts.c.list)
    )
    in_list = tx.connection.execute(done).scalar_one_or_none()
    if in_list is None:
        return False
    tx.count_contacts(campaign, in_list, CALLBACK, "done")
    return True
