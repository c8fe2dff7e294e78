"""Consents: added, ended, never changed; looked up by an index that holds all that a claim asks."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from dialer.store.queries import Transaction, one_by_one
from dialer.store.records import Consent
from dialer.store.schema import consents, contacts, refusals

_COLUMNS = tuple(consents.c[f.name] for f in fields(Consent))


def valid(these: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Those that were not revoked, for a client's purpose, of some numbers."""
    return (
        sa.select(consents.c.number, consents.c.given_at, consents.c.until)
        .where(these, consents.c.client == sa.bindparam("client"), consents.c.purpose == sa.bindparam("purpose"),
               consents.c.revoked_at.is_(None))
    )  # fmt: skip


def of_number(connection: sa.Connection, number: str, client: str | None = None) -> list[Consent]:
    """Also those that are over; the latest first."""
    statement = sa.select(*_COLUMNS).where(consents.c.number == number).order_by(consents.c.given_at.desc())
    if client is not None:
        statement = statement.where(consents.c.client == client)
    return [Consent(*row) for row in connection.execute(statement)]


@one_by_one
def add(tx: Transaction, given: Sequence[Consent]) -> int:
    """How many were new. One of the same person, purpose and moment is the same one."""
    rows: list[dict[str, Any]] = [asdict(one) for one in given]
    return tx.insert_new(consents, rows)


@one_by_one
def revoke(tx: Transaction, client: str, number: str, purpose: str | None, at: float) -> int:
    """How many ended; of every purpose when none is named."""
    ended = (
        sa.update(consents)
        .where(consents.c.client == client, consents.c.number == number, consents.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    if purpose is not None:
        ended = ended.where(consents.c.purpose == purpose)
    return tx.connection.execute(ended).rowcount


@one_by_one
def wake(tx: Transaction, numbers: Collection[str], campaigns: Collection[str], at: float) -> list[str]:
    """Contacts that a missing consent put off are due at once. The campaigns that have one."""
    put_off = (
        sa.select(refusals.c.contact_id)
        .where(refusals.c.contact_id == contacts.c.id, refusals.c.until == contacts.c.next_at,
               refusals.c.text.contains("consent"))
    )
    woken = (
        sa.update(contacts)
        .where(contacts.c.campaign.in_(campaigns), contacts.c.number.in_(numbers), contacts.c.next_at > at,
               contacts.c.state.not_in(("claimed", "done")), put_off.exists())
        .values(next_at=at).returning(contacts.c.campaign)
    )
    return sorted(set(tx.connection.execute(woken).scalars()))
