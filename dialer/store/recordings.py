"""Recordings of talks: what there is, until when, who listened."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dialer.store.leading import leading
from dialer.store.queries import Transaction, one_by_one
from dialer.store.recording_schema import listenings, recordings, score_cards
from dialer.store.schema import calls

if TYPE_CHECKING:
    from asyncio import Future

MOST = 1_000


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """A talk's recording."""

    id: str
    call_id: str
    node: str
    switch: str
    client: str
    campaign: str | None
    queue: str | None
    agent: str | None
    """None: of a file that nobody knew."""
    file: str
    """Below the switch's directory of recordings."""
    sound: str
    """mixed, stereo or agent."""
    began_at: float
    until: float
    """When it is deleted."""
    ended_at: float | None = None
    seconds: float | None = None
    """By the file; None while it is not measured."""
    pauses: Sequence[Sequence[float | None]] = ()
    """From and to; silence is in the file there."""
    fault: str | None = None
    """not_started, no_file, or no_record: a file that nobody knew."""
    hold: str | None = None
    """Why it is kept beyond `until`."""
    deleted_at: float | None = None
    deleted_why: str | None = None
    """expired, erased or by_hand."""
    removed_at: float | None = None
    """When its file was gone."""

    @property
    def channels(self) -> int:
        return 2 if self.sound == "stereo" else 1


@dataclass(frozen=True, slots=True)
class Listening:
    recording_id: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Sought:
    """Which recordings; None: any."""

    since: float
    until: float
    client: str | None = None
    campaign: str | None = None
    agent: str | None = None
    call_id: str | None = None


_COLUMNS = tuple(recordings.c[f.name] for f in fields(RecordingRow))
_LATER = ("ended_at", "pauses", "fault")
"""What the engine that records may change of a row: the rest is others'."""


def row_of(found: Mapping[str, Any]) -> RecordingRow:
    row = RecordingRow(**found)
    return replace(row, pauses=tuple(tuple(pause) for pause in row.pauses))


def _row(found: sa.Row[Any]) -> RecordingRow:
    return row_of(dict(found._mapping))


@one_by_one
def save(tx: Transaction, row: RecordingRow) -> None:
    values = asdict(row) | {"pauses": [list(pause) for pause in row.pauses]}
    if tx.insert_new(recordings, [values]):
        return
    tx.connection.execute(
        sa.update(recordings).where(recordings.c.id == row.id).values({name: values[name] for name in _LATER})
    )


@one_by_one
def change(tx: Transaction, recording: str, values: Mapping[str, Any]) -> bool:
    return tx.connection.execute(
        sa.update(recordings).where(recordings.c.id == recording).values(dict(values))
    ).rowcount > 0  # fmt: skip


@one_by_one
def delete(tx: Transaction, recording: str, at: float, why: str) -> bool:
    """Marked: the file follows. False when it is held, gone already, or there is none such."""
    return tx.connection.execute(
        sa.update(recordings)
        .where(recordings.c.id == recording, recordings.c.deleted_at.is_(None), recordings.c.hold.is_(None))
        .values(deleted_at=at, deleted_why=why)
    ).rowcount > 0  # fmt: skip


@one_by_one
def expire(tx: Transaction, now: float) -> int:
    """Those whose time is over: how many."""
    return tx.connection.execute(
        sa.update(recordings)
        .where(recordings.c.until < now, recordings.c.deleted_at.is_(None), recordings.c.hold.is_(None))
        .values(deleted_at=now, deleted_why="expired")
    ).rowcount


@one_by_one
def hold(tx: Transaction, recording: str, reason: str | None) -> bool:
    """False when it is gone already, or there is none such."""
    return tx.connection.execute(
        sa.update(recordings).where(recordings.c.id == recording, recordings.c.deleted_at.is_(None)).values(hold=reason)
    ).rowcount > 0  # fmt: skip


@one_by_one
def removed(tx: Transaction, recording: str, at: float) -> bool:
    """Its file is gone. False when that was told before."""
    return tx.connection.execute(
        sa.update(recordings).where(recordings.c.id == recording, recordings.c.removed_at.is_(None))
        .values(removed_at=at)
    ).rowcount > 0  # fmt: skip


@one_by_one
def listened(tx: Transaction, one: Listening) -> None:
    tx.connection.execute(sa.insert(listenings).values(asdict(one)))


def erase_of(tx: Transaction, numbers: Sequence[str], client: str | None, at: float) -> tuple[int, int]:
    """Marks those of the calls with these numbers, also those that were to be gone and whose files are not: how many
    are deleted, how many kept because they are held. To be asked while the calls still have the numbers."""
    clients = leading(tx.connection, calls.c.client) if client is None else [client]
    theirs = sa.select(calls.c.id).where(calls.c.client.in_(clients), calls.c.number.in_(numbers))
    mine, kept = recordings.c.call_id.in_(theirs), recordings.c.deleted_at.is_(None)
    held = tx.connection.execute(
        sa.select(sa.func.count()).select_from(recordings).where(mine, kept, recordings.c.hold.is_not(None))
    ).scalar_one()
    free = recordings.c.hold.is_(None)
    about = sa.select(recordings.c.id).where(mine, free)
    tx.connection.execute(sa.update(score_cards).where(score_cards.c.recording_id.in_(about)).values(comment=""))
    gone = tx.connection.execute(
        sa.update(recordings).where(mine, free, recordings.c.removed_at.is_(None))
        .values(deleted_at=at, deleted_why="erased")
    ).rowcount
    return gone, held


# -- reads ------------------------------------------------------------------------------------------------------------


def one(connection: sa.Connection, recording: str) -> RecordingRow | None:
    row = connection.execute(sa.select(*_COLUMNS).where(recordings.c.id == recording)).one_or_none()
    return None if row is None else _row(row)


def found(connection: sa.Connection, sought: Sought) -> list[RecordingRow]:
    statement = sa.select(*_COLUMNS).where(recordings.c.began_at >= sought.since, recordings.c.began_at < sought.until)
    for name in ("client", "campaign", "agent", "call_id"):
        if (wanted := getattr(sought, name)) is not None:
            statement = statement.where(recordings.c[name] == wanted)
    return [_row(row) for row in connection.execute(statement.order_by(recordings.c.began_at).limit(MOST))]


def unfinished(connection: sa.Connection, node: str) -> list[RecordingRow]:
    """Of the node: those that go on."""
    statement = sa.select(*_COLUMNS).where(recordings.c.ended_at.is_(None), *_untold(node))
    return [_row(row) for row in connection.execute(statement.order_by(recordings.c.began_at))]


def unmeasured(connection: sa.Connection, node: str, before: float, after: str) -> list[RecordingRow]:
    """Of the node: those that ended before, by id, after this one."""
    statement = sa.select(*_COLUMNS).where(recordings.c.ended_at <= before, recordings.c.id > after, *_untold(node))
    return [_row(row) for row in connection.execute(statement.order_by(recordings.c.id).limit(MOST))]


def _untold(node: str) -> tuple[sa.ColumnElement[bool], ...]:
    return recordings.c.node == node, recordings.c.seconds.is_(None), recordings.c.fault.is_(None)


def to_remove(
    connection: sa.Connection, switches: Sequence[str] | None, marked_at: float | None, after: str
) -> list[RecordingRow]:
    """Deleted, and their files not yet gone: by id, after this one."""
    statement = sa.select(*_COLUMNS).where(
        recordings.c.deleted_at.is_not(None), recordings.c.removed_at.is_(None), recordings.c.id > after)
    if switches is not None:
        statement = statement.where(recordings.c.switch.in_(switches))
    if marked_at is not None:
        statement = statement.where(recordings.c.deleted_at == marked_at)
    return [_row(row) for row in connection.execute(statement.order_by(recordings.c.id).limit(MOST))]


def strangers(connection: sa.Connection, ids: Sequence[str]) -> list[str]:
    """Of these the ones that there is no row of, or whose file should be gone."""
    known = sa.select(recordings.c.id).where(recordings.c.id.in_(ids), recordings.c.removed_at.is_(None))
    mine = set(connection.execute(known).scalars())
    return [one for one in ids if one not in mine]


def listeners(connection: sa.Connection, recording: str) -> list[Listening]:
    columns = (listenings.c.recording_id, listenings.c.by, listenings.c.at)
    statement = sa.select(*columns).where(listenings.c.recording_id == recording).order_by(listenings.c.id)
    return [Listening(*row) for row in connection.execute(statement)]


class RecordingBook:
    """`Store.recordings`."""

    def __init__(self, write: Callable[..., "Future[Any]"], read: Callable[..., "Future[Any]"]) -> None:
        self._write, self._read = write, read

    def save(self, row: RecordingRow) -> "Future[None]":
        """A new one, or what has become of it: its end, its pauses, its fault."""
        return self._write(save, row, fact=True)

    def change(self, recording: str, **values: Any) -> "Future[bool]":
        """Columns of it; False when there is none such."""
        return self._write(change, recording, values, fact=True)

    def delete(self, recording: str, at: float, why: str) -> "Future[bool]":
        """Its file is to follow. False when it is held or gone already."""
        return self._write(delete, recording, at, why, fact=True)

    def expire(self, now: float) -> "Future[int]":
        return self._write(expire, now, fact=True)

    def hold(self, recording: str, reason: str | None) -> "Future[bool]":
        """None ends it. False when it is gone already."""
        return self._write(hold, recording, reason, fact=True)

    def removed(self, recording: str, at: float) -> "Future[bool]":
        """Its file is gone. False when that was told before."""
        return self._write(removed, recording, at, fact=True)

    def listened(self, one: Listening) -> "Future[None]":
        return self._write(listened, one)

    def one(self, recording: str) -> "Future[RecordingRow | None]":
        return self._read(one, recording)

    def found(self, sought: Sought) -> "Future[list[RecordingRow]]":
        """In the order they began, at most MOST."""
        return self._read(found, sought)

    def unfinished(self, node: str) -> "Future[list[RecordingRow]]":
        """Of the node: those that go on."""
        return self._read(unfinished, node)

    def unmeasured(self, node: str, before: float, after: str = "") -> "Future[list[RecordingRow]]":
        """Of the node: those that ended before, in the order of their ids, after this one, at most MOST."""
        return self._read(unmeasured, node, before, after)

    def to_remove(
        self, switches: Sequence[str] | None, marked_at: float | None = None, after: str = ""
    ) -> "Future[list[RecordingRow]]":
        """Of these switches, or any; deleted at that instant, or ever. In the order of their ids, after this one, at
        most MOST."""
        return self._read(to_remove, switches, marked_at, after)

    def strangers(self, ids: Sequence[str]) -> "Future[list[str]]":
        return self._read(strangers, ids)

    def listeners(self, recording: str) -> "Future[list[Listening]]":
        return self._read(listeners, recording)
