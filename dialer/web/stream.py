"""Server-sent events: what changed in the engine, at most twice a second, to any number of bounded readers.

One publisher looks and encodes once for all. A reader holds only the newest snapshot of each view: a slow one
misses some and is never the reason for more memory.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Final

from aiohttp import web

from dialer.web import views
from dialer.web.port import AgentView, Control
from dialer.web.problems import problem
from dialer.web.wire import encode

log = logging.getLogger(__name__)

PERIOD_S: Final = 0.5
HEARTBEAT_S: Final = 15.0
MOST_READERS: Final = 100
WRITE_S: Final = 10.0
"""A reader that takes nothing for so long is cut off."""


class _Reader:
    """A mailbox with one place a view."""

    def __init__(self) -> None:
        self._frames: dict[str, bytes] = {}
        self._filled = asyncio.Event()
        self.closed = False

    def put(self, view: str, frame: bytes) -> None:
        self._frames[view] = frame
        self._filled.set()

    def close(self) -> None:
        self.closed = True
        self._filled.set()

    async def take(self) -> bytes:
        """What is new, or a comment after a silence. Empty when it is over."""
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await self._filled.wait()
        except TimeoutError:
            return b": still here\n\n"
        self._filled.clear()
        frames, self._frames = self._frames, {}
        return b"" if self.closed else b"".join(frames.values())


class Stream:
    def __init__(self, control: Control, period_s: float = PERIOD_S, most: int = MOST_READERS) -> None:
        self._control = control
        self._period_s = period_s
        self._most = most
        self._readers: set[_Reader] = set()
        self._wanted = asyncio.Event()
        self._last: dict[str, bytes] = {}

    async def running(self, app: web.Application) -> AsyncIterator[None]:
        """aiohttp's cleanup context: the publisher lives as long as the application."""
        task = asyncio.create_task(self._publish(), name="web stream")
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def close(self, app: web.Application) -> None:
        for reader in self._readers:
            reader.close()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if len(self._readers) >= self._most:
            raise problem(503, "busy", f"{self._most} readers are connected already", Retry_After="5")
        reader = _Reader()
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
        )
        self._readers.add(reader)
        try:
            await response.prepare(request)
            self._begin(reader)
            while frame := await reader.take():
                async with asyncio.timeout(WRITE_S):
                    await response.write(frame)
        except (TimeoutError, ConnectionError):
            if request.transport is not None:
                request.transport.abort()
        finally:
            self._readers.discard(reader)
        return response

    def _begin(self, reader: _Reader) -> None:
        self._wanted.set()
        for view, frame in self._last.items():
            reader.put(view, frame)

    async def _publish(self) -> None:
        while True:
            if not self._readers:
                self._wanted.clear()
                self._last.clear()
                await self._wanted.wait()
            try:
                self._tell()
            except Exception:  # the engine's fault of a moment must not end every board
                log.exception("no snapshot for the stream")
            await asyncio.sleep(self._period_s)

    def _tell(self) -> None:
        for view, frame in self._changed().items():
            for reader in self._readers:
                reader.put(view, frame)

    def _changed(self) -> Mapping[str, bytes]:
        changed = {}
        for view, look in _VIEWS.items():
            frame = b"event: %s\ndata: %s\n\n" % (view.encode(), encode(look(self._control)))
            if self._last.get(view) != frame:
                changed[view] = self._last[view] = frame
        return changed


def _agents(control: Control) -> list[AgentView]:
    """Without the contacts' fields: a board does not need them."""
    return [replace(view, fields={}) for view in views.agents(control)]


_VIEWS: Final[Mapping[str, Callable[[Control], object]]] = {
    "agents": _agents,
    "calls": views.calls,
    "campaigns": lambda control: control.campaigns(),
    "queues": lambda control: control.queues(),
    "totals": lambda control: control.totals(),
    "fees": lambda control: control.billing.fees(),
}
