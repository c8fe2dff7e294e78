"""A plant that tests may break: a copy of `site/`, which is like the shipped samples."""

import shutil
import wave
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dialer.config.configuration import Configuration
from dialer.config.faults import ConfigError
from dialer.config.loader import load

SITE = Path(__file__).parent / "site"


@dataclass
class Site:
    root: Path
    env: dict[str, str] = field(default_factory=dict)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def record(self, file: str, samples: int = 80, rate: int = 8000) -> None:
        """A recording of a prompt."""
        path = self.root / "ivr_flows" / "prompts" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(rate)
            sound.writeframes(bytes(2 * samples))

    def load(self) -> Configuration:
        return load(self.root, self.env)

    def faults(self) -> list[str]:
        """As `dialer check` prints them, from the root on; none when all is well."""
        try:
            self.load()
        except ConfigError as error:
            return [str(fault).replace(f"{self.root}/", "") for fault in error.faults]
        return []


@pytest.fixture
def site(tmp_path: Path) -> Site:
    shutil.copytree(SITE, tmp_path, dirs_exist_ok=True)
    return Site(tmp_path)
