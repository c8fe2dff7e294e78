"""Asks a running engine over its API. Blocking, on the standard library alone: the commands start fast."""

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

from dialer.config.models import Listen

TIMEOUT_S: Final = 20.0
IMPORT_S: Final = 300.0
"""The longest silence of an import: between two steps of its progress."""
CHUNK: Final = 256 * 1024
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class DownError(Exception):
    """Nobody listens there: the engine is not running."""


class AskError(Exception):
    """The engine said no, or nothing sensible. `faults` are those of a refused configuration."""

    def __init__(self, message: str, faults: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults


class Api:
    def __init__(self, host: str, port: int, token: str | None) -> None:
        self.host, self.port = _ANY.get(host, host), port
        self._headers = {"Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    @classmethod
    def at(cls, listen: Listen, token: str | None) -> "Api":
        return cls(listen.host, listen.port, token)

    @classmethod
    def of_url(cls, url: str, token: str | None) -> "Api":
        parts = urlsplit(url)
        return cls(parts.hostname or "127.0.0.1", parts.port or 80, token)

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        return self.ask("POST", path, body)

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """The decoded answer, None for 204. Raises DownError, AskError."""
        link = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        try:
            answer = self._sent(link, method, path, body, self._headers)
            return _decoded(answer.status, answer.read())
        finally:
            link.close()

    def fetch(self, path: str, into: BinaryIO) -> int:
        """A file that the engine gives; its bytes. Raises DownError, AskError."""
        link = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        try:
            answer, size = self._sent(link, "GET", path, None, self._headers), 0
            if answer.status != 200:
                _decoded(answer.status, answer.read())
            while chunk := answer.read(CHUNK):
                size += into.write(chunk)
            return size
        except (OSError, http.client.HTTPException) as fault:
            raise AskError(f"the engine was lost before the end of the file: {fault}") from fault
        finally:
            link.close()

    def import_list(self, campaign: str, path: str, name: str | None = None) -> Iterator[Mapping[str, Any]]:
        """The lines of the import as they come: `{done, total}` in bytes, the counts as the last."""
        link = http.client.HTTPConnection(self.host, self.port, timeout=IMPORT_S)
        headers = self._headers | {"Accept": "application/x-ndjson"}
        body = {"path": path} | ({"list": name} if name else {})
        try:
            answer = self._sent(link, "POST", f"/v1/campaigns/{campaign}/import", body, headers)
            if answer.status != 200:
                _decoded(answer.status, answer.read())
            yield from _lines(answer)
        except (OSError, http.client.HTTPException) as fault:
            raise AskError(f"the engine was lost during the import: {fault}") from fault
        finally:
            link.close()

    def _sent(
        self, link: http.client.HTTPConnection, method: str, path: str,
        body: Mapping[str, object] | None, headers: Mapping[str, str],
    ) -> http.client.HTTPResponse:
        data = None if body is None else json.dumps(body).encode()
        typed = {**headers, "Content-Type": "application/json"} if data else headers
        try:
            link.connect()
        except (ConnectionError, socket.gaierror, TimeoutError, OSError) as fault:
            raise DownError(f"no engine answers at {self.host} port {self.port}: {fault.strerror or fault}") from fault
        try:
            link.request(method, path, data, dict(typed))
            return link.getresponse()
        except (OSError, http.client.HTTPException) as fault:
            raise AskError(f"the engine at {self.host} port {self.port} gave no answer: {fault}") from fault


def _lines(answer: http.client.HTTPResponse) -> Iterator[Mapping[str, Any]]:
    line: dict[str, Any] = {}
    for raw in answer:
        line = json.loads(raw)
        if "error" in line:
            raise AskError(line["message"])
        yield line
    if "imported" not in line:
        raise AskError("the engine was lost during the import: how far it came is not known; import again")


def _decoded(status: int, body: bytes) -> Any:
    try:
        answer = json.loads(body) if body else None
    except ValueError:
        answer = None
    if status == 503 and isinstance(answer, dict) and "status" in answer:
        return answer  # /healthz of an engine in trouble
    if status < 400:
        return answer
    if not isinstance(answer, dict) or "message" not in answer:
        raise AskError(f"not an engine of ours answered: HTTP {status}")
    if status == 401:
        raise AskError("the engine needs its API token: set the environment variable named by web.token_env")
    raise AskError(str(answer["message"]), tuple(answer.get("faults", ())))
