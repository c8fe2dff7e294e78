"""Cost of an AMI event: panoramisk 1.4 as it comes, against the switch's own parser. Prints microseconds and the ratio.

    python bench/ami_parse.py [EVENTS]

One core, no socket: bytes in chunks of 64 kB go to `data_received`. One event of three is wanted, as on a switch
without `eventfilter`; with it, all are.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from dialer.switch.ami import AmiLink, Wire

WANTED = ("Newstate", "Hangup", "OriginateResponse", "BridgeEnter", "BridgeLeave", "DTMFEnd", "FullyBooted",
          "CoreShowChannel", "CoreShowChannelsComplete", "Shutdown")  # fmt: skip
HEADERS = "".join(f"Header{n}: value-{n}-of-an-event\r\n" for n in range(20))


def event(name: str, n: int) -> bytes:
    """26 headers, as a Newstate has with a few channel variables."""
    return (
        f"Event: {name}\r\nPrivilege: call,all\r\nTimestamp: 1795296088.{n:06}\r\nChannel: PJSIP/trunk-{n:08x}\r\n"
        f"ChannelStateDesc: Up\r\nUniqueid: node1-1795296088.{n}\r\n{HEADERS}\r\n"
    ).encode()


def chunks(names: list[str], events: int) -> Iterator[bytes]:
    data = b"".join(event(names[n % len(names)], n) for n in range(events))
    return (data[i : i + 65536] for i in range(0, len(data), 65536))


class Nothing:
    """A transport nobody listens to."""

    def close(self) -> None: ...
    def abort(self) -> None: ...
    def write(self, data: bytes) -> None: ...


def stock(count: Callable[..., Any]) -> AMIProtocol:
    manager = Manager(loop=asyncio.get_running_loop())
    for name in WANTED:
        manager.register_event(name, lambda manager, message: count())
    protocol = AMIProtocol()
    protocol.connection_made(Nothing())
    protocol.factory, protocol.encoding = manager, "utf8"
    return protocol


def ours(count: Callable[..., Any]) -> Wire:
    link = AmiLink("127.0.0.1", 1, dict.fromkeys(WANTED, lambda headers: count()))
    wire = Wire(link)
    wire.connection_made(Nothing())  # type: ignore[arg-type]
    return wire


def cost_us(make: Callable[[Callable[..., Any]], Any], names: list[str], events: int) -> float:
    seen = 0

    def count() -> None:
        nonlocal seen
        seen += 1

    protocol = make(count)
    segments = list(chunks(names, events))
    started = time.perf_counter()
    for segment in segments:
        protocol.data_received(segment)
    spent = time.perf_counter() - started
    expected = sum(names[n % len(names)] in WANTED for n in range(events))
    assert seen == expected, f"{seen} events of {expected} arrived"
    return spent / events * 1e6


async def main(events: int) -> None:
    for label, names in (
        ("all wanted", ["Newstate", "Hangup", "BridgeEnter"]),
        ("one of three wanted", ["Newstate", "RTCPSent", "VarSet"]),
    ):
        theirs, own = (min(cost_us(make, names, events) for _ in range(3)) for make in (stock, ours))
        print(f"{label}: panoramisk {theirs:.1f} us, ours {own:.1f} us an event, ratio {theirs / own:.1f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
