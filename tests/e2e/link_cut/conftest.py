"""The engine reaches Asterisk's manager interface over a relay that the test can break."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from demo.plant import Asterisk
from tests.e2e.fault_lab import FaultLab
from tests.e2e.link_cut.relay import Relay


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def relay_of_module(asterisk_of_session: Asterisk) -> AsyncIterator[Relay]:
    async with Relay(asterisk_of_session.ami_port) as relay:
        yield relay


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lab_of_module(
    request: pytest.FixtureRequest, asterisk_of_session: Asterisk, relay_of_module: Relay,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[FaultLab]:  # fmt: skip
    plant = asterisk_of_session
    await plant.clear()
    ami = {"host": plant.host, "port": relay_of_module.port, "user": plant.ami_user}
    root = tmp_path_factory.mktemp("link_cut")
    options = {"people": {"ring_ms": 800, "brief_ms": 700}, "switch": {"ami": ami, "calls_per_second": 20}}
    async with FaultLab(plant, root, request.module.FILES, **options) as lab:
        yield lab


@pytest_asyncio.fixture(loop_scope="session")
async def relay(relay_of_module: Relay) -> AsyncIterator[Relay]:
    yield relay_of_module
    await relay_of_module.restore()
