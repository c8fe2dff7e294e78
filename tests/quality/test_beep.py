"""A machine's tone is told from what is said and played before it."""

import math
import random
import subprocess
from array import array
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialer.quality.beep import FRAME, FRAME_S, QUIET_S, Greeting

Samples = list[int]
GREETINGS = [
    ("en", 50, "Hello, you have reached John. I cannot come to the phone. Please leave a message after the tone."),
    ("de+m5", 30, "Guten Tag, Sie sind mit Familie Müller verbunden. Bitte sprechen Sie nach dem Signalton. Mmmmm."),
    ("it+f2", 80, "Buongiorno, lasciate un messaggio dopo il segnale acustico. Uuuuuh. Ooooooh. Mmmmm."),
    ("en+f3", 20, "Moon, room, soon, noon, mmmmmm, one, two, three."),
]


def heard(samples: Samples, silence_s: float = 99.0, first: int = 0) -> tuple[str, float] | None:
    """What came about, and after how many seconds."""
    greeting = Greeting(silence_s)
    for at in range(first, len(samples) - FRAME + 1, FRAME):
        if (found := greeting.hear(array("h", samples[at:at + FRAME]))) is not None:
            return found, (at + FRAME) / 8000
    return None


def ulaw(value: float) -> int:
    """As G.711 carries it."""
    size = min(32635, abs(int(value))) + 132
    step = max(0, size.bit_length() - 8) + 3
    size = ((size >> step) << step) + (1 << step >> 1) - 132
    return max(-32767, min(32767, -size if value < 0 else size))


def tone(hz: float, seconds: float, loud: float, noise: float = 0.0, seed: int = 0) -> Samples:
    chance = random.Random(seed)
    return [ulaw(loud * math.sin(2 * math.pi * hz * at / 8000) + chance.gauss(0, noise))
            for at in range(round(seconds * 8000))]  # fmt: skip


def quiet(seconds: float, noise: float = 0.0) -> Samples:
    return tone(0, seconds, 0.0, noise, 7)


def sox(*arguments: str) -> Samples:
    raw = ["-t", "raw", "-r", "8000", "-c", "1", "-b", "16", "-e", "signed", "-"]
    head, tail = list(arguments[:1]), list(arguments[1:])
    done = subprocess.run(["sox", "-V1", "-R", *head, *raw, *tail], check=True, capture_output=True)
    found = array("h")
    found.frombytes(done.stdout)
    return list(found)


def said(voice: str, pitch: int, text: str, path: Path) -> Samples:
    subprocess.run(["espeak-ng", "-v", voice, "-p", str(pitch), "-w", str(path), text], check=True)
    return sox(str(path), "sinc", "300-3400")


@settings(max_examples=40, deadline=None)
@example(hz=440.5, seconds=1.0, loud=900.0, above_db=15.0, before_s=0.8125, first=0, seed=0)  # low, in noise
@example(hz=2000.0, seconds=0.25, loud=4576.0, above_db=15.0, before_s=1.0, first=61, seed=67)  # four samples a turn
@given(
    hz=st.floats(300, 2000), seconds=st.floats(0.22, 2.0), loud=st.floats(900, 30_000), above_db=st.floats(15, 50),
    before_s=st.floats(0.1, 1.0), first=st.integers(0, FRAME - 1), seed=st.integers(0, 99),
)  # fmt: skip
def test_a_tone_is_found_when_it_has_ended(
    hz: float, seconds: float, loud: float, above_db: float, before_s: float, first: int, seed: int
) -> None:
    noise = min(60.0, loud / math.sqrt(2) / 10 ** (above_db / 20))
    lead = quiet(before_s, noise) + tone(hz, seconds, loud, noise, seed)
    found = heard(lead + quiet(1.0, noise), first=first)
    assert found is not None and found[0] == "tone"
    assert 0 <= found[1] - len(lead) / 8000 - QUIET_S < 3.5 * FRAME_S


@pytest.mark.parametrize(("voice", "pitch", "text"), GREETINGS, ids=[voice for voice, *_ in GREETINGS])
def test_what_is_said_is_no_tone_and_the_tone_after_it_is(voice: str, pitch: int, text: str, tmp_path: Path) -> None:
    greeting = said(voice, pitch, text, tmp_path / "said.wav")
    assert heard(greeting + quiet(1.0)) is None
    lead = greeting + quiet(0.6) + tone(1400, 0.5, 6000)
    found = heard(lead + quiet(1.0))
    assert found is not None and found[0] == "tone" and found[1] >= len(lead) / 8000


@pytest.mark.parametrize("chord", [("C4", "E4", "G4"), ("A4", "C5"), ("F4", "B3", "D5")], ids="".join)
@pytest.mark.parametrize("instrument", ["pluck", "triangle"])
def test_a_chord_is_no_tone(chord: tuple[str, ...], instrument: str) -> None:
    notes = [word for note in chord for word in (instrument, note)]
    assert heard(sox("-n", "synth", "2", *notes, "remix", "-", "norm", "-6") + quiet(1.0)) is None


def test_a_note_that_goes_on_in_sound_is_no_tone() -> None:
    noise = tone(0, 1.5, 0.0, 3000, 3)
    assert heard(tone(700, 0.5, 8000) + noise + quiet(1.0)) is None
    assert heard(tone(700, 0.3, 8000) + tone(900, 0.3, 8000) + noise + quiet(1.0)) is None, "a melody"


def test_what_is_only_half_a_tone_is_none() -> None:
    """As a hoarse vowel, or a key of the phone."""
    for seed in range(6):
        assert heard(quiet(0.3) + tone(1000, 0.8, 6000, noise=1800, seed=seed) + quiet(1.0)) is None
    key = [low + high for low, high in zip(tone(697, 0.4, 5000), tone(1209, 0.4, 5000), strict=True)]
    assert heard(quiet(0.3) + key + quiet(1.0)) is None


@pytest.mark.parametrize("seconds", [0.1, 2.5])
def test_too_short_and_too_long(seconds: float) -> None:
    assert heard(quiet(0.3) + tone(1000, seconds, 8000) + quiet(1.0)) is None


@pytest.mark.parametrize("hz", [120, 200, 2300, 3000])
def test_out_of_range(hz: int) -> None:
    assert heard(quiet(0.3) + tone(hz, 0.5, 8000) + quiet(1.0)) is None


def test_without_a_tone_it_is_over_when_it_is_silent() -> None:
    speech = tone(0, 1.0, 0.0, 3000, 5)
    found = heard(speech + quiet(0.5) + speech + quiet(5.0, 30), silence_s=2.0)
    assert found is not None and found[0] == "silence" and abs(found[1] - 4.5) < 3 * FRAME_S
    assert Greeting(1.0).hear(array("h", [0] * 80)) is None, "half a frame"
