"""The engine as a process of its own, with ports, a store and secrets of its own."""

import asyncio
import json
import os
import secrets
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from demo.api import Api, ApiError
from demo.plant import REPOSITORY, Asterisk

NODE = "demo"
_START_S = 60.0
_LEAVE_S = 20.0
"""On top of the plant's `drain`."""


class EngineError(Exception):
    """The engine did not start, or ended early; carries its last words."""


class Engine:
    """`async with Engine(plant, directory) as engine:`"""

    def __init__(self, plant: Asterisk, directory: Path, drain_s: float = 20.0) -> None:
        self.database = directory / "dialer.db"
        self.log = directory / "engine.log"
        self.plant_file = directory / "plant.yaml"
        self._plant = plant
        self._drain_s = drain_s
        self._token = secrets.token_hex(16)
        self._process: asyncio.subprocess.Process | None = None
        self.api: Api | None = None

    async def __aenter__(self) -> "Engine":
        self.plant_file.write_text(json.dumps(self._document(), indent=2))  # JSON is YAML
        self.api = Api(f"http://{self._plant.host}:{self._web_port}", self._token)
        try:
            await self._start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process and process.returncode is None:
            process.kill()
            await process.wait()
        if self.api:
            await self.api.close()

    async def stop(self) -> int:
        """SIGTERM, as an operator's stop: it drains, settles and ends. Its exit code."""
        if self._process is None:
            raise EngineError("the engine is not running")
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._drain_s + _LEAVE_S):
                return await self._process.wait()
        except TimeoutError:
            raise EngineError(f"the engine did not end on SIGTERM:\n{self.last_words()}") from None

    async def ended(self) -> None:
        """Returns never: raises EngineError once the process is gone."""
        if self._process is not None:
            await self._process.wait()
        raise EngineError(f"the engine ended by itself:\n{self.last_words()}")

    def last_words(self, lines: int = 25) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    @property
    def _web_port(self) -> int:
        return self._plant.ports.at(5)

    @property
    def fastagi_port(self) -> int:
        return self._plant.ports.at(4)

    def _document(self) -> dict[str, Any]:
        """The shipped plant file with this run's ports and directories."""
        shipped = yaml.safe_load((REPOSITORY / "configs" / "plant.yaml").read_text(encoding="utf-8"))
        return {
            **shipped,
            "node": NODE,
            "store": {"url": f"sqlite:///{self.database}"},
            "web": {"listen": {"host": self._plant.host, "port": self._web_port}},
            "fastagi": {"host": self._plant.host, "port": self.fastagi_port},
            "drain": f"{self._drain_s:.0f}s",
            "switches": {
                self._plant.name: {
                    "ami": {"host": self._plant.host, "port": self._plant.ami_port, "user": self._plant.ami_user},
                    "calls_per_second": 20,
                    "sounds": {"write": str(self._plant.sounds_write), "seen_as": self._plant.sounds_seen_as},
                }
            },
        }

    async def _start(self) -> None:
        program = Path(sys.executable).with_name("dialer")
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                # Dies with the demo, however that dies; its own session keeps a terminal's Ctrl-C away from it.
                "setpriv", "--pdeathsig", "KILL", "--",
                str(program), "serve", "--root", str(REPOSITORY), "--plant", str(self.plant_file),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "DIALER_AMI_SECRET": self._plant.ami_secret, "DIALER_API_TOKEN": self._token},
            )  # fmt: skip
        try:
            async with asyncio.timeout(_START_S):
                await self._until_healthy()
        except TimeoutError:
            raise EngineError(f"the engine was not healthy in {_START_S:.0f} s:\n{self.last_words()}") from None

    async def _until_healthy(self) -> None:
        while self._process is not None and self._process.returncode is None:
            try:
                if self.api:
                    await self.api.get("/healthz")
                return
            except ApiError:
                await asyncio.sleep(0.1)
        await self.ended()
