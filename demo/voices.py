"""The voices of the simulated world: a few short recordings, made by espeak-ng and sox."""

import asyncio
import shutil
from pathlib import Path

_SPOKEN = {
    "hello": "Hello?",
    "person": "Yes, I see. That sounds good to me. Please tell me more about it.",
    "agent": "Of course. Let me look that up for you. One moment, please.",
    "machine": "Hello, you have reached the answering machine of the Smith family. We are not at home right now, "
    "or we can not come to the telephone. Please leave your name and your number after the tone, "
    "and we will call you back as soon as we can.",
}
NAMES = (*_SPOKEN, "beep")


class VoiceError(Exception):
    """A program that makes sounds is missing or failed."""


async def make_voices(directory: Path) -> None:
    """Write NAME.wav (8 kHz, 16 bit, mono) for every name in NAMES into an existing directory."""
    for program, package in (("espeak-ng", "espeak-ng"), ("sox", "sox")):
        if shutil.which(program) is None:
            raise VoiceError(f"{program} is not installed; apt-get install {package}, or run scripts/setup")
    for name, text in _SPOKEN.items():
        spoken = await _run("espeak-ng", "-v", "en", "-s", "150", "--stdout", text)
        await _run(*_sox(directory / f"{name}.wav", "-t", "wav", "-"), "vol", "0.5", sent=spoken)
    await _run(*_sox(directory / "beep.wav", "-n"), "synth", "0.5", "sine", "1000", "vol", "0.4")


def _sox(target: Path, *source: str) -> list[str]:
    return ["sox", "-V1", *source, "-r", "8000", "-c", "1", "-b", "16", str(target)]


async def _run(*command: str, sent: bytes | None = None) -> bytes:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
    out, errors = await process.communicate(sent)
    if process.returncode:
        raise VoiceError(f"{command[0]} failed: {errors.decode(errors='replace').strip()}")
    return out
