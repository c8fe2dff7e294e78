"""A changed configuration taken while calls go on, or refused whole."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dialer.config.configuration import Configuration
from dialer.config.faults import ConfigError
from dialer.config.loader import load
from dialer.config.recording_checks import all_terms
from dialer.config.reload import changes
from dialer.flows.prompts import Sounds, needed
from dialer.flows.speech import Progress, SpeechError, prepare

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)


def sounds_of(configuration: Configuration) -> Mapping[str, Sounds]:
    """Where each switch finds the prompts."""
    speech = configuration.plant.speech
    return {
        name: Sounds(switch.sounds.seen_as or str(_directory(configuration, switch.sounds.write)), speech)
        for name, switch in configuration.plant.switches.items()
    }


def render_prompts(configuration: Configuration, made: Progress | None = None) -> None:
    """Make every prompt that is missing, for every switch. `made` is told how many of how many are, switch by switch;
    what it raises ends it. Blocks. Raises SpeechError."""
    abandons = [campaign.abandon for campaign in configuration.campaigns.values()]
    messages = [abandon.message for abandon in abandons]
    messages += [abandon.opt_out.confirm for abandon in abandons if abandon.opt_out is not None]
    messages += [campaign.machine.message for campaign in configuration.campaigns.values()]
    messages += [dict(terms.announce) for terms in all_terms(configuration)]
    messages += [dict(texts) for test in configuration.test_calls.values() for texts in test.texts()]
    utterances = needed(configuration.flows.values(), messages, configuration.plant.speech)
    recordings = {key: recording.path for key, recording in configuration.prompts.items()}
    for directory in {_directory(configuration, s.sounds.write) for s in configuration.plant.switches.values()}:
        done = prepare(directory, utterances, recordings, partial(_told, made))
        log.info("prompts: %d made, %d there already", done.made, done.kept)


def _told(made: Progress | None, done: int, whole: int) -> None:
    """Prompts take seconds, of which the log says why."""
    if done == 1:
        log.info("prompts: making %d", whole)
    if made is not None:
        made(done, whole)


def _directory(configuration: Configuration, written: str) -> Path:
    return (configuration.root / written).resolve()


class Reloader:
    def __init__(self, engine: "Engine", root: Path, plant: Path | None, taken: Callable[[], None]) -> None:
        """`taken` is called when a new configuration is in force."""
        self._engine = engine
        self._root = root
        self._plant = plant
        self._taken = taken
        self._turn = asyncio.Lock()

    async def reload(self) -> Sequence[str]:
        """The faults, each with its place; none when the new configuration is in force."""
        async with self._turn:
            engine = self._engine
            try:
                new = await asyncio.to_thread(load, self._root, None, self._plant)
                changed = changes(engine.configuration, new)
                await asyncio.to_thread(render_prompts, new)
            except ConfigError as error:
                return [str(fault) for fault in error.faults]
            except SpeechError as error:
                return str(error).splitlines()
            engine.take(new, sounds_of(new))
            log.info("configuration reloaded: %s", changed)
            self._taken()
            return []
