"""Sets up an engine without Asterisk, lets a shift pass in virtual time, and accounts for it."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from dialer.billing.entry import Entry
from dialer.billing.months import month_at
from dialer.bookkeeping import agreement_of, rated
from dialer.calls import events as ev
from dialer.calls.outcome import Outcome
from dialer.campaigns.lists import import_list
from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration
from dialer.config.models import Agent
from dialer.coordination.limits import LocalLimits
from dialer.engine.control import EngineControl
from dialer.engine.core import Engine
from dialer.engine.live import LiveCall
from dialer.engine.reload import Reloader, sounds_of
from dialer.metrics import Metrics
from dialer.quality.service import Rule
from dialer.rehearsal.callers import Caller
from dialer.rehearsal.exchange import Exchange
from dialer.rehearsal.outcome import Facts, Rehearsed, judged
from dialer.rehearsal.population import Population
from dialer.rehearsal.promises import Made
from dialer.rehearsal.staff import Staff, Step
from dialer.rehearsal.virtual import VirtualClock, VirtualLoop
from dialer.service_report import rule_of
from dialer.store.memory import MemoryStore
from dialer.store.records import AgentSpan, CallRecord, NewContact
from dialer.web.desk_port import Wish
from dialer.web.port import RefusedError

TICK_S = 1.0
FAR_S, NEAR = 10, 200
"""As long as no list has fewer contacts left, they are counted this seldom: it changes no decision, and takes time."""
CHUNK = 1000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """A campaign that takes part."""

    campaign: str
    mode: str
    """As in the campaign's file, a power's ratio after a colon: `power:2.5`."""
    contacts: Sequence[NewContact] | None
    """None: those of the campaign's own lists."""
    population: Population


@dataclass(frozen=True, slots=True)
class Shift:
    """What is rehearsed. `steps` are in seconds after `began_at` (epoch seconds)."""

    configuration: Configuration
    agents: Mapping[str, Agent]
    steps: Sequence[Step]
    parts: Sequence[Part]
    began_at: float
    seconds: float
    callers: Sequence[Caller] = ()

    @property
    def zone(self) -> ZoneInfo:
        """Of the first campaign's client."""
        configuration = self.configuration
        return ZoneInfo(configuration.clients[configuration.campaigns[self.parts[0].campaign].client].timezone)


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
        self._populations = {part.campaign: part.population for part in shift.parts}
        self._callers = {f"in-{place:06}": caller for place, caller in enumerate(shift.callers)}
        self._made: list[Made] = []
        self._ticks = 0
        campaigns = [shift.configuration.campaigns[name] for name in self._populations]
        self._promising = any(code.callback for one in campaigns for code in one.dispositions.values())

    async def play(self, progress: Callable[[float], None]) -> Rehearsed:
        shift = self._shift
        configuration = _cast(shift)
        store = MemoryStore.empty()
        for part in shift.parts:
            if part.contacts is None:
                await _take_lists(store, configuration, configuration.campaigns[part.campaign])
            for at in range(0, len(part.contacts or ()), CHUNK):
                await store.add_contacts(part.campaign, (part.contacts or ())[at : at + CHUNK])
        engine = self._engine = Engine(
            configuration, store, LocalLimits(), Metrics(), self._clock, sounds_of(configuration))
        self._control = EngineControl(engine, Reloader(engine, configuration.root, None, lambda: None))
        people = self._populations.__getitem__
        self._staff = Staff(engine, people, shift.steps, self, self._by_hand(), self._callers)
        engine.switches = {
            name: Exchange(name, self._clock, shift.zone, people, engine.post, self._campaign_of,
                           self._staff.talk_over)
            for name in configuration.plant.switches
        }  # fmt: skip
        for name in engine.switches:
            engine.post(ev.LinkUp(name, self._clock.now(), self._clock.now() - 1.0))
        for name in self._populations:
            scheduled = configuration.campaigns[name].schedule is not None
            begun = engine.schedules.begin(name, None) if scheduled else "running"
            engine.campaigns.set_status(name, "running" if begun == "running" else "paused")
        self._let_call_in()
        self._tick()
        steps = 100
        for step in range(steps):
            await asyncio.sleep(shift.seconds / steps)
            progress((step + 1) / steps)
        return await self._judge(store)

    def _campaign_of(self, channel: str) -> str:
        live = self._engine.calls.get(channel)
        return (live.seed.campaign if live is not None else None) or ""

    def _let_call_in(self) -> None:
        """They come in over the switch that the agents are on."""
        name = next((agent.switch for agent in self._shift.agents.values() if agent.switch), None)
        exchange = self._engine.switches[name or next(iter(self._engine.switches))]
        assert isinstance(exchange, Exchange)
        for channel, caller in self._callers.items():
            self._clock.call_later(caller.at, exchange.call_in, channel, caller)

    def _tick(self) -> None:
        """What the service does once a second, but for test calls and recordings, which are made of nobody here."""
        engine = self._engine
        engine.post(engine.schedules.tick)
        if self._promising:
            engine.post(engine.callbacks.refresh)
        engine.post(engine.campaigns.kick_all)
        if self._ticks % FAR_S == 0 or any((run.contacts_left or 0) < NEAR for run in engine.campaigns.runs.values()):
            self._soon(self._control.refresh())
        self._staff.look()
        self._ticks += 1
        self._clock.call_later(TICK_S, self._tick)

    def _by_hand(self) -> Mapping[str, Sequence[str]]:
        """The numbers of the campaigns that are dialled by hand. Raises ValueError for one whose lists nobody reads."""
        manual = {part.campaign: part.contacts for part in self._shift.parts if part.mode == "manual"}
        if None in manual.values():
            raise ValueError("what agents dial by hand is no list: leave --own-lists out")
        return {name: [new.number for new in some or ()] for name, some in manual.items()}

    # -- what agents do: `staff.Desktop`

    def dispose(self, agent: str, code: str, wishes: Sequence[Wish] = ()) -> None:
        self._soon(self._disposed(agent, code, wishes))

    async def _disposed(self, agent: str, code: str, wishes: Sequence[Wish]) -> None:
        live = self._engine.floor.last_call(agent)
        for wish in wishes or (None,):
            with suppress(RefusedError):
                await self._control.dispose(agent, code, None, wish)
                if wish is not None and live is not None and live.contact is not None:
                    self._made.append(Made(live.contact.campaign, live.contact.id, wish.at, agent, wish.personal))
                return
        self._staff.no_code(agent)

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

    # -- what it came to

    async def _judge(self, store: MemoryStore) -> Rehearsed:
        shift, now = self._shift, self._clock.now()
        spans = await store.spans(shift.began_at) + [
            AgentSpan(state.agent, state.state.value, state.since, now, state.call_id)
            for state in self._engine.floor.desk.states()
            if state.logged_in_at is not None and state.since < now
        ]
        calls = await store.settled_calls(shift.began_at) + [_cut(live, now) for live in self._engine.calls]
        facts = Facts(
            modes={part.campaign: part.mode for part in shift.parts},
            began_at=shift.began_at, seconds=shift.seconds, zone=shift.zone, calls=calls, spans=spans,
            contacts={name: (await store.totals(name)).contacts for name in self._populations},
            rules=self._rules(),
            reasons={name: self._engine.campaigns.runs[name].reason for name in self._populations},
            made=self._made if self._promising else None,
            entries=await self._entries(store),
        )  # fmt: skip
        return judged(facts)

    def _rules(self) -> Mapping[str, Rule]:
        """Of the clients who are called."""
        shift, day = self._shift, datetime.fromtimestamp(self._shift.began_at, self._shift.zone).date()
        clients = {flow.client for caller in shift.callers if (flow := shift.configuration.flow_for(caller.dialled))}
        return {name: rule_of(shift.configuration.clients[name], day) for name in sorted(clients)}

    async def _entries(self, store: MemoryStore) -> Mapping[str, Sequence[Entry]]:
        """By client with a contract: what it pays for calls, and for the agents' time on them."""
        configuration, found = self._shift.configuration, {}
        owners = {configuration.campaigns[name].client for name in self._populations} | self._rules().keys()
        for client in (configuration.clients[name] for name in sorted(owners)):
            if not client.contract:
                continue
            agreement = agreement_of(client)
            months = {month_at(at, agreement.zone) for at in (self._shift.began_at, self._clock.now())}
            found[client.client] = [
                entry for month in months for entry in await rated(store, agreement, month)
                if entry.unit in ("call", "s", "sale")
            ]  # fmt: skip
        return found


def _cut(live: LiveCall, now: float) -> CallRecord:
    """A call that the end of the shift leaves in hand; without an agent so far, nobody knows what becomes of it."""
    record = live.record()
    return replace(record, outcome=Outcome.ANSWERED if record.joined_at is not None else None, ended_at=now)


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
    modes = {part.campaign: part.mode for part in shift.parts}
    campaigns = {name: in_mode(configuration.campaigns[name], mode) for name, mode in modes.items()}
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
