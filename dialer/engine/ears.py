"""The ears of test calls: what their own sides recorded is listened to, one after another, and deleted.

It holds what an agent said who does not know of it. So it stays on the switch's disk no longer than it takes to listen.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dialer.config.configuration import Configuration
from dialer.config.test_calls import Heard, TestCall
from dialer.flows.fields import Recorded, Spoken
from dialer.flows.model import Flow
from dialer.flows.prompts import recorded_name, utterance
from dialer.processes import asked
from dialer.quality.heard import Ruling

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

FOLDER = "tests"
"""Below the directory of recordings."""
MOST = 1_000
"""Recordings that wait to be listened to."""
LONGEST_S = 600.0
FLUSH_S, LOOKS = 5.0, 20
"""How long the switch may take to write a recording's end."""
LEFT_S = 3600.0
"""Older ones were left by an earlier life, or by a switch that wrote on after the end."""
_COMMAND = "import os; os.nice(10); from dialer.listening import main; main()"
"""The calls go first."""

Told = Callable[[Sequence[Ruling]], None]


@dataclass(frozen=True, slots=True)
class _Job:
    path: Path
    wanted: Sequence[Mapping[str, Any]]
    told: Told


class Ears:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue(MOST)

    def file_for(self, test: TestCall, channel: str, switch: str) -> str | None:
        """Where its own side is to be recorded, as the switch sees it; None: there is nothing to hear."""
        recordings = self._engine.configuration.plant.switches[switch].recordings
        if test.expect.hears is None or recordings is None:
            return None
        seen_as = recordings.seen_as or str(self._folder(switch).parent)
        return f"{seen_as.rstrip('/')}/{FOLDER}/{channel}.wav"

    def listen(self, test: TestCall, channel: str, switch: str, told: Told) -> bool:
        """Whether there is something to listen to. `told` gets by `post` what was heard; nothing, where it cannot be
        said."""
        flow = self._engine.configuration.flow_for(test.number)
        if self.file_for(test, channel, switch) is None or flow is None:
            return False
        sounds = self._engine.configuration.plant.switches[switch].sounds
        directory = (self._engine.configuration.root / sounds.write).resolve()
        try:
            asked = [wanted(self._engine.configuration, test, flow, one, directory) for one in test.expect.hears or ()]
        except (KeyError, StopIteration):  # the flow has changed since it was placed
            log.error("a prompt that a test call should hear is there no more", extra={"test": test.test})
            self.forget(test, channel, switch)
            return False
        try:
            self._jobs.put_nowait(_Job(self._folder(switch) / f"{channel}.wav", asked, told))
        except asyncio.QueueFull:
            log.error("too many test calls wait to be listened to", extra={"test": test.test})
            return False
        return True

    def forget(self, test: TestCall, channel: str, switch: str) -> None:
        """A call that came in nowhere was answered by somebody all the same: nobody listens, and it goes."""
        if self.file_for(test, channel, switch) is not None and not self._jobs.full():
            self._jobs.put_nowait(_Job(self._folder(switch) / f"{channel}.wav", (), lambda _: None))

    def _folder(self, switch: str) -> Path:
        recordings = self._engine.configuration.plant.switches[switch].recordings
        assert recordings is not None
        return (self._engine.configuration.root / recordings.read).resolve() / FOLDER

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.to_thread(self.sweep)
            try:
                async with asyncio.timeout(LEFT_S):
                    job = await self._jobs.get()
            except TimeoutError:
                continue
            found: list[Ruling] = []
            try:
                async with asyncio.timeout(LONGEST_S):
                    found = await self._hear(job) if job.wanted else []
            except (OSError, TimeoutError, ValueError, TypeError) as error:
                log.error("a test call could not be listened to: %s", error, extra={"call": job.path.stem})
            await asyncio.to_thread(_delete, job.path)
            self._engine.post(lambda job=job, found=found: job.told(found))  # type: ignore[misc]

    async def _hear(self, job: _Job) -> list[Ruling]:
        """Raises ValueError with what the process said when it failed."""
        await _written(job.path)
        told = await asked(_COMMAND, json.dumps({"recording": str(job.path), "wanted": job.wanted}).encode())
        return [Ruling(**one) for one in json.loads(told)]

    def sweep(self) -> None:
        """Deletes what nobody will listen to any more. Blocks."""
        for name, switch in self._engine.configuration.plant.switches.items():
            try:
                if switch.recordings is not None and self._folder(name).is_dir():
                    self._sweep_one(self._folder(name))
            except OSError as error:
                log.error("recordings of test calls cannot be looked through: %s", error, extra={"switch": name})

    def _sweep_one(self, folder: Path) -> None:
        now = self._engine.clock.now()
        for path in folder.glob(f"{self._engine.configuration.plant.node}-*.wav"):
            if now - _changed_at(path) > LEFT_S:
                _delete(path)


async def _written(path: Path) -> None:
    """The recorder ends a moment after its channel. Raises FileNotFoundError when there is nothing in the end."""
    before = -1
    for _ in range(LOOKS):
        size = await asyncio.to_thread(_size, path)
        if size == before > 0:
            return
        before = size
        await asyncio.sleep(FLUSH_S / LOOKS)
    if before <= 0:
        raise FileNotFoundError(f"{path} was not written; does `recordings.seen_as` name the same directory?")


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.error("a test call's recording cannot be deleted: %s", error)


def _changed_at(path: Path) -> float:
    """The latest there is, where it is gone."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _size(path: Path) -> int:
    """0 where there is no file."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def wanted(
    configuration: Configuration, test: TestCall, flow: Flow, heard: Heard, directory: Path
) -> Mapping[str, Any]:
    """What `listening.py` is asked. `directory`: where the prompts are, as this side sees them."""
    asked: dict[str, Any] = {"from_s": heard.from_, "never": heard.never}
    asked |= {} if heard.to is None else {"to_s": heard.to}
    if heard.tone is not None:
        return asked | {"kind": "tone", "hertz": heard.tone}
    if heard.speech is not None:
        return asked | {"kind": "speech", "seconds": heard.speech}
    if heard.silence is not None:
        return asked | {"kind": "silence", "seconds": heard.silence}
    prompts, others = _prompts(configuration, test, flow, heard)
    files = {key: [str(directory / f"{name}.wav") for name in names]
             for key, names in (("prompts", prompts), ("others", others))}  # fmt: skip
    return asked | {"kind": "prompt", **files}


def _prompts(
    configuration: Configuration, test: TestCall, flow: Flow, heard: Heard
) -> tuple[list[str], list[str]]:
    """Names of the one that should be heard, in each language that will do, and of all else that the flow may say."""
    language = heard.language or test.expect.language
    languages = [language] if language in flow.languages else flow.languages
    name = heard.prompt or ""
    if name.startswith("prompts/"):
        sought: Spoken | Recorded = Recorded(name)
    else:
        sought = next(prompt for _, prompt in flow.nodes[name].prompts())
    prompts = _names(configuration, sought, languages)
    said = (prompt for node in flow.nodes.values() for _, prompt in node.prompts())
    every = dict.fromkeys(name for prompt in said for name in _names(configuration, prompt, flow.languages))
    return prompts, [name for name in every if name not in prompts]


def _names(configuration: Configuration, prompt: Spoken | Recorded, languages: Sequence[str]) -> list[str]:
    if isinstance(prompt, Recorded):
        return [recorded_name(prompt.stem, one) for one in languages if (prompt.stem, one) in configuration.prompts]
    texts = [(one, prompt.text(one)) for one in languages]
    return [utterance(configuration.plant.speech, one, text).name for one, text in texts if text]
