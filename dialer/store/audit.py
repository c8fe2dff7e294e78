"""Who gave which order over the API: kept as long as the store is, and only added to."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dialer.store.queries import Transaction, one_by_one
from dialer.store.schema import Id, metadata

if TYPE_CHECKING:
    from asyncio import Future

MOST = 1_000

audit = sa.Table(
    "audit", metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("who", sa.String, nullable=False),  # the token's holder, after a / on whose behalf
    sa.Column("operation", sa.String, nullable=False),  # POST /v1/campaigns/{campaign}/{verb}
    sa.Column("named", sa.JSON, nullable=False),  # what the path names; numbers masked
    sa.Column("told", sa.JSON, nullable=False),  # of the body what says nothing of a person
    sa.Column("origin", sa.String, nullable=False),  # the address it came from
    sa.Index(None, "at"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An order that was carried out."""

    at: float
    who: str
    operation: str
    named: Mapping[str, str]
    told: Mapping[str, Any]
    origin: str


_COLUMNS = tuple(audit.c[f.name] for f in fields(AuditRow))


@one_by_one
def note(tx: Transaction, row: AuditRow) -> None:
    tx.connection.execute(sa.insert(audit).values(asdict(row)))


def found(connection: sa.Connection, since: float, until: float, by: str | None) -> list[AuditRow]:
    """The latest first. `by`: as holder, or on whose behalf."""
    statement = sa.select(*_COLUMNS).where(audit.c.at >= since, audit.c.at < until)
    if by is not None:
        asked = (audit.c.who.startswith(f"{by}/", autoescape=True), audit.c.who.endswith(f"/{by}", autoescape=True))
        statement = statement.where(sa.or_(audit.c.who == by, *asked))
    return [AuditRow(*row) for row in connection.execute(statement.order_by(audit.c.id.desc()).limit(MOST))]


class AuditBook:
    """`Store.audit`."""

    def __init__(self, write: Callable[..., "Future[Any]"], read: Callable[..., "Future[Any]"]) -> None:
        self._write, self._read = write, read

    def note(self, row: AuditRow) -> "Future[None]":
        return self._write(note, row, fact=True)

    def found(self, since: float, until: float, by: str | None = None) -> "Future[list[AuditRow]]":
        return self._read(found, since, until, by)
