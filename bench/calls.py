"""Calls through a real Asterisk: a bare AMI originator against the engine doing the whole life of a call.

    python -m bench.calls [--rate 200] [--seconds 20]

One Asterisk, one SIPp that answers everything. First an originator that only sends Originates and counts hang-ups;
then the engine with a claim and an intent on disk for each call, a flow over FastAGI, and the settlement on disk. The
ratio of completed calls per second is what counts. Then 50 calls a second to agents: how long from a person's answer
to the agent, by the switch's own time stamps. CPU is the engine process's user and system time.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import urllib.request
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.plant import Asterisk, Phone
from demo.ports import HOST
from dialer.store.records import CallRecord
from dialer.store.store import Store

SCENARIOS = Path(__file__).parent / "scenarios"
AGENTS = 60
AGENT_RATE = 50
PAUSE_MS = 500
TALK_MS = 500


@dataclass(frozen=True)
class Completed:
    calls: int
    seconds: float
    cpu_s: float = 0.0

    @property
    def per_s(self) -> float:
        return self.calls / self.seconds if self.seconds else 0.0


# --- the far side ---------------------------------------------------------------------------------


@asynccontextmanager
async def answering(port: int, hold_ms: int, scenario_name: str = "answer.xml") -> AsyncIterator[None]:
    """SIPp on `port`, answering every call."""
    with tempfile.TemporaryDirectory(prefix="bench-sipp-") as directory:
        scenario = Path(directory) / scenario_name
        (Path(directory) / "silence.alaw").write_bytes(b"\xd5" * 8000)
        scenario.write_text((SCENARIOS / scenario_name).read_text().replace("@HOLD_MS@", str(hold_ms)))
        sipp = await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", "KILL", "--", "sipp", "-sf", str(scenario), "-i", HOST, "-mi", HOST,
            "-p", str(port), "-mp", str(port + 2), "-nostdin",
            cwd=directory, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield
        finally:
            sipp.kill()
            await sipp.wait()


# --- the bare originator --------------------------------------------------------------------------


async def bare(plant: Asterisk, rate: int, seconds: float) -> Completed:
    """Originate at `rate`, count the hang-ups of answered calls; no list, no record, no flow."""
    write_silence(plant.sounds_write / "pause.wav")
    await plant.cli(f"dialplan add extension bench,1,Playback,{plant.sounds_seen_as}/pause into dialer replace")
    await plant.cli("dialplan add extension bench,2,Hangup, into dialer replace")
    reader, writer = await asyncio.open_connection(plant.host, plant.ami_port, limit=1 << 22)
    writer.write(f"Action: Login\r\nUsername: {plant.ami_user}\r\nSecret: {plant.ami_secret}\r\n\r\n".encode())
    total = int(rate * seconds)
    ended = asyncio.create_task(_count_hangups(reader, total))
    began = time.monotonic()
    for n in range(total):
        writer.write(
            f"Action: Originate\r\nActionID: bare-{n}\r\nChannelId: bare-{n}\r\nAsync: true\r\n"
            f"Channel: PJSIP/+493023125{n % 1000:03d}@trunk\r\nContext: dialer\r\nExten: bench\r\nPriority: 1\r\n"
            "Timeout: 20000\r\n\r\n".encode()
        )
        await asyncio.sleep(max(0.0, began + (n + 1) / rate - time.monotonic()))
    try:
        async with asyncio.timeout(15):
            await ended
    except TimeoutError:
        pass
    writer.close()
    calls, last = _counted(ended)
    return Completed(calls, last - began)


_hangups: dict[str, float] = {"calls": 0, "last": 0.0}


async def _count_hangups(reader: asyncio.StreamReader, total: int) -> None:
    _hangups.update(calls=0, last=time.monotonic())
    while _hangups["calls"] < total:
        message = await reader.readuntil(b"\r\n\r\n")
        if message.startswith(b"Event: Hangup") and b"Uniqueid: bare-" in message and b"ChannelState: 6" in message:
            _hangups["calls"] += 1
            _hangups["last"] = time.monotonic()


def _counted(task: "asyncio.Task[None]") -> tuple[int, float]:
    if task.done() and not task.cancelled() and task.exception():
        raise task.exception() or RuntimeError
    return int(_hangups["calls"]), _hangups["last"]


# --- the engine -----------------------------------------------------------------------------------


def write_configuration(root: Path, plant: Asterisk, web_port: int, fastagi_port: int, rate: int, calls: int) -> None:
    """A plant with one client, a campaign that plays a flow, and one that talks to agents."""
    documents: dict[str, object] = {
        "configs/plant.yaml": {
            "node": "bench",
            "store": {"url": f"sqlite:///{root}/dialer.db"},
            "web": {"listen": {"host": HOST, "port": web_port}},
            "fastagi": {"host": HOST, "port": fastagi_port},
            "drain": "1s",
            "switches": {
                "main": {
                    "ami": {"host": HOST, "port": plant.ami_port, "user": plant.ami_user},
                    "channels": 2000,
                    "calls_per_second": rate,
                    "sounds": {"write": str(plant.sounds_write), "seen_as": plant.sounds_seen_as},
                }
            },
        },
        "configs/clients/bench.yaml": {
            "client": "bench", "name": "Bench", "caller_id": "+493023125001", "languages": ["en"],
        },
        "configs/agents.yaml": {
            "agents": {f"agent{n:02d}": {"name": f"Agent {n}", "phone": f"agent{n:02d}", "skills": ["sales"]}
                       for n in range(AGENTS)},
        },
        "configs/campaigns/whole.yaml": {
            "campaign": "whole", "client": "bench", "mode": "agentless", "flow": "short", "list": "whole.csv",
            "rules": [],
            "limits": {"calls_per_second": rate},
        },
        "configs/campaigns/joined.yaml": {
            "campaign": "joined", "client": "bench", "rules": [], "agents": {"skills": ["sales"], "wrap_up": "1ms"},
            "list": "joined.csv", "limits": {"calls_per_second": AGENT_RATE},
        },
        "ivr_flows/short.yaml": {
            "flow": "short", "client": "bench", "languages": ["en"], "start": "listen",
            "nodes": {
                "listen": {"play": "prompts/pause", "next": "bye"},
                "bye": {"hangup": {}},
            },
        },
    }  # fmt: skip
    for name, document in documents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2))
    write_silence(root / "ivr_flows/prompts/pause.en.wav")
    for name, first, count in (("whole", 20_000_000, calls), ("joined", 30_000_000, AGENT_RATE * 20)):
        numbers = "\n".join(f"+4930{first + n}" for n in range(count))
        (root / f"configs/{name}.csv").write_text(f"number\n{numbers}\n")


def write_silence(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * PAUSE_MS // 1000))


class EngineProcess:
    def __init__(self, root: Path, plant: Asterisk, web_port: int) -> None:
        self._root, self._plant, self._web = root, plant, f"http://{HOST}:{web_port}"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        log = (self._root / "engine.log").open("wb")
        self._process = await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", "KILL", "--",
            str(Path(sys.executable).with_name("dialer")), "serve", "--root", str(self._root),
            env={**os.environ, "DIALER_AMI_SECRET": self._plant.ami_secret, "DIALER_API_TOKEN": ""},
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        for _ in range(300):
            try:
                if (await self.ask("/healthz"))["status"] == "up":
                    return
            except OSError:
                pass
            await asyncio.sleep(0.1)
        raise RuntimeError((self._root / "engine.log").read_text()[-3000:])

    async def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            await self._process.wait()

    def cpu_s(self) -> float:
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def ask(self, path: str, post: bool = False) -> Any:
        def get() -> Any:
            request = urllib.request.Request(self._web + path, method="POST" if post else "GET")
            with urllib.request.urlopen(request, timeout=10) as response:
                return json.loads(response.read() or b"{}")

        return await asyncio.to_thread(get)

    async def run_campaign(self, name: str, within_s: float) -> None:
        await self.ask(f"/v1/campaigns/{name}/start", post=True)
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            campaigns = await self.ask("/v1/campaigns")
            if next(row for row in campaigns if row["id"] == name)["status"] == "exhausted":
                return
            await asyncio.sleep(0.5)


async def whole_life(engine: EngineProcess, store: Store, rate: int, seconds: float) -> Completed:
    cpu_s = engine.cpu_s()
    await engine.run_campaign("whole", seconds + 30)
    cpu_s = engine.cpu_s() - cpu_s
    calls = [call for call in await store.settled_calls(0, campaign="whole") if call.outcome == "answered"]
    began = min(call.dialled_at for call in calls if call.dialled_at)
    return Completed(len(calls), max(call.ended_at or 0 for call in calls) - began, cpu_s)


async def joined(engine: EngineProcess, store: Store) -> list[CallRecord]:
    for n in range(AGENTS):
        await engine.ask(f"/v1/agents/agent{n:02d}/login", post=True)
        await engine.ask(f"/v1/agents/agent{n:02d}/ready", post=True)
    await asyncio.sleep(2)
    await engine.run_campaign("joined", 60)
    return list(await store.settled_calls(0, campaign="joined"))


def report_joined(calls: list[CallRecord]) -> None:
    took = sorted((c.joined_at - c.answered_at) * 1000 for c in calls if c.joined_at and c.answered_at)
    span = max(c.ended_at or 0 for c in calls) - min(c.dialled_at or 1e12 for c in calls)
    if not took:
        print("no call was joined to an agent")
        return
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    print(
        f"answer to agent: {len(took)} of {len(calls)} calls joined at {len(calls) / span:.1f} calls/s, "
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {took[-1]:.1f} ms (aim: p99 below 50 ms at {AGENT_RATE}/s)"
    )


@contextmanager
def _root() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        yield path
    finally:
        if not os.environ.get("KEEP"):
            shutil.rmtree(path, ignore_errors=True)


async def run(rate: int, seconds: float) -> None:
    plant = Asterisk("main", blocks=4)
    plant.phones = tuple(Phone(f"agent{n:02d}", f"{HOST}:{plant.phone_port}") for n in range(AGENTS))
    with _root() as root:
        async with plant:
            await plant.set_phones(plant.phones)
            fastagi, web = plant.ports.at(4), plant.ports.at(5)
            await plant.point_engine(HOST, fastagi)
            async with answering(plant.trunk_port, 60_000):
                base = await bare(plant, rate, seconds)
                write_configuration(root, plant, web, fastagi, rate, int(rate * seconds))
                engine = EngineProcess(root, plant, web)
                await engine.start()
                store = Store.open(f"sqlite:///{root}/dialer.db")
                try:
                    await asyncio.sleep(2)
                    ours = await whole_life(engine, store, rate, seconds)
                    print(
                        f"bare originator {base.per_s:.1f} calls/s ({base.calls} of {int(rate * seconds)}), "
                        f"engine {ours.per_s:.1f} calls/s ({ours.calls}): ratio {ours.per_s / base.per_s:.3f} "
                        f"(aim: 0.9 at {rate}/s); engine CPU {ours.cpu_s / max(1, ours.calls) * 1000:.2f} ms a call"
                    )
                except BaseException:
                    await engine.stop()
                    raise
            async with answering(plant.trunk_port, TALK_MS), answering(plant.phone_port, 600_000):
                report_joined(await joined(engine, store))
            await engine.stop()
            await store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    asyncio.run(run(options.rate, options.seconds))


if __name__ == "__main__":
    main()
