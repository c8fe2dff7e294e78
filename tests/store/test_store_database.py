"""URLs, migrations, what a connection may do, and that a claim stays cheap."""

import asyncio
import stat
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from store_rows import CAMPAIGN, numbers

from dialer.store import database, search
from dialer.store.records import NewContact
from dialer.store.schema import metadata
from dialer.store.store import Store, StoreError


@pytest.mark.parametrize(("url", "says"), [
    ("mysql://host/name", "SQLite or PostgreSQL, not mysql"),
    ("dialer.db", "not understood"),
    ("sqlite://", "needs a file"),
    ("sqlite:////proc/dialer.db", "cannot write"),
    ("postgresql://dialer@127.0.0.1:1/none", "cannot open the store postgresql.*refused"),
])
def test_a_wrong_url_says_what_would_be_right(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        Store.open(url)


def test_the_password_stays_out_of_messages() -> None:
    with pytest.raises(StoreError) as raised:
        Store.open("postgresql://dialer@127.0.0.1:1/none", password="s3cret")
    assert "s3cret" not in str(raised.value)


def test_the_file_is_private_and_its_folder_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.db"
    database.writer_engine(database.parse_url(f"sqlite:///{path}")).dispose()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_migrations_lead_to_the_tables_and_back(url: str) -> None:
    parsed = database.parse_url(url)
    engine = database.writer_engine(parsed)
    with database.turns(parsed) as turn:
        for _ in range(2):
            database.migrate(engine, turn)
            database.migrate(engine, turn)
            with engine.connect() as connection:
                context = MigrationContext.configure(connection, opts={"compare_server_default": True})
                assert compare_metadata(context, metadata) == []
            with engine.connect() as connection, connection.begin():
                config = database.migrations()
                config.attributes["connection"] = connection
                command.downgrade(config, "base")
            with engine.connect() as connection:
                assert sa.inspect(connection).get_table_names() == ["alembic_version"]


def test_a_newer_database_is_left_alone(url: str) -> None:
    parsed = database.parse_url(url)
    engine = database.writer_engine(parsed)
    with database.turns(parsed) as turn:
        database.migrate(engine, turn)
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(StoreError, match="another version"):
            database.migrate(engine, turn)


async def test_engines_may_start_at_once_on_an_empty_database(url: str) -> None:
    stores = await asyncio.gather(*(asyncio.to_thread(Store.open, url) for _ in range(3)))
    for store in stores:
        await store.add_contacts(CAMPAIGN, numbers(1))
    assert (await stores[0].totals(CAMPAIGN)).contacts["due"] == 1
    for store in stores:
        await store.close()


async def test_readers_cannot_write(store: Store) -> None:
    with store._readers.connect() as connection, pytest.raises(sa.exc.DBAPIError, match=r"read-?only"):
        connection.exec_driver_sql("DELETE FROM contacts")


async def test_durable_writes_reach_the_disk_and_the_others_need_not_wait(url: str) -> None:
    sqlite = url.startswith("sqlite")
    engine = database.writer_engine(database.parse_url(url))
    setting = "PRAGMA synchronous" if sqlite else "SHOW synchronous_commit"
    with engine.connect() as connection:
        seen: list[Any] = []
        for durable in (True, False, True):
            with connection.execution_options(durable=durable).begin():
                seen.append(connection.exec_driver_sql(setting).scalar_one())
    assert seen == ([2, 1, 2] if sqlite else ["on", "off", "on"])


async def test_claiming_reads_only_the_rows_it_takes(store: Store) -> None:
    """The plan of the claim's query: the index gives the rows in order, nothing is sorted or scanned."""
    for start in range(0, 8_000, 2_000):
        await store.add_contacts(CAMPAIGN, numbers(8_000)[start:start + 2_000])
        await store.add_contacts(CAMPAIGN, [NewContact(f"+4940{start + one}") for one in range(2_000)])
    of_two = {"in_campaign": CAMPAIGN, "list0": "", "list1": "hot"}
    after = {f"{name}{one}": value for one in (0, 1)
             for name, value in (("rank", 0.0), ("next_at", 0.0), ("id", 77), ("limit", 10))}
    for statement, index in (
        (search.due_in(2).params(of_two | after), "ix_contacts_due"),
        (search.come_in(2).params(of_two | {"now": 1e9, "limit": 10}), "ix_contacts_waiting"),
    ):
        plan = plan_of(store, statement)
        assert plan.count(index) == 2
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan
        assert "SCAN CONTACTS" not in plan.upper()
        assert "SEQ SCAN" not in plan.upper()


def plan_of(store: Store, statement: sa.SelectBase) -> str:
    with store._readers.connect() as connection:
        text = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
        text = text.replace("FOR UPDATE SKIP LOCKED", "")
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        return "\n".join(str(row) for row in connection.exec_driver_sql(explain + text.replace("%", "%%")))
