"""The few sounds that the dialplan itself plays: music on hold, the agents' quiet bed, and the apology.

`python -m demo.sounds DIRECTORY` writes moh/default, moh/idle and sounds/ there, for an Asterisk of one's own.
"""

import array
import functools
import io
import math
import shutil
import subprocess
import sys
import wave
from collections.abc import Iterable
from pathlib import Path

RATE = 8000
"""Samples a second, as on the telephone: nothing to resample."""
APOLOGY = "We are sorry. This call cannot be served at the moment. Please try again later."
CHORDS = ((220.0, 277.2, 329.6), (196.0, 246.9, 293.7), (174.6, 220.0, 261.6), (196.0, 246.9, 329.6))


def write_sounds(moh: Path, sounds: Path) -> None:
    """The files that `asterisk/*.conf` name. Existing ones are kept: they may be the operator's own."""
    wanted = {
        moh / "default" / "soft.wav": music,
        moh / "idle" / "quiet.wav": quiet,
        sounds / "sorry.wav": apology,
    }
    for path, make in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(make())


@functools.cache
def music() -> bytes:
    """Eight seconds of soft chords, two seconds each."""
    return wav(
        900 * math.sin(math.pi * (n % (2 * RATE)) / (2 * RATE))
        * sum(math.sin(2 * math.pi * tone * n / RATE) for tone in CHORDS[n // (2 * RATE)])
        for n in range(8 * RATE)
    )  # fmt: skip


@functools.cache
def quiet() -> bytes:
    """Ten seconds of a hum at about -60 dB: not silence, which some phones take for a dead line."""
    return wav(24 * math.sin(2 * math.pi * 110 * n / RATE) for n in range(10 * RATE))


@functools.cache
def apology() -> bytes:
    """Spoken by espeak-ng where it and sox are there, else the three rising tones for "no service" (ITU-T E.180)."""
    if shutil.which("espeak-ng") and shutil.which("sox"):
        spoken = subprocess.run(["espeak-ng", "--stdout", APOLOGY], check=True, capture_output=True).stdout
        telephone = ["sox", "-t", "wav", "-", "-t", "wav", "-r", str(RATE), "-c", "1", "-b", "16", "-", "gain", "-3"]
        return subprocess.run(telephone, input=spoken, check=True, capture_output=True).stdout
    tones = (950.0, 1400.0, 1800.0)
    third = RATE // 3
    return wav(6000 * math.sin(2 * math.pi * tones[n // third] * n / RATE) for n in range(3 * third))


def wav(samples: Iterable[float]) -> bytes:
    """Mono, 16 bits, 8 kHz. Samples in -32768..32767."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(array.array("h", (round(sample) for sample in samples)).tobytes())
    return file.getvalue()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python -m demo.sounds DIRECTORY")
    write_sounds(Path(sys.argv[1]) / "moh", Path(sys.argv[1]) / "sounds")
