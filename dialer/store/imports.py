"""Files read into lists: their rows in chunks, and with each chunk how far the file has come."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dialer.store import bulk
from dialer.store.errors import StoreError
from dialer.store.list_records import Import, Progress, Standing
from dialer.store.queries import Transaction, contact_row, one_by_one
from dialer.store.records import NewContact
from dialer.store.schema import contacts, imports

if TYPE_CHECKING:
    from asyncio import Future

    Ask = Callable[..., Future[Any]]

_PROGRESS = tuple(imports.c[f.name] for f in fields(Progress))
_OWN_NAMES = tuple(f.name for f in fields(Import) if f.name != "progress")
_OWN = tuple(imports.c[name] for name in _OWN_NAMES)
_STANDING = tuple(contacts.c[f.name] for f in fields(Standing))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a file, in its order."""

    import_id: int
    holder: str
    campaign: str
    contacts: Sequence[NewContact]
    lines: Sequence[int]
    """Where each stands in the file."""
    before: Progress
    """Of all that came before."""
    rivals: tuple[str, ...] = ()
    """Other campaigns that shall not have the same numbers."""


# -- writes -----------------------------------------------------------------------------------------------------------


@one_by_one
def begin(tx: Transaction, campaign: str, name: str, path: str, digest: str, at: float, holder: str) -> Import:
    """A new import, or the one of the same file that was cut off."""
    unended = (
        sa.select(imports.c.id)
        .where(imports.c.campaign == campaign, imports.c.list == name, imports.c.digest == digest,
               imports.c.ended_at.is_(None))
        .order_by(imports.c.id.desc()).limit(1).with_for_update()
    )
    own = tx.connection.execute(unended).scalar_one_or_none()
    if own is None:
        row = {"campaign": campaign, "list": name, "path": path, "digest": digest, "started_at": at, "holder": holder}
        new = sa.insert(imports).values(row | asdict(Progress())).returning(imports.c.id)
        own = tx.connection.execute(new).scalar_one()
    else:
        tx.connection.execute(sa.update(imports).where(imports.c.id == own).values(holder=holder, path=path))
    return _import(tx.connection.execute(_imports().where(imports.c.id == own)).one())


@one_by_one
def add(tx: Transaction, chunk: Chunk) -> dict[int, Standing]:
    """By place in the chunk, those that are elsewhere already. May be repeated, in another transaction too: contacts
    that came of these very rows count as new."""
    _write_progress(tx, chunk.import_id, chunk.holder, chunk.before, None)
    standing = standing_of(tx.connection, (chunk.campaign, *chunk.rivals), [new.number for new in chunk.contacts])
    found: dict[int, Standing] = {}
    placed: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for place, (new, line) in enumerate(zip(chunk.contacts, chunk.lines, strict=True)):
        there = standing.get(new.number)
        if there is None and placed.setdefault(new.number, line) == line:
            row = contact_row(chunk.campaign, new)
            row["import_id"], row["line"] = chunk.import_id, line
            rows.append(row)
        elif there is None:
            found[place] = Standing(new.number, chunk.campaign, new.list, chunk.import_id, placed[new.number])
        elif (there.import_id, there.line) != (chunk.import_id, line):
            found[place] = there
    states = Counter((row["list"], row["state"]) for row in rows)
    # The writer tries again, and then sees who was faster.
    if bulk.insert_new(tx.connection, contacts, rows) < len(rows):
        raise StoreError("another node inserts the same contacts: import the file again, it goes on")
    for (in_list, state), count in states.items():
        tx.count_contacts(chunk.campaign, in_list, None, state, count)
    return found


@one_by_one
def finish(tx: Transaction, import_id: int, holder: str, progress: Progress, at: float) -> None:
    _write_progress(tx, import_id, holder, progress, at)


def _write_progress(tx: Transaction, import_id: int, holder: str, progress: Progress, ended_at: float | None) -> None:
    written = tx.connection.execute(
        sa.update(imports).where(imports.c.id == import_id, imports.c.holder == holder)
        .values(asdict(progress) | {"ended_at": ended_at}),
    )
    if written.rowcount == 0:
        raise StoreError("another import of the same file has taken over")


# -- reads ------------------------------------------------------------------------------------------------------------


def standing_of(connection: sa.Connection, campaigns: Sequence[str], numbers: Sequence[str]) -> dict[str, Standing]:
    """Of each number where it stands, first of all in the first campaign."""
    found = {}
    for campaign in reversed(campaigns):
        for row in bulk.among(connection, contacts, _STANDING, {"campaign": campaign}, "number", numbers):
            found[row[0]] = Standing(*row)
    return found


def _imports() -> sa.Select[Any]:
    return sa.select(*_OWN, *_PROGRESS)


def _import(row: Sequence[Any]) -> Import:
    values = dict(zip(_OWN_NAMES, row, strict=False))
    return Import(**values, progress=Progress(*row[len(_OWN):]))


def imports_of(connection: sa.Connection, campaign: str) -> list[Import]:
    found = connection.execute(_imports().where(imports.c.campaign == campaign).order_by(imports.c.id))
    return [_import(row) for row in found]


def imported(connection: sa.Connection, campaign: str, name: str, digest: str) -> bool:
    statement = sa.select(imports.c.id).where(
        imports.c.campaign == campaign, imports.c.list == name, imports.c.digest == digest,
        imports.c.ended_at.is_not(None))
    return connection.execute(statement.limit(1)).one_or_none() is not None


class Imports:
    """The part of the store that lists come into; `Store.imports`."""

    def __init__(self, write: "Ask", read: "Ask") -> None:
        self._write = write
        self._read = read

    def begin(self, campaign: str, name: str, path: str, digest: str, at: float, holder: str) -> "Future[Import]":
        """Of the file with this digest into the list `name`: what was cut off goes on. `holder` is any word of one's
        own: it keeps two from writing to the same import."""
        return self._write(begin, campaign, name, path, digest, at, holder)

    def add(self, chunk: Chunk) -> "Future[dict[int, Standing]]":
        """Contacts, and how far the file had come before them, in one transaction. By place in the chunk: who was there
        already, and where. Fails when another has taken over the import."""
        return self._write(add, chunk, rows=len(chunk.contacts))

    def finish(self, import_id: int, holder: str, progress: Progress, at: float) -> "Future[None]":
        return self._write(finish, import_id, holder, progress, at)

    def of(self, campaign: str) -> "Future[list[Import]]":
        """In the order in which they began."""
        return self._read(imports_of, campaign)

    def ended(self, campaign: str, name: str, digest: str) -> "Future[bool]":
        """Whether this very file was read into the list, to its end."""
        return self._read(imported, campaign, name, digest)

    def standing(self, campaigns: Sequence[str], numbers: Sequence[str]) -> "Future[dict[str, Standing]]":
        """Of some hundred numbers those that are in one of the campaigns, and where; the first campaign goes before."""
        return self._read(standing_of, campaigns, numbers)
