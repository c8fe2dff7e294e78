"""Sets up an engine without Asterisk, lets a shift pass in virtual time, and accounts for it."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from dialer.billing.months import month_at
from dialer.bookkeeping import agreement_of, rated
from dialer.calls import events as ev
from dialer.campaigns.lists import import_list
from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration
from dialer.config.models import Agent
from dialer.coordination.limits import LocalLimits
from dialer.engine.control import EngineControl
from dialer.engine.core import Engine
from dialer.engine.reload import Reloader, sounds_of
from dialer.metrics import Metrics
from dialer.rehearsal.account import Account, account
from dialer.rehearsal.exchange import Exchange
from dialer.rehearsal.population import Population
from dialer.rehearsal.staff import Staff, Step
from dialer.rehearsal.virtual import VirtualClock, VirtualLoop
from dialer.store.memory import MemoryStore
from dialer.store.records import AgentSpan, CallRecord, NewContact
from dialer.web.port import RefusedError

TICK_S = 1.0
CHUNK = 1000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Beside:
    """Another campaign on the same agents."""

    campaign: str
    mode: str
    contacts: Sequence[NewContact]
    population: Population


@dataclass(frozen=True, slots=True)
class Shift:
    """What is rehearsed. `steps` are in seconds after `began_at` (epoch seconds)."""

    configuration: Configuration
    campaign: str
    mode: str
    """As in the campaign's file, a power's ratio after a colon: `power:2.5`."""
    agents: Mapping[str, Agent]
    steps: Sequence[Step]
    contacts: Sequence[NewContact] | None
    """None: those of the campaign's own lists."""
    population: Population
    began_at: float
    seconds: float
    beside: Sequence[Beside] = ()
    """No number of theirs is another campaign's."""

    @property
    def modes(self) -> Mapping[str, str]:
        """By campaign."""
        return {self.campaign: self.mode} | {one.campaign: one.mode for one in self.beside}


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """Of several campaigns all together; `parts` are of each by itself."""

    began_at: float
    account: Account
    calls: Sequence[CallRecord]
    spans: Sequence[AgentSpan]
    reason: str
    """What kept the campaign from dialling more, at the end."""
    fee: Decimal | None
    """What the client's contract makes of the calls and of the agents' time on them, without terms of the month; None
    where there is no contract, or nobody asked."""
    parts: Mapping[str, "Rehearsed"] = field(default_factory=dict)
    """By campaign, where there are several: what they came to but for the agents' time, which is that of all."""


def rehearse(shift: Shift, progress: Callable[[float], None] = lambda share: None) -> Rehearsed:
    """Runs it. `progress` is told the share that has passed. Raises ValueError for a mode that cannot be rehearsed."""
    loop = VirtualLoop()
    try:
        return _run(loop, _Stage(loop, shift).play(progress))
    finally:
        loop.close()


def _run(loop: VirtualLoop, play: Coroutine[Any, Any, T]) -> T:
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(play)
    finally:
        asyncio.set_event_loop(None)


class _Stage:
    def __init__(self, loop: VirtualLoop, shift: Shift) -> None:
        self._shift = shift
        self._clock = VirtualClock(loop, shift.began_at)
        self._working: set[asyncio.Task[None]] = set()
        self._of = {new.number: one.population for one in shift.beside for new in one.contacts}

    def _people(self, number: str) -> Population:
        return self._of.get(number, self._shift.population)

    async def play(self, progress: Callable[[float], None]) -> Rehearsed:
        shift = self._shift
        configuration = _cast(shift)
        store = MemoryStore.empty()
        if shift.contacts is None:
            await _take_lists(store, configuration, configuration.campaigns[shift.campaign])
        for at in range(0, len(shift.contacts or ()), CHUNK):
            await store.add_contacts(shift.campaign, (shift.contacts or ())[at : at + CHUNK])
        for one in shift.beside:
            for at in range(0, len(one.contacts), CHUNK):
                await store.add_contacts(one.campaign, one.contacts[at : at + CHUNK])
        engine = Engine(configuration, store, LocalLimits(), Metrics(), self._clock, sounds_of(configuration))
        self._control = EngineControl(engine, Reloader(engine, configuration.root, None, lambda: None))
        staff = Staff(engine, self._people, shift.steps, self, self._by_hand())
        zone = ZoneInfo(configuration.clients[configuration.campaigns[shift.campaign].client].timezone)
        engine.switches = {
            name: Exchange(name, self._clock, zone, self._people, engine.post, staff.talk_over)
            for name in configuration.plant.switches
        }
        for name in engine.switches:
            engine.post(ev.LinkUp(name, self._clock.now(), self._clock.now() - 1.0))
        for name in shift.modes:
            engine.campaigns.set_status(name, "running")
        self._tick(engine, staff)
        steps = 100
        for step in range(steps):
            await asyncio.sleep(shift.seconds / steps)
            progress((step + 1) / steps)
        return await self._judge(engine, store)

    def _tick(self, engine: Engine, staff: Staff) -> None:
        engine.post(engine.campaigns.kick_all)
        staff.look()
        self._clock.call_later(TICK_S, self._tick, engine, staff)

    def _by_hand(self) -> Mapping[str, Sequence[str]]:
        """The numbers of the campaigns that are dialled by hand. Raises ValueError for one whose lists nobody reads."""
        shift = self._shift
        contacts = {shift.campaign: shift.contacts} | {one.campaign: one.contacts for one in shift.beside}
        manual = {name: contacts[name] for name, mode in shift.modes.items() if mode == "manual"}
        if None in manual.values():
            raise ValueError("what agents dial by hand is no list: leave --own-lists out")
        return {name: [new.number for new in some or ()] for name, some in manual.items()}

    # -- what agents do: `staff.Desktop`

    def dispose(self, agent: str, code: str) -> None:
        self._soon(self._control.dispose(agent, code))

    def accept(self, agent: str) -> None:
        self._soon(self._control.desks.accept(agent))

    def dial(self, agent: str, campaign: str, number: str) -> None:
        self._soon(self._control.desks.dial(agent, campaign, number))

    def _soon(self, work: Coroutine[Any, Any, object]) -> None:
        async def done() -> None:
            with suppress(RefusedError):
                await work

        task = asyncio.get_running_loop().create_task(done())
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _judge(self, engine: Engine, store: MemoryStore) -> Rehearsed:
        shift, now = self._shift, self._clock.now()
        spans = await store.spans(shift.began_at) + [
            AgentSpan(state.agent, state.state.value, state.since, now)
            for state in engine.floor.desk.states()
            if state.logged_in_at is not None and state.since < now
        ]
        parts: dict[str, Rehearsed] = {}
        for name in shift.modes:
            calls, totals = await store.settled_calls(shift.began_at, None, name), (await store.totals(name)).contacts
            done = account(calls, spans, shift.seconds / 3600, sum(totals.values()), totals.get("done", 0))
            parts[name] = Rehearsed(shift.began_at, done, calls, spans, engine.campaigns.runs[name].reason,
                                    await self._fee(store, name))  # fmt: skip
        return parts[shift.campaign] if len(parts) == 1 else _together(parts, shift, spans)

    async def _fee(self, store: MemoryStore, campaign: str) -> Decimal | None:
        client = self._shift.configuration.clients[self._shift.configuration.campaigns[campaign].client]
        if not client.contract:
            return None
        agreement = agreement_of(client)
        month = month_at(self._shift.began_at, agreement.zone)
        entries = await rated(store, agreement, month)
        return sum((entry.amount for entry in entries if entry.unit in ("call", "s", "sale")), Decimal(0))


def _together(parts: Mapping[str, Rehearsed], shift: Shift, spans: Sequence[AgentSpan]) -> Rehearsed:
    """What the clients of several campaigns pay is told of none: a client's fee is of all its calls."""
    calls = sorted((call for part in parts.values() for call in part.calls), key=lambda call: call.created_at)
    accounts = [part.account for part in parts.values()]
    whole = account(calls, spans, shift.seconds / 3600, sum(one.contacts for one in accounts),
                    sum(one.contacts_done for one in accounts))  # fmt: skip
    reasons = ", ".join(f"{name}: {part.reason}" for name, part in parts.items())
    each = {name: replace(part, fee=None) for name, part in parts.items()}
    return Rehearsed(shift.began_at, whole, calls, spans, reasons, None, each)


async def _take_lists(store: MemoryStore, configuration: Configuration, campaign: Campaign) -> None:
    """From copies: the reports of what became no contact, which lie beside the lists, stay as they are. Raises
    ListError, and ValueError when there are none."""
    if not campaign.sources:
        raise ValueError(f"{campaign.campaign} names no list; leave --own-lists out, or write --contacts")
    with tempfile.TemporaryDirectory() as scratch:
        for source in campaign.sources:
            copy = Path(scratch) / Path(source.file).name
            shutil.copyfile(configuration.root / "configs" / source.file, copy)
            await import_list(store.imports, campaign, copy, source=source)


def _cast(shift: Shift) -> Configuration:
    """The plant with these campaigns alone, and the shift's agents."""
    configuration = shift.configuration
    campaigns = {name: in_mode(configuration.campaigns[name], mode) for name, mode in shift.modes.items()}
    return replace(configuration, campaigns=campaigns, agents=dict(shift.agents))


REHEARSED = ("manual", "preview", "progressive", "power", "predictive", "agentless")


def in_mode(campaign: Campaign, mode: str) -> Campaign:
    """Raises ValueError, saying which modes there are."""
    name, _, ratio = mode.partition(":")
    if name not in REHEARSED or (ratio and name != "power"):
        raise ValueError(f"{mode!r} cannot be rehearsed; there are {', '.join(REHEARSED)}; and power:RATIO")
    if (name == "agentless") != (campaign.agents is None):
        raise ValueError(f"{campaign.campaign} is {campaign.mode}: it cannot be rehearsed as {name}")
    try:
        said = float(ratio) if ratio else campaign.ratio if name == "power" else None
    except ValueError:
        raise ValueError(f"{ratio!r} is no ratio; write power:2.5") from None
    if said is not None and not 1 <= said <= 5:
        raise ValueError(f"power:{said:g}: the ratio is from 1 to 5")
    return campaign.model_copy(update={"mode": name, "ratio": said})
