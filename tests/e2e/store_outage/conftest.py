"""The engine's store is a PostgreSQL that is stopped and started again."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from demo.plant import Asterisk
from tests.e2e.fault_lab import FaultLab
from tests.store.postgres_server import Server, running_server


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lab_of_module(
    request: pytest.FixtureRequest, asterisk_of_session: Asterisk, database: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[FaultLab]:  # fmt: skip
    await asterisk_of_session.clear()
    options = {
        "store": database.create(),
        "people": {"ring_ms": 500, "brief_ms": 700},
        "switch": {"calls_per_second": 20},
    }
    root = tmp_path_factory.mktemp("store_outage")
    async with FaultLab(asterisk_of_session, root, request.module.FILES, **options) as lab:
        yield lab
