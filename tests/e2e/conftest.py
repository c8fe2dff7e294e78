"""A lab for every folder of behaviours: one engine for the module, on the Asterisk that all tests share.

A module says what its engine is configured with in `FILES` (documents by path) and, where it needs to, `OPTIONS`
(what differs in the plant file). All of its tests run on one event loop, that of its engine.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from demo.plant import Asterisk
from tests.e2e.lab import Lab

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if "lab" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lab_of_module(
    request: pytest.FixtureRequest, asterisk_of_session: Asterisk, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Lab]:
    await asterisk_of_session.clear()
    root = tmp_path_factory.mktemp(request.module.__name__.rpartition(".")[2])
    options = getattr(request.module, "OPTIONS", {})
    async with Lab(asterisk_of_session, root, request.module.FILES, **options) as lab:
        yield lab


@pytest_asyncio.fixture(loop_scope="session")
async def lab(lab_of_module: Lab) -> AsyncIterator[Lab]:
    if not lab_of_module.engine.running:
        await lab_of_module.engine.start()
    lab_of_module.begin()
    yield lab_of_module
    await lab_of_module.finish()
