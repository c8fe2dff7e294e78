"""The composition root: builds the parts, runs them in one TaskGroup, and takes them down in order."""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from dialer.calls import events as ev
from dialer.config.configuration import Configuration
from dialer.config.faults import ConfigError
from dialer.config.loader import load
from dialer.config.models import Listen
from dialer.coordination.limits import LocalLimits
from dialer.engine.budgets import KEPT_S, note_groups
from dialer.engine.clock import LoopClock
from dialer.engine.control import EngineControl
from dialer.engine.core import Engine
from dialer.engine.list_imports import import_configured
from dialer.engine.machines import KEPT_S as MACHINES_S
from dialer.engine.mystery import LATE_S
from dialer.engine.reconcile import LISTING_EVERY_S
from dialer.engine.reload import Reloader, render_prompts, sounds_of
from dialer.engine.reprieves import grant_reprieves
from dialer.engine.run import Run
from dialer.engine.selections import apply_selections
from dialer.fee_meter import FeeMeter
from dialer.flows.speech import SpeechError
from dialer.metrics import Metrics
from dialer.store.people import Counted, Learned
from dialer.store.store import Store, StoreError
from dialer.switch.asterisk import AsteriskSwitch
from dialer.switch.audiosocket import AudioServer
from dialer.switch.fastagi import ScriptServer
from dialer.web.app import ListenError, address, make_app
from dialer.web.app import serve as serve_web
from dialer.web.door import Door
from dialer.web.starting import Starting

log = logging.getLogger(__name__)

TICK_S = 1.0
STORE_RETRY_S = 5.0
SETTLE_S = 5.0
"""After the drain: how long the last hang-ups may take to be confirmed."""


def serve(root: Path, plant: Path | None = None) -> int:
    """Run until SIGTERM or Ctrl-C. 0: shut down in order; 1: could not run; 2: the configuration is faulty."""
    try:
        configuration = load(root, os.environ, plant)
    except ConfigError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        return 2
    if missing := list(missing_secrets(configuration)):
        for lack in missing:
            print(f"dialer: {lack}", file=sys.stderr)
        return 2
    try:
        asyncio.run(_run(configuration, root, plant))
    except (SpeechError, StoreError, ListenError, OSError) as error:
        print(f"dialer: {error}", file=sys.stderr)
        return 1
    return 0


async def _listening(what: str, server: ScriptServer | AudioServer, listen: Listen) -> int:
    """The port. Raises OSError."""
    try:
        return await server.start(listen.host, listen.port)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise OSError(f"{what} cannot listen on {listen.host}:{listen.port}: {reason}") from None


def missing_secrets(configuration: Configuration) -> Iterator[str]:
    """What would only be a refused login later."""
    switches = configuration.plant.switches.items()
    wanted = {switch.ami.secret_env: f"the AMI secret of `{name}`" for name, switch in switches}
    if password_env := configuration.plant.store.password_env:
        wanted[password_env] = "the database's password"
    for variable, what in wanted.items():
        if not os.environ.get(variable):
            yield f"set the environment variable {variable}: it holds {what}"


def door_of(configuration: Callable[[], Configuration]) -> Door:
    """Whoever holds a token just now: a reload changes it."""
    return Door(os.environ.get(configuration().plant.web.token_env), lambda: configuration().access)


async def _run(configuration: Configuration, root: Path, plant: Path | None) -> None:
    config = configuration.plant
    password = os.environ.get(config.store.password_env) if config.store.password_env else None
    starting = Starting()
    await starting.listen(config.web.listen, door_of(lambda: configuration))
    try:
        await _make_prompts(configuration, starting)
        starting.why = "the store is being opened"
        store = await asyncio.to_thread(Store.open, store_url(config.store.url, root), password)
        try:
            starting.why = "what an earlier run left is being read"
            service = Service(configuration, store, root, plant)
            await service.run(starting)
        finally:
            await store.close()
    finally:
        await starting.close()


async def _make_prompts(configuration: Configuration, starting: Starting) -> None:
    """Raises SpeechError."""
    given_up = threading.Event()

    def made(done: int, whole: int) -> None:
        if given_up.is_set():
            raise SpeechError("interrupted while prompts were made")
        starting.why = f"{done} of {whole} prompts are made"

    starting.why = "prompts are being made"
    try:
        await asyncio.to_thread(render_prompts, configuration, made)
    finally:
        given_up.set()


def store_url(url: str, root: Path) -> str:
    """A relative SQLite file lies below the configuration's root, wherever the engine was started."""
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url.startswith(prefix + "/"):
        return url
    path = (root / url.removeprefix(prefix)).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    return f"{prefix}{path}"


class Service:
    """One engine with its adapters."""

    def __init__(self, configuration: Configuration, store: Store, root: Path, plant: Path | None) -> None:
        self._config = configuration.plant
        self._store = store
        self._metrics = Metrics()
        self._engine = Engine(
            configuration,
            store,
            LocalLimits(),
            self._metrics,
            LoopClock(asyncio.get_running_loop()),
            sounds_of(configuration),
        )
        self._spawned: set[asyncio.Task[None]] = set()
        self._started: dict[str, Run] = {}
        """Campaigns whose first status is decided. One that was taken out and put back begins anew, with its past."""
        self._reloader = Reloader(self._engine, root, plant, self._reloaded)
        self._control = EngineControl(self._engine, self._reloader)
        self._fee_meter = FeeMeter(self._engine)
        self._audio = AudioServer() if self._config.audiosocket is not None else None
        self._scripts = ScriptServer(self._engine.post, self._audio)
        self._switches = [
            AsteriskSwitch(
                name, switch, os.environ.get(switch.ami.secret_env, ""), self._engine.post, self._scripts,
                backlog=lambda: self._engine.backlog,
            )
            for name, switch in self._config.switches.items()
        ]  # fmt: skip
        store.on_commit(self._metrics.store_commit)
        self._engine.switches = {switch.name: switch for switch in self._switches}

    async def run(self, starting: Starting | None = None) -> None:
        """`starting`: who answers at the API's address until it is served."""
        stop = asyncio.Event()
        hurry = asyncio.Event()
        self._on_signals(stop, hurry)
        await self._inherit()
        port = await self._listen()
        door = door_of(lambda: self._engine.configuration)
        if starting is not None:
            await starting.close()
        web = await serve_web(make_app(self._control, self._metrics, door), self._config.web.listen)
        log.info("serving %s, FastAGI on port %d", address(web), port)
        gc.collect()
        gc.freeze()  # what is there now stays: a collection that looks through all of it stops every call for 30 ms
        try:
            async with asyncio.TaskGroup() as group:
                for switch in self._switches:
                    group.create_task(switch.serve())
                own = [
                    group.create_task(work)
                    for work in (self._keep_house(), self._start_campaigns(), apply_selections(self._engine),
                                 grant_reprieves(self._engine), note_groups(self._engine),
                                 self._fee_meter.run(), self._engine.mystery.ears.run(),
                                 self._engine.recording_keeper.run())
                ]
                await stop.wait()
                await self._drain(hurry)
                for task in own:
                    task.cancel()
                for switch in self._switches:
                    await switch.close()
        finally:
            for switch in self._switches:
                await switch.close()
            await self._scripts.close()
            if self._audio is not None:
                await self._audio.close()
            await web.cleanup()
        log.info("stopped")

    async def _listen(self) -> int:
        if self._audio is not None and self._config.audiosocket is not None:
            await _listening("AudioSocket", self._audio, self._config.audiosocket)
        return await _listening("FastAGI", self._scripts, self._config.fastagi)

    def _on_signals(self, stop: asyncio.Event, hurry: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()

        def ask() -> None:
            (hurry if stop.is_set() else stop).set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ask)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload()))

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

    async def _reload(self) -> None:
        for fault in await self._reloader.reload():
            log.error("the changed configuration is refused: %s", fault)

    def _reloaded(self) -> None:
        self._spawn(self._start_campaigns())
        self._spawn(apply_selections(self._engine))
        self._spawn(grant_reprieves(self._engine))
        self._spawn(note_groups(self._engine))

    # -- the beginning ------------------------------------------------------------------------------

    async def _inherit(self) -> None:
        """What an earlier life left open waits for its switch to say what lives."""
        await self._engine.fees.inherit()
        await self._engine.shown_numbers.refresh()
        calls = []
        for record in await self._store.open_calls(self._config.node):
            contact = await self._store.contact(record.contact_id) if record.contact_id is not None else None
            calls.append((record, contact))
        self._engine.callbacks.inherit(await self._store.keeping([record.id for record, _ in calls]))
        sessions = await self._store.sessions()
        self._engine.recordings.inherit(await self._store.recordings.unfinished(self._config.node))
        now = self._engine.clock.now()
        campaigns = self._engine.configuration.campaigns
        self._engine.budgets.remember_gone(await self._store.people.of_others(campaigns, now - KEPT_S))
        tests = self._store.test_calls
        self._engine.mystery.inherit(await tests.placed(now - LATE_S, now), await tests.unfinished(self._config.node))
        self._engine.overrides.restore(await self._store.overrides())
        self._engine.machines.remember(await self._store.detections(self._engine.clock.now() - MACHINES_S))
        self._engine.campaigns.previews.remember(await self._store.skips(self._engine.clock.now() - 86_400.0))
        self._engine.reconciler.inherit(calls, sessions)
        if calls or sessions:
            log.info("%d open calls and %d agents' legs to look for", len(calls), len(sessions))

    async def _start_campaigns(self) -> None:
        """Their lists imported, and dialling as it was before a restart, or as they say for the first time. Again after
        a reload, for what is new."""
        async with asyncio.TaskGroup() as starting:  # a long list keeps no other campaign waiting
            for name in list(self._engine.campaigns.runs):
                starting.create_task(self._until_started(name))

    async def _until_started(self, name: str) -> None:
        while True:
            if await self._start_campaign(name):
                break
            await asyncio.sleep(STORE_RETRY_S)

    async def _start_campaign(self, name: str) -> bool:
        try:
            saved = await self._store.campaign_status_since(name)
            if saved is None:
                await import_configured(self._engine, name)
            people = await self._store.people.since(name, self._engine.clock.now() - KEPT_S)
            learned = await self._store.people.learned(name)
            self._begin(name, saved, people, learned)
            if saved is not None:  # it has contacts: it does not wait for more
                await import_configured(self._engine, name)
        except StoreError as error:
            log.error("the campaign cannot start yet: %s", error, extra={"campaign": name})
            return False
        return True

    def _begin(
        self, name: str, saved: tuple[str, float] | None, people: Iterable[Counted], learned: Learned | None
    ) -> None:
        run = self._engine.campaigns.runs.get(name)
        if run is None or self._started.get(name) is run:
            return
        self._started[name] = run
        self._engine.campaigns.remember(name, people, learned)
        if run.config.schedule is not None:
            status = self._engine.schedules.begin(name, saved)
        else:
            status = saved[0] if saved else "running" if run.config.start == "auto" else "stopped"
        if status in ("running", "exhausted", "paused") and run.status == "stopped":
            self._engine.campaigns.set_status(name, "paused" if status == "paused" else "running")

    async def _keep_house(self) -> None:
        """What no event brings about: retries coming due, lost events, figures for the views."""
        loop = asyncio.get_running_loop()
        listed_at = loop.time()
        while True:
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self._metrics.loop_lag(max(0.0, loop.time() - due))
            self._metrics.event_queue(self._engine.backlog)
            self._engine.post(self._engine.tick)
            if loop.time() - listed_at >= LISTING_EVERY_S:
                listed_at = loop.time()
                self._engine.reconciler.list_all()
                self._engine.campaigns.pacing.save_learned()
                await self._engine.shown_numbers.refresh()
            with suppress(StoreError):
                await self._control.refresh()

    # -- the end ------------------------------------------------------------------------------------

    async def _drain(self, hurry: asyncio.Event) -> None:
        """No new calls; talks may end within the limit; what is left is hung up, settled, written."""
        engine = self._engine
        engine.draining = True
        engine.campaigns.previews.withdraw()
        engine.callbacks.let_all_go()
        log.info("draining %d calls, for at most %g s", len(engine.calls), self._config.drain)
        if not await self._until(lambda: not len(engine.calls), self._config.drain, hurry):
            now = engine.clock.now()
            for live in list(engine.calls):
                engine.post(ev.HangupRequested(live.id, now, "shutdown"))
            if not await self._until(lambda: not len(engine.calls), SETTLE_S):
                for live in list(engine.calls):
                    engine.post(ev.Gone(live.id, engine.clock.now()))
        engine.campaigns.pacing.save_learned(now=True)
        engine.floor.log_out_all()
        await self._until(lambda: not engine.floor.anyone(), SETTLE_S)
        await self._until(lambda: not engine.calls.unwritten, SETTLE_S)

    async def _until(self, done: Callable[[], bool], seconds: float, hurry: asyncio.Event | None = None) -> bool:
        deadline = asyncio.get_running_loop().time() + seconds
        while not done():
            if asyncio.get_running_loop().time() >= deadline or (hurry is not None and hurry.is_set()):
                return False
            await asyncio.sleep(0.05)
        return True
