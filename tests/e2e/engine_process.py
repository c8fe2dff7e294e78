"""The engine as a process of its own, beside a private Asterisk: to be stopped, killed and started again at will."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demo.api import Api, ApiError
from demo.plant import Asterisk
from tests.e2e.eventually import eventually
from tests.e2e.files import write

START_S = 60.0
STOP_S = 40.0


class EngineProcess:
    """`dialer serve` on the configuration below `root`. Its ports are the plant's 4 (FastAGI) and 5 (API)."""

    def __init__(self, plant: Asterisk, root: Path, *, store: str | None = None, **options: Any) -> None:
        self.plant, self.root = plant, root
        self.store = store or f"sqlite:///{root}/dialer.db"
        self.log = root / "engine.log"
        self.token = secrets.token_hex(16)
        self.fastagi_port, self.web_port = plant.ports.at(4), plant.ports.at(5)
        self.api: Api
        self._process: subprocess.Popen[bytes] | None = None
        write(root, {"configs/plant.yaml": self._document(options)})

    def _document(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """`switch` among the options: of the one switch; the others are the plant file's own keys."""
        plant = self.plant
        switch = {
            "ami": {"host": plant.host, "port": plant.ami_port, "user": plant.ami_user},
            "calls_per_second": 50,
            "sounds": {"write": str(plant.sounds_write), "seen_as": plant.sounds_seen_as},
            **options.get("switch", {}),
        }
        return {
            "node": "lab",
            "store": {"url": self.store},
            "web": {"listen": {"host": plant.host, "port": self.web_port}},
            "fastagi": {"host": plant.host, "port": self.fastagi_port},
            "drain": "10s",
            "switches": {plant.name: switch},
            **{key: value for key, value in options.items() if key != "switch"},
        }

    async def start(self, *, healthy: bool = True) -> None:
        """Returns when it answers, and (`healthy`) when its switches and its store are up."""
        await self.plant.point_engine(self.plant.host, self.fastagi_port)
        self.api = Api(f"http://{self.plant.host}:{self.web_port}", self.token)
        program = Path(sys.executable).with_name("dialer")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", str(program), "serve", "--root", str(self.root)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "DIALER_AMI_SECRET": self.plant.ami_secret, "DIALER_API_TOKEN": self.token},
            )  # fmt: skip

        async def up() -> bool:
            if not self.running:
                raise RuntimeError(f"the engine ended while starting:\n{self.last_words()}")
            try:
                await self.api.get("/healthz" if healthy else "/v1/totals")
            except ApiError:
                return False
            return True

        await eventually(up, START_S)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def ended(self, within_s: float = STOP_S) -> int:
        """Wait for its end; the exit code."""
        assert self._process is not None
        code = await asyncio.to_thread(self._process.wait, within_s)
        await self.api.close()
        return code

    async def stop(self) -> int:
        """SIGTERM, as an operator's stop: it drains, settles and ends. Its exit code."""
        self.send(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        """SIGKILL, as a crash. `start()` brings it back on the same ports and the same store."""
        if self.running:
            self.send(signal.SIGKILL)
            await self.ended()

    def last_words(self, lines: int = 40) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""
