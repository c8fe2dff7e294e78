"""An engine on a real SQLite store, a clock moved by hand, and a switch that records what it is ordered."""

import asyncio
import heapq
import itertools
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store_template import place

from dialer.calls import events as ev
from dialer.config.loader import load
from dialer.coordination.limits import LocalLimits
from dialer.engine.control import EngineControl
from dialer.engine.core import Engine
from dialer.engine.mystery import LATE_S
from dialer.engine.reload import Reloader, sounds_of
from dialer.flows.commands import Command
from dialer.metrics import Metrics
from dialer.store.records import CallRecord, NewContact
from dialer.store.store import Store
from dialer.switch.port import NOTHING, OriginateOrder, RecordOrder

SWITCH = "main"
CAMPAIGN = "winback"
SURVEYED = "surveyed"
AGENTS = ("ada", "bob", "cy")
HOTLINE, DESK = "+493023125010", "+493023125011"
BEGAN_AT = 1_700_000_000.0

FILES: dict[str, Any] = {
    "configs/plant.yaml": {
        "node": "n1", "switches": {SWITCH: {"channels": 40, "calls_per_second": 100}},
        "store": {"url": "sqlite:///var/engine.db"},
    },
    "configs/clients/acme.yaml": {
        "client": "acme", "name": "Acme", "caller_id": "+493023125001", "languages": ["en"],
    },
    "configs/agents.yaml": {
        "agents": {name: {"name": name.title(), "phone": f"p-{name}", "skills": ["sales"]} for name in AGENTS},
    },
    f"configs/campaigns/{CAMPAIGN}.yaml": {
        "campaign": CAMPAIGN, "client": "acme", "rules": [], "agents": {"skills": ["sales"], "wrap_up": "5s"},
        "retry": {"busy": {"after": "30s", "times": 1}}, "ring_timeout": "20s", "dispositions": {"sale": {}},
        "abandon": {"message": {"en": "Sorry."}},
    },
    f"configs/campaigns/{SURVEYED}.yaml": {
        "campaign": SURVEYED, "client": "acme", "agents": {"skills": ["sales"], "wrap_up": "0s"}, "flow": "after",
        "limits": {"channels": 2}, "rules": [],
    },
    "ivr_flows/hotline.yaml": {
        "flow": "hotline", "client": "acme", "numbers": [HOTLINE], "languages": ["en"], "start": "pick_up",
        "nodes": {
            "pick_up": {"answer": True, "next": "choose"},
            "choose": {"menu": {"en": "Press one."}, "choices": {"1": "line"}, "otherwise": "line"},
            "line": {"queue": {"skills": ["sales"], "max_wait": "60s", "wrap_up": "5s"}, "overflow": "bye"},
            "bye": {"say": {"en": "Bye."}, "next": "end"},
            "end": {"hangup": {}},
        },
    },
    "ivr_flows/desk.yaml": {
        "flow": "desk", "client": "acme", "numbers": [DESK], "languages": ["en"], "start": "hello",
        "nodes": {"hello": {"say": {"en": "Hello."}, "next": "end"}, "end": {"hangup": {}}},
    },
    "ivr_flows/after.yaml": {
        "flow": "after", "client": "acme", "numbers": [], "languages": ["en"], "start": "ask",
        "nodes": {"ask": {"say": {"en": "Was it good?"}, "next": "end"}, "end": {"hangup": {}}},
    },
}  # fmt: skip


def write_site(root: Path, files: dict[str, Any] = FILES) -> None:
    for name, document in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))  # JSON is YAML


@dataclass
class _Timer:
    live: bool = True

    def cancel(self) -> None:
        self.live = False


class ManualClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self._now = BEGAN_AT
        self._order = itertools.count()
        self._due: list[tuple[float, int, _Timer, Callable[[], None]]] = []

    def now(self) -> float:
        return self._now

    def call_later(self, seconds: float, do: Callable[..., Any], *args: Any) -> _Timer:
        timer = _Timer()
        heapq.heappush(self._due, (self._now + seconds, next(self._order), timer, lambda: do(*args)))
        return timer

    def move(self, seconds: float) -> None:
        """Fires what comes due, in its order."""
        end = self._now + seconds
        while self._due and self._due[0][0] <= end:
            at, _, timer, do = heapq.heappop(self._due)
            self._now = max(self._now, at)
            if timer.live:
                do()
        self._now = end

    def forget(self) -> None:
        """Whoever waited for it is dead."""
        self._due.clear()


@dataclass(frozen=True)
class Order:
    verb: str
    channel: str
    detail: Any = None


@dataclass
class RecordingSwitch:
    """`told` hears of every order as it is given."""

    name: str = SWITCH
    up: bool = True
    orders: list[Order] = field(default_factory=list)
    told: Callable[[Order], None] | None = None

    def _give(self, verb: str, channel: str, detail: Any = None) -> None:
        order = Order(verb, channel, detail)
        self.orders.append(order)
        if self.told is not None:
            self.told(order)

    def originate(self, order: OriginateOrder) -> None:
        self._give("originate", order.channel, order)

    def hangup(self, channel: str, cause: int = 16) -> None:
        self._give("hangup", channel, cause)

    def bridge(self, customer: str, agent: str) -> None:
        self._give("bridge", customer, agent)

    def park_agent(self, channel: str) -> None:
        self._give("park_agent", channel)

    def record(self, order: RecordOrder) -> None:
        self._give("record", order.channel, order)

    def run(self, channel: str, command: Command) -> None:
        self._give("run", channel, command)

    def leave_script(self, channel: str) -> None:
        self._give("leave_script", channel)

    def ask_codec(self, channel: str) -> None:
        self._give("ask_codec", channel)

    def list_channels(self, about: Mapping[str, float] = NOTHING) -> None:
        self._give("list_channels", "", about)

    def forget(self, channel: str, ended_at: float) -> None:
        self._give("forget", channel, ended_at)

    def given(self, verb: str) -> list[Order]:
        return [order for order in self.orders if order.verb == verb]


class CountingStore(Store):
    """The real one; how often each call was settled is counted on the way in."""

    settled: Counter[str]

    @property
    def asked(self) -> int:
        """Reads under way: they pass what is being written, and each other."""
        return self._reading

    def settle(self, record: CallRecord, *rest: Any) -> Any:
        self.settled[record.id] += 1
        return super().settle(record, *rest)


class Rig:
    """`crash()` forgets everything but the store and the switch, and starts an engine anew."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = ManualClock()
        self.switch = RecordingSwitch()
        self.configuration = load(root, {})
        self.database = root / "engine.db"
        if not self.database.exists():
            place(self.database)
        self.store = CountingStore.open(f"sqlite:///{self.database}")
        self.store.settled = Counter()
        self.engine = self._engine()
        self._witness = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, isolation_level=None)

    def _engine(self) -> Engine:
        engine = Engine(
            self.configuration, self.store, LocalLimits(), Metrics(), self.clock, sounds_of(self.configuration)
        )
        engine.switches = {self.switch.name: self.switch}
        self.reloader = Reloader(engine, self.root, None, lambda: None)
        self.control = EngineControl(engine, self.reloader)
        return engine

    async def close(self) -> None:
        self._witness.close()
        await self.store.close()

    async def quiet(self) -> None:
        """Until the store has answered everything, and the engine has worked off what came of it."""
        for _ in range(2):
            busy = True
            while busy:
                await self.store.drop_session("nobody")  # written after everything before it
                await asyncio.sleep(0)
                claiming = sum(run.claiming for run in self.engine.campaigns.runs.values())
                looking = any(run.looking for run in self.engine.campaigns.runs.values())
                busy = bool(self.engine.calls.unwritten or claiming or looking or self.store.asked)

    async def crash(self) -> None:
        """SIGKILL and a new start: what was not on disk is gone."""
        await self.quiet()
        self.clock.forget()
        self.clock.move(0.01)  # two lives never begin in the same millisecond
        self.engine = self._engine()
        await self.inherit()

    async def inherit(self) -> None:
        calls = [
            (record, await self.store.contact(record.contact_id) if record.contact_id else None)
            for record in await self.store.open_calls("n1")
        ]
        self.engine.reconciler.inherit(calls, await self.store.sessions())
        now = self.clock.now()
        tests = self.store.test_calls
        self.engine.mystery.inherit(await tests.placed(now - LATE_S, now), await tests.unfinished("n1"))

    # -- telling it

    def post(self, *events: Any) -> None:
        for event in events:
            self.engine.post(event)

    def listing(self, *channels: ev.ChannelSeen, asked_at: float | None = None, **notes: ev.Notes) -> None:
        """`notes`: what the switch has kept of the calls, which are all asked about."""
        now = self.clock.now()
        kept = {live.id: None for live in self.engine.calls} | notes
        self.post(ev.ChannelsListed(SWITCH, now, now if asked_at is None else asked_at, channels, kept))

    def link_up(self, *channels: ev.ChannelSeen, **notes: ev.Notes) -> None:
        """The link comes up, and the switch tells its channels."""
        self.switch.up = True
        self.post(ev.LinkUp(SWITCH, self.clock.now(), BEGAN_AT - 1000))
        self.listing(*channels, **notes)

    def link_down(self) -> None:
        self.switch.up = False
        self.post(ev.LinkDown(SWITCH, self.clock.now(), "cut"))

    async def contacts(self, count: int, campaign: str = CAMPAIGN) -> None:
        area = "+4930555" if campaign == CAMPAIGN else "+4930666"
        await self.store.add_contacts(campaign, [NewContact(f"{area}{index:05}") for index in range(count)])

    def log_in(self, agent: str) -> str:
        """By the API, ready at once; the leg's channel."""
        self.engine.floor.command(agent, "login")
        channel = self.switch.given("originate")[-1].channel
        self.post(script(channel, self.clock.now(), "agent", caller=f"p-{agent}"))
        self.engine.floor.command(agent, "ready")
        return channel

    async def dial(self, agent: str = "ada", contacts: int = 1, campaign: str = CAMPAIGN) -> tuple[str, str]:
        """One attempt on its way: (call, the agent's leg)."""
        await self.contacts(contacts, campaign)
        self.link_up()
        leg = self.log_in(agent)
        self.engine.campaigns.set_status(campaign, "running")
        await self.quiet()
        return self.switch.given("originate")[-1].channel, leg

    async def talk(self, campaign: str = CAMPAIGN) -> tuple[str, str]:
        """One call joined with ada: (call, the agent's leg)."""
        call, leg = await self.dial(campaign=campaign)
        now = self.clock.now()
        self.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
        self.post(ev.ScriptEnded(call, now))
        await self.quiet()
        assert self.call_state(call) == "talking"
        return call, leg

    # -- looking at it

    def row(self, sql: str, *values: Any) -> Any:
        """From the disk, on a connection of its own."""
        found = self._witness.execute(sql, values).fetchone()
        return found[0] if found and len(found) == 1 else found

    def rows(self, sql: str, *values: Any) -> Sequence[Any]:
        return self._witness.execute(sql, values).fetchall()

    def outcome(self, call: str) -> str | None:
        found: str | None = self.row("SELECT outcome FROM calls WHERE id = ?", call)
        return found

    def call_state(self, call: str) -> str | None:
        live = self.engine.calls.get(call)
        return live.call.state.value if live else None

    def agent_state(self, agent: str) -> str:
        return self.engine.floor.desk.state(agent).state.value

    def status(self, campaign: str = CAMPAIGN) -> str:
        return self.engine.campaigns.runs[campaign].status


def script(channel: str, at: float, kind: Any, caller: str = "", dialled: str = "", by: Any = "unknown") -> Any:
    return ev.ScriptStarted(channel, at, SWITCH, kind, f"PJSIP/{channel}", dialled, caller, by)


def seen(channel: str, state: str = "up", bridge: str = "") -> ev.ChannelSeen:
    return ev.ChannelSeen(channel, f"PJSIP/{channel}", state, bridge, "dialer", "", "", 1.0)
