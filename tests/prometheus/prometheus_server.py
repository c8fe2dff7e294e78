"""A real Prometheus on loopback, with the project's own rules, scraping one engine every second."""

import json
import shutil
import socket
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from demo.ports import HOST, free_port

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "configs" / "prometheus" / "rules"
TOOLS = ROOT / "var" / "tools"


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=TOOLS)
    assert found, f"{name} is missing: `make setup` gets it from Debian's package prometheus"
    return found


class Prometheus:
    def __init__(self, target: str, token: str) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="prometheus-"))
        self.port = free_port(socket.SOCK_STREAM)
        (self._directory / "token").write_text(token)
        document = yaml.safe_load((ROOT / "configs/prometheus/prometheus.yml").read_text())
        document["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        document["rule_files"] = [str(self._directory / "rules" / "*.yml")]
        (job,) = document["scrape_configs"]
        job["authorization"] = {"type": "Bearer", "credentials_file": str(self._directory / "token")}
        job["static_configs"] = [{"targets": [target]}]
        (self._directory / "prometheus.yml").write_text(yaml.safe_dump(document))
        (self._directory / "rules").mkdir()
        for file in RULES.glob("*.yml"):  # as they are, but evaluated every second
            text = file.read_text().replace("interval: 30s", "interval: 1s")
            (self._directory / "rules" / file.name).write_text(text)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with (self._directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", program("prometheus"),
                 f"--config.file={self._directory}/prometheus.yml", f"--storage.tsdb.path={self._directory}/series",
                 f"--web.listen-address={HOST}:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._directory, ignore_errors=True)

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The samples of an instant query. Raises AssertionError with what Prometheus says against it."""
        url = f"http://{HOST}:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                found: list[dict[str, Any]] = json.load(response)["data"]["result"]
                return found
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{query}: {error.read().decode()}") from None

    def value(self, query: str) -> float | None:
        """Of the only sample; None while there is none, or Prometheus does not answer yet."""
        try:
            samples = self.ask(query)
        except OSError:
            return None
        assert len(samples) < 2, samples
        return float(samples[0]["value"][1]) if samples else None
