"""What a test call's own side was to hear, held against what it heard."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import inf
from statistics import median, pstdev
from typing import Literal

from dialer.quality.hearing import FRAME_S, RATE_HZ, WINDOW, Sound, recognised

Kind = Literal["prompt", "tone", "speech", "silence"]
SILENT_DB = -50.0
"""Below full scale, for whole frames. Comfort noise is softer."""
PURE = 0.8
"""Of a frame's energy about its strongest line: a tone. A vowel has half of it there."""
VOICED = (0.22, 0.7)
"""What speech has there, on the whole: noise has less."""
LEAST_TONE_S = 0.3
LOOK = 40
"""Frames that are judged together, whether somebody speaks: 1 s."""
LEAST_ACTIVE = 0.3
"""Of them that are not silent."""
LEAST_SWING_DB = 4.0
"""Standard deviation of their level: syllables rise and fall, noise and music at one level do not."""
LEAST_LINES = 6
"""Different strongest lines among them: keys and the tones of exchanges have one to three, a chord four."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that should be heard, or should not."""

    kind: Kind
    seconds: float = 0.0
    """At least, of `speech` together, of `silence` in one stretch."""
    hertz: float = 0.0
    """Of `tone`."""
    from_s: float = 0.0
    to_s: float = inf
    """From the answer: what is heard before and after does not count."""
    never: bool = False
    prompts: Sequence[Sound] = field(default=())
    """One of them, whole."""
    others: Sequence[Sound] = field(default=())
    """What else might be said in its place."""


@dataclass(frozen=True, slots=True)
class Ruling:
    met: bool | None
    """None: it cannot be said."""
    got: str
    """What was found of it."""


def ruling(wanted: Wanted, heard: Sound) -> Ruling:
    there = heard.part(wanted.from_s, wanted.to_s)
    found, got = _found(wanted, there)
    return Ruling(found is not wanted.never, got)


def _found(wanted: Wanted, heard: Sound) -> tuple[bool, str]:
    match wanted.kind:
        case "prompt":
            found, where = recognised(wanted.prompts, wanted.others, heard)
            return found, f"{where.similarity:.2f} at {wanted.from_s + where.at_s:.1f} s"
        case "tone":
            longest = _longest(_tonal(heard, wanted.hertz))
            return longest >= LEAST_TONE_S, f"{longest:.1f} s"
        case "speech":
            seconds = speech_s(heard)
            return seconds >= wanted.seconds, f"{seconds:.1f} s"
        case "silence":
            longest = _longest(level < SILENT_DB for level in heard.levels)
            return longest >= wanted.seconds, f"{longest:.1f} s"


def _tonal(heard: Sound, hertz: float) -> Iterator[bool]:
    wanted = hertz * WINDOW / RATE_HZ
    for level, line, purity in zip(heard.levels, heard.lines, heard.purity, strict=True):
        yield level >= SILENT_DB and abs(line - wanted) <= 1 and purity >= PURE


def _longest(holds: Iterator[bool]) -> float:
    """Seconds."""
    return max((sum(1 for _ in group) for held, group in groupby(holds) if held), default=0) * FRAME_S


def speech_s(heard: Sound) -> float:
    """Seconds, to about half a second, in which somebody speaks; what is said among them in music counts, too."""
    spoken = 0
    for at in range(0, len(heard) - LOOK // 2, LOOK // 2):
        spoken += _speaks(heard, at, at + LOOK)
    return spoken * LOOK / 2 * FRAME_S


def _speaks(heard: Sound, began: int, ended: int) -> bool:
    levels = heard.levels[began:ended]
    loud = [began + index for index, level in enumerate(levels) if level >= SILENT_DB]
    if len(loud) < LEAST_ACTIVE * len(levels):
        return False
    return (
        pstdev(max(level, SILENT_DB) for level in levels) >= LEAST_SWING_DB
        and VOICED[0] <= median(heard.purity[index] for index in loud) <= VOICED[1]
        and len({heard.lines[index] for index in loud}) >= LEAST_LINES
    )
