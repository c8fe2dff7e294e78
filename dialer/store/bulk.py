"""Many rows at once, past SQLAlchemy's work on every value, which takes longer than the database. PostgreSQL gets them
as one document: planned once, sent once, taken apart by the server.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dialer.store import direct

Row = dict[str, Any]
"""All rows of a statement have the same columns in the same order."""


def insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    _run(connection, table, rows, "insert")


def insert_new(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> int:
    """How many were not there yet."""
    return _run(connection, table, rows, "insert_new")


def add(connection: sa.Connection, table: sa.Table, rows: Sequence[Row], *sums: str) -> None:
    """Inserts them, each key once. What is there already gets the new values; the columns `sums` get them added."""
    _run(connection, table, rows, "add", sums)


def adding(table: sa.Table, rows: Sequence[Row], *sums: str) -> direct.Statement:
    """The same for PostgreSQL, for `direct.finish`. There must be rows."""
    return _statement("postgresql", table, tuple(rows[0]), "add", sums), {"rows": document(rows)}


def update(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """By the first of their columns."""
    _run(connection, table, rows, "update")


def _run(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Row], what: str, sums: tuple[str, ...] = (),
) -> int:
    if not rows:
        return 0
    names = tuple(rows[0])
    statement = _statement(connection.dialect.name, table, names, what, sums)
    if connection.dialect.name == "postgresql":
        return direct.run(connection, statement, {"rows": document(rows)}).count
    documents = [place for place, name in enumerate(names) if isinstance(table.c[name].type, sa.JSON)]
    values = [list(row.values()) for row in rows]
    for one in values:
        for place in documents:
            one[place] = None if one[place] is None else document(one[place])
    if what == "update":
        values = [[*one[1:], one[0]] for one in values]
    return connection.exec_driver_sql(statement, [tuple(one) for one in values]).rowcount


@cache
def _statement(dialect: str, table: sa.Table, names: tuple[str, ...], what: str, sums: tuple[str, ...]) -> str:
    new = f"json_to_recordset(%(rows)s::json) AS new ({types_of(table, names)})"
    if what == "update":
        key, *others = map(_name, names)
        values = ", ".join(f"{one} = {f'new.{one}' if dialect == 'postgresql' else '?'}" for one in others)
        source, value = (f" FROM {new}", f"new.{key}") if dialect == "postgresql" else ("", "?")
        return f'UPDATE "{table.name}" SET {values}{source} WHERE "{table.name}".{key} = {value}'
    columns = _names(names)
    source = f"SELECT {columns} FROM {new}" if dialect == "postgresql" else f"VALUES ({', '.join('?' * len(names))})"
    return f'INSERT INTO "{table.name}" ({columns}) {source}{_conflict(table, names, what, sums)}'


def _conflict(table: sa.Table, names: tuple[str, ...], what: str, sums: tuple[str, ...]) -> str:
    if what != "add":
        return " ON CONFLICT DO NOTHING" if what == "insert_new" else ""
    key = [column.name for column in table.primary_key]
    values = ", ".join(
        f"{_name(name)} = " + (f'"{table.name}".{_name(name)} + ' if name in sums else "") + f"excluded.{_name(name)}"
        for name in names if name not in key
    )
    return f" ON CONFLICT ({_names(key)}) DO UPDATE SET {values}"


def among(
    connection: sa.Connection, table: sa.Table, columns: Sequence["sa.Column[Any]"], equal: Mapping[str, str],
    name: str, values: Sequence[str],
) -> Sequence[Sequence[Any]]:
    """The rows whose column `name` is one of many values, and whose others are `equal`."""
    dialect = connection.dialect.name
    statement = _among(dialect, table, tuple(column.name for column in columns), tuple(equal), name)
    return connection.exec_driver_sql(statement, (*equal.values(), document(values))).all()


@cache
def _among(dialect: str, table: sa.Table, columns: tuple[str, ...], equal: tuple[str, ...], name: str) -> str:
    mark, values = ("%s", "json_array_elements_text(%s::json)") if dialect == "postgresql" else ("?", "json_each(?)")
    where = " AND ".join(f'"{one}" = {mark}' for one in equal)
    return (f'SELECT {_names(columns)} FROM "{table.name}" WHERE {where} '
            f'AND "{name}" IN (SELECT value FROM {values})')


def _name(name: str) -> str:
    return f'"{name}"'


def _names(columns: Sequence[str]) -> str:
    return ", ".join(map(_name, columns))


def document(value: Any) -> str:
    """Half a character is not JSON: it becomes a question mark, as everywhere in the store."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return orjson.dumps(_whole(value)).decode()


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_whole(name): _whole(one) for name, one in value.items()}
    return [_whole(one) for one in value] if isinstance(value, list | tuple) else value


def types_of(table: sa.Table, names: Sequence[str]) -> str:
    """Columns as PostgreSQL wants them declared."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return ", ".join(f"{_name(name)} {table.c[name].type.compile(dialect)}" for name in names)
