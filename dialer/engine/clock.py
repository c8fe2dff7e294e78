"""Time for the engine: wall-clock seconds, and calls in the future. Virtual in simulations."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def call_later(self, seconds: float, do: Callable[..., Any], *args: Any) -> Timer: ...


class LoopClock:
    """The event loop's timers and the machine's wall clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> float:
        return time.time()

    def call_later(self, seconds: float, do: Callable[..., Any], *args: Any) -> Timer:
        return self._loop.call_later(seconds, do, *args)
