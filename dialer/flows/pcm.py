"""Sound as telephones carry it: one channel, 16 bits, 8 kHz. Reading, changing the rate, writing; no more."""

from __future__ import annotations  # array[int] is not a type at run time before Python 3.12

import math
import os
import sys
import tempfile
import wave
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import mul
from pathlib import Path

RATE_HZ = 8000
RECORDED_HZ = (8000, 16000)
"""The rates a recording may have."""
LARGEST_BYTES = 64 * 1024 * 1024
_HALF_WIDTH_S = 0.0015
"""Half of the filter's length: enough to pass 3 kHz and to stop at 4.5 kHz."""
_CUT_OFF_HZ = 3500.0


class SoundError(ValueError):
    """Not a sound file that can be used: `what is wrong; what would be right`."""


def read_wav(path: Path) -> tuple[array[int], int]:
    """Samples and their rate (Hz)."""
    with _opened(path) as sound:
        samples = array("h", sound.readframes(sound.getnframes()))
        rate = sound.getframerate()
    if sys.byteorder == "big":
        samples.byteswap()
    return samples, rate


def recording_fault(path: Path) -> str | None:
    """Why a recording cannot be used, as `what is wrong; what would be right`; None when it can."""
    try:
        with _opened(path) as sound:
            rate = sound.getframerate()
    except SoundError as error:
        return str(error)
    return None if rate in RECORDED_HZ else f"{rate} Hz; 8000 or 16000 Hz are needed"


@contextmanager
def _opened(path: Path) -> Iterator[wave.Wave_read]:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise SoundError(f"larger than {LARGEST_BYTES // 2**20} MB; shorten it")
        with wave.open(str(path), "rb") as sound:
            channels, width = sound.getnchannels(), sound.getsampwidth()
            if (channels, width) != (1, 2):
                raise SoundError(f"{channels} channel(s) of {width * 8} bits; one channel of 16 bits is needed")
            if not sound.getnframes():
                raise SoundError("holds no sound; record it again")
            yield sound
    except (wave.Error, EOFError) as error:
        why = str(error) or "it is cut short"
        raise SoundError(f"not a plain WAV file ({why}); save it as PCM, 16 bits, one channel") from None
    except OSError as error:
        raise SoundError(f"cannot be read: {error.strerror}; make it readable") from None


def write_wav(path: Path, samples: array[int]) -> None:
    """Atomic: nobody ever reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        os.fchmod(handle, 0o644)  # the switch runs as another user
        data = array("h", samples)
        if sys.byteorder == "big":
            data.byteswap()
        with os.fdopen(handle, "wb") as stream, wave.open(stream, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(RATE_HZ)
            sound.writeframes(data.tobytes())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _taps(offset: float, rate: int, half: int) -> list[float]:
    """A low pass (sinc in a Hann window) around a point `offset` of a sample on, with a gain of 1."""
    cut = min(1.0, 2 * _CUT_OFF_HZ / rate)
    taps: list[float] = []
    for place in range(1 - half, half + 1):
        x = place - offset
        sinc = cut if x == 0 else math.sin(math.pi * cut * x) / (math.pi * x)
        taps.append(sinc * (0.5 + 0.5 * math.cos(math.pi * x / (half + 1))))
    gain = sum(taps)
    return [tap / gain for tap in taps]


def to_telephone(samples: Sequence[int], rate: int) -> array[int]:
    """The same sound at 8 kHz, without what a telephone cannot carry above 4 kHz."""
    if rate == RATE_HZ:
        return array("h", samples)
    common = math.gcd(rate, RATE_HZ)
    step, phases = rate // common, RATE_HZ // common
    half = math.ceil(rate * _HALF_WIDTH_S)
    filters = [_taps(phase / phases, rate, half) for phase in range(phases)]
    padded = [0] * (half - 1) + list(samples) + [0] * (half + 1)
    result = array("h")
    for index in range(len(samples) * phases // step):
        at, phase = divmod(index * step, phases)
        value = round(sum(map(mul, filters[phase], padded[at:at + 2 * half])))
        result.append(max(-32768, min(32767, value)))
    return result
