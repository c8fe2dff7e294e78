"""Puts every prompt where the switch plays it from: texts are spoken by espeak-ng, recordings are checked and copied.

What is there already is left alone. The work is done in threads of its own; from a loop call `prepare` in a thread.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from dialer.flows.pcm import SoundError, read_wav, recording_fault, to_telephone, write_wav
from dialer.flows.prompts import Utterance, recorded_name

AT_ONCE = 4
LONGEST_RENDER_S = 60.0

Progress = Callable[[int, int], None]
"""Told how many prompts are done, and of how many."""


class SpeechError(Exception):
    """Prompts could not be made; every one of them is named, with what to do."""


@dataclass(frozen=True, slots=True)
class Prepared:
    made: int
    kept: int


def prepare(
    directory: Path,
    utterances: Sequence[Utterance],
    recordings: Mapping[tuple[str, str], Path],
    progress: Progress | None = None,
) -> Prepared:
    """Make what is missing below `directory`. `recordings` are files by (name, language). Raises SpeechError."""
    work: list[Callable[[], None]] = []
    for spoken in utterances:
        target = directory / f"{spoken.name}.wav"
        if not target.exists():
            work.append(lambda spoken=spoken, target=target: _speak(spoken, target))  # type: ignore[misc]
    for (stem, language), source in recordings.items():
        target = directory / f"{recorded_name(stem, language)}.wav"
        if not _is_copy(source, target):
            work.append(lambda source=source, target=target: _copy(source, target))  # type: ignore[misc]
    _all(work, progress)
    return Prepared(made=len(work), kept=len(utterances) + len(recordings) - len(work))


def _all(work: Sequence[Callable[[], None]], progress: Progress | None) -> None:
    wrong: dict[str, None] = {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="speech") as pool:
        for done, future in enumerate(as_completed([pool.submit(job) for job in work]), 1):
            error = future.exception()
            if isinstance(error, SpeechError):
                wrong[str(error)] = None
            elif isinstance(error, OSError):
                wrong[f"{error.filename}: {error.strerror}; the sounds directory must be writable"] = None
            elif error is not None:
                raise error
            if progress:
                try:
                    progress(done, len(work))
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
    if wrong:
        raise SpeechError("\n".join(wrong))


def _speak(spoken: Utterance, target: Path) -> None:
    program = shutil.which("espeak-ng")
    if program is None:
        raise SpeechError("espeak-ng is not on this machine; install the package espeak-ng, or record the prompts")
    with tempfile.TemporaryDirectory(prefix="dialer-speech-") as scratch:
        said = Path(scratch) / "said.wav"
        command = [program, "-v", spoken.voice, "-s", str(spoken.words_per_minute), "-b", "1", "-w", str(said)]
        try:
            # The text goes in by stdin: as an argument it could be taken for an option.
            subprocess.run([*command, "--stdin"], input=spoken.text.encode(), check=True, capture_output=True,
                           timeout=LONGEST_RENDER_S)
            write_wav(target, to_telephone(*read_wav(said)))
        except subprocess.TimeoutExpired:
            raise SpeechError(f"espeak-ng did not finish {_shown(spoken)}; is the machine overloaded?") from None
        except subprocess.CalledProcessError as error:
            lines = error.stderr.decode(errors="replace").strip().splitlines() or [f"exit {error.returncode}"]
            raise SpeechError(
                f"espeak-ng: {lines[-1]}; set a voice it has for `{spoken.language}` in plant.yaml, speech.voices"
            ) from None
        except SoundError as error:
            raise SpeechError(f"espeak-ng said nothing for {_shown(spoken)}: {error}") from None


def _shown(spoken: Utterance) -> str:
    return f"`{spoken.text[:60]}` ({spoken.language}, voice {spoken.voice})"


def _copy(source: Path, target: Path) -> None:
    if fault := recording_fault(source):
        raise SpeechError(f"{source}: {fault}")
    before = source.stat()
    write_wav(target, to_telephone(*read_wav(source)))
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))


def _is_copy(source: Path, target: Path) -> bool:
    """A copy has its source's time; another recording in its place has another."""
    return target.exists() and source.exists() and target.stat().st_mtime_ns == source.stat().st_mtime_ns
