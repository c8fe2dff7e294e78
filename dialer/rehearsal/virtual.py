"""An event loop whose clock leaps to the next timer as soon as nothing is left to do: eight hours in a minute."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` are the virtual seconds since the beginning."""

    def __init__(self) -> None:
        self.passed = 0.0
        super().__init__(_Leaping(self))

    def time(self) -> float:
        return self.passed


class _Leaping(selectors.SelectSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self._loop.passed += timeout
        return ready


class VirtualClock:
    """The engine's clock on such a loop, which began at `began_at` (epoch seconds)."""

    def __init__(self, loop: VirtualLoop, began_at: float) -> None:
        self._loop = loop
        self.began_at = began_at

    def now(self) -> float:
        return self.began_at + self._loop.passed

    def call_later(self, seconds: float, do: Callable[..., Any], *args: Any) -> asyncio.TimerHandle:
        return self._loop.call_later(seconds, do, *args)
