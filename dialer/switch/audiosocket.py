"""What a channel hears, frame by frame: Asterisk's AudioSocket (app_audiosocket.c), in which the channel calls us.

A message is its kind, the length of what follows in two octets, and that: first 16 octets that name the channel, then
sound of 16 bits at 8 kHz, in Asterisk's order of octets, the low one first. We send nothing but the end.
"""

import asyncio
import contextlib
import logging
import sys
import uuid
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, cast

from dialer.quality.beep import FRAME, FRAME_S, Found, Greeting

log = logging.getLogger(__name__)

END: Final = 0x00
NAME: Final = 0x01
SOUND: Final = 0x10
_HEAD = 3
_NAME_S = 5.0
_CLOSE_S = 2.0
_TOLD_EVERY_S = 60.0
_AHEAD_S = 1.0
"""How far sound may run ahead of its time: a network that stood still for a moment."""
MOST_UNNAMED: Final = 256
"""Connections that have not said a name. A channel says it as it connects: beyond this the oldest is none, and goes."""


@dataclass(slots=True)
class Listening:
    """To one channel, once it has called."""

    greeting: Greeting
    most_s: float
    port: int
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    heard: bool = False
    """Anything: the channel has called."""
    found: Found | None = None


class AudioServer:
    """Channels are told the name to call with; whoever calls with none of those is closed."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._port = 0
        self._awaited: dict[bytes, Listening] = {}
        self._connections: set[_Audio] = set()
        self._unnamed: dict[_Audio, None] = {}
        """The oldest first."""
        self._told_at = float("-inf")

    async def start(self, host: str, port: int) -> int:
        """Listen; the port (a free one for 0). Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Audio(self), host, port, backlog=256)
        self._port = int(self._server.sockets[0].getsockname()[1])
        return self._port

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.end()
        if self._server is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_S):
                    await self._server.wait_closed()

    @contextmanager
    def expect(self, greeting: Greeting, most_s: float) -> Iterator[Listening]:
        """A channel that will call while the context lasts, and is listened to for `most_s` at most."""
        listening = Listening(greeting, most_s, self._port)
        self._awaited[listening.id.bytes] = listening
        try:
            yield listening
        finally:
            self._awaited.pop(listening.id.bytes, None)

    def named(self, name: bytes) -> Listening | None:
        """The one it is to be, once."""
        return self._awaited.pop(name, None)

    def opened(self, connection: "_Audio") -> None:
        self._connections.add(connection)
        self._unnamed[connection] = None
        if len(self._unnamed) > MOST_UNNAMED:
            self.stranger(next(iter(self._unnamed)))

    def introduced(self, connection: "_Audio") -> None:
        self._unnamed.pop(connection, None)

    def stranger(self, connection: "_Audio") -> None:
        """It is none that we expect. Told once a minute: whoever floods us does not flood the log."""
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= _TOLD_EVERY_S:
            self._told_at = now
            log.warning("somebody calls to be listened to whom we do not expect: closed")
        self._unnamed.pop(connection, None)
        connection.end()

    def closed(self, connection: "_Audio") -> None:
        self._connections.discard(connection)
        self._unnamed.pop(connection, None)


class _Audio(asyncio.Protocol):
    def __init__(self, server: AudioServer) -> None:
        self._server = server
        self._buffer = bytearray()
        self._sound = bytearray()
        self._listening: Listening | None = None
        self._frames_left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._deadline = asyncio.get_running_loop().call_later(_NAME_S, self.end)
        self._server.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        self._server.closed(self)

    def end(self) -> None:
        """Asterisk leaves the application, and its dialplan or script goes on."""
        if not self._transport.is_closing():
            self._transport.write(bytes((END, 0, 0)))
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= _HEAD and not self._transport.is_closing():
            size = _HEAD + int.from_bytes(self._buffer[1:_HEAD], "big")
            if len(self._buffer) < size:
                return
            kind, body = self._buffer[0], bytes(self._buffer[_HEAD:size])
            del self._buffer[:size]
            self._take(kind, body)

    def _take(self, kind: int, body: bytes) -> None:
        if self._listening is None:
            self._listening = self._server.named(body) if kind == NAME else None
            if self._listening is None:
                self._server.stranger(self)
                return
            self._server.introduced(self)
            self._listening.heard = True
            self._frames_left = round((self._listening.most_s + _AHEAD_S) / FRAME_S)
            self._deadline.cancel()
            self._deadline = asyncio.get_running_loop().call_later(self._listening.most_s, self.end)
        elif kind == SOUND:
            self._hear(self._listening, body)
        elif kind == END:
            self._transport.close()

    def _hear(self, listening: Listening, body: bytes) -> None:
        self._sound += body
        while len(self._sound) >= 2 * FRAME and listening.found is None and self._frames_left:
            self._frames_left -= 1
            frame = array("h", bytes(self._sound[:2 * FRAME]))
            del self._sound[:2 * FRAME]
            if sys.byteorder == "big":
                frame.byteswap()
            listening.found = listening.greeting.hear(frame)
        if listening.found is not None or not self._frames_left:
            self.end()
