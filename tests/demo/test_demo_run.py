"""The demo itself, as `make demo` runs it: calls go through, and nothing is left behind however it ends."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from demo.plant import REPOSITORY

pytestmark = pytest.mark.e2e


class Run:
    """A demo process, known by a mark that everything it starts inherits."""

    def __init__(self, process: asyncio.subprocess.Process, mark: str) -> None:
        self._process = process
        self._mark = mark.encode()
        self.said: list[str] = []

    async def until(self, part: str) -> None:
        """Read its lines until one holds `part`."""
        assert self._process.stdout is not None
        while line := (await self._process.stdout.readline()).decode():
            self.said.append(line.rstrip())
            if part in line:
                return
        raise AssertionError(f"never said {part!r}:\n" + "\n".join(self.said))

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def code(self) -> int:
        assert self._process.stdout is not None
        self.said += (await self._process.stdout.read()).decode().splitlines()
        return await self._process.wait()

    async def leftovers(self) -> list[str]:
        """What it left: processes that live on after two seconds, and directories."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                while self._processes():  # noqa: ASYNC110 - processes have no event to wait for
                    await asyncio.sleep(0.05)
        directories = re.findall(r"(\S+/dialer-demo-\w+)/", "\n".join(self.said))
        return [*self._processes(), *filter(os.path.exists, directories)]

    def _processes(self) -> list[str]:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                with contextlib.suppress(OSError):
                    if self._mark in (entry / "environ").read_bytes():
                        found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found


@pytest.fixture
async def demo() -> AsyncIterator[Callable[..., Any]]:
    runs: list[asyncio.subprocess.Process] = []

    async def start(*arguments: str) -> Run:
        mark = f"demo-test-{uuid.uuid4()}"
        runs.append(
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "demo", *arguments,
                cwd=REPOSITORY, env={**os.environ, "DEMO_TEST_MARK": mark},
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )
        )
        return Run(runs[-1], mark)

    yield start
    for run in runs:
        if run.returncode is None:
            run.kill()
            await run.wait()


@pytest.mark.timeout(200)
async def test_calls_go_through_and_nothing_is_left(demo: Callable[..., Any], tmp_path: Path):
    report_file, picture = tmp_path / "report.json", tmp_path / "board.svg"
    run = await demo("--duration", "30", "--report", str(report_file), "--save-board", str(picture))
    assert await run.code() == 0, "\n".join(run.said)
    report = json.loads(report_file.read_text())
    assert report["faults"] == []
    assert report["unsettled"] == []
    for client in ("acme", "globex"):
        assert report["clients"][client]["inbound"]["answered"] > 0
        assert report["clients"][client]["outbound"]["connected"] > 0
    assert report["cdr"]["differences"] == []
    assert report["cdr"]["matched"] == report["calls"]["offered"] > 12
    assert {"answered", "busy"} <= report["outbound"]["outcomes"].keys()
    assert report["answer_to_agent_ms"]["count"] > 0
    assert len(report["agents"]) == 12
    assert picture.read_text().startswith("<svg")
    assert await run.leftovers() == []


@pytest.mark.timeout(120)
async def test_an_interrupt_during_calls_ends_them_in_order(demo: Callable[..., Any], tmp_path: Path):
    report_file = tmp_path / "report.json"
    run = await demo("--report", str(report_file))
    await run.until("running")
    await run.until("calls: ")
    run.signal(signal.SIGINT)
    assert await run.code() in (0, 1)  # so short a run proves little
    assert json.loads(report_file.read_text())["unsettled"] == []
    assert await run.leftovers() == []


@pytest.mark.parametrize("moment", ["… set-up", "… Asterisk", "✓ Asterisk", "… the engine"])
async def test_an_interrupt_during_set_up_cleans_up(demo: Callable[..., Any], moment: str):
    run = await demo()
    await run.until(moment)
    run.signal(signal.SIGINT)
    assert await run.code() == 130
    assert await run.leftovers() == []


async def test_nothing_outlives_a_killed_demo(demo: Callable[..., Any]):
    run = await demo()
    await run.until("✓ the world outside")
    run.signal(signal.SIGKILL)
    await run.code()
    assert [left for left in await run.leftovers() if "asterisk" in left or "serve" in left] == []
