"""PostgreSQL's statements that every claim runs, past SQLAlchemy and the driver's cursors: their way there and back is
more CPU than a statement with few rows. On the connection that SQLAlchemy holds, and in its transaction."""

import re
import select
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import pq
from psycopg.adapt import Transformer
from sqlalchemy.dialects.postgresql import psycopg as dialect

DIALECT = dialect.dialect()  # type: ignore[no-untyped-call]
_PREPARED = "statements of direct.run"
_PARAMETER = re.compile(r"%\((\w+)\)s")
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
_ENDED = pq.TransactionStatus.IDLE

Statement = tuple[str, Mapping[str, Any]]
"""With parameters as in `%(number)s::text`: texts, numbers, lists of them, or nothing."""
_BEGIN: Statement = "BEGIN", {}
_COMMIT: Statement = "COMMIT", {}


@dataclass(frozen=True, slots=True)
class Answer:
    rows: list[tuple[Any, ...]]
    count: int
    """Rows read, or changed."""


@dataclass(slots=True)
class Prepared:
    """What a connection has prepared, by its text. A rollback may have the driver forget all of it."""

    names: dict[bytes, bytes] = field(default_factory=dict)
    made: int = 0


def keeps(info: dict[Any, Any]) -> None:
    """Statements of a connection with this `info` are prepared once, for good."""
    info[_PREPARED] = Prepared()


def forget(connection: sa.Connection, *_: Any) -> None:
    if not connection.invalidated and (prepared := connection.info.get(_PREPARED)) is not None:
        prepared.names.clear()


def run(connection: sa.Connection, statement: str, values: Mapping[str, Any]) -> Answer:
    """Raises psycopg's own errors, which `database.is_outage` knows as well."""
    link = _link(connection)
    opened = link.autocommit or link.pgconn.transaction_status != _ENDED
    return _answer(link, _at_once(connection, [*([] if opened else [_BEGIN]), (statement, values)])[-1])


def finish(connection: sa.Connection, statements: Sequence[Statement]) -> None:
    """These, and the commit, on one way there and back."""
    opened = _link(connection).pgconn.transaction_status != _ENDED
    if opened or statements:
        _at_once(connection, [*([] if opened else [_BEGIN]), *statements, _COMMIT])


def is_postgres(connection: sa.Connection) -> bool:
    return connection.dialect.name == "postgresql"


def text(statement: sa.Executable) -> tuple[str, dict[str, Any]]:
    """For `run`, and the values of those parameters that the statement itself has."""
    compiled: Any = statement.compile(dialect=DIALECT)  # type: ignore[attr-defined]
    return str(compiled), {name: value for name, value in compiled.params.items() if value is not None}


def _link(connection: sa.Connection) -> "psycopg.Connection[Any]":
    link: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return link


def _at_once(connection: sa.Connection, statements: Sequence[Statement]) -> list[Any]:
    """Their results. Raises the first error; then those after it were not done."""
    link = _link(connection)
    prepared: Prepared | None = connection.info.get(_PREPARED)
    told = [_told(*statement) for statement in statements]
    try:
        link.pgconn.enter_pipeline_mode()
        for text, given in told:
            _send(link.pgconn, prepared, text, given)
        link.pgconn.pipeline_sync()
        return _results(link)
    except psycopg.OperationalError as error:
        if link.broken:  # or SQLAlchemy would try to go back on it, and hide why it broke
            connection.invalidate(error)
        raise


def _send(pgconn: Any, prepared: Prepared | None, text: bytes, given: Sequence[bytes | None]) -> None:
    if prepared is None or not given:
        pgconn.send_query_params(text, given)
        return
    name = prepared.names.get(text)
    if name is None:
        prepared.made += 1
        name = prepared.names[text] = b"direct%d" % prepared.made
        pgconn.send_prepare(name, text)
    pgconn.send_query_prepared(name, given)


def _results(link: "psycopg.Connection[Any]") -> list[Any]:
    """Of a pipeline, to its end."""
    pgconn = link.pgconn
    results: list[Any] = []
    try:
        while (result := _next(pgconn)) is None or result.status != pq.ExecStatus.PIPELINE_SYNC:
            results += [] if result is None else [result]
            if pgconn.status != pq.ConnStatus.OK:
                raise psycopg.OperationalError(pgconn.get_error_message())
        pgconn.exit_pipeline_mode()
    except psycopg.OperationalError:
        _check(link, results)  # the server may have said why it ends the connection
        raise
    _check(link, results)
    return results


def _check(link: "psycopg.Connection[Any]", results: Sequence[Any]) -> None:
    for result in results:
        if result.status not in _GOOD:
            if result.error_field(pq.DiagnosticField.SQLSTATE) is None:  # not the server's: the link broke
                raise psycopg.OperationalError(result.get_error_message())
            raise psycopg.errors.error_from_result(result, encoding=link.info.encoding)


def _next(pgconn: Any) -> Any:
    """Waits as the driver does, without keeping other threads from their work."""
    while pgconn.is_busy():
        socket = select.poll()
        socket.register(pgconn.socket, select.POLLIN | (select.POLLOUT if pgconn.flush() else 0))
        socket.poll()
        pgconn.consume_input()
    return pgconn.get_result()


def _told(statement: str, values: Mapping[str, Any]) -> tuple[bytes, list[bytes | None]]:
    text, names = _numbered(statement)
    return text, [_written(values[name]) for name in names]


@cache
def _numbered(statement: str) -> tuple[bytes, tuple[str, ...]]:
    names = tuple(dict.fromkeys(_PARAMETER.findall(statement)))
    return _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", statement).encode(), names


def _written(value: Any) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, list):
        value = "{" + ",".join(map(_element, value)) + "}"
    written: bytes = value.encode() if isinstance(value, str) else repr(value).encode()
    if 0 in written:
        raise psycopg.DataError("a text for PostgreSQL cannot contain NUL")
    return written


def _element(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "NULL" if value is None else repr(value)


def _answer(link: "psycopg.Connection[Any]", result: Any) -> Answer:
    rows: list[tuple[Any, ...]] = []
    if result.ntuples:
        reader = Transformer(link)
        reader.set_pgresult(result)
        rows = reader.load_rows(0, result.ntuples, tuple)
    return Answer(rows, result.command_tuples or 0)
