"""Channels that call to be listened to: as Asterisk does, and as somebody else might."""

import asyncio
import math
from array import array
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import pytest

from dialer.quality.beep import Greeting
from dialer.switch.audiosocket import MOST_UNNAMED, AudioServer

SOUND, NAME, KEY = 0x10, 0x01, 0x03


@pytest.fixture
async def server() -> AsyncIterator[AudioServer]:
    opened = AudioServer()
    await opened.start("127.0.0.1", 0)
    yield opened
    await opened.close()


def message(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(2, "big") + body


def sound(*parts: tuple[float, float]) -> bytes:
    """Little-endian, whatever the machine: hertz (0: silence) and seconds."""
    samples = [round(9000 * math.sin(2 * math.pi * hz * at / 8000)) if hz else 0
               for hz, seconds in parts for at in range(round(seconds * 8000))]  # fmt: skip
    return b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)


async def call(server: AudioServer, said: bytes) -> bytes:
    """What is said back until the line is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server._port)
    try:
        writer.write(said)
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


@pytest.mark.parametrize("size", [320, 480, 7])
@pytest.mark.parametrize(("parts", "found"), [
    (((0, 0.4), (1000, 0.5), (0, 0.5)), "tone"), (((0, 2.5),), "silence"),
])  # fmt: skip
async def test_a_channel_is_listened_to_until_something_is_found(
    server: AudioServer, parts: tuple[tuple[float, float], ...], found: str, size: int
) -> None:
    heard = sound(*parts)
    with server.expect(Greeting(2.0), 30.0) as listening:
        frames = b"".join(message(SOUND, heard[at:at + size]) for at in range(0, len(heard), size))
        assert await call(server, message(NAME, listening.id.bytes) + message(KEY, b"5") + frames) == b"\0\0\0"
    assert (listening.heard, listening.found) == (True, found)


async def test_its_time_is_over(server: AudioServer) -> None:
    with server.expect(Greeting(9.0), 0.05) as listening:
        assert await call(server, message(NAME, listening.id.bytes)) == b"\0\0\0"
    assert (listening.heard, listening.found) == (True, None)


@pytest.mark.parametrize("said", [
    b"GET / HTTP/1.0\r\n\r\n" + bytes(0x4554), message(NAME, b"x" * 16), message(SOUND, b""),
])  # fmt: skip
async def test_whoever_is_not_expected_is_closed(server: AudioServer, said: bytes) -> None:
    with server.expect(Greeting(9.0), 9.0) as listening:
        assert await call(server, said) == b"\0\0\0"
    assert not listening.heard


async def test_nobody_calls_twice_or_too_late(server: AudioServer) -> None:
    with server.expect(Greeting(9.0), 0.01) as listening:
        name = message(NAME, listening.id.bytes)
        await call(server, name)
        assert server.named(listening.id.bytes) is None
    with server.expect(Greeting(9.0), 9.0) as late:
        pass
    assert server.named(late.id.bytes) is None


async def test_the_end_of_the_channel_is_the_end(server: AudioServer) -> None:
    with server.expect(Greeting(9.0), 9.0) as listening:
        assert await call(server, message(NAME, listening.id.bytes) + message(0x00, b"")) == b""
    assert listening.found is None


async def test_nobody_makes_it_work_for_more_than_the_time_it_was_given(server: AudioServer) -> None:
    """A stream sent faster than it is spoken would keep the loop from everything else."""
    heard = 0

    class Counting(Greeting):
        def hear(self, frame: "array[int]") -> None:
            nonlocal heard
            heard += 1

    frames = message(SOUND, bytes(0xFFFF)) * 40
    with server.expect(Counting(60.0), 2.0) as listening, suppress(ConnectionResetError):  # there is more than is read
        await call(server, message(NAME, listening.id.bytes) + frames)
    assert heard == 150 and listening.found is None


async def test_a_flood_of_callers_without_a_name_keeps_no_channel_out(server: AudioServer) -> None:
    """They take neither every file descriptor nor every line of the log."""
    async with AsyncExitStack() as stack:
        for _ in range(MOST_UNNAMED + 20):
            _, writer = await asyncio.open_connection("127.0.0.1", server._port)
            stack.callback(writer.close)
        with server.expect(Greeting(0.1), 30.0) as listening:
            said = message(NAME, listening.id.bytes) + message(SOUND, sound((0, 0.5)))
            assert await call(server, said) == b"\0\0\0"
        assert listening.found == "silence" and len(server._connections) <= MOST_UNNAMED + 1
