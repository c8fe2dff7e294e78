"""Structured logs: one JSON object a line, or a line for people. Numbers are masked and secrets dropped
wherever they stand; writing never holds the event loop.

    log.info("attempt answered", extra={"call": call_id, "campaign": name, "agent": agent})

An attempt's id is its call's id, so `attempt` may be used for `call` where only attempts can be meant.
"""

import atexit
import json
import logging
import os
import queue
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from numbers import Number
from typing import Any, Final, Literal, TextIO

from dialer import numbers

Form = Literal["json", "text"]

MOST_WAITING: Final = 20_000
"""Lines that may wait for a slow disk or pipe; more are dropped, and the drop is told."""

END_S: Final = 3.0

IDS: Final = frozenset(
    ("call", "attempt", "campaign", "agent", "client", "switch", "channel", "queue", "flow", "node", "bridge")
)
"""Fields that name something: never masked."""

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRET_FIELD: Final = re.compile(r"secret|password|passwd|token|authorization|cookie", re.IGNORECASE)
_SECRETS: Final = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 ***"),
    (re.compile(r"(?i)\b(\w*(?:secret|password|passwd|token))(['\"]?\s*[=:]\s*)['\"]?[^\s,;'\"&]+"), r"\1\2***"),
    (re.compile(r"(\w+://[^\s/:@]*):[^\s/@]+@"), r"\1:***@"),
)
_RUN: Final = re.compile(r"\d{7}", re.ASCII)
_IN_NAME: Final = re.compile(r"\+?\d{7,}", re.ASCII)
_NUMBER: Final = re.compile(
    r"(?P<id>\b[12]\d{9}\.\d+\b"  # Asterisk's Uniqueid: epoch seconds, a point, a count
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)"  # a UUID
    r"|(?P<channel>\b[A-Z]\w*/[\w.+@-]*?)-(?P<count>[0-9a-f]{8}\b)"  # a channel's name: PJSIP/trunk-0000001f
    r"|\+\d[\d ()./-]{5,}\d|\d{7,}",
    re.ASCII,
)


def mask(text: str, keep: tuple[str, ...] = ()) -> str:
    """The text with numbers of 7 digits and more shortened, but for ids: `keep`, channels' names, UUIDs."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    if not keep:
        return _NUMBER.sub(_shortened, text)
    parts = re.split("(" + "|".join(map(re.escape, keep)) + ")", text)
    return "".join(part if part in keep else _NUMBER.sub(_shortened, part) for part in parts)


def _shortened(match: re.Match[str]) -> str:
    if match["id"] is not None:
        return match[0]
    if match["channel"] is not None:  # it keeps its count, but not a number in its name
        return f"{_IN_NAME.sub(lambda run: numbers.mask(run[0]), match['channel'])}-{match['count']}"
    return numbers.mask(match[0])


class _Masking(logging.Filter):
    """Turns message and fields into masked text, in the thread that logs: nothing unmasked is ever queued."""

    def filter(self, record: logging.LogRecord) -> bool:
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        ids = (str(fields[name]) for name in IDS if name in fields)
        keep = tuple(text for text in ids if _RUN.search(text))
        # Masked before formatting: a count in the arguments is not a number to hide.
        record.msg = mask(str(record.msg), keep)
        record.args = _masked_args(record.args, keep)
        record.msg, record.args = _message(record), None
        for name, value in fields.items():
            setattr(record, name, _masked_field(name, value, keep))
        if record.exc_info:
            record.exc_text = mask(logging.Formatter().formatException(record.exc_info), keep)
            record.exc_info = None
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # a wrong format must not end the call that logs
        return f"{record.msg} {record.args}"


def _masked_args(args: Any, keep: tuple[str, ...]) -> Any:
    if isinstance(args, Mapping):
        return {name: _masked_value(value, keep) for name, value in args.items()}
    return tuple(_masked_value(value, keep) for value in args or ())


def _masked_field(name: str, value: Any, keep: tuple[str, ...]) -> Any:
    if name in IDS:
        return value if value is None else str(value)
    return "***" if _SECRET_FIELD.search(name) else _masked_value(value, keep)


def _masked_value(value: Any, keep: tuple[str, ...]) -> Any:
    return value if value is None or isinstance(value, Number) else mask(str(value), keep)


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in vars(record).items() if name not in _STANDARD and value is not None)


class JsonFormatter(logging.Formatter):
    """One object a line: time (RFC 3339, UTC), level, logger, message, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **dict(_fields(record)),
        }
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """A line for people. Control characters are written as escapes: a caller's name cannot forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        fields = "".join(f"  {name}={_visible(str(value))}" for name, value in _fields(record))
        line = (
            f"{clock}.{int(record.msecs):03d} {record.levelname:<7} {record.name.removeprefix('dialer.'):<12} "
            f"{_visible(record.getMessage())}{fields}"
        )
        return f"{line}\n{record.exc_text}" if record.exc_text else line


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


class _Queue(QueueHandler):
    """Hands records to the writing thread; when that is MOST_WAITING lines behind, drops and counts them."""

    def __init__(self, waiting: "queue.Queue[Any]") -> None:
        super().__init__(waiting)
        self._dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record  # the filter made it plain text already

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            if self._dropped:
                self.queue.put_nowait(_told(self._dropped))
                self._dropped = 0
            self.queue.put_nowait(record)
        except queue.Full:
            self._dropped += 1


class _Listener(QueueListener):
    """Writes what waits; at the end for END_S at the most, as the output may be stuck for good."""

    def __init__(self, waiting: "queue.Queue[Any]", writer: logging.Handler) -> None:
        super().__init__(waiting, writer)
        self._waiting = waiting

    def enqueue_sentinel(self) -> None:
        with suppress(queue.Full):
            self._waiting.put(None, timeout=END_S)

    def stop(self) -> None:
        if self._thread is not None:
            self.enqueue_sentinel()
            self._thread.join(END_S)
            self._thread = None


def _told(dropped: int) -> logging.LogRecord:
    fields = {
        "name": "dialer.logs",
        "levelname": "WARNING",
        "levelno": logging.WARNING,
        "msg": f"{dropped} log lines dropped: the output is too slow",
    }
    return logging.makeLogRecord(fields)


def setup(form: Form | None = None, level: str = "INFO", stream: TextIO | None = None) -> Callable[[], None]:
    """Send every logger's lines to `stream` (standard error). The function given back writes what waits and ends.

    `form` left out is DIALER_LOG (json or text), else text on a terminal and json elsewhere.
    """
    stream = stream or sys.stderr
    chosen = form or os.environ.get("DIALER_LOG") or ("text" if stream.isatty() else "json")
    if chosen not in ("json", "text"):
        raise ValueError(f"DIALER_LOG is {chosen!r}; it must be json or text")
    writer = logging.StreamHandler(stream)
    writer.setFormatter(JsonFormatter() if chosen == "json" else TextFormatter())
    waiting: queue.Queue[Any] = queue.Queue(MOST_WAITING)
    handler = _Queue(waiting)
    handler.addFilter(_Masking())
    listener = _Listener(waiting, writer)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of each connection it opens
    listener.start()
    return _ending(root, handler, listener)


def _ending(root: logging.Logger, handler: logging.Handler, listener: QueueListener) -> Callable[[], None]:
    ended = False

    def end() -> None:
        nonlocal ended
        if not ended:
            ended = True
            root.removeHandler(handler)
            listener.stop()

    atexit.register(end)
    return end
