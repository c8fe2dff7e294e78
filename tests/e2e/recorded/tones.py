"""People who hum a tone of their own over RTP, and what a recording has of each tone."""

import asyncio
import math
import socket
import struct
import sys
import time
from array import array
from contextlib import AsyncExitStack

from demo.ports import HOST, free_port

RATE, FRAME = 8000, 160
_SEGMENTS = [0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF]


def alaw(sample: int) -> int:
    """G.711."""
    mask, level = (0xD5, sample >> 3) if sample >= 0 else (0x55, ~sample >> 3)
    segment = next(index for index, end in enumerate(_SEGMENTS) if level <= end)
    low = level >> (1 if segment < 2 else segment) & 0x0F
    return (segment << 4 | low) ^ mask


class Hummer(asyncio.DatagramProtocol):
    """Sends its tone to wherever sound comes from."""

    def __init__(self, hz: float) -> None:
        self._wave = bytes(alaw(round(8000 * math.sin(2 * math.pi * hz * at / RATE))) for at in range(RATE))
        self._target: tuple[str, int] | None = None

    async def open(self, stack: AsyncExitStack) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(100):
            try:
                self._transport, _ = await loop.create_datagram_endpoint(
                    lambda: self, local_addr=(HOST, free_port(socket.SOCK_DGRAM) & ~1))
                break
            except OSError:
                continue
        stack.callback(self._transport.close)
        task = loop.create_task(self._hum())
        stack.callback(task.cancel)

    @property
    def port(self) -> int:
        return int(self._transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._target = addr

    async def _hum(self) -> None:
        frame, due = 0, time.monotonic()
        while not self._transport.is_closing():
            due += FRAME / RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            frame += 1
            if self._target is not None:
                start = frame * FRAME % RATE
                header = struct.pack("!BBHII", 0x80, 8, frame & 0xFFFF, frame * FRAME & 0xFFFFFFFF, 4711)
                self._transport.sendto(header + self._wave[start:start + FRAME], self._target)


def samples(raw: bytes) -> "array[int]":
    found = array("h", raw[:len(raw) & ~1])
    if sys.byteorder == "big":
        found.byteswap()
    return found


def share(sound: "array[int]", hz: float) -> float:
    """Of the sound's power at this frequency, 0..1 (Goertzel); 0 for silence."""
    power = sum(value * value for value in sound)
    if power < 100 * max(1, len(sound)):  # below 10 of 32768
        return 0.0
    turn = 2 * math.cos(2 * math.pi * hz / RATE)
    before = last = 0.0
    for value in sound:
        before, last = last, value + turn * last - before
    return 2 * (before * before + last * last - turn * before * last) / (len(sound) * power)


def heard(sound: "array[int]", hz: float, least: float = 0.5) -> float:
    """Seconds of the sound in which the tone is most of it, looked at in tenths of a second."""
    tenth = RATE // 10
    parts = [sound[at:at + tenth] for at in range(0, len(sound) - tenth + 1, tenth)]
    return sum(share(part, hz) > least for part in parts) / 10
