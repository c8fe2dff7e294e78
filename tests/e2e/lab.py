"""One engine on one real Asterisk with SIPp around it, and what tests ask of them.

Nothing waits for a time to pass: `until_*` poll the API, the store or the far side, each with a deadline.
"""

import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from demo.api import ApiError
from demo.plant import Asterisk, CdrRow, Phone
from demo.ports import HOST
from dialer.store.records import AgentSpan, CallRecord
from tests.e2e.engine_process import EngineProcess
from tests.e2e.eventually import eventually
from tests.e2e.files import AGENTS, BASE, Files, write
from tests.e2e.ledger import Ledger, differences
from tests.e2e.sipp import OWN_MEDIA, Message, Sipp, called_people, puppet_caller, puppet_phones

WITHIN_S = 40.0
LAST_S = 30.0
"""How long the last calls of a test may take to end by themselves."""


class Puppet:
    """One call at a SIPp side, to be acted upon."""

    def __init__(self, side: Sipp, invite: Message) -> None:
        self._side = side
        self.call_id = invite.header("Call-ID")
        self.invite = invite

    def press(self, keys: str) -> None:
        self._side.nudge(self.call_id, f"X-Press: {keys}")

    def hang_up(self) -> None:
        self._side.nudge(self.call_id, "X-Hang-Up: yes")

    def change_codec(self) -> None:
        """A caller's: from A-law to mu-law, by a re-INVITE."""
        self._side.nudge(self.call_id, "X-Codec: yes")

    def messages(self) -> list[Message]:
        return self._side.messages(self.call_id)

    @property
    def over_by(self) -> str:
        """Who ended it: `it` (this side), `us` (the Asterisk), or empty while it lasts or was never answered."""
        bye = next((message for message in self.messages() if message.word == "BYE"), None)
        return "" if bye is None else "it" if bye.sent else "us"

    @property
    def rings(self) -> bool:
        """It was told, or told us, that it rings."""
        return any(message.word == "180" for message in self.messages())

    @property
    def status(self) -> str:
        """The final answer to the INVITE as it went over the wire; empty until then."""
        finals = [
            message.word for message in self.messages()
            if message.line.startswith("SIP/2.0") and "INVITE" in message.header("CSeq") and message.word >= "200"
        ]  # fmt: skip
        return finals[0] if finals else ""


class Lab:
    """`async with Lab(plant, root, files) as lab:`; around each test `begin()` and `await finish()`."""

    def __init__(self, plant: Asterisk, root: Path, files: Files, store: str | None = None, **options: Any) -> None:
        """`options`: of the plant file, and `switch` of its switch; `people`: of `called_people`; `phone_media`: where
        the phones' RTP is."""
        self.plant, self.root = plant, root
        self._phone_media = options.pop("phone_media", OWN_MEDIA)
        self.people = called_people(plant.trunk_port, **options.pop("people", {}))
        write(root, {**BASE, **files})
        self.engine = EngineProcess(plant, root, store=store, **options)
        self.ledger: Ledger
        self.since = time.time()
        self._invited: Mapping[str, int] = {}
        self.strangers = 0
        """How many calls of this test reach numbers that nobody has: the engine turns them away and keeps no record."""
        self._of_test: list[Sipp] = []
        self._impossible: Mapping[str, float] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self.plant.set_phones([Phone(name, f"{HOST}:{self.plant.phone_port}") for name in AGENTS])
            self.phones = puppet_phones(self.plant.phone_port, media=self._phone_media)
            await self._stack.enter_async_context(self.people)
            await self._stack.enter_async_context(self.phones)
            self._stack.push_async_callback(self.engine.kill)
            await self.engine.start()
            self.ledger = Ledger(self.engine.store)
            self._stack.callback(self.ledger.close)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    # -- asking the engine

    async def get(self, path: str) -> Any:
        return await self.engine.api.get(f"/v1/{path}")

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return await self.engine.api.post(f"/v1/{path}", body)

    async def delete(self, path: str) -> int:
        """The status."""
        async with self.request("DELETE", f"/v1/{path}") as response:
            return response.status

    @asynccontextmanager
    async def request(self, method: str, path: str) -> AsyncIterator[aiohttp.ClientResponse]:
        url = f"http://{self.plant.host}:{self.engine.web_port}{path}"
        headers = {"Authorization": f"Bearer {self.engine.token}"}
        async with aiohttp.ClientSession(headers=headers) as session, session.request(method, url) as response:
            yield response

    async def refused(self, path: str, body: Mapping[str, Any] | None = None) -> str:
        """What the engine says when it refuses."""
        try:
            await self.post(path, body)
        except ApiError as refusal:
            return str(refusal)
        raise AssertionError(f"{path} was not refused")

    async def agent(self, name: str) -> Mapping[str, Any]:
        return next(row for row in await self.get("agents") if row["id"] == name)

    async def until_agent(self, name: str, *states: str) -> Mapping[str, Any]:
        async def there() -> Any:
            row = await self.agent(name)
            return row if row["state"] in states else None

        row: Mapping[str, Any] = await self._until(there, lambda: self.get("agents"))
        return row

    async def until_call(self, state: str, *, direction: str = "inbound") -> Mapping[str, Any]:
        """A living call in that state."""

        async def there() -> Any:
            rows = await self.get("calls")
            return next((row for row in rows if (row["state"], row["direction"]) == (state, direction)), None)

        row: Mapping[str, Any] = await self._until(there, lambda: self.get("calls"))
        return row

    async def until(self, there: Callable[[], Any]) -> None:
        await self._until(there, lambda: self.get("calls"))

    async def _until(self, there: Callable[[], Any], what: Callable[[], Any], within_s: float = WITHIN_S) -> Any:
        try:
            return await eventually(there, within_s)
        except TimeoutError:
            state = await what() if self.engine.running else "the engine is gone"
            ended = self.people.fate() + self.phones.fate()
            raise AssertionError(f"not within {within_s:g} s; {state}\n{ended}{self.engine.last_words()}") from None

    async def waiting(self, callers: int) -> bool:
        """Whether so many wait for agents."""
        return sum(row["waiting"] for row in await self.get("queues")) == callers

    async def until_campaign(self, name: str, status: str) -> None:
        async def there() -> bool:
            return any((row["id"], row["status"]) == (name, status) for row in await self.get("campaigns"))

        await self._until(there, lambda: self.get("campaigns"))

    # -- agents

    async def log_in(self, *names: str) -> None:
        """Their phones are called and answer; ready for calls."""
        for name in names:
            await self.post(f"agents/{name}/login")
        for name in names:
            await self.until_agent(name, "paused", "idle")
            await self.post(f"agents/{name}/ready")
            await self.until_agent(name, "idle", "reserved", "talking")

    async def log_in_by_phone(self, name: str) -> Puppet:
        """The phone dials *11 and stays on the line, its agent paused."""
        phone = await self.call("*11", sender=name)
        await self.until_agent(name, "paused")
        return phone

    def phone(self, name: str) -> Puppet:
        """The agent's leg, as its phone sees it; of several the last."""
        return Puppet(self.phones, self.phones.invites(name)[-1])

    def invited_before(self, name: str) -> int:
        """How often the agent's phone had been called when the test began."""
        return self._invited.get(name, 0)

    # -- callers and called people

    async def call(
        self, number: str, *, sender: str = "+4930231250", media: int | str = OWN_MEDIA
    ) -> Puppet:
        """A caller begins to call; `media`: where his RTP is."""
        side = puppet_caller(self.plant.sip_port, number, sender=sender, media=media)
        self._of_test.append(side)
        await side.start()
        invite = await eventually(lambda: next(iter(side.invites()), None))
        return Puppet(side, invite)

    async def over(self, puppet: Puppet) -> str:
        """Who ended an answered call, as the far side saw it: `it` or `us`, once it is over."""
        await self.until(lambda: puppet.over_by)
        return puppet.over_by

    async def final(self, puppet: Puppet) -> str:
        """The final answer to its INVITE."""
        await self.until(lambda: puppet.status)
        return puppet.status

    async def until_answered(self, caller: Puppet) -> None:
        """The caller is connected: from now on it is listening, and its keys are heard."""
        await self._until(lambda: caller.status == "200", lambda: self.get("calls"))

    async def dial(self, campaign: str, *numbers: str) -> None:
        """Insert contacts, and start the campaign."""
        for number in numbers:
            await self.post(f"campaigns/{campaign}/contacts", {"number": number})
        await self.post(f"campaigns/{campaign}/start")

    async def until_rung(self, number: str, times: int = 1) -> Puppet:
        """The called person's phone at the far end, at its `times`-th call."""

        async def rung() -> Any:
            invites = self.people.invites(number)
            return invites[times - 1] if len(invites) >= times else None

        async def what() -> Any:
            return [await self.get("campaigns"), await self.get("agents")]

        return Puppet(self.people, await self._until(rung, what))

    # -- what came of it

    async def settled(self, calls: int = 1, within_s: float = WITHIN_S) -> list[CallRecord]:
        """The calls of this test once so many are over, in the order they began."""

        def enough() -> Any:
            found = self.ledger.settled(self.since)
            return found if len(found) >= calls else None

        found = await self._until(enough, lambda: self.get("calls"), within_s)
        return sorted(found, key=lambda call: call.created_at)

    async def one(self, within_s: float = WITHIN_S) -> CallRecord:
        """The only call of this test, once it is over."""
        (call,) = await self.settled(1, within_s)
        return call

    async def spans(self, agent: str) -> list[AgentSpan]:
        """How the agent spent this test, all of it on disk: the last span ends where the present state began."""

        async def there() -> Any:
            spans, now = self.ledger.spans(agent, self.since), (await self.agent(agent))["since"]
            return spans if spans and abs(spans[-1].ended_at - now) < 0.001 else None

        spans: list[AgentSpan] = await self._until(there, lambda: self.get("agents"))
        return spans

    async def cdr(self, call_id: str, *, or_events: bool = False) -> CdrRow:
        """Its events, which tell less, may be written before; `or_events`: they will do, for a leg without a CDR."""

        def there() -> Any:
            rows = (row for row in self.plant.cdr() if row["uniqueid"] == call_id)
            return next((row for row in rows if or_events or row["sequence"] >= 0), None)

        row: CdrRow = await eventually(there)
        return row

    async def until_bridged(self, channels: int) -> None:
        """Until Asterisk has so many channels in bridges: both sides of a talk hear each other."""

        async def there() -> bool:
            lines = (await self.plant.cli("core show channels concise")).splitlines()
            return sum(1 for line in lines if line.count("!") > 11 and line.split("!")[12]) == channels

        await self.until(there)

    # -- around each test

    def begin(self) -> None:
        self.since = time.time()
        self.strangers = 0
        self._invited = {name: len(self.phones.invites(name)) for name in AGENTS}

    async def finish(self) -> None:
        """Let the last calls end, log everybody out, and look for what is wrong or left over. The lab is clean for
        the next test in any case; an engine that the test ended is judged by what it wrote."""
        said: list[str] = []
        if self.engine.running:
            said += await self._wind_down()
            said += await self._counted_impossible()
        for side in self._of_test:
            await side.stop()
        self._of_test.clear()
        said += await self._left_on_asterisk()
        said += [f"never settled: {call.id} ({call.state})" for call in self.ledger.open()]
        said += [f"{number} contacts stay claimed" for number in [self.ledger.claimed()] if number]
        if not self.engine.running:
            said += [f"session of {session.agent} is left" for session in self.ledger.sessions()]
        said += await self._against_cdr()
        assert not said, "\n".join([*said, self.engine.last_words()])

    async def _wind_down(self) -> list[str]:
        for campaign in await self.get("campaigns"):
            await self.post(f"campaigns/{campaign['id']}/stop")
        said: list[str] = []
        try:
            await eventually(self._no_calls, LAST_S)
        except TimeoutError:
            left = await self.get("calls")
            said = [f"a call does not end: {call}" for call in left]
            await self.plant.clear()
        for name in AGENTS:
            if (await self.agent(name))["state"] != "logged_out":
                await self.post(f"agents/{name}/logout")
        try:
            for name in AGENTS:
                await self.until_agent(name, "logged_out")
        except AssertionError:
            said += [f"an agent is stuck: {row}" for row in await self.get("agents") if row["state"] != "logged_out"]
        return said

    async def _no_calls(self) -> bool:
        return not await self.get("calls")

    async def _counted_impossible(self) -> list[str]:
        """States that cannot be, since the last test."""
        async with self.request("GET", "/metrics") as response:
            text = await response.text()
        counts = re.findall(r'^dialer_impossible_total\{kind="([^"]+)"\} ([0-9.e+]+)', text, re.MULTILINE)
        before, self._impossible = self._impossible, {kind: float(count) for kind, count in counts}
        return [f"impossible: {kind}" for kind, count in self._impossible.items() if count > before.get(kind, 0.0)]

    async def _left_on_asterisk(self) -> list[str]:
        try:
            await eventually(self.plant.idle, 5.0)
        except TimeoutError:
            left = await self.plant.channels()
            await self.plant.clear()
            return [f"channels are left on Asterisk: {left}"]
        return []

    async def _against_cdr(self) -> list[str]:
        """Asterisk writes a line a moment after the hang-up: wait until both agree, or say where they do not."""
        said: list[str] = []

        def agree() -> bool:
            said[:] = differences(self.ledger.settled(self.since), self.plant.cdr(), self.since)
            strangers = [line for line in said if line.endswith("the engine does not know")]
            if len(strangers) == self.strangers:
                said[:] = [line for line in said if line not in strangers]
            return not said

        with suppress(TimeoutError):
            await eventually(agree, 3.0)
        return said

