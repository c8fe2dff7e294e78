"""What the far side of a call hears: RTP on the loopback interface, as it goes by. Needs root, as SIPp's keys do."""

import socket
import struct
import threading
import time
from types import TracebackType
from typing import NamedTuple, Self

ALAW = 8
LOUD = 0x30
"""Of A-law without its sign, inverted as on the wire: silence and line noise stay far below."""
GAP_S = 0.7
"""A pause shorter than this lies within one speech."""


class Packet(NamedTuple):
    at: float
    port: int
    loud: bool


class Ear:
    """Listens from `with` on."""

    def __init__(self) -> None:
        self._packets: list[Packet] = []
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.ntohs(0x0800))
        self._socket.bind(("lo", 0))
        self._socket.settimeout(0.2)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                data, (_, _, kind, *_) = self._socket.recvfrom(65535)
            except TimeoutError:
                continue
            if kind == socket.PACKET_HOST and data[9] == socket.IPPROTO_UDP:
                self._note(data[(data[0] & 15) * 4 :])

    def _note(self, udp: bytes) -> None:
        port, payload = struct.unpack_from("!H", udp, 2)[0], udp[8:]
        if len(payload) > 12 and payload[0] == 0x80 and payload[1] & 0x7F == ALAW:
            sound = payload[12:]
            loud = sum((sample ^ 0x55) & 0x7F > LOUD for sample in sound) > len(sound) // 8
            self._packets.append(Packet(time.time(), port, loud))

    def speeches(self, port: int) -> list[tuple[float, float]]:
        """When somebody spoke to that port: from, to."""
        found: list[list[float]] = []
        for packet in self._packets:
            if packet.port != port or not packet.loud:
                continue
            if found and packet.at - found[-1][1] < GAP_S:
                found[-1][1] = packet.at
            else:
                found.append([packet.at, packet.at])
        return [(begin, end) for begin, end in found]
