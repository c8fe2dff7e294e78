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
from postgres_server import Server
from store_rows import CAMPAIGN, intent, numbers

from dialer.store import bulk, database, direct, finding, law
from dialer.store.records import NewContact, Slot
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


def test_migrations_lead_to_the_tables_and_back(empty_url: str) -> None:
    parsed = database.parse_url(empty_url)
    engine = database.writer_engine(parsed)
    gone = "fk_calls_contact_id" if empty_url.startswith("postgresql") else ""  # see the schema
    opts = {"compare_server_default": True, "include_object": lambda _, name, *_rest: name != gone}
    with database.turns(parsed) as turn:
        for _ in range(2):
            database.migrate(engine, turn)
            database.migrate(engine, turn)
            with engine.connect() as connection:
                context = MigrationContext.configure(connection, opts=opts)
                assert compare_metadata(context, metadata) == []
            with engine.connect() as connection, connection.begin():
                config = database.migrations()
                config.attributes["connection"] = connection
                command.downgrade(config, "base")
            with engine.connect() as connection:
                assert sa.inspect(connection).get_table_names() == ["alembic_version"]


def test_a_newer_database_is_left_alone(empty_url: str) -> None:
    parsed = database.parse_url(empty_url)
    engine = database.writer_engine(parsed)
    with database.turns(parsed) as turn:
        database.migrate(engine, turn)
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(StoreError, match="another version"):
            database.migrate(engine, turn)


async def test_tables_of_an_engine_that_may_run_are_not_changed(empty_url: str) -> None:
    await Store.open(empty_url, upgrade=False).close()  # there were none
    engine = database.writer_engine(database.parse_url(empty_url))
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(StoreError, match="stop the engine, then `dialer store upgrade`"):
        Store.open(empty_url, upgrade=False)


async def test_engines_may_start_at_once_on_an_empty_database(empty_url: str) -> None:
    stores = await asyncio.gather(*(asyncio.to_thread(Store.open, empty_url) for _ in range(3)))
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


async def filled(store: Store) -> None:
    for start in range(0, 8_000, 2_000):
        await store.add_contacts(CAMPAIGN, numbers(8_000)[start:start + 2_000])
        await store.add_contacts(CAMPAIGN, [NewContact(f"+4940{start + one}") for one in range(2_000)])


async def test_claiming_reads_only_the_rows_it_takes(tmp_path: Path) -> None:
    """The plan of the claim's query: the index gives the rows in order, nothing is sorted or scanned."""
    store = Store.open(f"sqlite:///{tmp_path}/dialer.db")
    await filled(store)
    of_two = {"in_campaign": CAMPAIGN, "list0": "", "list1": "hot"}
    after = {f"{name}{one}": value for one in (0, 1)
             for name, value in (("rank", 0.0), ("next_at", 0.0), ("id", 77), ("limit", 10))}
    for statement, index in (
        (finding.due_in(2).params(of_two | after), "ix_contacts_due"),
        (finding.come_in(2).params(of_two | {"now": 1e9, "limit": 10}), "ix_contacts_waiting"),
    ):
        plan = plan_of(store, statement)
        assert plan.count(index) == 2
        assert "TEMP B-TREE" not in plan
        assert "SCAN CONTACTS" not in plan.upper()
    await store.close()


def plan_of(store: Store, statement: sa.SelectBase) -> str:
    with store._readers.connect() as connection:
        text = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
        return "\n".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))


@pytest.mark.postgres
async def test_claiming_reads_only_the_rows_it_takes_on_postgresql(postgres: Server) -> None:
    """Also while nobody has counted the rows yet: as on the day of a new campaign."""
    store = Store.open(postgres.create())
    await filled(store)
    await store.claim(CAMPAIGN, [Slot(f"c{one}", "a1") for one in range(2_000)], intent, now=1e9)
    places = bulk.document([{"list": name, "most": 10, "rank": 0.0, "next_at": 0.0, "id": 77} for name in ("", "hot")])
    lists = {"campaign": CAMPAIGN, "client": "acme", "wanted": places}
    taken = {"id": [], "contact_id": [], "turn": []}
    known, constants = law.at_once(("number", "contact_id", "consents"))
    asked = constants | {"number": ["+491", "+492"], "contact_id": [1, 2], "consents": ["+491"], "client": "acme",
                         "since": 0.0, "purpose": "advertising"}
    with store._writer._engine.connect() as connection:
        for statement, values, indexes in (
            (finding.DUE.format(most=200), lists, ["ix_contacts_due"]),
            (finding.COME.format(most=200), {"campaign": CAMPAIGN, "now": 1e9, "more": "[]"}, ["ix_contacts_waiting"]),
            (finding.taking(tuple(taken), ()), taken, ["pk_contacts"]),
            (known, asked, ["ix_calls_client_number_created_at", "ix_calls_contact_id"]),
        ):
            plan = "\n".join(str(row) for row in direct.run(connection, f"EXPLAIN {statement}", values).rows)
            assert [index for index in indexes if index not in plan] == [], plan
            for table in ("contacts", "calls", "consents"):
                assert f"Seq Scan on {table}" not in plan, plan
            assert "Sort Key: contacts." not in plan, plan
    await store.close()
