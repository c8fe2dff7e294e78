"""Blocks of ports of one's own on loopback, so that several plants run beside each other on a machine.

Asterisk takes its RTP range from a file, so free ports have to be known before it starts and stay ours while it
runs. A block is held by a lock on a file: whoever dies gives it back.
"""

import fcntl
import os
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

FIRST, LAST, SIZE = 8000, 32500, 500
"""Below Linux's ephemeral ports (32768 on), which any program may take at any moment."""
HOST = "127.0.0.1"


class PortsTakenError(RuntimeError):
    """Every block is taken."""


@dataclass(slots=True)
class Ports:
    """`count` ports from `first` on, held until `release()`."""

    first: int
    count: int
    locks: list[IO[bytes]] = field(repr=False)

    def at(self, index: int) -> int:
        if not 0 <= index < self.count:
            raise IndexError(index)
        return self.first + index

    def release(self) -> None:
        for lock in self.locks:
            lock.close()
        self.locks.clear()


def take_ports(blocks: int = 1) -> Ports:
    """Hold `blocks` neighbouring blocks of 500 ports. Raises PortsTakenError."""
    total = (LAST - FIRST) // SIZE
    # Start somewhere else in every process: a block just given back may have sockets closing in it.
    offset = os.getpid() * 7 % total
    for step in range(total):
        start = (offset + step) % total
        if start + blocks > total:
            continue
        locks = _lock(range(start, start + blocks))
        if locks is None:
            continue
        ports = Ports(FIRST + start * SIZE, blocks * SIZE, locks)
        if all(_free(ports.at(index)) for index in range(8)):
            return ports
        ports.release()
    raise PortsTakenError(f"no {blocks} neighbouring blocks of {SIZE} ports are free between {FIRST} and {LAST}")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that is free now. Nothing holds it: bind port 0 oneself where that is possible."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _lock(blocks: range) -> list[IO[bytes]] | None:
    directory = Path(tempfile.gettempdir()) / f"dialer-ports-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    locks: list[IO[bytes]] = []
    for block in blocks:
        lock = (directory / str(block)).open("ab")
        locks.append(lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            for held in locks:
                held.close()
            return None
    return locks


def _free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                return False
    return True
