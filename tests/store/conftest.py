"""Every test with the `url` or `store` fixture runs twice: on SQLite and on a real PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from postgres_server import Server, running_server
from store_template import migrate, place

from dialer.store.store import Store


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Server) -> str:
    migrate(url := postgres.create())
    return url.rpartition("/")[2]


BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store/dialer.db"
    server: Server = request.getfixturevalue("postgres")
    return server.create()


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in its tables."""
    if request.param == "sqlite":
        place(tmp_path / "store/dialer.db")
        return f"sqlite:///{tmp_path}/store/dialer.db"
    server: Server = request.getfixturevalue("postgres")
    return server.create(request.getfixturevalue("postgres_template"))


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = Store.open(url)
    yield opened
    await opened.close()
