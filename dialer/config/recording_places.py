"""Directories of recordings as they are on the disk just now: not a question of what the files say."""

import os
from collections.abc import Iterator

from dialer.config.configuration import Configuration
from dialer.config.recording_checks import all_terms


def lacking_places(configuration: Configuration) -> Iterator[str]:
    """Where something is to be recorded and this process could not look after it. Blocks: a disk may be far away."""
    heard = any(test.expect.hears for test in configuration.test_calls.values())
    if not heard and not any(terms.share for terms in all_terms(configuration)):
        return
    for name, switch in configuration.plant.switches.items():
        if switch.recordings is None:
            continue
        directory = (configuration.root / switch.recordings.read).resolve()
        if not directory.is_dir():
            yield f"recordings of switch `{name}`: there is no directory {directory}"
        elif not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
            yield f"recordings of switch `{name}`: {directory} cannot be read and written by this user"
