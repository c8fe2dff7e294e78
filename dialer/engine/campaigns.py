"""The campaigns at work: each asks its pacer how many calls to place, and tells it what became of them."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dialer.agents.model import AgentState
from dialer.calls import events as ev
from dialer.calls.model import IN_THE_AIR, Call
from dialer.calls.outcome import TAKEN_BACK, Outcome
from dialer.campaigns.pacing import IdleAgent, Pace, Snapshot, pacer_for
from dialer.coordination.limits import Scope
from dialer.engine.dialling import Dialling
from dialer.engine.live import LiveCall
from dialer.engine.pacing_feed import Tiding, of_agent, of_dial
from dialer.engine.previews import Previews
from dialer.engine.run import AHEAD_CHECK_S, IDLE_CHECK_S, LIMITED_CHECK_S, MOST_AT_ONCE, Run, Status
from dialer.hours import is_open

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)


class Campaigns:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.dialling = Dialling(engine, self)
        self.previews = Previews(engine, self)
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
        if status != "running":
            self.previews.withdraw(run)
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
                self.previews.withdraw(run)
                self.end_drained(run)
        self.kick_all()

    def remember(self, name: str, answered: int, abandoned: int) -> None:
        """What the store knows of people before this engine began: a restart does not forget the budget."""
        if (run := self.runs.get(name)) is not None:
            run.pacer.reset(replace(Pace.of(run.config), answered=answered, abandoned=abandoned))

    def end_drained(self, run: Run) -> None:
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
            self.dialling.wake(run, IDLE_CHECK_S)
            return
        wait_s = run.nothing_due_until - now
        if 0 < wait_s <= IDLE_CHECK_S:  # more than that: the clock was set back
            self.dialling.wake(run, wait_s)
            return
        if run.dry:
            self.dialling.look(run)
            return
        decision = run.pacer.decide(now, self._snapshot(run, now))
        for call_id in decision.hang_up:
            self._engine.post(ev.HangupRequested(call_id, now, TAKEN_BACK))
        placed = self.dialling.place(run, decision, now)
        if placed:
            run.placed_at = now
        run.reason = decision.reason
        self._engine.metrics.pacing_decision(run.config.campaign, decision.reason, placed)
        if decision.reason in ("rate_limit", "no_free_channel", "campaign_channels"):
            self.dialling.wake(run, LIMITED_CHECK_S)
        elif run.config.mode == "predictive":
            self.dialling.wake(run, AHEAD_CHECK_S)

    def _snapshot(self, run: Run, now: float) -> Snapshot:
        engine, config = self._engine, run.config
        skills = config.agents.skills if config.agents else []
        switches = [name for name in config.switches or engine.switches if self.usable(name)]
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

    def usable(self, switch: str) -> bool:
        """Up, and its channels are known since it came up: what was in the air before is accounted for."""
        return self._engine.switches[switch].up and self._engine.reconciler.knows(switch)

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
        self.previews.agent_moved(before, after)
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
        self.end_drained(run)
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
