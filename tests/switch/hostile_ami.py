"""The other end of an AMI link, told by each test what to do wrong. It knows nothing of calls."""

import asyncio
from types import TracebackType
from typing import Self

from dialer.switch.wire import parse

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
FULLY_BOOTED = (
    b"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 100\r\nLastReload: 100\r\nStatus: Fully Booted\r\n\r\n"
)


class Peer:
    """One accepted connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.seen: list[dict[str, str]] = []

    async def action(self) -> dict[str, str]:
        """The next action, whatever it is; raises IncompleteReadError at the end of the stream."""
        headers = parse((await self.reader.readuntil(b"\r\n\r\n"))[:-4])
        self.seen.append(headers)
        return headers

    async def expect(self, name: str) -> dict[str, str]:
        """The next action of this name; pings before it, and what is swept away when the link comes up, are answered,
        anything else is a failure."""
        while True:
            headers = await self.action()
            if headers["action"] == name:
                return headers
            assert headers["action"] in ("Ping", "DBDelTree"), headers
            self.answer(headers)

    async def rest(self) -> list[str]:
        """The names of all further actions, until the other side closes."""
        names = []
        try:
            while True:
                names.append((await self.action())["action"])
        except (asyncio.IncompleteReadError, ConnectionError):
            return names

    def answer(self, action: dict[str, str], response: str = "Success", message: str = "", more: str = "") -> None:
        self.send(
            f"Response: {response}\r\nActionID: {action['actionid']}\r\nMessage: {message}\r\n{more}\r\n".encode()
        )

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def log_in(self) -> None:
        self.send(BANNER)
        self.answer(await self.expect("Login"), message="Authentication accepted")
        self.send(FULLY_BOOTED)

    async def come_up(self) -> None:
        """All that a switch does until it is up."""
        await self.log_in()
        startup = "CoreStartupDate: 2026-03-01\r\nCoreStartupTime: 10:00:00\r\n"
        self.answer(await self.expect("CoreStatus"), more=startup)

    def cut(self) -> None:
        self.writer.transport.abort()


class HostileAmi:
    def __init__(self) -> None:
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()
        self._all: list[Peer] = []
        self.accepted = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for peer in self._all:
            peer.cut()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        peer = Peer(reader, writer)
        self._all.append(peer)
        self._peers.put_nowait(peer)

    async def peer(self) -> Peer:
        async with asyncio.timeout(10):
            return await self._peers.get()
