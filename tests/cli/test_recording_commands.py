"""`dialer recording ...`."""

import json
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from port_double import Plant
from recording_double import ID, SOUND

from dialer.web.recording_port import Asked

Dialer = Callable[..., Any]


def test_listed(running: Path, plant: Plant, dialer: Dialer) -> None:
    shown = dialer(running, "recording", "list", "--client", "acme", "--from", "2026-11-01")
    assert shown.exit_code == 0 and ID in shown.output and "1:00" in shown.output and "sales" in shown.output
    assert plant.recordings.asked == [Asked(1793491200.0, 1793577600.0, "acme")]
    [row] = json.loads(dialer(running, "recording", "list", "--json").output)
    assert row["id"] == ID
    wrong = dialer(running, "recording", "list", "--from", "November")
    assert (wrong.exit_code, "`from` is not what it should be" in wrong.output) == (1, True)


def test_fetched_once(running: Path, dialer: Dialer, tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    args = ("recording", "fetch", ID, "--by", "maria", "--out", str(path))
    assert dialer(running, *args).exit_code == 0
    with wave.open(str(path)) as sound:
        assert sound.readframes(sound.getnframes()) == SOUND
    assert "there already" in dialer(running, *args).output
    assert "maria" in dialer(running, "recording", "show", ID).output
    missing = tmp_path / "none.wav"
    lost = dialer(running, "recording", "fetch", "main-9", "--by", "maria", "--out", str(missing))
    assert lost.exit_code == 1 and not missing.exists()


def test_fetched_for_nobody_else_and_in_the_place_of_nothing(running: Path, dialer: Dialer, tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    assert dialer(running, "recording", "fetch", ID, "--by", "maria", "--out", str(path)).exit_code == 0
    assert path.stat().st_mode & 0o077 == 0
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    for root, by in ((nowhere, "maria"), (running, "Maria")):
        assert dialer(root, "recording", "fetch", ID, "--by", by, "--out", str(path)).exit_code == 2
        assert path.stat().st_size > 44


def test_held_and_deleted(running: Path, dialer: Dialer) -> None:
    assert dialer(running, "recording", "hold", ID, "claim 4711").exit_code == 0
    assert dialer(running, "recording", "release", ID).exit_code == 0
    assert dialer(running, "recording", "delete", ID, "asked for").exit_code == 0
    assert "held" in dialer(running, "recording", "delete", ID, "held").output


def test_scored(running: Path, plant: Plant, dialer: Dialer) -> None:
    assert "2026-11" in dialer(running, "recording", "samples", "--agent", "anna").output
    assert plant.recordings.asked[-1] == (None, None, "anna", None, False)
    told = dialer(running, "recording", "card", ID, "--by", "maria", "greeting=5", "fax=-")
    assert told.output == "50.0, passed\n"
    shown = dialer(running, "recording", "scores", "--month", "2026-11")
    assert "anna" in shown.output and "greeting 50" in shown.output
    assert plant.recordings.asked[-1] == ("agent", "2026-11", None, None)


@pytest.mark.parametrize(("args", "code"), [
    (("show", "a/b"), 2), (("card", ID, "--by", "maria", "greeting"), 2), (("card", ID, "--by", "maria", "a=-1"), 2),
    (("card", "main-9", "--by", "maria", "a=1"), 1), (("fetch", ID, "--by", "Maria"), 2), (("show", "main-9"), 1),
])  # fmt: skip
def test_what_is_refused(running: Path, dialer: Dialer, args: tuple[str, ...], code: int) -> None:
    assert dialer(running, "recording", *args).exit_code == code
