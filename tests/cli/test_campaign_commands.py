"""`dialer campaign NAME set|reset` and `dialer callbacks`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from port_double import Plant

Dialer = Callable[..., Any]


def test_values_are_set_and_undone(dialer: Dialer, running: Path, plant: Plant) -> None:
    values = ["mode=power", "ratio=1.5", "limits.channels=none", "abandon.max=2%"]
    seen = dialer(running, "campaign", "winback", "set", *values)
    assert seen.exit_code == 0, seen.output
    assert plant.orders[-1] == ("change", "winback", {
        "mode": "power", "ratio": 1.5, "limits.channels": None, "abandon.max": 0.02})  # fmt: skip
    assert "winback: running, " in seen.output and "limits.channels=none" in seen.output
    seen = dialer(running, "campaign", "winback", "reset")
    assert seen.exit_code == 0 and "as its file has it" in seen.output
    assert plant.orders[-1] == ("reset", "winback")


@pytest.mark.parametrize("words", [["set"], ["set", "colour=red"], ["set", "mode"], ["start", "mode=power"]])
def test_what_cannot_be_set(dialer: Dialer, running: Path, plant: Plant, words: list[str]) -> None:
    seen = dialer(running, "campaign", "winback", *words)
    assert seen.exit_code == 2
    assert plant.orders == []


def test_the_engine_checks_the_value(dialer: Dialer, running: Path, plant: Plant) -> None:
    seen = dialer(running, "campaign", "winback", "set", "limits.channels=0")
    assert seen.exit_code == 1 and "limits.channels" in seen.stderr
    assert plant.orders == []


def test_callbacks_are_listed_moved_and_cancelled(dialer: Dialer, running: Path, plant: Plant) -> None:
    seen = dialer(running, "callbacks", "winback")
    assert seen.exit_code == 0
    assert "contact 7  +49…23  anna" in seen.stdout
    dialer(running, "callbacks", "winback", "--move", "7", "--at", "2033-05-18T05:33:20+02:00", "--to", "anyone")
    assert plant.orders[-1] == ("move", "winback", 7, 2000000000.0, "anyone")
    assert "nobody of winback is promised a call" in dialer(running, "callbacks", "winback", "--cancel", "7").stdout
    assert plant.orders[-1] == ("cancel", "winback", 7)
    assert dialer(running, "callbacks", "winback", "--cancel", "8").exit_code == 1
    assert dialer(running, "callbacks", "winback", "--at", "2033-05-18T05:33").exit_code == 2
    assert dialer(running, "callbacks", "winback", "--move", "7", "--at", "tomorrow").exit_code == 2
