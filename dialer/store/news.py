"""Do-not-call entries that other nodes write, told at their commit: PostgreSQL's LISTEN and NOTIFY.

A node asks the rules from what its claim read. What a caller says to another node a moment later reaches it here,
before it dials or while it rings. An entry missed while the link is down is seen by the next claim: only calls under
way at that moment do not hear of it.
"""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict

import sqlalchemy as sa

from dialer.store.database import explain
from dialer.store.records import Stop

log = logging.getLogger(__name__)

CHANNEL = "dialer_stops"
WAIT_S = 0.5
"""How long one wait for news lasts, so that closing is noticed."""
AGAIN_S = 2.0

Heard = Callable[[Stop], None]


def tell(connection: sa.Connection, stop: Stop) -> None:
    """At the commit of this transaction. SQLite has one engine, which knows already."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_notify(CHANNEL, json.dumps(asdict(stop)))))


class News:
    """One connection that listens, on a thread of its own."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._heard: Heard | None = None
        self._closing = threading.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-news", daemon=True)

    def listen(self, heard: Heard) -> None:
        """`heard` is called on the thread."""
        self._heard = heard
        if self._engine.dialect.name == "postgresql" and not self._thread.is_alive():
            self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether it listens by then."""
        return self._listening.wait(seconds)

    def close(self) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen()
            except Exception as error:
                log.warning("other nodes' do-not-call entries are not heard of: %s", explain(error))
                self._closing.wait(AGAIN_S)
            finally:
                self._listening.clear()

    def _listen(self) -> None:
        with self._engine.connect() as connection:
            link = connection.connection.driver_connection
            assert link is not None
            link.set_autocommit(True)
            link.execute(f"LISTEN {CHANNEL}")
            self._listening.set()
            while not self._closing.is_set():
                for notice in link.notifies(timeout=WAIT_S):
                    if self._heard is not None:
                        self._heard(Stop(**json.loads(notice.payload)))
