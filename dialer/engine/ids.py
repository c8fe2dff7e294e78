"""Channel ids that we set on Originate. Asterisk's own begin with a digit, a node's name does not.

None may be the beginning of another. Asterisk 22 compares only as many characters as it is given: it refuses a new
channel whose id a living one's id begins with, and an order to `leg-1` may reach `leg-12` (both seen).
"""

import itertools
import string

_ALPHABET = string.digits + string.ascii_lowercase
_WIDTH = 6
"""Digits of a number: enough for two thousand million calls and legs of one start."""


class Ids:
    """`NODE-BOOT-N` for calls and `NODE-BOOT-leg-N` for agents' legs: unique over restarts, in order within one."""

    def __init__(self, node: str, started_at: float) -> None:
        self._prefix = f"{node}-"
        self._boot = _base36(int(started_at * 1000))
        self._count = itertools.count(1)

    def call(self) -> str:
        return f"{self._prefix}{self._boot}-{self._next()}"

    def leg(self) -> str:
        return f"{self._prefix}{self._boot}-leg-{self._next()}"

    def _next(self) -> str:
        return f"{_base36(next(self._count)):0>{_WIDTH}}"

    def ours(self, channel: str) -> bool:
        """Whether this node gave the id, in this life or an earlier one. Asterisk's own ids have a point in them, and
        may begin with its system name."""
        return channel.startswith(self._prefix) and "." not in channel


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _ALPHABET[rest] + digits
    return digits or "0"
