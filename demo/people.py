"""The agents of the demo, as people at a desktop: they work through the engine's HTTP API, and now and then by
keys on their phone."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from demo.api import Api, ApiError, Feed, Row

_TALK_S = (8.0, 25.0)
_WRAP_UP_S = (2.0, 6.0)
_GOODBYE_S = 3.0
"""How long a talk may still last when the shift is over."""
_BREAK_S = (3.0, 6.0)
_BREAK_CHANCE = 0.06

_FIRST = asyncio.FIRST_COMPLETED


class Phones(Protocol):
    async def pick_up(self, phone: str, code: str) -> None:
        """Dial a feature code from a phone that is on hook."""
        ...

    async def press(self, phone: str, keys: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Person:
    agent: str
    rng: random.Random
    by_phone: bool
    """Logs in and takes breaks with the phone instead of the desktop."""


def staff(agents: Sequence[str], seed: int) -> list[Person]:
    """One person an agent; every third uses the phone's keys."""
    return [
        Person(agent, random.Random(f"{seed}/{agent}"), number % 3 == 2) for number, agent in enumerate(agents)
    ]


class Shift:
    """Everybody's working day. `run` ends when cancelled."""

    def __init__(self, api: Api, feed: Feed, phones: Phones, dispositions: Mapping[str, Sequence[str]]) -> None:
        self._api = api
        self._feed = feed
        self._phones = phones
        self._dispositions = dispositions
        self.over = asyncio.Event()
        self.refusals: list[str] = []
        """What the engine refused: shown at the end. A few are fair: the customer may be quicker."""

    async def log_in(self, person: Person) -> None:
        if person.by_phone:
            await self._phones.pick_up(person.agent, "*11")
        else:
            await self._api.post(f"/v1/agents/{person.agent}/login")
        row = await self._feed.agent_in(person.agent, "idle", "paused", "reserved", "talking")
        if row["state"] == "paused":
            await self._desk_or_phone(person, "ready", "*1")
            await self._feed.agent_in(person.agent, "idle", "reserved", "talking")

    async def work(self, person: Person) -> None:
        while True:
            row = await self._feed.agent_in(person.agent, "talking", "wrap_up", "paused", "logged_out")
            match row["state"]:
                case "talking":
                    await self._talk(person)
                case "wrap_up":
                    await self._wrap_up(person, row)
                    if not self.over.is_set() and person.rng.random() < _BREAK_CHANCE:
                        await self._desk_or_phone(person, "pause", "*2")
                case "paused":
                    await asyncio.sleep(person.rng.uniform(*_BREAK_S))
                    await self._desk_or_phone(person, "ready", "*1")
                    await self._feed.agent_in(person.agent, "idle", "reserved", "talking", "logged_out")
                case _:
                    await self.log_in(person)

    async def _talk(self, person: Person) -> None:
        """Talk, then hang up, unless the customer did."""
        ended = asyncio.create_task(self._feed.agent_in(person.agent, "wrap_up", "idle", "paused", "logged_out"))
        over = asyncio.create_task(self.over.wait())
        try:
            await asyncio.wait([ended, over], timeout=person.rng.uniform(*_TALK_S), return_when=_FIRST)
            if not ended.done() and over.done():
                await asyncio.wait([ended], timeout=_GOODBYE_S)
            if not ended.done():
                await self._verb(person, "hangup")
            await ended
        finally:
            ended.cancel()
            over.cancel()

    async def _wrap_up(self, person: Person, row: Row) -> None:
        await asyncio.sleep(person.rng.uniform(*_WRAP_UP_S))
        codes = self._dispositions.get(row["campaign"] or "")
        if codes:
            await self._verb(person, "disposition", {"disposition": person.rng.choice(codes)})
        else:
            await self._verb(person, "end_wrap_up")
        await self._feed.agent_in(person.agent, "idle", "reserved", "talking", "paused", "logged_out")

    async def _desk_or_phone(self, person: Person, verb: str, keys: str) -> None:
        if person.by_phone:
            await self._phones.press(person.agent, keys)
        else:
            await self._verb(person, verb, {"reason": "break"} if verb == "pause" else None)

    async def _verb(self, person: Person, verb: str, body: Row | None = None) -> None:
        try:
            await self._api.post(f"/v1/agents/{person.agent}/{verb}", body)
        except ApiError as error:
            self.refusals.append(str(error))
