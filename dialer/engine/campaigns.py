"""Dialling: each running campaign asks its pacer how many calls to place, claims contacts for them, and dials."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from dialer.agents import model as m
from dialer.agents.model import AgentState
from dialer.calls import events as ev
from dialer.calls.model import IN_THE_AIR, Call, State
from dialer.calls.outcome import TAKEN_BACK, Outcome
from dialer.campaigns.pacing import Decision, IdleAgent, Pace, Pacer, Place, Snapshot, pacer_for
from dialer.config.campaign import Campaign
from dialer.coordination.limits import Scope
from dialer.engine.attempts import Recorder
from dialer.engine.attempts import plan_of as plan_of
from dialer.engine.clock import Timer
from dialer.engine.live import LiveCall, Script
from dialer.engine.pacing_feed import Tiding, of_agent, of_dial
from dialer.hours import is_open
from dialer.store.records import Attempt, Claimed, Known, Refusal, Slot

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

Status = Literal["stopped", "running", "paused", "draining", "exhausted"]
IDLE_CHECK_S = 1.0
"""How often a campaign without due contacts looks again: for retries come due and contacts inserted live."""
LIMITED_CHECK_S = 0.02
"""How often a campaign held back by a limit looks again: well within the burst that a rate may save up."""
AHEAD_CHECK_S = 0.25
"""How often a campaign that dials ahead decides anew though nothing happened: the longer a talk, the nearer its end."""
MOST_AT_ONCE = 50


@dataclass(slots=True)
class Run:
    """One campaign at work."""

    config: Campaign
    pacer: Pacer
    status: Status = "stopped"
    reason: str = "stopped"
    claiming: int = 0
    """Slots whose claim is on its way to the disk."""
    calls: set[str] = field(default_factory=set)
    in_the_air: set[str] = field(default_factory=set)
    """Dials that nobody has answered yet."""
    placed_at: float = 0.0
    """When it last placed a call."""
    nothing_due_until: float = 0.0
    dry: bool = False
    """Fewer contacts were due than asked for: before anybody is held for a dial again, the store is asked."""
    looking: bool = False
    timer: Timer | None = None
    refused_by: str = ""
    """The rule that refused contacts since the last dial."""


class Campaigns:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.runs: dict[str, Run] = {
            name: Run(config, pacer_for(config)) for name, config in engine.configuration.campaigns.items()
        }

    # -- control ------------------------------------------------------------------------------------

    def set_status(self, name: str, status: Status) -> None:
        run = self.runs[name]
        if run.status == status:
            return
        run.status = run.reason = status
        run.nothing_due_until = 0.0
        self._engine.store.save_campaign_status(name, status, self._engine.clock.now())
        log.info("campaign %s", status, extra={"campaign": name})
        if status == "stopped":
            for call_id in list(run.in_the_air):
                self._take_back(call_id)
        self.kick(run)

    def _take_back(self, call_id: str) -> None:
        """A stopped campaign takes back what nobody has answered; who talks goes on talking."""
        self._engine.post(ev.HangupRequested(call_id, self._engine.clock.now(), "campaign_stopped"))

    def reconfigure(self) -> None:
        """Take the new configuration: running campaigns go on with it, those that are gone are drained."""
        configured = self._engine.configuration.campaigns
        for name, config in configured.items():
            run = self.runs.get(name)
            if run is None:
                self.runs[name] = Run(config, pacer_for(config))
            elif run.config != config:
                if run.config.mode != config.mode:
                    run.pacer = pacer_for(config)
                run.config = config
        for name, run in list(self.runs.items()):
            if name not in configured:
                run.status = run.reason = "draining"
                self._end_drained(run)
        self.kick_all()

    def remember(self, name: str, answered: int, abandoned: int) -> None:
        """What the store knows of people before this engine began: a restart does not forget the budget."""
        if (run := self.runs.get(name)) is not None:
            run.pacer.reset(replace(Pace.of(run.config), answered=answered, abandoned=abandoned))

    def _end_drained(self, run: Run) -> None:
        """The last call of a campaign that is drained, or was taken out of the configuration."""
        name = run.config.campaign
        if run.status != "draining" or run.calls or run.claiming:
            return
        run.status = run.reason = "stopped"
        self._engine.store.save_campaign_status(name, "stopped", self._engine.clock.now())
        if name not in self._engine.configuration.campaigns:
            del self.runs[name]
            self._engine.metrics.forget_campaign(name)

    # -- dialling -----------------------------------------------------------------------------------

    def kick_all(self) -> None:
        """Campaigns that share agents take turns: who has not placed a call for the longest time is asked first."""
        for run in sorted(self.runs.values(), key=lambda run: run.placed_at):
            self.kick(run)

    def kick(self, run: Run) -> None:
        """Decide anew: an agent came free, a call ended, contacts came due, a limit moved."""
        if run.status != "running" or self._engine.draining:
            return
        now = self._engine.clock.now()
        hours = self._engine.configuration.hours.get(run.config.hours or "")
        if hours is not None and not is_open(hours, datetime.fromtimestamp(now, UTC)):
            run.reason = "closed"
            self._wake(run, IDLE_CHECK_S)
            return
        wait_s = run.nothing_due_until - now
        if 0 < wait_s <= IDLE_CHECK_S:  # more than that: the clock was set back
            self._wake(run, wait_s)
            return
        if run.dry:
            self._look(run)
            return
        decision = run.pacer.decide(now, self._snapshot(run, now))
        for call_id in decision.hang_up:
            self._engine.post(ev.HangupRequested(call_id, now, TAKEN_BACK))
        placed = self._place(run, decision, now)
        if placed:
            run.placed_at = now
        run.reason = decision.reason
        self._engine.metrics.pacing_decision(run.config.campaign, decision.reason, placed)
        if decision.reason in ("rate_limit", "no_free_channel", "campaign_channels"):
            self._wake(run, LIMITED_CHECK_S)
        elif run.config.mode == "predictive":
            self._wake(run, AHEAD_CHECK_S)

    def _snapshot(self, run: Run, now: float) -> Snapshot:
        engine, config = self._engine, run.config
        skills = config.agents.skills if config.agents else []
        switches = [name for name in config.switches or engine.switches if self._usable(name)]
        idle = [
            IdleAgent(agent, switch)
            for agent in (engine.floor.desk.idle(skills) if config.agents else [])
            if (switch := engine.floor.desk.state(agent).switch) in switches and switch is not None
        ]
        campaign = Scope("campaign", config.campaign)
        own = engine.limits.allowance(campaign, now)
        return Snapshot(
            idle=tuple(idle),
            in_the_air=len(run.in_the_air) + run.claiming,
            free={name: self._room(Scope("switch", name), now) for name in switches},
            channels=engine.limits.free(campaign),
            rate=MOST_AT_ONCE if own is None else min(own, MOST_AT_ONCE),
        )

    def _room(self, switch: Scope, now: float) -> int:
        """How many calls the switch takes just now: free channels, and what its rate leaves."""
        limits = self._engine.limits
        free, rate = limits.free(switch), limits.allowance(switch, now)
        return min(MOST_AT_ONCE, *(bound for bound in (free, rate) if bound is not None))

    def _usable(self, switch: str) -> bool:
        """Up, and its channels are known since it came up: what was in the air before is accounted for."""
        return self._engine.switches[switch].up and self._engine.reconciler.knows(switch)

    def _place(self, run: Run, decision: Decision, now: float) -> int:
        recorder, gate = self._recorder(run.config, now), self._engine.law.gate(run.config, now)
        slots = [slot for place in decision.places if (slot := self._slot(run, place, now)) is not None]
        if not slots:
            return 0
        run.claiming += len(slots)
        future = self._engine.store.claim(run.config.campaign, slots, recorder, now, gate)
        future.add_done_callback(lambda done: self._engine.post(lambda: self._claimed(run, slots, recorder, done)))
        return len(slots)

    def _slot(self, run: Run, place: Place, now: float) -> Slot | None:
        """Everything a dial holds, taken before anything is written: rate, channel, agent."""
        limits = self._engine.limits
        scopes = [Scope("switch", place.switch), Scope("campaign", run.config.campaign)]
        call_id = self._engine.ids.call()
        if limits.acquire(call_id, scopes) is not None:
            return None
        if limits.take(scopes, now) > 0:
            limits.release(call_id)
            return None
        if place.agent is not None:
            self._engine.floor.apply(place.agent, m.Reserved(call_id))
        return Slot(call_id, place.switch, place.agent)

    def _recorder(self, config: Campaign, now: float) -> Recorder:
        configuration = self._engine.configuration
        return Recorder(
            node=configuration.plant.node,
            client=config.client,
            campaign=config.campaign,
            our_number=configuration.caller_id(config),
            language=configuration.language(config),
            now=now,
        )

    def _claimed(
        self, run: Run, slots: Sequence[Slot], recorder: Recorder, done: "asyncio.Future[Claimed]"
    ) -> None:
        run.claiming -= len(slots)
        error = None if done.cancelled() else done.exception()
        attempts = Claimed() if error or done.cancelled() else done.result()
        if error is not None:
            log.error("no contacts could be claimed: %s", error, extra={"campaign": run.config.campaign})
        for refusal in attempts.refusals:
            self._refused(run, refusal)
        used = {attempt.call_id for attempt in attempts}
        for slot in slots:
            if slot.call_id not in used:
                self._return_slot(slot)
        if len(attempts) < len(slots):
            run.nothing_due_until = self._engine.clock.now() + IDLE_CHECK_S
            self._wake(run, IDLE_CHECK_S)
            if not error:
                run.dry = True
                self._look(run)
        for attempt in attempts:
            self._dial_if_lawful(run, recorder, attempt, attempts.known[attempt.contact.id])
        self._end_drained(run)

    def _return_slot(self, slot: Slot) -> None:
        self._engine.limits.release(slot.call_id)
        if slot.agent is not None:
            self._engine.floor.apply(slot.agent, m.Released(slot.call_id))

    def _refused(self, run: Run, refusal: Refusal) -> None:
        run.refused_by = refusal.rule
        self._engine.metrics.refused(run.config.campaign, refusal.rule)

    def _dial_if_lawful(self, run: Run, recorder: Recorder, attempt: Attempt, known: Known) -> None:
        """The attempt is on disk. Every rule is asked again: the hour may be over, the person may have said stop."""
        law = self._engine.law
        gate = law.gate(run.config, self._engine.clock.now())
        refusal = law.recheck(gate, attempt.contact, known)
        if refusal is None:
            run.refused_by = ""
            self._dial(run, recorder, attempt, gate.least_ring_s(attempt.contact))
            return
        self._refused(run, refusal)
        self._engine.store.refuse(attempt.call_id, refusal)
        self._return_slot(Slot(attempt.call_id, attempt.switch, attempt.agent))
        self._wake(run, LIMITED_CHECK_S)

    def _dial(self, run: Run, recorder: Recorder, attempt: Attempt, least_ring_s: float) -> None:
        """Now the machine may dial it."""
        engine, config, now = self._engine, run.config, self._engine.clock.now()
        record = recorder.record(Slot(attempt.call_id, attempt.switch, attempt.agent), attempt.contact)
        plan = plan_of(config)
        plan = replace(plan, ring_s=max(plan.ring_s, least_ring_s))
        call = Call(attempt.call_id, plan, State.INTENDED, now, reserved=attempt.agent)
        flow = engine.configuration.flows.get(config.flow or "")
        live = LiveCall(call, engine.switches[attempt.switch], record, config, attempt.contact, Script(flow))
        run.calls.add(live.id)
        run.in_the_air.add(live.id)
        engine.calls.add(live)
        engine.metrics.call_started("outbound", config.client, config.campaign)
        engine.count("offered")
        if run.status == "stopped" or engine.draining:
            engine.calls.handle(live.id, ev.HangupRequested(live.id, now, "campaign_stopped"))
        else:
            engine.calls.handle(live.id, ev.Stored(live.id, now))

    def _look(self, run: Run) -> None:
        """Nothing was due: is something now, or ever again? A call or a settlement on its way may bring it."""
        if run.looking:
            return
        run.looking, run.reason = True, run.refused_by or "nothing_due"
        quiet = not run.calls and not self._engine.calls.unwritten
        future = self._engine.store.next_due_at(run.config.campaign)
        future.add_done_callback(lambda done: self._engine.post(lambda: self._looked(run, quiet, done)))

    def _looked(self, run: Run, quiet: bool, done: "asyncio.Future[float | None]") -> None:
        run.looking = False
        if done.cancelled() or done.exception() is not None or not run.dry or run.status != "running":
            self._wake(run, IDLE_CHECK_S)
            return
        now, due_at = self._engine.clock.now(), done.result()
        if due_at is None and quiet and not run.calls and not run.claiming:
            self.set_status(run.config.campaign, "exhausted")
        elif due_at is not None and due_at <= now:
            run.dry = False
            self.kick(run)
        else:
            wait_s = min(IDLE_CHECK_S, due_at - now) if due_at is not None else IDLE_CHECK_S
            run.nothing_due_until = now + wait_s
            self._wake(run, wait_s)

    def _wake(self, run: Run, seconds: float) -> None:
        if run.timer is not None:
            return

        def fire() -> None:
            run.timer = None
            self._engine.post(lambda: self.kick(run))

        run.timer = self._engine.clock.call_later(max(0.01, seconds), fire)

    # -- what became of it --------------------------------------------------------------------------

    def adopt(self, live: LiveCall) -> None:
        """A call of a campaign that outlived a crash."""
        run = self.runs.get(live.seed.campaign or "")
        if run is not None:
            run.calls.add(live.id)
            if live.call.state in IN_THE_AIR:
                run.in_the_air.add(live.id)

    def moved(self, live: LiveCall, before: Call) -> None:
        """The call is in another state than before."""
        run = self.runs.get(live.seed.campaign or "")
        if run is None:
            return
        if live.call.state not in IN_THE_AIR:
            run.in_the_air.discard(live.id)
        self._tell(run, of_dial(before, live.call))

    def agent_moved(self, before: AgentState, after: AgentState) -> None:
        """An agent is in another state than before: every campaign that it may serve learns of it."""
        skills = self._engine.floor.desk.skills(after.agent)
        for name, run in self.runs.items():
            if run.config.agents is not None and skills.issuperset(run.config.agents.skills):
                self._tell(run, of_agent(name, before, after))

    def _tell(self, run: Run, tidings: Iterable[Tiding]) -> None:
        now = self._engine.clock.now()
        for tiding in tidings:
            run.pacer.on_event(now, *tiding)
        if run.config.mode == "predictive":
            self._engine.want_match()

    def settled(self, live: LiveCall, outcome: Outcome) -> None:
        run = self.runs.get(live.seed.campaign or "")
        if run is None:
            return
        run.calls.discard(live.id)
        run.in_the_air.discard(live.id)
        if outcome is Outcome.CANCELLED:
            refused = live.call.why == "not_sent"  # by the switch: it would refuse the next one as well
            run.nothing_due_until = self._engine.clock.now() + IDLE_CHECK_S if refused else 0.0
        self._end_drained(run)
        self._engine.want_match()

    def contact_added(self, campaign: str) -> None:
        """Dial it now, not at the next look. Also a contact that is to be called again after all."""
        run = self.runs.get(campaign)
        if run is None:
            return
        run.nothing_due_until, run.dry = 0.0, False
        if run.status == "exhausted":
            self.set_status(campaign, "running")
        self._engine.post(lambda: self.kick(run))
