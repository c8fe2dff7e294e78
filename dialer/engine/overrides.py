"""Campaigns changed while they run, beside their files: in force at once, kept over a restart."""

import asyncio
import json
import logging
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from dialer.config import overrides
from dialer.config.configuration import Configuration
from dialer.store.errors import StoreError
from dialer.store.records import Override

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

T = TypeVar("T")


class Overrides:
    def __init__(self, engine: "Engine", written: Configuration) -> None:
        self._engine = engine
        self._written = written
        """The configuration as the files have it."""
        self._by_campaign: dict[str, dict[str, Override]] = {}
        self._turn = asyncio.Lock()
        """Each change is checked against what the one before made of the campaign."""
        self._under_way: set[asyncio.Task[Any]] = set()

    def restore(self, rows: Iterable[Override]) -> None:
        """What an earlier life left. Its configuration is taken before anything is dialled."""
        self._put(rows)
        if self._by_campaign:
            self._engine.take(self._written, self._engine.sounds)

    def take(self, written: Configuration) -> Configuration:
        """The files changed: those overrides are over whose key they say something new of. What is in force."""
        self._written = written
        gone = overrides.stale(written, self._by_campaign)
        if gone:
            self._drop(gone)
            self._engine.store.drop_overrides(gone)
        return overrides.applied(written, self._by_campaign)

    def of(self, campaign: str) -> Mapping[str, Any]:
        return {key: json.loads(one.value) for key, one in self._by_campaign.get(campaign, {}).items()}

    async def change(self, campaign: str, values: overrides.Values) -> Sequence[str]:
        """What is wrong with it; nothing when it is in force. Raises KeyError, StoreError. Who does not wait for it
        cannot stop it: what is written comes into force, and at once."""
        return await self._to_its_end(self._change(campaign, values))

    async def reset(self, campaign: str) -> None:
        """As its file has it. Raises StoreError."""
        await self._to_its_end(self._reset(campaign))

    async def _to_its_end(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), StoreError):
            log.error("a change of a campaign was not taken: %s", error)

    async def _change(self, campaign: str, values: overrides.Values) -> Sequence[str]:
        async with self._turn:
            written = self._written.campaigns[campaign]
            wanted = {**self.of(campaign), **values}
            client = self._written.clients.get(written.client)
            spoken = client.languages if client is not None else ()
            if faults := overrides.faults(written, wanted, spoken, self._written.rules):
                return faults
            now = self._engine.clock.now()
            rows = [
                Override(campaign, key, json.dumps(value), overrides.value_of(written, key), now)
                for key, value in values.items()
            ]
            before = [one for key, one in self._by_campaign.get(campaign, {}).items() if key in values]
            try:
                await self._engine.store.save_overrides(rows)
            except StoreError:
                self._engine.store.undo_overrides(rows, before)  # a commit that failed may have reached the disk
                raise
            self._put(rows)
            self._again(campaign, f"changed: {', '.join(f'{row.key}={row.value}' for row in rows)}")
            return ()

    async def _reset(self, campaign: str) -> None:
        async with self._turn:
            rows = list(self._by_campaign.get(campaign, {}).values())
            await self._engine.store.drop_overrides(rows)
            self._drop(rows)
            self._again(campaign, "as its file has it")

    def _again(self, campaign: str, what: str) -> None:
        log.info("campaign %s", what, extra={"campaign": campaign})
        engine = self._engine
        engine.post(lambda: engine.take(self._written, engine.sounds))

    def _put(self, rows: Iterable[Override]) -> None:
        for row in rows:
            self._by_campaign.setdefault(row.campaign, {})[row.key] = row

    def _drop(self, rows: Iterable[Override]) -> None:
        for row in rows:
            self._by_campaign.get(row.campaign, {}).pop(row.key, None)
