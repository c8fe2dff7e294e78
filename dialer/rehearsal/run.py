"""Sets up an engine without Asterisk, lets a shift pass in virtual time, and accounts for it."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
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

TICK_S = 1.0
CHUNK = 1000
T = TypeVar("T")


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


@dataclass(frozen=True, slots=True)
class Rehearsed:
    began_at: float
    account: Account
    calls: Sequence[CallRecord]
    spans: Sequence[AgentSpan]
    reason: str
    """What kept the campaign from dialling more, at the end."""
    fee: Decimal | None
    """What the client's contract makes of the calls and of the agents' time on them, without terms of the month; None
    where there is no contract, or nobody asked."""


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
        self._disposing: set[asyncio.Task[None]] = set()

    async def play(self, progress: Callable[[float], None]) -> Rehearsed:
        shift = self._shift
        configuration = _cast(shift)
        store = MemoryStore.empty()
        if shift.contacts is None:
            await _take_lists(store, configuration, configuration.campaigns[shift.campaign])
        for at in range(0, len(shift.contacts or ()), CHUNK):
            await store.add_contacts(shift.campaign, (shift.contacts or ())[at : at + CHUNK])
        engine = Engine(configuration, store, LocalLimits(), Metrics(), self._clock, sounds_of(configuration))
        self._control = EngineControl(engine, Reloader(engine, configuration.root, None, lambda: None))
        staff = Staff(engine, shift.population, shift.steps, self._dispose)
        zone = ZoneInfo(configuration.clients[configuration.campaigns[shift.campaign].client].timezone)
        engine.switches = {
            name: Exchange(name, self._clock, zone, shift.population, engine.post, staff.talk_over)
            for name in configuration.plant.switches
        }
        for name in engine.switches:
            engine.post(ev.LinkUp(name, self._clock.now(), self._clock.now() - 1.0))
        engine.campaigns.set_status(shift.campaign, "running")
        self._tick(engine)
        steps = 100
        for step in range(steps):
            await asyncio.sleep(shift.seconds / steps)
            progress((step + 1) / steps)
        return await self._judge(engine, store)

    def _tick(self, engine: Engine) -> None:
        engine.post(engine.campaigns.kick_all)
        self._clock.call_later(TICK_S, self._tick, engine)

    def _dispose(self, agent: str, code: str) -> None:
        task = asyncio.get_running_loop().create_task(self._control.dispose(agent, code))
        self._disposing.add(task)
        task.add_done_callback(self._disposing.discard)

    async def _judge(self, engine: Engine, store: MemoryStore) -> Rehearsed:
        shift, now = self._shift, self._clock.now()
        calls = await store.settled_calls(shift.began_at, None, shift.campaign)
        spans = await store.spans(shift.began_at) + [
            AgentSpan(state.agent, state.state.value, state.since, now)
            for state in engine.floor.desk.states()
            if state.logged_in_at is not None and state.since < now
        ]
        totals = (await store.totals(shift.campaign)).contacts
        done = account(calls, spans, shift.seconds / 3600, sum(totals.values()), totals.get("done", 0))
        return Rehearsed(shift.began_at, done, calls, spans, engine.campaigns.runs[shift.campaign].reason,
                         await self._fee(store))

    async def _fee(self, store: MemoryStore) -> Decimal | None:
        client = self._shift.configuration.clients[self._shift.configuration.campaigns[self._shift.campaign].client]
        if not client.contract:
            return None
        agreement = agreement_of(client)
        month = month_at(self._shift.began_at, agreement.zone)
        entries = await rated(store, agreement, month)
        return sum((entry.amount for entry in entries if entry.unit in ("call", "s", "sale")), Decimal(0))


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
    """The plant with this campaign alone, and the shift's agents."""
    configuration = shift.configuration
    campaign = in_mode(configuration.campaigns[shift.campaign], shift.mode)
    return replace(configuration, campaigns={shift.campaign: campaign}, agents=dict(shift.agents))


REHEARSED = ("progressive", "power", "predictive", "agentless")


def in_mode(campaign: Campaign, mode: str) -> Campaign:
    """Raises ValueError, saying which modes there are."""
    name, _, ratio = mode.partition(":")
    if name not in REHEARSED or (ratio and name != "power"):
        raise ValueError(f"{mode!r} cannot be rehearsed; there are progressive, power:RATIO, predictive and agentless")
    if (name == "agentless") != (campaign.agents is None):
        raise ValueError(f"{campaign.campaign} is {campaign.mode}: it cannot be rehearsed as {name}")
    try:
        said = float(ratio) if ratio else campaign.ratio if name == "power" else None
    except ValueError:
        raise ValueError(f"{ratio!r} is no ratio; write power:2.5") from None
    if said is not None and not 1 <= said <= 5:
        raise ValueError(f"power:{said:g}: the ratio is from 1 to 5")
    return campaign.model_copy(update={"mode": name, "ratio": said})
