"""What a claim and an idle campaign ask goes by the index of those few rows, however many calls and contacts there
are: SQLite has no statistics here, and would choose by the shape of the query alone."""

import sqlite3
from pathlib import Path

import sqlalchemy as sa

from dialer.store import law, reads
from dialer.store.schema import metadata


def test_few_rows_are_read_by_their_own_index(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/plans.db")
    metadata.create_all(engine)
    asked: list[tuple[str, tuple[object, ...]]] = []
    with engine.connect() as connection:
        sa.event.listen(engine, "before_cursor_execute",
                        lambda *told: asked.append((told[2], told[3])))  # fmt: skip
        connection.execute(law._past("contact_id"), {"client": "acme", "since": 1.0, "these": [1, 2, 3]})
        reads.next_due_at(connection, "winback")
    with sqlite3.connect(tmp_path / "plans.db") as file:
        plans = [file.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchone()[3] for sql, values in asked]
    assert "ix_calls_contact_id (contact_id=?)" in plans[0]
    assert "ix_contacts_due (campaign=?)" in plans[1]
