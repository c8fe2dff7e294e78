"""Whose things are: `web/owner_port.Owners`."""

from collections.abc import Awaitable, Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dialer.flows.nodes.queue import Queue
from dialer.store.errors import StoreError
from dialer.web.port import RefusedError

if TYPE_CHECKING:
    from dialer.engine.core import Engine

T = TypeVar("T")


class EngineOwners:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    def campaign(self, name: str) -> str | None:
        """Of one that left the configuration while its last calls go on, too."""
        run = self._engine.campaigns.runs.get(name)
        return None if run is None else run.config.client

    def talked_for(self, agent: str) -> str | None:
        live = self._engine.floor.last_call(agent)
        return None if live is None else live.seed.client

    def names_list(self, campaign: str, path: str) -> bool:
        configuration = self._engine.configuration
        config = configuration.campaigns.get(campaign)
        own = configuration.list_paths(config).values() if config is not None else ()
        return Path(path).resolve() in {one.resolve() for one in own}

    def queue(self, name: str) -> str | None:
        """A name that the flows of several clients give is nobody's."""
        configuration = self._engine.configuration
        found = {flow.client for flow in configuration.flows.values() for node, one in flow.nodes.items()
                 if isinstance(one, Queue) and (one.queue.name or f"{flow.flow}_{node}") == name}  # fmt: skip
        if (client := self.campaign(name)) is not None:
            found.add(client)
        return found.pop() if len(found) == 1 else None

    def test(self, name: str) -> str | None:
        test = self._engine.configuration.test_calls.get(name)
        return None if test is None else test.client

    async def call(self, call_id: str) -> str | None:
        if (live := self._engine.calls.get(call_id)) is not None:
            return live.seed.client
        record = await _read(self._engine.store.call(call_id))
        return None if record is None else record.client

    async def recording(self, recording: str) -> str | None:
        row = await _read(self._engine.store.recordings.one(recording))
        return None if row is None else row.client

    async def test_call(self, test_id: str) -> str | None:
        row = await _read(self._engine.store.test_calls.one(test_id))
        return None if row is None else row.client

    def staff(self, clients: Collection[str]) -> Mapping[str, frozenset[str]]:
        asked = set(self._asked(clients))
        found = dict[str, frozenset[str]]()
        for name, agent in self._engine.configuration.agents.items():
            fit = [skills for skills in asked if skills <= set(agent.skills)]
            if fit:
                found[name] = frozenset[str]().union(*fit)
        return found

    def _asked(self, clients: Collection[str]) -> Iterator[frozenset[str]]:
        """Of each campaign and of each queue the skills that it asks for, in every language of its flow."""
        configuration = self._engine.configuration
        for campaign in configuration.campaigns.values():
            if campaign.client in clients and campaign.agents is not None:
                yield frozenset(campaign.agents.skills)
        for flow in configuration.flows.values():
            if flow.client in clients:
                for node in flow.nodes.values():
                    if isinstance(node, Queue):
                        yield from _skills(node, flow.languages)


def _skills(node: Queue, languages: Collection[str]) -> Iterator[frozenset[str]]:
    """As they may come out."""
    fixed = frozenset(str(skill).lower() for skill in node.queue.skills if "${" not in str(skill))
    if len(fixed) == len(node.queue.skills):
        yield fixed
    else:
        yield from (fixed | {language.lower()} for language in languages)


async def _read(found: Awaitable[T]) -> T:
    try:
        return await found
    except StoreError as error:
        raise RefusedError(f"the store cannot be read: {error}") from error
