"""Waiting for what another process does, where nothing tells us of it."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any


async def eventually(check: Callable[[], Any] | Callable[[], Awaitable[Any]], within_s: float = 30.0) -> Any:
    """The first true answer of `check`. Raises TimeoutError with its last answer when there was none in time."""
    answer: Any = None
    try:
        async with asyncio.timeout(within_s):
            while True:
                answer = check()
                if inspect.isawaitable(answer):
                    answer = await answer
                if answer:
                    return answer
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise TimeoutError(f"not within {within_s:g} s; last answer: {answer!r}") from None
