"""Many rows at once, past SQLAlchemy's work on every value, which takes longer than the database."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dialer.store.queries import Transaction

Row = dict[str, Any]


def insert_new(tx: Transaction, table: sa.Table, rows: Sequence[Row]) -> int:
    """How many were not there yet. All rows have the same columns in the same order; they are used up."""
    if not rows:
        return 0
    names = tuple(rows[0])
    statement = _statement(tx.dialect, table, names)
    if tx.dialect == "postgresql":  # one document: planned once, sent once, taken apart by the server
        return tx.connection.exec_driver_sql(statement, (_json(rows),)).rowcount
    documents = _documents(table, names)
    for row in rows:
        for name in documents:
            if row[name] is not None:
                row[name] = _json(row[name])
    return tx.connection.exec_driver_sql(statement, [tuple(row.values()) for row in rows]).rowcount


@cache
def _documents(table: sa.Table, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if isinstance(table.c[name].type, sa.JSON))


def among(
    connection: sa.Connection, table: sa.Table, columns: Sequence["sa.Column[Any]"], equal: Mapping[str, str],
    name: str, values: Sequence[str],
) -> Sequence[Sequence[Any]]:
    """The rows whose column `name` is one of many values, and whose others are `equal`."""
    dialect = connection.dialect.name
    statement = _among(dialect, table, tuple(column.name for column in columns), tuple(equal), name)
    if dialect == "postgresql":  # a plan that is kept from when the table was empty reads all of it, ever after
        connection.exec_driver_sql("SET LOCAL plan_cache_mode TO force_custom_plan")
    return connection.exec_driver_sql(statement, (*equal.values(), _json(values))).all()


@cache
def _among(dialect: str, table: sa.Table, columns: tuple[str, ...], equal: tuple[str, ...], name: str) -> str:
    mark, values = ("%s", "json_array_elements_text(%s::json)") if dialect == "postgresql" else ("?", "json_each(?)")
    where = " AND ".join(f'"{one}" = {mark}' for one in equal)
    return (f'SELECT {_names(columns)} FROM "{table.name}" WHERE {where} '
            f'AND "{name}" IN (SELECT value FROM {values})')


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


@cache
def _statement(dialect: str, table: sa.Table, names: tuple[str, ...]) -> str:
    columns = _names(names)
    if dialect != "postgresql":
        values = f"VALUES ({', '.join('?' * len(names))})"
    else:
        types = ", ".join(f'"{name}" {_type(table.c[name])}' for name in names)
        values = f"SELECT {columns} FROM json_to_recordset(%s::json) AS new ({types})"
    return f'INSERT INTO "{table.name}" ({columns}) {values} ON CONFLICT DO NOTHING'


def _json(value: Any) -> str:
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


def _type(column: "sa.Column[Any]") -> str:
    return column.type.compile(postgresql.dialect())  # type: ignore[no-untyped-call]
