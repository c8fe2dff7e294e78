"""A lab for faults: what the engine cannot see while it is dead or cut off, it cannot time to the second."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from demo.api import ApiError
from demo.witness import legs
from tests.e2e.eventually import eventually
from tests.e2e.lab import Lab, Puppet
from tests.e2e.ledger import differences

MARGIN_S = 1.5
"""Around a blind time: the CDR tells seconds."""


class FaultLab(Lab):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._blind: list[tuple[float, float]] = []
        self._amnesia: list[tuple[float, float]] = []

    @asynccontextmanager
    async def blind(self, *, amnesia: bool = False) -> AsyncIterator[None]:
        """The engine sees nothing of Asterisk meanwhile, or not all; with `amnesia` Asterisk itself forgets the calls
        it has. What the engine looks up afterwards belongs into the block."""
        began = time.time()
        try:
            yield
        finally:
            spans = [self._blind, *([self._amnesia] if amnesia else [])]
            for span in spans:
                span.append((began - MARGIN_S, time.time() + MARGIN_S))

    async def die_in_talk(self, name: str, number: str) -> Puppet:
        """The engine is dead; the campaign's called person, whom agent01 talks with."""
        await self.log_in("agent01")
        await self.dial(name, number)
        person = await self.until_rung(number)
        await self.until_agent("agent01", "talking")
        await eventually(lambda: [call for call in self.ledger.open() if call.joined_at is not None])
        await self.engine.kill()
        return person

    async def health(self) -> str:
        """What /healthz says is wrong; empty when all is well."""
        try:
            await self.engine.api.get("/healthz")
        except ApiError as error:
            return str(error)
        return ""

    async def until_ill(self) -> str:
        said: str = await eventually(self.health)
        return said

    async def until_well(self) -> None:
        async def well() -> bool:
            return not await self.health()

        await eventually(well)

    async def until_exhausted(self, name: str) -> None:
        """Everybody was called, and all calls are over."""

        async def there() -> bool:
            campaigns = {row["id"]: row["status"] for row in await self.get("campaigns")}
            return campaigns[name] == "exhausted" and not await self.get("calls")

        async def what() -> object:
            return await self.get("campaigns"), await self.get("calls"), await self.get("agents")

        await self._until(there, what, 90.0)

    async def crash(self) -> None:
        """SIGKILL, and a new start."""
        async with self.blind():
            await self.engine.kill()
            await self.engine.start()

    async def _against_cdr(self) -> list[str]:
        """The same calls in both records, at the same times, whoever listened; but for the ends of dials that nobody
        answered, for an Originate given into a broken link, which may not have arrived, or kept back, for the link was
        known to be broken, and for what a dead Asterisk forgot."""
        said: list[str] = []

        def agree() -> bool:
            rows, calls = self.plant.cdr(), self.ledger.settled(self.since)
            blind, amnesia = self._blind, self._amnesia
            untimed = {
                leg.channel for leg in legs(rows)
                if _in(amnesia, leg.ended_at) or (leg.answered_at is None and _in(blind, leg.ended_at))
            }  # fmt: skip
            unheard = [call for call in calls if call.outcome in ("lost", "cancelled")]
            vanished = {call.id for call in unheard if _in(blind, call.dialled_at)}
            vanished |= {call.id for call in calls if _in(amnesia, call.ended_at)}
            found = [text.split(": ", 1) for text in differences(calls, rows, self.since)]
            said[:] = [
                f"{call}: {what}" for call, what in found
                if not (call in untimed and what.startswith(("answered", "lasted")))
                and not (call in vanished and what == "no CDR")
            ]  # fmt: skip
            return not said

        with suppress(TimeoutError):
            await eventually(agree, 3.0)
        return said

    def times_called(self, numbers: list[str]) -> dict[str, int]:
        """How many INVITEs each number got at the far side of the trunk."""
        users = [message.line.split("sip:")[1].split("@")[0] for message in self.people.invites()]
        return {number: users.count(number) for number in numbers}


def _in(spans: list[tuple[float, float]], at: float | None) -> bool:
    return at is not None and any(began <= at <= ended for began, ended in spans)
