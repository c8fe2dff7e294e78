"""When a machine's greeting is over: its tone has ended, or nobody speaks any more. Pure; 16 bits at 8 kHz, by 20 ms.

A frame is of a tone when one frequency has nearly all its energy. Which one, its autocorrelation says (Pisarenko: for a
sine in white noise r2/r1 gives the frequency without bias); how much of the energy, a correlation with that sine. A
machine's tone is such frames of one frequency and loudness one after another, 0.2 to 2 s of them, and then quiet: what
is followed by more sound was a note or a vowel of the greeting. A call that is listened to costs about 1 % of a core.
"""

from __future__ import annotations  # array[int] is not a type at run time before Python 3.12

from array import array
from cmath import phase
from dataclasses import dataclass
from functools import lru_cache
from math import acos, cos, pi, sin, sqrt
from operator import mul
from typing import Literal

RATE_HZ = 8000
FRAME = 160
FRAME_S = FRAME / RATE_HZ
LOWEST_HZ, HIGHEST_HZ = 290.0, 2060.0
SHORTEST_S, LONGEST_S = 0.2, 2.05
QUIET_S = 0.2
"""After the tone: then it is over, and was no part of what is said."""
PURE = 0.9
"""Of the energy of a frame, in one frequency. A tone 15 dB above the noise has 0.97."""
STEADY_HZ = 25.0
"""How far a frame's frequency may be off the tone's; that of one 15 dB above the noise is found to 7 Hz. A voice and a
siren move on."""
SOFTEST = 200.0
"""Root mean square; softer is silence: -44 dB below full scale."""
EBB = 0.3
"""Of the tone's own loudness: softer than that counts as quiet after it."""
SWELL = 2.0
"""How much louder or softer than the frame before a tone may be."""
_STEP_HZ = 5
_COARSE = tuple(cos(2 * pi * hz / RATE_HZ) for hz in (LOWEST_HZ, HIGHEST_HZ))

Found = Literal["tone", "silence"]


@dataclass(slots=True)
class Greeting:
    """Listened to from now on, frame by frame."""

    silence_s: float
    """So long nothing louder than noise, without a tone: over as well."""
    _silent: int = 0
    _pure: int = 0
    """Frames of the tone that lasts."""
    _hz: float = 0.0
    _loud: float = 0.0
    _tone: float = 0.0
    """How loud the tone was that has just ended; 0: none has, or it was a note: more sound came."""
    _quiet: int = 0
    """Frames since it ended."""

    def hear(self, frame: array[int]) -> Found | None:
        """What has come about with this frame. One of another length is let pass."""
        if len(frame) != FRAME:
            return None
        energy = sum(map(mul, frame, frame))
        loud = sqrt(energy / FRAME)
        if self._tone and loud > max(SOFTEST, EBB * self._tone):
            self._tone = 0.0
        self._quiet = self._quiet + 1 if self._tone else 0
        if self._quiet * FRAME_S >= QUIET_S:
            return "tone"
        self._silent = self._silent + 1 if loud < SOFTEST else 0
        if self._silent * FRAME_S >= self.silence_s:
            return "silence"
        self._follow(loud, frequency(frame, energy) if loud >= SOFTEST else None)
        return None

    def _follow(self, loud: float, hz: float | None) -> None:
        """A tone that goes on, ends or begins."""
        even = self._loud / SWELL <= loud <= self._loud * SWELL
        if self._pure and hz is not None and even and abs(hz - self._hz) <= STEADY_HZ:
            self._pure += 1
            self._hz += (hz - self._hz) / self._pure
            self._loud = loud
            return
        if self._pure and SHORTEST_S <= (self._pure + 1) * FRAME_S <= LONGEST_S:  # of its first and last a part
            self._tone, self._quiet = self._loud, 0
        self._pure, self._hz, self._loud = (0, 0.0, 0.0) if hz is None else (1, hz, loud)


def frequency(frame: array[int], energy: int) -> float | None:
    """Of the tone that the frame is of, in hertz; None where it is of none, or out of range. `energy`: the sum of its
    squares."""
    middle, later = frame[1:-1], frame[2:]
    r1 = (sum(map(mul, middle, later)) + sum(map(mul, middle, frame))) / 2  # about the same samples as r2
    r2 = sum(map(mul, later, frame))
    if r1 == 0 and r2 >= 0:
        return None
    turn = (r2 + sqrt(r2 * r2 + 8.0 * r1 * r1)) / (4.0 * r1) if r1 else 0.0  # four samples a turn: 2,000 Hz
    if not _COARSE[1] <= turn <= _COARSE[0]:
        return None
    hz = acos(turn) * RATE_HZ / (2 * pi)
    for _ in range(2):
        step = round(hz / _STEP_HZ)
        first, second = _halves(frame, step)
        whole = abs(first + second)
        if 2.0 * whole * whole >= PURE * FRAME * energy:
            return hz
        # In noise a low tone is found 20 Hz off: how far it turns from one half to the other tells how far.
        hz = step * _STEP_HZ + phase(second * first.conjugate()) * RATE_HZ / (pi * FRAME)
    return None


def _halves(frame: array[int], step: int) -> tuple[complex, complex]:
    """How alike the halves of a frame are to a sine, and by what they lie off it."""
    cosines, sines = _sine(step)
    middle = FRAME // 2
    real, imaginary = (sum(map(mul, frame, wave)) for wave in (cosines[:middle], sines[:middle]))
    late = frame[middle:]
    later, turned = (sum(map(mul, late, wave)) for wave in (cosines[middle:], sines[middle:]))
    return complex(real, -imaginary), complex(later, -turned)


@lru_cache(maxsize=512)
def _sine(steps: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    turns = [2 * pi * steps * _STEP_HZ * at / RATE_HZ for at in range(FRAME)]
    return tuple(map(cos, turns)), tuple(map(sin, turns))
