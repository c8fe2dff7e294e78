"""The engine's HTTP API as the demo uses it, and one shared look at the plant a few times a second."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

Row = Mapping[str, Any]
_LOOK_EVERY_S = 0.25
_VIEWS = ("agents", "calls", "campaigns", "queues", "totals")


class ApiError(Exception):
    """The engine refused a request, or cannot be reached."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    at: float = 0.0
    agents: Sequence[Row] = ()
    calls: Sequence[Row] = ()
    campaigns: Sequence[Row] = ()
    queues: Sequence[Row] = ()
    totals: Row = field(default_factory=dict)

    def agent(self, name: str) -> Row | None:
        return next((row for row in self.agents if row["id"] == name), None)


class Api:
    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {token}"}, timeout=aiohttp.ClientTimeout(total=10)
        )

    async def close(self) -> None:
        await self._session.close()

    async def get(self, path: str) -> Any:
        return await self._request("GET", path)

    async def post(self, path: str, body: Row | None = None) -> Any:
        return await self._request("POST", path, body or {})

    async def _request(self, method: str, path: str, body: Row | None = None) -> Any:
        try:
            async with self._session.request(method, self._url + path, json=body) as response:
                if response.status >= 400:
                    raise ApiError(f"{method} {path}: {response.status} {(await response.text())[:300]}")
                return await response.json() if response.status != 204 else None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ApiError(f"{method} {path}: {error or type(error).__name__}") from error

    async def snapshot(self) -> Snapshot:
        views = await asyncio.gather(*(self.get(f"/v1/{view}") for view in _VIEWS))
        return Snapshot(time.time(), **dict(zip(_VIEWS, views, strict=True)))


class Feed:
    """Looks at the engine a few times a second, and wakes whoever waits for a change."""

    def __init__(self, api: Api, see: Callable[[Snapshot], None]) -> None:
        self._api = api
        self._see = see
        self._looked = asyncio.Condition()
        self.now = Snapshot()

    async def run(self) -> None:
        while True:
            try:
                self.now = await self._api.snapshot()
            except ApiError:
                pass  # draining or restarting: the last look stays
            else:
                self._see(self.now)
                async with self._looked:
                    self._looked.notify_all()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def agent_in(self, name: str, *states: str) -> Row:
        """The agent's row once its state is one of `states`."""
        async with self._looked:
            while (row := self.now.agent(name)) is None or row["state"] not in states:
                await self._looked.wait()
        return row

    async def until(self, true_of: Callable[[Snapshot], bool]) -> None:
        async with self._looked:
            while not true_of(self.now):
                await self._looked.wait()
