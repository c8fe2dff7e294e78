"""What a claim and an idle campaign ask goes by the index of those few rows, however many calls and contacts there
are: SQLite has no statistics here, and would choose by the shape of the query alone."""

import sqlite3
from pathlib import Path

import sqlalchemy as sa

from dialer.store import erasure, law, reads
from dialer.store.schema import metadata


def test_few_rows_are_read_by_their_own_index(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/plans.db")
    metadata.create_all(engine)
    asked: list[tuple[str, tuple[object, ...]]] = []
    with engine.connect() as connection:
        sa.event.listen(engine, "before_cursor_execute",
                        lambda *told: asked.append((told[2], told[3])))  # fmt: skip
        connection.execute(law.of_some("contact_id"), {"client": "acme", "since": 1.0, "contact_id": [1, 2, 3]})
        reads.next_due_at(connection, "winback")
    with sqlite3.connect(tmp_path / "plans.db") as file:
        plans = [file.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchone()[3] for sql, values in asked]
    assert "ix_calls_contact_id (contact_id=?)" in plans[0]
    assert "ix_contacts_due (campaign=?)" in plans[1]


def test_claims_and_erasures_read_by_indexes_however_many_values_they_ask_for(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/plans.db")
    metadata.create_all(engine)
    asked: list[tuple[str, tuple[object, ...]]] = []
    since = {"client": "acme", "since": 1.0}
    with engine.connect() as connection:
        sa.event.listen(engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        connection.execute(law.of_some("number"), since | {"number": ["+491", "+492"]})
        connection.execute(law.of_some("debt"), since | {"debt": ["4711"]})
        connection.execute(law.of_some("stops"), {"stops": ["+491"], "scopes": ["global"]})
        connection.execute(
            law.of_some("consents"), {"client": "acme", "consents": ["+491"], "purpose": "advertising"})
        connection.execute(erasure._having(connection, ["+491"], None))
    with sqlite3.connect(tmp_path / "plans.db") as file:
        plans = [[row[3] for row in file.execute(f"EXPLAIN QUERY PLAN {sql}", values)] for sql, values in asked]
    told = [str(plan) for plan in plans]
    assert "ix_calls_client_number_created_at (client=? AND number=? AND created_at>?)" in told[0]
    assert "ix_calls_debt (client=? AND debt=? AND created_at>?)" in told[1]
    assert "(number=? AND scope=?)" in told[2]
    assert "ix_consents_lookup (number=? AND client=? AND purpose=?)" in told[3]
    assert "(campaign=? AND number=?)" in told[5]
    assert "ix_contacts_others (campaign=?)" in told[5]
    assert not [step for plan in plans for step in plan if step.startswith("SCAN contacts") and "INDEX" not in step]
