"""What tests share: private Asterisks. One that is not there is an error, never a skip."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest_asyncio
from hypothesis import HealthCheck, settings

from demo.plant import Asterisk

# How fast the machine is just now is no property of the code: speed is measured by `make bench`.
settings.register_profile("dialer", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("dialer")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def asterisk_of_session() -> AsyncIterator[Asterisk]:
    async with Asterisk("main") as plant:
        yield plant


@pytest_asyncio.fixture
async def asterisk(asterisk_of_session: Asterisk) -> AsyncIterator[Asterisk]:
    """The Asterisk that all tests share, with no channels. Its trunk leads to `trunk_port`, where a test may put a
    SIP side of its own; `point_engine(host, port)` says where its scripts run. Not to be killed or restarted."""
    yield asterisk_of_session
    await asterisk_of_session.clear()


@pytest_asyncio.fixture
async def fresh_asterisk() -> AsyncIterator[Callable[..., Any]]:
    """`await fresh_asterisk(name, phones=[...], ...)` starts one for this test alone: it may be killed."""
    async with AsyncExitStack() as stack:

        async def start(name: str = "main", **options: Any) -> Asterisk:
            return await stack.enter_async_context(Asterisk(name, **options))

        yield start
