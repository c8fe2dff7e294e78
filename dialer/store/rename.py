"""A campaign under another name: whatever is kept by the name is kept by the new one."""

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dialer.store.errors import StoreError
from dialer.store.queries import Transaction, one_by_one
from dialer.store.recording_schema import samples
from dialer.store.schema import calls, contacts, do_not_call, metadata, people

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable

    Ask = Callable[..., Future[Any]]

NAMED = tuple(table for table in metadata.tables.values() if "campaign" in table.c)
"""The tables that know a campaign by a column of that name."""
_SCOPED = ((do_not_call.c.scope, do_not_call.c.number), (samples.c.rule, samples.c.recording_id))
"""`campaign:NAME`, and what else is in the key."""
_ENGINES = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'dialer' "
    "AND pid <> pg_backend_pid()")


@one_by_one
def rename(tx: Transaction, old: str, new: str) -> int:
    """How many contacts it has. Raises StoreError saying why not."""
    link = tx.connection
    if tx.dialect == "postgresql" and link.execute(_ENGINES).scalar():
        raise StoreError("an engine is connected to the store, or another command: stop the engine on every node first")
    if not any(_has(link, table, old) for table in NAMED):
        raise StoreError(f"the store knows no campaign `{old}`")
    for table in (contacts, calls, people):
        if _has(link, table, new):
            raise StoreError(
                f"`{new}` has {table.name} of its own: two campaigns cannot be made one; choose a name that is free")
    open_calls = sa.select(sa.func.count()).where(calls.c.campaign == old, calls.c.outcome.is_(None))
    if count := link.execute(open_calls).scalar():
        raise StoreError(
            f"{count} calls of `{old}` are not over: start the engine with it once more, stop it and let them end")
    for table in NAMED:
        if "campaign" in table.primary_key.columns:  # what is kept of one without contacts: that it was stopped, say
            link.execute(sa.delete(table).where(table.c.campaign == new))
        change: dict[str, Any] = {"campaign": new}
        if "queue" in table.c:  # of a campaign's calls it is the campaign
            change["queue"] = sa.case((table.c.queue == old, new), else_=table.c.queue)
        link.execute(sa.update(table).where(table.c.campaign == old).values(change))
    _move_scopes(link, old, new)
    return link.execute(sa.select(sa.func.count()).where(contacts.c.campaign == new)).scalar_one()


def _has(link: sa.Connection, table: sa.Table, campaign: str) -> bool:
    return link.execute(sa.select(sa.literal(1)).where(table.c.campaign == campaign).limit(1)).first() is not None


def _move_scopes(link: sa.Connection, old: str, new: str) -> None:
    """Of two do-not-call entries for a number the one that holds longer stays."""
    before, after = f"campaign:{old}", f"campaign:{new}"
    mine = do_not_call.alias()
    longer = sa.or_(mine.c.until.is_(None), mine.c.until > do_not_call.c.until)
    beaten = sa.exists().where(mine.c.scope == before, mine.c.number == do_not_call.c.number, longer)
    link.execute(sa.delete(do_not_call).where(
        do_not_call.c.scope == after, do_not_call.c.until.is_not(None), beaten))
    for scope, key in _SCOPED:
        other = scope.table.alias()
        there = sa.exists().where(other.c[scope.name] == after, other.c[key.name] == key)
        link.execute(sa.delete(scope.table).where(scope == before, there))
        link.execute(sa.update(scope.table).where(scope == before).values({scope.name: after}))


class Renames:
    """`Store.renames`."""

    def __init__(self, write: "Ask") -> None:
        self._write = write

    def rename(self, old: str, new: str) -> "Future[int]":
        """All that is kept of the campaign is kept under its new name, in one transaction; how many contacts. With no
        engine at work on the store. Raises StoreError saying why not."""
        return self._write(rename, old, new)
