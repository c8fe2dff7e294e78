"""What is heard on a line: a known prompt, a tone, speech, or nothing; from samples at 8 kHz.

A sound becomes frames of energies in dB, one for each of eight bands of the telephone's range. A prompt is looked for
by their correlation, band by band about its own mean: neither loudness, nor a line's colour, nor the codec changes it
much. It is compared in parts of a second, each of which may lie a little off the place that the one before says: where
packets are lost, what comes after them may come early.
"""

from __future__ import annotations  # array[float] is not a type at run time before Python 3.12

from array import array
from cmath import exp
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import cos, log10, pi, sqrt
from operator import add, mul, sub

RATE_HZ = 8000
WINDOW = 256
"""32 ms: 31.25 Hz from one line of the spectrum to the next."""
HOP = 200
FRAME_S = HOP / RATE_HZ
"""25 ms."""
EDGES_HZ = (250, 406, 562, 750, 1000, 1344, 1812, 2438, 3406)
"""Of the bands: about equal to the ear, within what every line carries."""
BANDS = len(EDGES_HZ) - 1
_LINE_HZ = RATE_HZ / WINDOW
_EDGES = tuple(round(edge / _LINE_HZ) for edge in EDGES_HZ)
_HANN = tuple(0.5 - 0.5 * cos(2 * pi * (n + 0.5) / WINDOW) for n in range(WINDOW))
_TURNS = {size: [exp(-2j * pi * n / size) for n in range(size // 2)] for size in (2 << k for k in range(8))}
_FULL = 1.5 * (32768 * WINDOW / 4) ** 2
"""Power of a sine at full scale, over its three lines."""

FLOOR_DB = -55.0
"""Below full scale: what is softer, in one band, counts as this."""
DEPTH_DB = 35.0
"""Below a sound's loudest: what is softer counts as this. G.711 adds noise 38 dB below what is said."""
PART = 40
"""Frames of a part: 1 s."""
SLACK = 8
"""Frames that a part may lie off."""
ALIKE = 0.7
"""Similarity from which on a prompt was heard. Of 45 prompts through G.711 with up to 10 % of packets lost, 99 of 100
that were said are above 0.80, and 99 of 100 that were not are below 0.70: see docs/quality.md."""
DRAW = 0.02
"""Similarities as close as this say nothing about which of two prompts it was."""
AROUND_S = 0.5
"""About where a prompt was found, where another is looked for in its place."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Frames one after another."""

    bands: array[float]
    """BANDS a frame, in dB below full scale."""
    levels: array[float]
    """Of whole frames, likewise."""
    lines: array[int]
    """The strongest of each frame's spectrum."""
    purity: array[float]
    """0..1: that line's share of the energy, with its neighbours."""

    def __len__(self) -> int:
        return len(self.levels)

    def part(self, began_s: float, ended_s: float) -> Sound:
        began, ended = (max(0, round(min(at / FRAME_S, len(self)))) for at in (began_s, ended_s))
        return Sound(self.bands[began * BANDS:ended * BANDS], self.levels[began:ended], self.lines[began:ended],
                     self.purity[began:ended])


def sound_of(samples: Sequence[int]) -> Sound:
    """Of 16 bits at 8 kHz. Empty when shorter than a frame."""
    sound = Sound(array("d"), array("d"), array("i"), array("d"))
    for powers in _spectra(samples):
        bands = [sum(powers[low:high]) for low, high in pairwise(_EDGES)]
        whole = sum(powers[3:])
        strongest = max(range(6, 112), key=powers.__getitem__)
        sound.bands.extend(map(_db, bands))
        sound.levels.append(_db(whole))
        sound.lines.append(strongest)
        sound.purity.append(sum(powers[strongest - 2:strongest + 3]) / (whole or 1.0))
    floor = max(FLOOR_DB, max(sound.bands, default=FLOOR_DB) - DEPTH_DB)
    sound.bands[:] = array("d", (max(band, floor) for band in sound.bands))
    return sound


def _db(power: float) -> float:
    return 10 * log10(power / _FULL + 1e-12)


def _spectra(samples: Sequence[int]) -> Iterator[list[float]]:
    """Powers by line, up to half the rate, of each frame. Two frames go through one transform, as its real and its
    imaginary part."""
    frames = [samples[at:at + WINDOW] for at in range(0, len(samples) - WINDOW + 1, HOP)]
    for index in range(0, len(frames), 2):
        one = list(map(mul, frames[index], _HANN))
        other = list(map(mul, frames[index + 1], _HANN)) if index + 1 < len(frames) else [0.0] * WINDOW
        both = _transform(list(map(complex, one, other)))
        mirrored = [both[0], *both[:0:-1]]
        half = range(WINDOW // 2)
        sums = [both[k] + mirrored[k].conjugate() for k in half]
        yield [(z.real * z.real + z.imag * z.imag) / 4 for z in sums]
        if index + 1 < len(frames):
            differences = [both[k] - mirrored[k].conjugate() for k in half]
            yield [(z.real * z.real + z.imag * z.imag) / 4 for z in differences]


def _transform(values: list[complex]) -> list[complex]:
    """Fourier, of a power of two (Cooley and Tukey)."""
    size = len(values)
    if size == 1:
        return values
    even, odd = _transform(values[::2]), _transform(values[1::2])
    turned = list(map(mul, _TURNS[size], odd))
    return [*map(add, even, turned), *map(sub, even, turned)]


@dataclass(frozen=True, slots=True)
class Match:
    """Where a prompt is most like what was heard."""

    similarity: float
    """-1..1."""
    at_s: float
    """Of its beginning, from the recording's."""
    length_s: float


def find(prompt: Sound, heard: Sound) -> Match:
    """The best place; similarity 0 where the prompt is longer than what was heard."""
    parts = _parts(len(prompt))
    if not parts or len(heard) < len(prompt):
        return Match(0.0, 0.0, 0.0)
    totals: list[float] = []
    weights, before = 0.0, 0
    for began, ended in parts:
        likeness, weight = _likeness(prompt, began, ended, heard)
        weights += weight
        if not totals:
            totals = [weight * one for one in likeness]
        else:
            step = began - before
            totals = [
                max(totals[max(0, at - step - SLACK):at - step + SLACK + 1], default=-weights) + weight * one
                for at, one in enumerate(likeness)
            ]
        before = began
    best = max(range(len(totals)), key=totals.__getitem__)
    at_s = max(0.0, (best - parts[-1][0]) * FRAME_S)
    return Match(totals[best] / weights if weights else 0.0, at_s, len(prompt) * FRAME_S)


def recognised(prompts: Sequence[Sound], others: Sequence[Sound], heard: Sound) -> tuple[bool, Match]:
    """Whether one of `prompts` was heard, whole, and where it is most likely. `others`: what else might be said there;
    where one of them fits better, or as well and is longer, it was that."""
    sought = max(prompts, key=lambda prompt: find(prompt, heard).similarity)
    match = find(sought, heard)
    if match.similarity < ALIKE:
        return False, match
    return not any(_fits_better(other, sought, match, heard) for other in others), match


def _fits_better(other: Sound, sought: Sound, match: Match, heard: Sound) -> bool:
    """Of another prompt, at the place where `sought` was found."""
    reach = len(other) * FRAME_S / 2 + AROUND_S
    began_s = max(0.0, match.at_s - reach)
    rival = find(other, heard.part(began_s, match.at_s + match.length_s + reach))
    at_s = began_s + rival.at_s
    both_s = min(at_s + rival.length_s, match.at_s + match.length_s) - max(at_s, match.at_s)
    if both_s < min(rival.length_s, match.length_s) / 2:
        return False
    return rival.similarity + (DRAW if len(other) > len(sought) else -DRAW) > match.similarity


def _parts(frames: int) -> list[tuple[int, int]]:
    """Of PART frames, as even as can be."""
    count = max(1, round(frames / PART))
    edges = [frames * index // count for index in range(count + 1)]
    return list(pairwise(edges)) if frames else []


def _likeness(prompt: Sound, began: int, ended: int, heard: Sound) -> tuple[list[float], float]:
    """How like a part of the prompt what was heard is, at each place; and how much there is to be alike."""
    frames = ended - began
    wanted = _centred(prompt.bands[began * BANDS:ended * BANDS])
    own = sum(map(mul, wanted, wanted))
    spread = _spread(heard, frames)
    found = []
    for at in range(len(heard) - frames + 1):
        there = heard.bands[at * BANDS:(at + frames) * BANDS]
        scale = sqrt(own * spread[at])
        found.append(sum(map(mul, wanted, there)) / scale if scale > 1e-6 else 0.0)
    return found, own


def _centred(bands: Sequence[float]) -> list[float]:
    """Each band about its mean."""
    frames = len(bands) // BANDS
    means = [sum(bands[band::BANDS]) / frames for band in range(BANDS)]
    return [value - means[index % BANDS] for index, value in enumerate(bands)]


def _spread(heard: Sound, frames: int) -> list[float]:
    """Of what was heard from each frame on: the bands' squares about their means, all together."""
    found = [0.0] * (len(heard) - frames + 1)
    for band in range(BANDS):
        values = heard.bands[band::BANDS]
        sums = [0.0, *accumulate(values)]
        squares = [0.0, *accumulate(value * value for value in values)]
        for at in range(len(found)):
            total = sums[at + frames] - sums[at]
            found[at] += max(0.0, squares[at + frames] - squares[at] - total * total / frames)
    return found
