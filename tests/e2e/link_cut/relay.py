"""A TCP relay between the engine and Asterisk's manager interface: to be cut, restored and made to fall silent."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

from demo.ports import HOST, free_port


class _Pair:
    """One connection and its counterpart."""

    def __init__(self, relay: "Relay", engine: asyncio.StreamWriter, asterisk: asyncio.StreamWriter) -> None:
        self.relay = relay
        self.writers = (engine, asterisk)
        self.deaf = asyncio.Event()
        """Nothing passes to Asterisk."""
        self.mute = asyncio.Event()
        """Nothing passes to the engine."""

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silent: asyncio.Event) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if silent.is_set():
                    continue  # swallowed: the sender sees an open connection
                writer.write(data)
                await writer.drain()
        self.close()

    def close(self) -> None:
        for writer in self.writers:
            writer.transport.abort()
        self.relay.pairs.discard(self)


class Relay:
    """`async with Relay(port) as relay:` listens on `relay.port` and passes on to `port`."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.pairs: set[_Pair] = set()
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.restore()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def cut(self) -> None:
        """Break what is open, refuse what is new."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for pair in list(self.pairs):
            pair.close()

    async def restore(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, HOST, self.port, reuse_address=True)

    def silence(self, *, both_ways: bool = True) -> None:
        """The open connections stay open, but nothing comes through to the engine any more (`both_ways`: nor from
        it). New connections are whole."""
        for pair in self.pairs:
            pair.mute.set()
            if both_ways:
                pair.deaf.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self.target)
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair(self, writer, far_writer)
        self.pairs.add(pair)
        for coroutine in (pair.pump(reader, far_writer, pair.deaf), pair.pump(far_reader, writer, pair.mute)):
            task = asyncio.create_task(coroutine)
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)
