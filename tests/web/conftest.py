from collections.abc import AsyncIterator

import aiohttp
import pytest
from keyed import Keyed
from port_double import Plant

from dialer.config.models import Listen
from dialer.metrics import Metrics
from dialer.web.app import address, make_app, serve
from dialer.web.door import Door


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


@pytest.fixture
async def keyed(plant: Plant, metrics: Metrics) -> AsyncIterator[Keyed]:
    """The same with the operator's token and whose are in `holders`."""
    found = Keyed((), None, metrics)  # type: ignore[arg-type]
    runner = await serve(make_app(plant, metrics, Door("token-of-operator", lambda: found.holders)), Listen(port=0))
    async with aiohttp.ClientSession(address(runner)) as found.session:
        yield found
    await runner.cleanup()
