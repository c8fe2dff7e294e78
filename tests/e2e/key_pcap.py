"""A key of a telephone as a capture that SIPp plays (RFC 4733 events). Its own `play_dtmf` sends them as payload 96
whatever was agreed; Asterisk's offers ask for 101."""

import struct

PAYLOAD, RATE_HZ, SPACING_MS, LASTS_MS = 101, 8000, 20, 160
_EVENTS = "0123456789*#ABCD"
_GLOBAL = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
"""libpcap's heading: version 2.4, Ethernet."""


def capture(key: str) -> bytes:
    """Packets every 20 ms whose duration grows, and the end three times (RFC 4733, 2.5.1.4). SIPp puts addresses and
    ports of its own into them."""
    count = LASTS_MS // SPACING_MS + 3
    packets = (_event(key, index, min((index + 1) * SPACING_MS, LASTS_MS)) for index in range(count))
    return _GLOBAL + b"".join(_recorded(index, packet) for index, packet in enumerate(packets))


def _event(key: str, index: int, lasted_ms: int) -> bytes:
    last = index >= LASTS_MS // SPACING_MS
    marker = 0x80 if index == 0 else 0
    rtp = struct.pack(">BBHII", 0x80, marker | PAYLOAD, 1000 + index, 160_000, 0x0BADCAFE)
    return rtp + struct.pack(">BBH", _EVENTS.index(key), (0x80 if last else 0) | 10, lasted_ms * RATE_HZ // 1000)


def _recorded(index: int, payload: bytes) -> bytes:
    udp = struct.pack(">HHHH", 4000, 4000, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), index, 0, 64, 17, 0, bytes(4), bytes(4)) + udp
    frame = bytes(12) + b"\x08\x00" + ip
    return struct.pack("<IIII", 0, index * SPACING_MS * 1000, len(frame), len(frame)) + frame
