"""PostgreSQL's statements that every claim runs, past SQLAlchemy: its way to the driver and back is half the CPU of one
with few rows. On the connection that SQLAlchemy holds, and in its transaction."""

from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import psycopg as dialect

_CURSOR = "cursor of direct.run"
_DIALECT = dialect.dialect()  # type: ignore[no-untyped-call]


def run(
    connection: sa.Connection, statement: str, values: Any, keep: bool = True,
) -> "psycopg.Cursor[tuple[Any, ...]]":
    """The answer stands until the next statement. `keep`: its plan may be an earlier one, of `database.PLANS_S` ago.
    Raises psycopg's own errors, which `database.is_outage` knows as well."""
    cursor: psycopg.Cursor[tuple[Any, ...]] | None = connection.info.get(_CURSOR)
    if cursor is None:
        link: Any = connection.connection.driver_connection
        cursor = connection.info[_CURSOR] = link.cursor()
    try:
        return cursor.execute(statement.encode(), values, prepare=None if keep else False)
    except psycopg.OperationalError as error:
        if cursor.connection.broken:  # or SQLAlchemy would try to go back on it, and hide why it broke
            connection.invalidate(error)
        raise


def is_postgres(connection: sa.Connection) -> bool:
    return connection.dialect.name == "postgresql"


def text(statement: sa.Executable) -> tuple[str, dict[str, Any]]:
    """For `run`, with parameters by name, and the values of those that the statement itself has."""
    compiled: Any = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
    return str(compiled), {name: value for name, value in compiled.params.items() if value is not None}
