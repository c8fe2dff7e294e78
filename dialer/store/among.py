"""`column IN (some values)` as one value: one text however many there are, planned and cached once."""

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Many(sa.types.TypeDecorator[Any]):
    """An array, or a document where there are no arrays."""

    impl = sa.String
    cache_ok = True

    def __init__(self, one: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.one = one

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.ARRAY(self.one) if dialect.name == "postgresql" else sa.String())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return list(value) if dialect.name == "postgresql" else orjson.dumps(list(value)).decode()


class _Among(FunctionElement[bool]):
    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """It is a condition by itself: `= 1` after it would keep SQLite from the index."""
        return self


def among(column: sa.Column[Any], values: str) -> sa.ColumnElement[bool]:
    """`values` names the parameter: a list."""
    return _Among(column, some_of(column, values))


def some_of(column: sa.Column[Any], values: str) -> sa.BindParameter[Any]:
    return sa.bindparam(values, type_=_Many(column.type))


@compiles(_Among, "postgresql")
def _in_array(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, values = (compiler.process(clause, **how) for clause in element.clauses)
    return f"{column} = ANY ({values})"


@compiles(_Among, "sqlite")
def _in_document(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, values = (compiler.process(clause, **how) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"
