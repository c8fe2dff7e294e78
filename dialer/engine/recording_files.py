"""Files of recordings: 16 bits, 8 kHz, without a header, below each switch's directory. Everything here blocks."""

import errno
import logging
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from dialer.store.recordings import RecordingRow

if TYPE_CHECKING:
    from dialer.config.configuration import Configuration

log = logging.getLogger(__name__)

RATE_HZ = 8000
WIDTH = 2
ENDING = ".raw"
MOST_DATA = 0xFFFFFFFF - 36


def directory_of(configuration: "Configuration", switch: str) -> Path | None:
    """As the engine sees it; None where the switch has no place for recordings, or is not configured any more."""
    config = configuration.plant.switches.get(switch)
    return None if config is None or config.recordings is None else (configuration.root / config.recordings.read)


def path_of(configuration: "Configuration", row: RecordingRow) -> Path | None:
    directory = directory_of(configuration, row.switch)
    return None if directory is None else directory / row.file


def seconds_of(path: Path, channels: int) -> float | None:
    """How long it is; None where there is no such file. Raises OSError, also where all of them are away."""
    try:
        return path.stat().st_size / (RATE_HZ * WIDTH * channels)
    except FileNotFoundError:
        _mounted(path)
        return None


def _mounted(path: Path) -> None:
    """Raises FileNotFoundError where the directory itself is not there: of what is in it nothing is known."""
    directory = path.parents[2]
    if not directory.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"the directory is not there: {directory}")


def header(data_bytes: int, channels: int) -> bytes:
    """Of a WAV file with so much sound."""
    size, step = min(data_bytes, MOST_DATA), WIDTH * channels
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, RATE_HZ, RATE_HZ * step, step, WIDTH * 8)
    return struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size)


def remove(path: Path) -> None:
    """Gone when this returns, or before. Raises OSError."""
    try:
        path.unlink()
    except FileNotFoundError:
        _mounted(path)


def files_in(directory: Path, before: float) -> list[tuple[str, float, int]]:
    """Recordings below it that nobody has written to since: path below the directory, time and size. Raises OSError."""
    found = []
    for path in directory.glob(f"*/*/*{ENDING}"):
        name = str(path.relative_to(directory))
        try:
            stat = path.stat()
            name.encode()
        except FileNotFoundError:
            continue
        except UnicodeEncodeError:
            log.error("a file whose name is no text lies among the recordings, and stays: %r", name)
            continue
        if stat.st_mtime < before:
            found.append((name, stat.st_mtime, stat.st_size))
    return found


def clear_days(directory: Path, before: float) -> None:
    """Takes away the folders of days that have become empty."""
    for day in directory.glob("*/????-??-??"):
        try:
            if day.stat().st_mtime < before:
                day.rmdir()
        except OSError:  # not empty, or somebody else's
            continue
