from collections.abc import AsyncIterator

import aiohttp
import pytest
from port_double import Plant

from dialer.config.models import Listen
from dialer.metrics import Metrics
from dialer.web.app import address, make_app, serve


@pytest.fixture
def plant() -> Plant:
    return Plant()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def api(plant: Plant, metrics: Metrics) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the real server on a free port, without a token."""
    runner = await serve(make_app(plant, metrics, None), Listen(port=0))
    async with aiohttp.ClientSession(address(runner)) as session:
        yield session
    await runner.cleanup()
