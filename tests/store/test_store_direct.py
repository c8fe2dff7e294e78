"""PostgreSQL past SQLAlchemy: values as they were given, errors as the driver names them, statements that stay prepared
as long as the server has them."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
import sqlalchemy as sa
from postgres_server import Server

from dialer.store import database, direct, search
from dialer.store.records import Asked, CallRecord, Contact, Known, NewContact, Refusal, Slot
from dialer.store.store import Store

pytestmark = pytest.mark.postgres
ECHO = "SELECT %(text)s::text, %(none)s::int, %(texts)s::text[], %(far)s::float8, %(yes)s::boolean"
DIVIDE = "SELECT 6 / %(by)s::int"


@pytest.fixture
def connection(postgres: Server) -> Iterator[sa.Connection]:
    """As the writer's."""
    engine = database.writer_engine(database.parse_url(postgres.create()))
    with engine.connect() as opened:
        yield opened


def test_values_arrive_as_they_are(connection: sa.Connection) -> None:
    odd = ['a"b', "\\", "NULL", "{x, y}", "", "é\n"]
    told = {"text": "O'Hara $1", "none": None, "texts": [*odd, None], "far": float("-inf"), "yes": True}
    with connection.begin():
        assert direct.run(connection, ECHO, told).rows == [("O'Hara $1", None, [*odd, None], float("-inf"), True)]
        with pytest.raises(psycopg.DataError, match="NUL"):
            direct.run(connection, ECHO, told | {"text": "\0"})


def test_statements_are_prepared_again_after_a_rollback(connection: sa.Connection) -> None:
    for _ in range(7):  # the driver prepares its own from the sixth on, and after a rollback has the server forget all
        with connection.begin():
            connection.exec_driver_sql("SELECT 1")
            assert direct.run(connection, DIVIDE, {"by": 2}).rows == [(3,)]
    for _ in range(2):
        with pytest.raises(psycopg.errors.DivisionByZero), connection.begin():
            direct.run(connection, DIVIDE, {"by": 0})
        with connection.begin():
            with pytest.raises(psycopg.errors.DivisionByZero), connection.begin_nested():
                direct.run(connection, DIVIDE, {"by": 0})
            assert direct.run(connection, DIVIDE, {"by": 3}).rows == [(2,)]


def test_what_finishes_a_transaction_commits_it_or_nothing(connection: sa.Connection) -> None:
    with connection.begin():
        connection.exec_driver_sql("CREATE TABLE kept (one int PRIMARY KEY)")
    insert = "INSERT INTO kept VALUES (%(one)s::int)"
    with connection.begin():
        direct.run(connection, insert, {"one": 1})
        direct.finish(connection, [(insert, {"one": 2}), (insert, {"one": 3})])
    transaction = connection.begin()
    direct.run(connection, insert, {"one": 4})
    with pytest.raises(psycopg.errors.UniqueViolation):
        direct.finish(connection, [(insert, {"one": 5}), (insert, {"one": 1}), (insert, {"one": 6})])
    transaction.rollback()
    with connection.begin():
        assert connection.exec_driver_sql("SELECT one FROM kept ORDER BY one").scalars().all() == [1, 2, 3]


@dataclass(frozen=True)
class Nobody:
    asked: Asked = field(default_factory=lambda: Asked("acme", "winback", since=0.0))

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        return None


def intent(slot: Slot, contact: Contact, known: Known) -> CallRecord:
    return CallRecord(id=slot.call_id, direction="outbound", node="n", switch=slot.switch, client="acme",
                      number=contact.number, our_number="", created_at=1.0, campaign="winback", contact_id=contact.id)


async def test_a_claim_of_very_many_holds_no_more_numbers_than_the_server_has_locks_for(
    postgres: Server, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "MOST_HELD", 30)
    store = Store.open(postgres.create())
    for name in ("", "hot"):
        await store.add_contacts("winback", [NewContact(f"+49{len(name)}{n:04}", list=name) for n in range(50)])
    took: list[int] = []
    while sum(took) < 100:
        slots = [Slot(f"c{len(took)}-{n}", "a1") for n in range(500)]
        async with asyncio.timeout(60):
            claimed = await store.claim("winback", slots, intent, 2.0, Nobody())
        took.append(len({attempt.contact.id for attempt in claimed}))
        assert 0 < took[-1] <= 60
    assert sum(took) == 100
    await store.close()
