import math
import wave
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.flows.pcm import SoundError, read_wav, to_telephone, write_wav


def tone(hz: float, rate: int, seconds: float = 0.25, loud: int = 10_000) -> list[int]:
    return [round(loud * math.sin(2 * math.pi * hz * n / rate)) for n in range(int(rate * seconds))]


def level(samples: Sequence[int]) -> float:
    """Root mean square, without the edges."""
    middle = samples[200:-200]
    return math.sqrt(sum(sample * sample for sample in middle) / len(middle))


def write(path: Path, samples: list[int], rate: int, channels: int = 1, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        sound.writeframes(array("h", samples).tobytes())
    return path


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 11025])
@pytest.mark.parametrize("hz", [200, 1000, 3000])
def test_what_a_telephone_carries_stays_as_it_is(rate: int, hz: int) -> None:
    found = to_telephone(tone(hz, rate), rate)
    wanted = tone(hz, 8000)
    assert abs(len(found) - len(wanted)) <= 1
    worst = max(abs(a - b) for a, b in zip(found[200:-200], wanted[200:-200], strict=False))
    assert worst < 200


@pytest.mark.parametrize(("rate", "hz"), [(16000, 5000), (16000, 7000), (22050, 6000), (22050, 9000), (44100, 15000)])
def test_what_it_cannot_carry_is_gone_and_not_folded_back(rate: int, hz: int) -> None:
    samples = tone(hz, rate)
    assert level(to_telephone(samples, rate)) < level(samples) / 50


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-32768, 32767), max_size=300), st.sampled_from([8000, 16000, 22050]))
def test_any_samples_stay_samples(samples: list[int], rate: int) -> None:
    assert len(to_telephone(samples, rate)) == len(samples) * 8000 // rate


def test_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.wav"
    write_wav(path, array("h", [1, -2, 32767, -32768]))
    assert read_wav(path) == (array("h", [1, -2, 32767, -32768]), 8000)
    assert path.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in path.parent.iterdir()] == ["x.wav"]


def test_nothing_is_left_of_a_write_that_fails(tmp_path: Path) -> None:
    (tmp_path / "x.wav").mkdir()
    with pytest.raises(OSError, match=r"x\.wav"):
        write_wav(tmp_path / "x.wav", array("h", [1]))
    assert [one.name for one in tmp_path.iterdir()] == ["x.wav"]


@pytest.mark.parametrize(("made", "words"), [
    (lambda path: write(path, [1, 2, 3, 4], 8000, channels=2), "2 channel(s) of 16 bits; one channel"),
    (lambda path: write(path, [1, 2, 3, 4], 8000, width=1), "of 8 bits; one channel of 16 bits"),
    (lambda path: write(path, [], 8000), "holds no sound"),
    (lambda path: path.write_bytes(b"ID3\x04 an mp3"), "not a plain WAV file"),
    (lambda path: path.write_bytes(b""), "not a plain WAV file"),
    (lambda path: path.write_bytes(b"RIFF\xff\xff\xff\x7fWAVEfmt \xff\xff\xff\xff"), "not a plain WAV file"),
    (lambda path: None, "cannot be read"),
])  # fmt: skip
def test_what_is_no_sound_file(tmp_path: Path, made: object, words: str) -> None:
    path = tmp_path / "x.wav"
    assert callable(made)
    made(path)
    with pytest.raises(SoundError) as caught:
        read_wav(path)
    assert words in str(caught.value)
