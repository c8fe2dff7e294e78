"""What is heard on a line: prompts through G.711 and losses, tones, speech and silence."""

import json
import math
import random
import subprocess
import sys
from array import array
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dialer.config.models import Speech
from dialer.flows.pcm import SoundError, read_wav, write_wav
from dialer.flows.prompts import utterance
from dialer.flows.speech import prepare
from dialer.listening import listen
from dialer.quality.heard import Wanted, ruling, speech_s
from dialer.quality.hearing import RATE_HZ, Sound, find, recognised, sound_of

TEXTS = {
    "welcome": "Welcome to Acme.", "support": "Welcome to Acme. You have reached the support.",
    "busy": "All our lines are busy. Please try again later.",
    "twin": "All our lines are busy. Please call again later.",
    "menu": "For orders press 1, for support press 2.", "thanks": "Thank you for calling.",
}  # fmt: skip
Samples = Sequence[int]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("said")
    said = {name: utterance(Speech(), "en", text) for name, text in TEXTS.items()}
    prepare(directory, list(said.values()), {})
    return {name: directory / f"{one.name}.wav" for name, one in said.items()}


@pytest.fixture(scope="module")
def samples(files: dict[str, Path]) -> dict[str, Samples]:
    return {name: read_wav(path)[0] for name, path in files.items()}


@pytest.fixture(scope="module")
def prompts(samples: dict[str, Samples]) -> dict[str, Sound]:
    return {name: sound_of(one) for name, one in samples.items()}


def a_law(sample: float) -> int:
    """There and back (ITU-T G.711): 13 segments of 16 steps."""
    size = min(32767, abs(round(sample))) >> 4
    step = max(1, size.bit_length() - 5)
    told = ((size >> step) << step) + (1 << step >> 1)
    return int(math.copysign(told << 4, sample))


def over_a_line(*said: Samples, gain: float = 1.0, loss: float = 0.0, run: float = 1.0, seed: int = 1) -> Sound:
    """Half a second before, and after each; packets of 20 ms are lost in runs, and silence is in their place."""
    whole = [0] * 4000 + [sample for one in said for sample in (*one, *[0] * 4000)]
    chance, lost, heard = random.Random(seed), False, array("h")
    for at in range(0, len(whole), 160):
        lost = chance.random() < (1 - 1 / run if lost else loss / (1 - loss) / run)
        heard.extend(0 if lost else a_law(gain * sample) for sample in whole[at:at + 160])
    return sound_of(heard)


def tone(hertz: float, seconds: float, on_s: float = 99.0) -> Samples:
    return [round(4000 * math.sin(2 * math.pi * hertz * n / RATE_HZ)) * (n / RATE_HZ % (2 * on_s) < on_s)
            for n in range(round(seconds * RATE_HZ))]  # fmt: skip


@pytest.mark.parametrize("line", [
    {}, {"gain": 0.2}, {"loss": 0.05}, {"loss": 0.1, "run": 3.0}, {"loss": 0.2},
])  # fmt: skip
@pytest.mark.parametrize("name", ["welcome", "busy", "menu"])
def test_a_prompt_is_known_over_a_bad_line_and_where_it_was(
    name: str, line: dict[str, float], samples: dict[str, Samples], prompts: dict[str, Sound]
) -> None:
    heard = over_a_line(samples["thanks"], samples[name], **line)  # type: ignore[arg-type]
    others = [sound for other, sound in prompts.items() if other != name]
    found, match = recognised([prompts["support"], prompts[name]], others, heard)
    assert found, match
    assert match.at_s == pytest.approx(1.0 + len(samples["thanks"]) / RATE_HZ, abs=0.15)


@pytest.mark.parametrize("said", list(TEXTS))
def test_none_is_taken_for_another(said: str, samples: dict[str, Samples], prompts: dict[str, Sound]) -> None:
    """Not even one that begins like it, or differs in a word."""
    heard = over_a_line(samples[said], gain=0.5, loss=0.02)
    for name, prompt in prompts.items():
        others = [sound for other, sound in prompts.items() if other != name]
        assert recognised([prompt], others, heard)[0] is (name == said), name


def test_half_a_prompt_is_not_the_prompt(samples: dict[str, Samples], prompts: dict[str, Sound]) -> None:
    heard = over_a_line(samples["menu"][:len(samples["menu"]) // 2], [0] * 16000)
    assert not recognised([prompts["menu"]], [], heard)[0]
    assert find(prompts["menu"], sound_of(samples["menu"][:4000])).similarity == 0


def test_packets_that_are_left_out_shift_what_follows(samples: dict[str, Samples], prompts: dict[str, Sound]) -> None:
    chance, said = random.Random(3), samples["busy"]
    kept = [sample for at in range(0, len(said), 160) if chance.random() > 0.05 for sample in said[at:at + 160]]
    assert find(prompts["busy"], over_a_line(kept)).similarity > 0.7


@pytest.mark.parametrize(("hertz", "other"), [(425.0, 480.0), (1400.0, 1450.0)])
def test_a_tone_is_known_by_its_pitch(hertz: float, other: float, samples: dict[str, Samples]) -> None:
    heard = over_a_line(samples["menu"], tone(hertz, 0.5))
    assert ruling(Wanted("tone", hertz=hertz), heard).met
    assert not ruling(Wanted("tone", hertz=other), heard).met
    assert not ruling(Wanted("tone", hertz=hertz), over_a_line(samples["menu"], tone(hertz, 0.2))).met


def test_tones_and_noise_are_no_speech(samples: dict[str, Samples]) -> None:
    chance = random.Random(5)
    noise = [round(chance.gauss(0, 1000)) for _ in range(4 * RATE_HZ)]
    keys = [one + other for one, other in zip(tone(770, 3, 0.1), tone(1336, 3, 0.1), strict=True)]
    for sound in (tone(425, 4, 0.48), noise, keys, [0] * 32000):
        assert speech_s(over_a_line(sound)) == 0
    for name, said in samples.items():
        assert speech_s(over_a_line(said)) >= 0.5 * len(said) / RATE_HZ, name


def test_silence_is_the_longest_stretch(samples: dict[str, Samples]) -> None:
    heard = over_a_line(samples["menu"], [12, -12] * 8000, samples["menu"])
    assert ruling(Wanted("silence", seconds=2.5), heard).met
    assert not ruling(Wanted("silence", seconds=3.5), heard).met


def test_only_the_time_that_counts(samples: dict[str, Samples], prompts: dict[str, Sound]) -> None:
    heard = over_a_line(samples["welcome"], samples["menu"])
    began = 1.0 + len(samples["welcome"]) / RATE_HZ
    met = {name: ruling(Wanted("prompt", prompts=[prompts["menu"]], **bounds), heard)
           for name, bounds in {"after": {"from_s": began - 0.3}, "before": {"to_s": began + 1}}.items()}  # fmt: skip
    assert (met["after"].met, met["before"].met) == (True, False)
    assert float(met["after"].got.split()[2]) == pytest.approx(began, abs=0.15)
    assert not ruling(Wanted("prompt", prompts=[prompts["menu"]], never=True), heard).met
    assert ruling(Wanted("tone", hertz=425.0, never=True), heard).met
    assert not ruling(Wanted("speech", seconds=1.0, from_s=600.0), heard).met


def test_a_spectrum_is_that_of_its_sine() -> None:
    heard = sound_of(tone(1000, 1) + tone(3000, 1))
    assert (heard.lines[5], heard.lines[-5]) == (32, 96)
    assert heard.levels[5] == pytest.approx(20 * math.log10(4000 / 32768), abs=0.1)
    assert all(abs(one - other) < 0.1 for one, other in pairwise(heard.levels[3:30]))
    assert len(sound_of([0] * 255)) == 0 and len(sound_of([0] * 256)) == 1


def test_it_listens_in_a_process_of_its_own(
    files: dict[str, Path], samples: dict[str, Samples], tmp_path: Path
) -> None:
    recording = tmp_path / "heard.wav"
    write_wav(recording, array("h", [0] * 4000 + list(samples["menu"])))
    asked: dict[str, Any] = {"recording": str(recording), "wanted": [
        {"kind": "prompt", "prompts": [str(files["menu"])], "others": [str(files["busy"])]},
        {"kind": "speech", "seconds": 1.0, "never": True}]}  # fmt: skip
    command = [sys.executable, "-c", "from dialer.listening import main; main()"]
    told = subprocess.run(command, input=json.dumps(asked).encode(), capture_output=True, check=True).stdout
    assert [one["met"] for one in json.loads(told)] == [True, False] == [one["met"] for one in listen(asked)]
    with pytest.raises(SoundError, match="cannot be read"):
        listen({**asked, "recording": str(tmp_path / "none.wav")})
