"""`python -m demo`: the main job on two real Asterisks on this machine, with simulated people. See `--help`."""

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from rich.console import Console

from demo.ami import AmiError
from demo.api import ApiError
from demo.board import Board
from demo.engine import EngineError
from demo.plant import PlantError
from demo.stage import Options, SetupError, Stage
from demo.voices import VoiceError
from dialer.config.faults import ConfigError

_EXPECTED = (SetupError, PlantError, EngineError, ApiError, AmiError, VoiceError, ConfigError, TimeoutError)
_INTERRUPTED = 130


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description="The dialer at work, on loopback.")
    parser.add_argument("--duration", type=float, help="seconds of calls; left out, until Ctrl-C")
    parser.add_argument("--report", type=Path, default=Path("demo-report.json"))
    parser.add_argument("--save-board", type=Path, help="an SVG picture of the board, taken during the run")
    parser.add_argument("--seed", type=int, default=1, help="of arrivals and people's habits")
    return parser.parse_args()


async def play(stage: Stage) -> int:
    """Ctrl-C while calls are running ends the run in order; before, or a second time, at once."""
    loop, running = asyncio.get_running_loop(), asyncio.create_task(stage.run())

    def interrupt() -> None:
        if stage.calling and not stage.stop.is_set():
            stage.stop.set()
        else:
            running.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, interrupt)
    with contextlib.suppress(asyncio.CancelledError):
        return await running
    return _INTERRUPTED


def main() -> int:
    asked = arguments()
    options = Options(asked.duration, asked.report, asked.save_board, asked.seed)
    console = Console()
    try:
        with Board(console, options.duration_s) as board:
            code = asyncio.run(play(Stage(options, board)))
        if code == _INTERRUPTED:
            console.print("interrupted: all that was started is ended, and there is no report", highlight=False)
        return code
    except _EXPECTED as error:
        console.print(f"✗ {error or type(error).__name__}", style="red", markup=False, highlight=False, soft_wrap=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
