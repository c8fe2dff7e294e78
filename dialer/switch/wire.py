"""Bytes of the Asterisk Manager Interface: cutting the stream into messages, reading and writing headers.

A message is lines `Key: value` ended by CR LF, and a blank line. Nothing here knows what a header means.
"""

import re
from collections.abc import Iterable

Headers = dict[str, str]
"""Keys in lower case (Asterisk itself is not consistent); a header that occurs several times has its values
joined by line feeds, which no value can contain."""

_BLANK_LINE = b"\r\n\r\n"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
MOST_LINE_BYTES = 1000
"""Asterisk 22 refuses a message with a line of 1,020 bytes or more, or with more than 128 lines."""
MOST_LINES = 100


class TooLongError(Exception):
    """The peer sent more bytes than a message may have."""


class UnsafeValueError(ValueError):
    """A value that Asterisk would read as something else than one value."""


class Splitter:
    """Cuts a byte stream at blank lines, in time linear in the bytes, whatever the segments.

    `most` bounds the bytes kept of an unfinished message.
    """

    def __init__(self, most: int = 1 << 20) -> None:
        self._buffer = bytearray()
        self._most = most

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes; raises TooLongError."""
        buffer = self._buffer
        seen = max(0, len(buffer) - len(_BLANK_LINE) + 1)
        buffer += data
        end = buffer.rfind(_BLANK_LINE, seen)
        blocks: list[bytes] = []
        if end >= 0:
            blocks = bytes(buffer[:end]).split(_BLANK_LINE)
            del buffer[: end + len(_BLANK_LINE)]
        if len(buffer) > self._most:
            raise TooLongError(f"a message above {self._most} bytes")
        return blocks


def event_name(block: bytes) -> bytes | None:
    """The event's name without reading its headers: most events are not wanted. None for a response."""
    if not block.startswith(b"Event: "):
        return None
    end = block.find(b"\r", 7)
    return block[7:end] if end >= 0 else block[7:]


def parse(block: bytes) -> Headers:
    """One message's headers. Lines that are none are left out; bytes that are no UTF-8 become U+FFFD."""
    lines = block.decode("utf-8", "replace").split("\r\n")
    try:
        headers = {key.lower(): value for key, value in [line.split(": ", 1) for line in lines]}
    except ValueError:
        return _parse_odd(lines)
    return headers if len(headers) == len(lines) else _parse_odd(lines)


def _parse_odd(lines: list[str]) -> Headers:
    """The rare message with a repeated header, or with a line that is no `Key: value`."""
    headers: Headers = {}
    for line in lines:
        key, colon, value = line.partition(": ")
        if not colon and not line.endswith(":"):
            continue
        key = key.rstrip(":").lower()
        headers[key] = f"{headers[key]}\n{value}" if key in headers else value
    return headers


def check_header(key: str, value: str) -> None:
    """Raises UnsafeValueError for what would not arrive as one header line with this value."""
    if not _KEY.fullmatch(key):
        raise UnsafeValueError(f"{key!r} is no header name")
    if _CONTROL.search(value):
        raise UnsafeValueError(f"control character in {key}")
    try:
        size = len(key) + len(value.encode())
    except UnicodeEncodeError:
        raise UnsafeValueError(f"{key} is no valid Unicode") from None
    if size > MOST_LINE_BYTES:
        raise UnsafeValueError(f"{key} is longer than {MOST_LINE_BYTES} bytes")


def compose(headers: Iterable[tuple[str, str]]) -> bytes:
    """A message of these headers, every one checked."""
    lines = []
    for key, value in headers:
        check_header(key, value)
        lines.append(f"{key}: {value}\r\n")
    if len(lines) > MOST_LINES:
        raise UnsafeValueError(f"more than {MOST_LINES} headers")
    return "".join([*lines, "\r\n"]).encode()
