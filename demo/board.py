"""The live board: set-up steps first, then calls, agents, campaigns and the last events.

On a terminal it is a rich Live display; elsewhere (CI, a pipe) one line for every step and one every few seconds.
"""

import contextlib
import os
import sys
import termios
import time
from collections.abc import Iterator
from types import TracebackType

from rich.console import Console, RenderableType
from rich.live import Live

from demo.api import Snapshot
from demo.panels import render
from demo.scene import MARKS, Scene, Step, StepState, clock, differences, status_line

_PLAIN_EVERY_S = 5.0
_WIDE, _TALL = 110, 32
"""Columns and lines that the whole board needs; a smaller terminal gets less of it."""


class Board:
    """`with Board(console) as board:` shows the scene until the end."""

    def __init__(self, console: Console, duration_s: float | None) -> None:
        self.scene = Scene(duration_s=duration_s)
        self._console = console
        self._live = Live(console=console, refresh_per_second=4, get_renderable=self._render, screen=False)
        self._plain = not console.is_terminal
        """Not a terminal: one line a step, one every few seconds."""
        self._last_plain = 0.0
        self._silence = contextlib.ExitStack()

    def __enter__(self) -> "Board":
        if not self._plain:
            self._silence.enter_context(_no_echo())
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """The picture stays as it is; what follows is text."""
        with self._silence:
            if self._live.is_started:
                self._live.stop()

    @property
    def width(self) -> int:
        """Columns for text."""
        return _WIDE if self._plain else self._console.width

    def begin(self, name: str, note: str = "") -> None:
        """A step of the set-up begins, or says more about itself."""
        if name not in self.scene.steps:
            self.scene.steps[name] = Step(name, "running", time.monotonic())
        self._turn(name, "running", note)

    def done(self, name: str, note: str = "") -> None:
        self._turn(name, "done", note)

    def failed(self, name: str) -> None:
        self._turn(name, "failed", "")

    def calls_begin(self) -> float:
        self.scene.calls_since = time.monotonic()
        self.phase("running")
        return self.scene.calls_since

    def phase(self, phase: str) -> None:
        self.scene.phase = phase
        if self._plain:
            self.say(f"{clock(self.scene)} {phase}")

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _turn(self, name: str, state: StepState, note: str) -> None:
        step = self.scene.steps[name]
        step.state, step.note, step.seconds = state, note or step.note, time.monotonic() - step.began
        if self._plain:
            self.say(f"{MARKS[state][0]} {name}{': ' + note if note else ''}")

    def show(self, snapshot: Snapshot) -> None:
        for text in differences(self.scene.snapshot, snapshot):
            self.scene.events.append(f"{time.strftime('%H:%M:%S')} {text}")
        self.scene.snapshot = snapshot
        running = self.scene.calls_since is not None
        if self._plain and running and time.monotonic() - self._last_plain >= _PLAIN_EVERY_S:
            self._last_plain = time.monotonic()
            self.say(status_line(self.scene))

    def _render(self) -> RenderableType:
        width, height = self._console.size
        return render(self.scene, compact=width < _WIDE or height < _TALL)


@contextlib.contextmanager
def _no_echo() -> Iterator[None]:
    """What is typed, a `^C` above all, would push the picture down a line."""
    if not _in_foreground():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    silent = [*before]
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSANOW, silent)
    try:
        yield
    finally:
        if _in_foreground():
            termios.tcsetattr(sys.stdin, termios.TCSANOW, before)


def _in_foreground() -> bool:
    """Whoever changes the terminal from the background is stopped."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False
