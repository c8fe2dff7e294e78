"""A new store without its migrations every time: the copy of one that they made."""

import sqlite3
import tempfile
from functools import cache
from pathlib import Path

from dialer.store import database


def migrate(url: str) -> None:
    parsed = database.parse_url(url)
    engine = database.writer_engine(parsed)
    with database.turns(parsed) as turn:
        database.migrate(engine, turn)


@cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory() as home:
        file = Path(home) / "store.db"
        migrate(f"sqlite:///{file}")
        with sqlite3.connect(file) as log:
            log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        log.close()
        return file.read_bytes()


def place(file: Path) -> None:
    """A SQLite file as the first `Store.open` leaves it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(_template())
