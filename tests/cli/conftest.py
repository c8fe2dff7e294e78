"""A running API for the commands to ask, and a place with a configuration that leads to it."""

import asyncio
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))  # the Control in memory

from port_double import Plant

from dialer.cli import app
from dialer.config.models import Listen
from dialer.metrics import Metrics
from dialer.web.app import make_app, serve

ROOT = Path(__file__).parents[2]
TOKEN = "correct-horse"


@pytest.fixture
def plant() -> Plant:
    return Plant()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The sample configuration in a place of its own; its engine is not running."""
    for folder in ("configs", "ivr_flows"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    lead_to(tmp_path, free_port())
    return tmp_path


@pytest.fixture
def running(root: Path, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same with an engine that answers, in a thread of its own: commands block."""
    loop = asyncio.new_event_loop()
    runner = loop.run_until_complete(serve(make_app(plant, Metrics(), TOKEN), Listen(port=0)))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    lead_to(root, runner.addresses[0][1])
    monkeypatch.setenv("DIALER_API_TOKEN", TOKEN)
    yield root
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def dialer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`dialer(root, "agent", "anna", "ready")`: the command's result."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(root: Path, *words: str) -> Any:
        monkeypatch.chdir(root)
        return CliRunner().invoke(app, list(words), catch_exceptions=False)

    return run


def lead_to(root: Path, port: int) -> None:
    path = root / "configs" / "plant.yaml"
    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join(f"  listen: {{port: {port}}}" if line.startswith("  listen:") else line for line in lines)
    )


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
