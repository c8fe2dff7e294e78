"""While the engine starts the API answers: not yet, and why."""

import asyncio
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dialer.config.models import Listen
from dialer.web.app import ListenError
from dialer.web.starting import Starting

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def ask(port: int, path: str = "/healthz", token: str = "") -> tuple[int, Any]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        link.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = link.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        link.close()


async def test_it_says_what_it_waits_for_until_it_is_closed() -> None:
    starting, port = Starting(), free_port()
    await starting.listen(Listen(port=port), "secret")
    starting.why = "3 of 40 prompts are made"
    status, health = await asyncio.to_thread(ask, port)
    assert (status, health["status"], health["why"]) == (503, "starting", "3 of 40 prompts are made")
    status, problem = await asyncio.to_thread(ask, port, "/v1/calls", "secret")
    assert (status, problem["message"]) == (503, "the engine is starting: 3 of 40 prompts are made")
    assert (await asyncio.to_thread(ask, port, "/v1/calls", "guess"))[0] == 401
    with pytest.raises(ListenError):
        await Starting().listen(Listen(port=port), "secret")
    await starting.close()
    again = Starting()
    await again.listen(Listen(port=port), "secret")
    await again.close()


def site(root: Path, port: int) -> None:
    for folder in ("configs", "ivr_flows"):
        shutil.copytree(ROOT / folder, root / folder)
    shutil.rmtree(root / "configs" / "campaigns")
    main = {"ami": {"port": free_port()}, "sounds": {"write": "var/sounds"}}
    (root / "configs" / "plant.yaml").write_text(json.dumps({
        "node": "n1", "store": {"url": "sqlite:///var/dialer.db"}, "web": {"listen": {"port": port}},
        "fastagi": {"port": free_port()}, "switches": {"main": main},
    }))  # fmt: skip


def until(port: int, process: "subprocess.Popen[bytes]", wanted: set[str]) -> Any:
    """The health, once its status is one of these."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        assert process.poll() is None, "the engine has ended"
        try:
            health = ask(port)[1]
        except OSError:
            health = {"status": None}
        if health["status"] in wanted:
            return health
        time.sleep(0.05)
    raise AssertionError(f"never {wanted}")


@pytest.mark.parametrize("signalled", [None, signal.SIGINT])
def test_an_engine_that_makes_prompts_answers(tmp_path: Path, signalled: signal.Signals | None) -> None:
    port, espeak = free_port(), shutil.which("espeak-ng")
    site(tmp_path, port)
    go, programs = tmp_path / "go", tmp_path / "bin"
    programs.mkdir()
    slow = programs / "espeak-ng"
    slow.write_text(f'#!/bin/sh\nwhile [ ! -e {go} ]; do sleep 0.1; done\nexec {espeak} "$@"\n')
    slow.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-c", "from dialer.cli import app; app()", "serve", "--root", str(tmp_path)],
        env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "DIALER_AMI_SECRET": "x"},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert "prompts" in until(port, process, {"starting"})["why"]
        if signalled is not None:
            process.send_signal(signalled)
        go.touch()
        if signalled is None:
            assert until(port, process, {"up", "down"})["store"] == "up"
            process.terminate()
        assert (process.wait(PATIENCE_S) == 0) == (signalled is None)
        if signalled is not None:
            assert not (tmp_path / "var" / "dialer.db").exists()
    finally:
        process.kill()
        process.wait()
