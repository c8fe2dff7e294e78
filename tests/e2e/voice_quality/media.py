"""The outside's voice: an RTP sender and receiver with true RTCP (RFC 3550), and a line that loses, delays and
reorders what passes, by a seed."""

import asyncio
import random
import socket
import struct
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from demo.ports import HOST, free_port

FRAME_S = 0.02
SAMPLES = 160
_NTP_EPOCH = 2208988800
Address = tuple[str, int]


class _Port(asyncio.DatagramProtocol):
    def __init__(self, on_packet: Callable[[bytes, Address], None]) -> None:
        self._on_packet = on_packet

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._on_packet(data, addr)


async def _open(port: int, on_packet: Callable[[bytes, Address], None]) -> asyncio.DatagramTransport:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Port(on_packet), local_addr=(HOST, port))
    return transport


async def _pair(stack: AsyncExitStack, *on_packet: Callable[[bytes, Address], None]) -> list[asyncio.DatagramTransport]:
    """An even port and the next one, for RTP and RTCP."""
    for _ in range(100):
        even = free_port(socket.SOCK_DGRAM) & ~1
        opened: list[asyncio.DatagramTransport] = []
        try:
            for step, handler in enumerate(on_packet):
                opened.append(await _open(even + step, handler))
        except OSError:
            for transport in opened:
                transport.close()
            continue
        for transport in opened:
            stack.callback(transport.close)
        return opened
    raise RuntimeError("no free pair of ports")


class Voice:
    """One side of a conversation: sends A-law frames and RTCP reports to `target` while `talking`, and keeps what
    RFC 3550 (A.3, A.8) asks of what it receives."""

    def __init__(self, seed: int, report_s: float) -> None:
        chance = random.Random(seed)
        self.ssrc = chance.getrandbits(32)
        self.talking = True
        self.payload = 8
        """A-law; 0 is mu-law (RFC 3551)."""
        self._report_s = report_s
        self._sequence, self._stamp = chance.getrandbits(16), chance.getrandbits(32)
        self.sent = 0
        self.received = 0
        self.heard_from: int | None = None
        self._base = self._highest = 0
        self._before = (0, 0)
        self._transit, self._jitter = 0.0, 0.0
        self._last_report: tuple[int, float] | None = None
        self.target: Address | None = None

    async def open(self, stack: AsyncExitStack) -> None:
        self._rtp, self._rtcp = await _pair(stack, self._on_rtp, self._on_rtcp)
        for work in (self._talk(), self._report()):
            task = asyncio.get_running_loop().create_task(work)
            stack.callback(task.cancel)

    @property
    def port(self) -> int:
        return _port_of(self._rtp)

    async def _talk(self) -> None:
        """On a fixed raster: who was late catches up, as a phone's buffer does."""
        due = time.monotonic()
        while True:
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if self.target is None:
                continue
            self._stamp = (self._stamp + SAMPLES) & 0xFFFFFFFF
            if self.talking:
                self._sequence = (self._sequence + 1) & 0xFFFF
                header = struct.pack("!BBHII", 0x80, self.payload, self._sequence, self._stamp, self.ssrc)
                self._rtp.sendto(header + b"\xd5" * SAMPLES, self.target)
                self.sent += 1

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(self._report_s)
            if self.target is not None:
                host, port = self.target
                self._rtcp.sendto(self._sender_report(), (host, port + 1))

    def _on_rtp(self, data: bytes, source: Address) -> None:
        _, _, sequence, stamp, ssrc = struct.unpack("!BBHII", data[:12])
        if self.heard_from != ssrc:
            self.heard_from, self._base, self._highest, self.received = ssrc, sequence, sequence, 0
            self._before, self._transit, self._jitter = (0, 0), 0.0, 0.0
        step = (sequence - self._highest) & 0xFFFF
        if step < 0x8000:
            self._highest += step
        self.received += 1
        transit = time.monotonic() * 8000 - stamp
        if self._transit:
            self._jitter += (abs(transit - self._transit) - self._jitter) / 16
        self._transit = transit

    def _on_rtcp(self, data: bytes, source: Address) -> None:
        if len(data) >= 28 and data[1] == 200:
            middle = struct.unpack("!Q", data[8:16])[0] >> 16 & 0xFFFFFFFF
            self._last_report = (middle, time.monotonic())

    def _sender_report(self) -> bytes:
        now = time.time() + _NTP_EPOCH
        ntp = int(now) << 32 | int(now % 1 * 2**32)
        sender = struct.pack("!IQIII", self.ssrc, ntp, self._stamp, self.sent, self.sent * SAMPLES)
        blocks = b"" if self.heard_from is None else self._block()
        size = (4 + len(sender) + len(blocks)) // 4 - 1
        report = struct.pack("!BBH", 0x80 | bool(blocks), 200, size) + sender + blocks
        name = struct.pack("!BBHIBB", 0x81, 202, 3, self.ssrc, 1, 4) + b"test\0\0"
        return report + name

    def _block(self) -> bytes:
        expected = self._highest - self._base + 1
        lost = max(0, expected - self.received)
        span, got = expected - self._before[0], self.received - self._before[1]
        fraction = max(0, span - got) * 256 // span if span > 0 else 0
        self._before = (expected, self.received)
        middle, since = self._last_report or (0, time.monotonic())
        delay = int((time.monotonic() - since) * 65536) if middle else 0
        return struct.pack("!IIIIII", self.heard_from, min(fraction, 255) << 24 | lost & 0xFFFFFF,
                           self._highest & 0xFFFFFFFF, int(self._jitter), middle, delay)  # fmt: skip


@dataclass(slots=True)
class Weather:
    """What a line does to the voice in one direction. `burst`: packets lost in a row on the average."""

    loss: float = 0.0
    burst: float = 1.0
    delay_s: float = 0.0
    spread_s: float = 0.0
    """Added to the delay of each packet, evenly from 0: more than 20 ms reorders."""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    at: float
    """Epoch seconds at which the packet came to the line, and those at which it left it or would have."""
    out_at: float
    lost: bool


class Way:
    """One direction of a line. Reports suffer its delay but are never lost: no figure hangs on a lost report."""

    def __init__(self, seed: int, weather: Weather) -> None:
        self.weather = weather
        self.passages: list[Passage] = []
        """Of voice."""
        self._chance = random.Random(seed)
        self._losing = False

    def carry(self, send: Callable[[], None], voice: bool) -> None:
        now, delay_s = time.time(), self.weather.delay_s
        if voice:
            delay_s += self._chance.random() * self.weather.spread_s
            lost = self._lose() or self.weather.cut
            self.passages.append(Passage(now, now + delay_s, lost))
            if lost:
                return
        asyncio.get_running_loop().call_later(delay_s, send)

    def _lose(self) -> bool:
        """Two states (Gilbert): what is lost is lost in runs of `burst`, and is `loss` of all."""
        loss, burst = self.weather.loss, self.weather.burst
        leave = 1.0 / max(burst, 1.0 / (1.0 - loss))
        enter = leave * loss / (1.0 - loss)
        self._losing = self._chance.random() >= leave if self._losing else self._chance.random() < enter
        return self._losing

    def lost_share(self, since: float, until: float) -> float:
        """Of the packets that would have come out in that time."""
        lost = [passage.lost for passage in self.passages if since <= passage.out_at <= until]
        return sum(lost) / len(lost)

    def reordered(self) -> int:
        """How many came out after one that went in later."""
        out = [passage.out_at for passage in self.passages if not passage.lost]
        return sum(later < earlier for earlier, later in pairwise(out))


class Line:
    """Between a voice and the switch: the switch sends to `port`, and hears from there."""

    def __init__(self, voice: Voice, seed: int, to_switch: Weather, from_switch: Weather) -> None:
        self.voice = voice
        self.to_switch, self.from_switch = Way(seed, to_switch), Way(seed + 1, from_switch)
        self._switch: Address | None = None

    async def open(self, stack: AsyncExitStack) -> None:
        await self.voice.open(stack)
        self._front = await _pair(stack, partial(self._from, 0), partial(self._from, 1))
        self._back = await _pair(stack, partial(self._to, 0), partial(self._to, 1))
        self.voice.target = (HOST, _port_of(self._back[0]))

    @property
    def port(self) -> int:
        return _port_of(self._front[0])

    def aim(self, port: int) -> None:
        """Where the switch listens, as its SDP says: it may have nothing to send."""
        self._switch = (HOST, port)

    def _from(self, kind: int, data: bytes, source: Address) -> None:
        """The switch's side: where it sends from is where it listens."""
        self._switch = (source[0], source[1] - kind)
        self.from_switch.carry(partial(_send, self._back[kind], data, (HOST, self.voice.port + kind)), kind == 0)

    def _to(self, kind: int, data: bytes, source: Address) -> None:
        if self._switch is not None:
            host, port = self._switch
            self.to_switch.carry(partial(_send, self._front[kind], data, (host, port + kind)), kind == 0)


def _send(transport: asyncio.DatagramTransport, data: bytes, target: Address) -> None:
    if not transport.is_closing():
        transport.sendto(data, target)


def _port_of(transport: asyncio.DatagramTransport) -> int:
    return int(transport.get_extra_info("sockname")[1])
