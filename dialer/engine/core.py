"""The loop: one event at a time into the parts that hold the state, until nothing is left to do."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Literal

from dialer.calls import events as ev
from dialer.config.configuration import Configuration
from dialer.coordination.limits import Limit, Limits, Scope
from dialer.engine.abandoned import Abandoned
from dialer.engine.budgets import Budgets
from dialer.engine.callbacks import Callbacks
from dialer.engine.caller_ids import ShownNumbers
from dialer.engine.calls import Calls
from dialer.engine.campaigns import Campaigns
from dialer.engine.clock import Clock
from dialer.engine.fees import Fees
from dialer.engine.floor import Floor
from dialer.engine.guaranteed import Guaranteed
from dialer.engine.ids import Ids
from dialer.engine.law import Law
from dialer.engine.machines import Machines
from dialer.engine.mystery import Mystery
from dialer.engine.overrides import Overrides
from dialer.engine.reconcile import Reconciler
from dialer.engine.recording_keeper import RecordingKeeper
from dialer.engine.recordings import Recordings
from dialer.engine.schedules import Schedules
from dialer.engine.scripts import Scripts
from dialer.engine.service_rules import ServiceRules
from dialer.engine.voice import Voice
from dialer.flows.prompts import Sounds
from dialer.metrics import Metrics
from dialer.store.store import Store
from dialer.switch.port import Switch

log = logging.getLogger(__name__)

MOST_OVER = 2000
"""How many channels that are over are remembered: AMI's news of a hang-up may overtake the script's beginning."""


class Engine:
    """Everything that runs on one node. Not to be touched from another thread.

    `post` may be called from within the handling of an event: the event waits its turn, so that every step sees the
    world as the step before left it.
    """

    def __init__(
        self,
        configuration: Configuration,
        store: Store,
        limits: Limits,
        metrics: Metrics,
        clock: Clock,
        sounds: Mapping[str, Sounds],
    ) -> None:
        self.configuration = configuration
        self.store = store
        self.limits = limits
        self.metrics = metrics
        self.clock = clock
        self.sounds = sounds
        self.switches: dict[str, Switch] = {}
        self.ids = Ids(configuration.plant.node, clock.now())
        self.totals: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.draining = False
        self.overrides = Overrides(self, configuration)
        self.law = Law(self)
        self.fees = Fees(self)
        self.floor = Floor(self)
        self.scripts = Scripts(self)
        self.voice = Voice(self)
        self.recordings = Recordings(self)
        self.recording_keeper = RecordingKeeper(self)
        self.abandoned = Abandoned(self)
        self.guaranteed = Guaranteed(self)
        self.shown_numbers = ShownNumbers(self)
        self.calls = Calls(self)
        self.budgets = Budgets(self)
        self.campaigns = Campaigns(self)
        self.callbacks = Callbacks(self)
        self.schedules = Schedules(self)
        self.machines = Machines(self)
        self.mystery = Mystery(self)
        self.rules = ServiceRules(self)
        self.reconciler = Reconciler(self)
        self._inbox: deque[ev.SwitchEvent | Callable[[], None]] = deque()
        self._busy = False
        self._match_wanted = False
        self._over: dict[str, ev.HungUp | None] = {}
        """By channel: its hang-up, where nobody knew the channel yet."""
        self.configure_limits()

    # -- the loop -----------------------------------------------------------------------------------

    def post(self, event: ev.CallEvent | ev.SwitchEvent | Callable[[], None]) -> None:
        """An event, or something to be done between events."""
        self._inbox.append(event)  # type: ignore[arg-type]
        if not self._busy:
            self._work()

    def want_match(self) -> None:
        """An agent or a customer came free: look whether two fit, once the events at hand are worked off."""
        self._match_wanted = True
        if not self._busy:
            self._work()

    @property
    def backlog(self) -> int:
        return len(self._inbox)

    def _work(self) -> None:
        self._busy = True
        try:
            while self._inbox or self._match_wanted:
                if self._inbox:
                    self._guarded(self._inbox.popleft())
                else:
                    self._match_wanted = False
                    self._guarded(self._match)
        finally:
            self._busy = False

    def _guarded(self, event: ev.SwitchEvent | ev.CallEvent | Callable[[], None]) -> None:
        """The impossible is counted and ends that one call, never the loop."""
        try:
            event() if callable(event) else self._handle(event)
        except Exception:
            kind = getattr(event, "__name__", type(event).__name__)
            self.metrics.impossible(kind)
            log.exception("a %s could not be handled", kind)
            channel = getattr(event, "channel", None)
            if isinstance(channel, str) and channel in self.calls:
                self.calls.abort(channel)

    def _handle(self, event: ev.SwitchEvent | ev.CallEvent) -> None:
        if isinstance(event, ev.ScriptStarted) and event.channel not in self._over:
            self.voice.introduced(event)
        match event:
            case ev.VoiceReported():
                self.voice.report(event)
            case ev.CodecTold():
                self.voice.codec_told(event)
            case ev.RecordingTold():
                self.recordings.news(event)
            case ev.LinkUp() | ev.LinkDown() | ev.ChannelsListed():
                self.reconciler.handle(event)
            case _ if event.channel in self.calls:
                self.calls.handle(event.channel, event)
            case _ if self.mystery.knows(event.channel):
                self.mystery.event(event)
            case _:
                self._handle_others(event)

    def _handle_others(self, event: ev.CallEvent) -> None:
        """Of a channel that is no call yet: an agent's leg, an arrival, a stranger."""
        match event:
            case ev.ScriptStarted() if self.reconciler.defers(event):
                pass
            case ev.ScriptStarted() if event.channel in self._over:
                self._script_of_the_dead(event)
            case ev.ScriptStarted(kind="agent"):
                self.floor.leg_arrived(event)
            case _ if self.floor.knows(event.channel):
                self.floor.leg_event(event)
            case ev.ScriptStarted(kind="inbound"):
                self.calls.arrive(event)
            case ev.ScriptStarted():
                self.reconciler.stray_script(event)
            case ev.HungUp():
                self.over(event.channel, event)
                self.metrics.ignored("HungUp")
            case _:
                self.metrics.ignored(type(event).__name__)

    def over(self, channel: str, untold: ev.HungUp | None = None) -> None:
        """The channel is gone; `untold` to whoever it would have been."""
        self.voice.over(channel)
        self.recordings.over(channel)
        if untold is not None and channel in self._over:
            return  # an echo
        self._over[channel] = untold
        if len(self._over) > MOST_OVER:
            del self._over[next(iter(self._over))]

    def _script_of_the_dead(self, event: ev.ScriptStarted) -> None:
        """A caller who hung up at once is still a call that was offered; anything else has had its end."""
        hang_up, self._over[event.channel] = self._over[event.channel], None
        if event.kind == "inbound" and hang_up is not None:
            self.calls.arrive(event)
            self.post(hang_up)
        else:
            self.metrics.ignored("ScriptStarted")
            self.switches[event.switch].hangup(event.channel)

    def tick(self) -> None:
        """Once a second: what no event brings about."""
        self.schedules.tick()
        self.mystery.tick()
        self.recordings.tick()
        self.callbacks.refresh()
        self.campaigns.kick_all()

    def _match(self) -> None:
        self.callbacks.step()
        for assignment in self.floor.match():
            self._guarded(ev.AgentAssigned(assignment.call_id, self.clock.now(), assignment.agent))
        self.guaranteed.dial()
        self.campaigns.kick_all()

    # -- configuration ------------------------------------------------------------------------------

    def take(self, configuration: Configuration, sounds: Mapping[str, Sounds]) -> None:
        """Go on with a changed configuration. Calls that run keep the flow and the campaign they began with."""
        configuration = self.overrides.take(configuration)
        gone = self.configuration.clients.keys() - configuration.clients.keys()
        self.configuration, self.sounds = configuration, sounds
        self.law.take()
        self.budgets.take()
        self.scripts.forget_worlds()
        self.configure_limits()
        self.floor.reconfigure()
        self.campaigns.reconfigure()
        for client in gone:
            self.metrics.forget_client(client)

    # -- shared pieces ------------------------------------------------------------------------------

    def configure_limits(self) -> None:
        plant = self.configuration.plant
        limits = {
            Scope("switch", name): Limit(switch.channels, switch.calls_per_second)
            for name, switch in plant.switches.items()
        }
        limits |= {
            Scope("campaign", name): Limit(campaign.limits.channels, campaign.limits.calls_per_second)
            for name, campaign in self.configuration.campaigns.items()
        }
        self.limits.configure(limits)

    def count(self, what: Literal["offered", "answered", "connected", "abandoned"]) -> None:
        self.totals[what] += 1
