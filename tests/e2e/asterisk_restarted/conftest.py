"""An Asterisk of its own: it is killed and started again."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from demo.plant import Asterisk
from tests.e2e.fault_lab import FaultLab


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lab_of_module(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[FaultLab]:
    root = tmp_path_factory.mktemp("asterisk_restarted")
    options = {"people": {"ring_ms": 500, "brief_ms": 700}, "switch": {"calls_per_second": 20}}
    async with Asterisk("main") as plant, FaultLab(plant, root, request.module.FILES, **options) as lab:
        yield lab
