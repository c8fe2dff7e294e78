"""The whole demo: set-up, two Asterisks, the engine, its agents and the world's callers; then the report.

Whatever is started here ends here, in the opposite order, also when it is interrupted half way.
"""

import asyncio
import contextlib
import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.api import Api, ApiError, Feed, Snapshot
from demo.board import Board
from demo.engine import NODE, Engine
from demo.habits import habits
from demo.panels import save_svg
from demo.people import Shift, staff
from demo.plant import REPOSITORY, Asterisk, CdrRow, Phone
from demo.report import build, faults, read, summary
from demo.witness import legs
from demo.world import World, callers
from dialer.config.configuration import Configuration
from dialer.config.loader import load

_LOG_IN_S = 20.0
_DRAIN_S = 45.0
"""How long the last calls may take before the engine is told to end."""
_PICTURE_OF_S = 90.0
"""What counts as the duration of a run without an end, for the picture."""
_CALLER_EVERY_S = 4.5
"""Leaves the agents time for the campaigns."""


class SetupError(Exception):
    """scripts/setup failed; carries its last lines."""


@dataclass(frozen=True, slots=True)
class Options:
    duration_s: float | None
    """Counted from when calls begin; None: until asked to stop."""
    report: Path
    board_picture: Path | None
    seed: int


class Stage:
    """One run. `stop` may be set at any time: calls stop coming, those alive end, the report is written."""

    def __init__(self, options: Options, board: Board) -> None:
        self._options = options
        self._board = board
        self.stop = asyncio.Event()
        self._asterisks: list[Path] = []
        """Their directories."""
        self.calling = False
        """Calls have begun: from here on a stop ends in a report."""

    async def run(self) -> int:
        """0 when calls truly went through for every client, 1 when not."""
        self._board.begin("set-up")
        await set_up(lambda line: self._board.begin("set-up", line))
        self._board.done("set-up")
        configuration = load(REPOSITORY, os.environ)
        with _directory() as directory:
            report = await self._play(configuration, directory)
            kept = [directory, *self._asterisks] if os.environ.get("KEEP") else []
        wrong = faults(report, configuration.clients)
        report["faults"] = wrong
        self._options.report.write_text(json.dumps(report, indent=2) + "\n")
        self._board.close()
        self._board.say(summary(report, self._board.width))
        for fault in wrong:
            self._board.say(f"✗ {fault}")
        for path in kept:
            self._board.say(f"kept: {path}")
        return 1 if wrong else 0

    async def _play(self, configuration: Configuration, directory: Path) -> dict[str, Any]:
        async with contextlib.AsyncExitStack() as stack:
            plant = Asterisk("main")
            stack.push_async_callback(plant.stop)
            world = World.beside(plant)
            stack.push_async_callback(world.close)
            stack.callback(_keep_logs, directory, plant, world.asterisk)
            self._asterisks = [plant.directory, world.asterisk.directory]
            engine = Engine(plant, directory)
            await self._start(plant, world, engine, configuration, stack)
            began, refusals = await self._work(engine, world, configuration)
            self._board.begin("the engine's end")
            code = await engine.stop()
            self._board.done("the engine's end", f"exit {code}")
            seconds = time.monotonic() - began
            cdr: list[CdrRow] = plant.cdr()
        ledger = await read(engine.database, NODE, configuration.campaigns)
        report = build(ledger, legs(cdr), seconds, refusals)
        for name, campaign in configuration.campaigns.items():
            report["campaigns"][name]["machine_detection"] = campaign.machine.detect
        return {**report, "engine_exit": code}

    async def _start(
        self, plant: Asterisk, world: World, engine: Engine, configuration: Configuration,
        stack: contextlib.AsyncExitStack,
    ) -> None:  # fmt: skip
        """Everything up, in the order of who needs whom."""
        phones = [Phone(agent.phone, f"{plant.host}:{plant.trunk_port}") for agent in configuration.agents.values()]
        async with self._step("Asterisk", f"SIP {plant.sip_port}, AMI {plant.ami_port}"):
            await plant.start()
            await plant.set_phones(phones)
            await plant.point_engine(plant.host, engine.fastagi_port)
        async with self._step("the world outside", f"SIP {plant.trunk_port}"):
            await stack.enter_async_context(world)
        async with self._step("the engine", str(engine.log)):
            await stack.enter_async_context(engine)

    async def _work(self, engine: Engine, world: World, configuration: Configuration) -> tuple[float, list[str]]:
        """Calls, until the time is over and the last one has ended. When they began, and what was refused."""
        api = engine.api
        assert api is not None
        feed = Feed(api, self._board.show)
        codes = {name: list(campaign.dispositions) for name, campaign in configuration.campaigns.items()}
        shift = Shift(api, feed, world, codes)
        people = staff(list(configuration.agents), self._options.seed)
        async with _background() as spawn:
            looking, gone = spawn(feed.run()), spawn(engine.ended())
            async with self._step("agents", f"{len(people)} log in"):
                async with asyncio.timeout(_LOG_IN_S):
                    await asyncio.gather(*(shift.log_in(person) for person in people))
            await _start_campaigns(api, configuration)
            began = self._board.calls_begin()
            self.calling = True
            working = [spawn(shift.work(person)) for person in people]
            rng = random.Random(self._options.seed)
            arriving = spawn(world.send_callers(callers(habits(), rng), _CALLER_EVERY_S, rng))
            await self._until_over([looking, gone, arriving, *working], engine)
            arriving.cancel()
            shift.over.set()
            await self._drain(api, feed, configuration)
        return began, shift.refusals

    async def _until_over(self, tasks: list[asyncio.Task[None]], engine: Engine) -> None:
        """Until the time is over or `stop` is set. An end of any of the tasks before is a fault of the run."""
        duration = self._options.duration_s
        stopping = asyncio.create_task(self.stop.wait())
        picture = asyncio.create_task(self._take_picture())
        try:
            done, _ = await asyncio.wait([*tasks, stopping], timeout=duration, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                await task
                raise RuntimeError(f"{task.get_name()} ended early")
        finally:
            stopping.cancel()
            picture.cancel()

    async def _take_picture(self) -> None:
        """Two thirds into the run the board has the most to show."""
        if self._options.board_picture:
            await asyncio.sleep((self._options.duration_s or _PICTURE_OF_S) * 2 / 3)
            save_svg(self._board.scene, self._options.board_picture)

    async def _drain(self, api: Api, feed: Feed, configuration: Configuration) -> None:
        self._board.phase("the last calls end")
        for campaign in configuration.campaigns:
            with contextlib.suppress(ApiError):
                await api.post(f"/v1/campaigns/{campaign}/drain")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                await feed.until(_quiet)

    @contextlib.asynccontextmanager
    async def _step(self, name: str, note: str) -> AsyncIterator[None]:
        self._board.begin(name, note)
        try:
            yield
        except BaseException:
            self._board.failed(name)
            raise
        self._board.done(name, note)


async def set_up(say: Callable[[str], None]) -> None:
    """Run scripts/setup (quick when nothing is missing) and pass its lines on. Raises SetupError."""
    process = await asyncio.create_subprocess_exec(
        str(REPOSITORY / "scripts" / "setup"), "run", cwd=REPOSITORY, start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    lines: list[str] = []
    try:
        async for line in process.stdout:
            lines.append(line.decode(errors="replace").strip().removeprefix("setup: "))
            say(lines[-1])
        if await process.wait():
            raise SetupError("scripts/setup failed:\n" + "\n".join(lines[-15:]))
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 15)
            await process.wait()


async def _start_campaigns(api: Api, configuration: Configuration) -> None:
    for name, campaign in configuration.campaigns.items():
        if campaign.start == "manual":
            await api.post(f"/v1/campaigns/{name}/start")


def _quiet(snapshot: Snapshot) -> bool:
    """No call, and nobody in wrap-up who might still say what came of one."""
    return not snapshot.calls and not any(row["state"] in ("talking", "wrap_up") for row in snapshot.agents)


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    """A directory for this run's store and logs; kept when KEEP is set."""
    path = Path(tempfile.mkdtemp(prefix="dialer-demo-"))
    try:
        yield path
    finally:
        if not os.environ.get("KEEP"):
            shutil.rmtree(path, ignore_errors=True)


def _keep_logs(directory: Path, *instances: Asterisk) -> None:
    """When KEEP is set: the Asterisks' logs beside the engine's, as their own directories go when others start."""
    if os.environ.get("KEEP"):
        for instance in instances:
            shutil.copytree(instance.log.parent, directory / f"asterisk-{instance.name}")


Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


@contextlib.asynccontextmanager
async def _background() -> AsyncIterator[Spawn]:
    """Tasks that live as long as the block."""
    tasks: list[asyncio.Task[None]] = []

    def spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(work))
        return tasks[-1]

    try:
        yield spawn
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
