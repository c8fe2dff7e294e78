"""Contacts with what came of them, a page at a time in the order of their numbers: however many there are."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dialer.store.list_records import Outcomes
from dialer.store.reads import lists_of
from dialer.store.schema import calls, contacts

if TYPE_CHECKING:
    from asyncio import Future

    Ask = Callable[..., Future[Any]]

PAGE = 1_000
_COLUMNS = (
    contacts.c.id, contacts.c.number, contacts.c.others, contacts.c.list, contacts.c.fields, contacts.c.state,
    contacts.c.result, contacts.c.attempts, contacts.c.next_at, calls.c.created_at, calls.c.outcome, calls.c.agent,
    calls.c.disposition,
)
_TALKED = (
    sa.select(calls.c.contact_id, sa.func.sum(calls.c.talk_s))
    .where(calls.c.contact_id.in_(sa.bindparam("ids", expanding=True))).group_by(calls.c.contact_id)
)


def page(
    connection: sa.Connection, campaign: str, name: str | None, since: float | None, after: str,
) -> list[Outcomes]:
    """By the index that keeps numbers unique: it reads PAGE rows, wherever it is."""
    where = [contacts.c.campaign == campaign, contacts.c.number > after]
    if name is not None:
        where.append(contacts.c.list == name)
    if since is not None:
        where.append(calls.c.created_at >= since)
    found = connection.execute(
        sa.select(*_COLUMNS).select_from(contacts.outerjoin(calls, calls.c.id == contacts.c.call_id))
        .where(*where).order_by(contacts.c.number).limit(PAGE),
    )
    rows = [Outcomes(*values) for values in map(tuple, found)]
    called = [row.id for row in rows if row.called_at is not None]
    talked = dict(connection.execute(_TALKED, {"ids": called}).all()) if called else {}
    return [replace(row, talk_s=talked[row.id]) if row.id in talked else row for row in rows]


def field_names(connection: sa.Connection, campaign: str, name: str | None) -> list[str]:
    """Of all its contacts' own fields, those of the first contact first. Reads every contact once."""
    keys = "json_each(contacts.fields) AS field" if connection.dialect.name == "sqlite" else (
        "json_object_keys(contacts.fields) AS field (key)")
    listed = "" if name is None else " AND contacts.list = :list"
    told = {"campaign": campaign, "list": name} if name is not None else {"campaign": campaign}
    one = f"(SELECT * FROM contacts WHERE campaign = :campaign{listed} LIMIT 1) AS contacts"
    first = connection.execute(sa.text(f"SELECT field.key FROM {one}, {keys}"), told).scalars().all()
    every = connection.execute(
        sa.text(f"SELECT DISTINCT field.key FROM contacts, {keys} WHERE contacts.campaign = :campaign{listed}"),
        told).scalars().all()
    return [*first, *sorted(set(every) - set(first))]


def counts(connection: sa.Connection, campaign: str) -> list[tuple[str, str, int]]:
    """List, state and how many."""
    lists = lists_of(connection, campaign)
    return [(name, state, count) for name, states in sorted(lists.items()) for state, count in sorted(states.items())]


class ListReads:
    """What is read of whole lists; `Store.lists`."""

    def __init__(self, read: "Ask") -> None:
        self._read = read

    def page(
        self, campaign: str, name: str | None = None, since: float | None = None, after: str = "",
    ) -> "Future[Sequence[Outcomes]]":
        """The next PAGE contacts after a number: of one list, called since, or all."""
        return self._read(page, campaign, name, since, after)

    def field_names(self, campaign: str, name: str | None = None) -> "Future[list[str]]":
        return self._read(field_names, campaign, name)

    def counts(self, campaign: str) -> "Future[list[tuple[str, str, int]]]":
        """Contacts by list and state."""
        return self._read(counts, campaign)
