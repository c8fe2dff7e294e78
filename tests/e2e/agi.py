"""A FastAGI server of a few lines, for tests of the dialplan without the engine."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from demo.ports import HOST


@dataclass(slots=True)
class Script:
    """One run of AGI(): what Asterisk told at its start, and a way to say commands."""

    facts: dict[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, command: str) -> str:
        """The reply to a command, HANGUP when the channel went instead, "" when the connection closed."""
        self.writer.write(f"{command}\n".encode())
        return (await self.reader.readline()).decode().strip()

    @property
    def path(self) -> str:
        return self.facts["agi_network_script"]


@asynccontextmanager
async def scripts(run: Callable[[Script], Awaitable[None]]) -> AsyncIterator[int]:
    """Serve `run` on a free port, which is yielded."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            facts: dict[str, str] = {}
            while line := (await reader.readline()).decode().strip():
                name, _, value = line.partition(": ")
                facts[name] = value
            await run(Script(facts, reader, writer))
        finally:
            writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
