"""The same engine on a PostgreSQL of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from demo.plant import Asterisk
from tests.e2e.lab import Lab
from tests.store.postgres_server import running_server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lab_of_module(
    request: pytest.FixtureRequest, asterisk_of_session: Asterisk, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Lab]:
    await asterisk_of_session.clear()
    root = tmp_path_factory.mktemp("on_postgres")
    with running_server() as server:
        async with Lab(asterisk_of_session, root, request.module.FILES, store=server.create()) as lab:
            yield lab
