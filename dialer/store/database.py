"""How the two databases are opened: URLs, connection settings, migrations, and which errors mean that the database
is out of order rather than one row being wrong."""

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from dialer.store import direct
from dialer.store.errors import StoreError

BUSY_S = 10.0
"""How long one process waits for another one's transaction on the same SQLite file."""
CACHE_KB = 65_536
"""Of the writer on SQLite: a long list's index is then written a page once, not a page a row."""
MIGRATION_LOCK = 0x6469616C6572
"""Key of PostgreSQL's advisory lock while migrating ("dialer")."""

_WRITE_URL = "write sqlite:///FILE or postgresql://USER@HOST/NAME"
PLANS_S = 60.0
"""How long PostgreSQL keeps a plan of the writer's: one may have been made when a table was empty."""
_FRESH_PLANS = "-c plan_cache_mode=force_custom_plan"
# A PostgreSQL that vanished without a word is noticed within some 15 s.
_POSTGRES_LINK = {
    "application_name": "dialer", "connect_timeout": 5, "tcp_user_timeout": 15000,
    "keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3,
}
# Primary result codes: BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB.
_SQLITE_OUTAGES = {5, 6, 7, 8, 10, 11, 13, 14, 15, 26}
# Classes of SQLSTATE: connection, read-only, rollback (deadlock), out of disk or connections, shut down, I/O.
_POSTGRES_OUTAGES = {"08", "25", "40", "53", "55", "57", "58"}


def parse_url(url: str, password: str | None = None) -> sa.URL:
    """Raises StoreError for anything but a SQLite file or a PostgreSQL database."""
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        raise StoreError(f"the store's URL is not understood: {_WRITE_URL}") from None
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        parsed = parsed.set(drivername="postgresql+psycopg")
        return parsed.set(password=password) if password is not None else parsed
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if parsed.database in (None, "", ":memory:"):
            raise StoreError("the store needs a file (sqlite:///var/dialer.db): memory does not survive a crash")
        return parsed.set(drivername="sqlite+pysqlite")
    raise StoreError(f"the store is SQLite or PostgreSQL, not {parsed.drivername}: {_WRITE_URL}")


def writer_engine(url: sa.URL) -> sa.Engine:
    """One connection, kept. `execution_options(durable=False)` asks for a commit that does not wait for the disk."""
    if url.get_backend_name() == "sqlite":
        _prepare_file(Path(url.database or ""))
        engine = sa.create_engine(
            url, connect_args={"timeout": BUSY_S}, poolclass=sa.NullPool, json_deserializer=_document)
        sa.event.listen(engine, "connect", _set_up_sqlite_writer)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = sa.create_engine(
        url, connect_args=_POSTGRES_LINK, poolclass=sa.NullPool, json_deserializer=_document)
    sa.event.listen(engine, "connect", _set_up_postgres_writer)
    sa.event.listen(engine, "begin", _begin_postgres)
    sa.event.listen(engine, "rollback", direct.forget)
    sa.event.listen(engine, "rollback_savepoint", direct.forget)
    return engine


def reader_engine(url: sa.URL, connections: int) -> sa.Engine:
    """Connections that cannot write, and on SQLite never checkpoint: its versions before 3.51.3 may corrupt the file
    when two connections write or checkpoint at once."""
    if url.get_backend_name() == "sqlite":
        path = quote(os.path.abspath(url.database or ""))
        url = url.set(database=f"file:{path}", query={"mode": "ro", "uri": "true"})
        return sa.create_engine(url, connect_args={"timeout": BUSY_S}, pool_size=connections)
    options = f"{_FRESH_PLANS} -c default_transaction_read_only=on -c statement_timeout=60000"
    link = _POSTGRES_LINK | {"options": options}
    return sa.create_engine(
        url, connect_args=link, pool_size=connections, pool_pre_ping=True, isolation_level="AUTOCOMMIT")


def _document(text: str | bytes) -> Any:
    """What older versions wrote may hold half characters, which are no JSON to some."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _prepare_file(path: Path) -> None:
    """The file holds people's numbers: nobody else may read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(f"cannot write the store's file {path}: {error.strerror}") from error


def _set_up_sqlite_writer(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin when we say so, not when the driver guesses
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "wal_autocheckpoint=4000",
                   "secure_delete=ON", f"cache_size=-{CACHE_KB}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    durable = connection.get_execution_options().get("durable", True)
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def rest(connection: sa.Connection) -> None:
    """What the writer does between writes: finds out whether the database is there, and copies SQLite's log into its
    file, outside of a transaction. The log is on disk already: nothing is lost if this does not come to its end."""
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(PASSIVE)")  # type: ignore[union-attr]
    else:
        connection.exec_driver_sql("SELECT 1")
        connection.commit()  # a rollback would have the driver forget all that is prepared


def _set_up_postgres_writer(connection: Any, record: Any) -> None:
    direct.keeps(record.info)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('synchronous_commit', 'on', false) "
                       "WHERE current_setting('synchronous_commit') = 'off'")
        cursor.execute("SET lock_timeout = '10s'")
        # A plan made when a table was empty would read all of it, for as long as the plan is kept.
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("SET jit = off")  # what is read whole after all counts as beyond all cost
    connection.commit()


def _begin_postgres(connection: sa.Connection) -> None:
    now = time.monotonic()
    if now - connection.info.setdefault("planned", now) > PLANS_S:
        connection.exec_driver_sql("DISCARD PLANS")
        connection.info["planned"] = now
    if not connection.get_execution_options().get("durable", True):
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")


@contextmanager
def turns(url: sa.URL) -> Iterator["Turn"]:
    """The right to write, for as long as a store is open."""
    if url.get_backend_name() != "sqlite":
        yield Turn(None)
        return
    path = f"{url.database}-writer"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}") from error
    try:
        yield Turn(lock)
    finally:
        os.close(lock)


class Turn:
    """`with turn:` around whatever may write to a SQLite file or checkpoint it. One engine has one such connection,
    but a command of the CLI may be a second process, and see `reader_engine`. The lock ends with its process."""

    def __init__(self, lock: int | None) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        deadline = time.monotonic() + BUSY_S
        while self._lock is not None:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise OutageError("another process is writing to the store's file and does not finish") from None
                time.sleep(0.001)

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            fcntl.flock(self._lock, fcntl.LOCK_UN)


class OutageError(Exception):
    """The database cannot be used at the moment."""


def is_outage(error: BaseException) -> bool:
    """Whether the database itself is out of order (gone, full, locked), so that trying again later makes sense.
    Otherwise the row was wrong."""
    if isinstance(error, OutageError | OSError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    origin = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(origin, sqlite3.Error):
        code = getattr(origin, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in _SQLITE_OUTAGES
    if not isinstance(origin, psycopg.Error):
        return False
    if origin.sqlstate is None:  # psycopg itself: the link broke, or a value cannot be sent
        return isinstance(origin, psycopg.OperationalError)
    return origin.sqlstate[:2] in _POSTGRES_OUTAGES


def explain(error: BaseException) -> str:
    """One line for people, without the statement and its values: numbers and names do not belong in logs."""
    origin = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(origin).strip().splitlines()
    return f"{type(origin).__name__}: {lines[0]}" if lines else type(origin).__name__


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def migrate(engine: sa.Engine, turn: Turn, upgrade: bool = True) -> None:
    """Brings the tables up to date in one transaction, one process at a time; without `upgrade` only makes them where
    there are none. Raises StoreError saying what to do."""
    config = migrations()
    try:
        with turn, engine.connect() as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            elif sqlite3.sqlite_version_info < (3, 35):
                raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or later is needed")
            heads = tuple(ScriptDirectory.from_config(config).get_heads())
            stands = MigrationContext.configure(connection).get_current_heads()
            if stands != heads:
                if stands and not upgrade:
                    raise StoreError(
                        "the store's tables are those of another version: stop the engine, then `dialer store "
                        "upgrade`, or start the engine anew, which does it")
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(f"the store was written by another version of dialer: {error}") from error
    except (SQLAlchemyError, OutageError) as error:
        raise StoreError(f"cannot open the store {engine.url.render_as_string()}: {explain(error)}") from error
