"""The values of an index's first column, a look-up for each: the index then serves questions that leave it out."""

from typing import Any

import sqlalchemy as sa


def leading(connection: sa.Connection, column: sa.Column[Any]) -> list[str]:
    """Of a column that an index begins with and that has few values. Not null."""
    first = sa.select(sa.func.min(column).label("value")).cte("each_value", recursive=True)
    following = sa.select(sa.func.min(column)).where(column > first.c.value).scalar_subquery()
    values = first.union_all(sa.select(following).where(first.c.value.is_not(None)))
    return list(connection.execute(sa.select(values.c.value).where(values.c.value.is_not(None))).scalars())
