"""A recording listened to, in a process of its own: a minute takes a second or two of a core, and no call may wait for
that. What is asked comes in as JSON, what was found goes out as JSON.

    {"recording": FILE, "wanted": [{"kind": "prompt", "prompts": [FILE], "others": [FILE], "from_s": 0, ...}]}
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from dialer.flows.pcm import read_wav, to_telephone
from dialer.quality.heard import Wanted, ruling
from dialer.quality.hearing import Sound, sound_of


def listen(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Raises SoundError for a file that is none."""
    heard = sound_in(Path(asked["recording"]))
    found = []
    for one in asked["wanted"]:
        files = {key: [sound_in(Path(file)) for file in one.get(key, ())] for key in ("prompts", "others")}
        found.append(asdict(ruling(Wanted(**{**one, **files}), heard)))
    return found


@cache
def sound_in(path: Path) -> Sound:
    return sound_of(to_telephone(*read_wav(path)))


def main() -> None:
    """From stdin to stdout."""
    json.dump(listen(json.load(sys.stdin)), sys.stdout)
