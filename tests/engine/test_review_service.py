"""What an operator is told when the engine cannot start: by the process itself."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from engine_rig import FILES, write_site


def served(root: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DIALER_")}
    return subprocess.run(
        [sys.executable, "-m", "dialer.cli", "serve", "--root", str(root)],
        env={**inherited, **environment}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_secret_that_is_not_there_is_named(tmp_path: Path) -> None:
    plant = FILES["configs/plant.yaml"]
    store = {"url": plant["store"]["url"], "password_env": "STORE_PASSWORD"}
    write_site(tmp_path, {**FILES, "configs/plant.yaml": plant | {"store": store}})
    done = served(tmp_path)
    assert done.returncode == 2
    assert "DIALER_AMI_SECRET" in done.stderr and "`main`" in done.stderr
    assert "STORE_PASSWORD" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_told_by_its_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        plant = FILES["configs/plant.yaml"] | {"fastagi": {"port": port}, "web": {"listen": {"port": 0}}}
        write_site(tmp_path, {**FILES, "configs/plant.yaml": plant})
        done = served(tmp_path, DIALER_AMI_SECRET="x")
    assert done.returncode == 1
    assert f"FastAGI cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr
