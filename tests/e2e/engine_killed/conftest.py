"""Its labs may be blind for a while."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from demo.plant import Asterisk
from tests.e2e.fault_lab import FaultLab


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lab_of_module(
    request: pytest.FixtureRequest, asterisk_of_session: Asterisk, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[FaultLab]:
    await asterisk_of_session.clear()
    root = tmp_path_factory.mktemp("engine_killed")
    async with FaultLab(asterisk_of_session, root, request.module.FILES, **request.module.OPTIONS) as lab:
        yield lab
