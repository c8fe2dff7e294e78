"""Server-sent events: what changed in the engine, at most twice a second, to any number of bounded readers.

One publisher looks and encodes once for all who may see the same. A reader holds only the newest snapshot of each
view: a slow one misses some and is never the reason for more memory.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Final

from aiohttp import web

from dialer.config.access import Holder
from dialer.web import views
from dialer.web.door import Door
from dialer.web.entrance import WHO
from dialer.web.port import AgentView, Control
from dialer.web.problems import problem
from dialer.web.reach import visible
from dialer.web.rights import LOCAL_HOLDER, Right, may, scope
from dialer.web.wire import encode

log = logging.getLogger(__name__)

PERIOD_S: Final = 0.5
HEARTBEAT_S: Final = 15.0
MOST_READERS: Final = 100
WRITE_S: Final = 10.0
"""A reader that takes nothing for so long is cut off."""


class _Reader:
    """A mailbox with one place a view."""

    def __init__(self, holder: Holder = LOCAL_HOLDER) -> None:
        self.holder = holder
        self.sight = replace(holder, name="", agent=None, digest=b"")
        """Equal ones see the same."""
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
    def __init__(
        self, control: Control, door: Door, period_s: float = PERIOD_S, most: int = MOST_READERS
    ) -> None:
        self._control = control
        self._door = door
        self._period_s = period_s
        self._most = most
        self._readers: set[_Reader] = set()
        self._wanted = asyncio.Event()
        self._last: dict[Holder, dict[str, bytes]] = {}
        """By sight."""

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
        reader = _Reader(request[WHO].holder)
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
        for view, frame in self._last.get(reader.sight, {}).items():
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
        for reader in self._readers:
            if not self._door.stands(reader.holder):
                reader.close()  # its token was revoked
        sights = {reader.sight for reader in self._readers}
        self._last = {sight: frames for sight, frames in self._last.items() if sight in sights}
        for sight in sights:
            changed = self._changed(sight)
            for reader in self._readers:
                if reader.sight == sight:
                    for view, frame in changed.items():
                        reader.put(view, frame)

    def _changed(self, sight: Holder) -> Mapping[str, bytes]:
        changed, last = {}, self._last.setdefault(sight, {})
        for view, (right, look) in _VIEWS.items():
            if not may(sight, right) or (view in _OF_ALL and scope(sight) is not None):
                continue
            seen = visible(self._control, sight, look(self._control))
            frame = b"event: %s\ndata: %s\n\n" % (view.encode(), encode(seen))
            if last.get(view) != frame:
                changed[view] = last[view] = frame
        return changed


def _agents(control: Control) -> list[AgentView]:
    """Without the contacts' fields: a board does not need them."""
    return [replace(view, fields={}) for view in views.agents(control)]


_VIEWS: Final[Mapping[str, tuple[Right, Callable[[Control], object]]]] = {
    "agents": (Right.FLOOR, _agents),
    "calls": (Right.SEE, views.calls),
    "campaigns": (Right.SEE, lambda control: control.campaigns()),
    "queues": (Right.SEE, lambda control: control.queues()),
    "totals": (Right.SEE, lambda control: control.totals()),
    "fees": (Right.FEES, lambda control: control.billing.fees()),
}
_OF_ALL: Final = frozenset({"totals"})
"""Cannot be told of some clients alone."""
