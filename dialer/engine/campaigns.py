"""The campaigns at work: each asks its pacer how many calls to place, and tells it what became of them."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dialer.agents.model import AgentState
from dialer.calls import events as ev
from dialer.calls.model import IN_THE_AIR, Call
from dialer.calls.outcome import TAKEN_BACK, Outcome
from dialer.campaigns.pacing import Decision
from dialer.engine.dialling import Dialling
from dialer.engine.live import LiveCall
from dialer.engine.pacing import Pacing
from dialer.engine.pacing_feed import Tiding, of_dial
from dialer.engine.previews import Previews
from dialer.engine.run import AHEAD_CHECK_S, IDLE_CHECK_S, LIMITED_CHECK_S, Run, Status
from dialer.hours import is_open
from dialer.store.people import Counted, Learned

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)


class Campaigns:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.dialling = Dialling(engine, self)
        self.previews = Previews(engine, self)
        self.pacing = Pacing(engine)
        self.runs: dict[str, Run] = {name: Run(config) for name, config in engine.configuration.campaigns.items()}
        for config in engine.configuration.campaigns.values():
            self.pacing.start(config)

    # -- control ------------------------------------------------------------------------------------

    def set_status(self, name: str, status: Status) -> None:
        run = self.runs[name]
        if run.status == status:
            return
        run.status = run.reason = status
        run.nothing_due_until = 0.0
        self._engine.schedules.noted(name)
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
                self.runs[name] = Run(config)
                self.pacing.start(config)
                continue
            if run.config != config:
                before, run.config = run.config, config
                self.pacing.change(before, config)
            self.pacing.set_clock(config)
        for name, run in list(self.runs.items()):
            if name not in configured:
                run.status = run.reason = "draining"
                self.previews.withdraw(run)
                self.end_drained(run)
        self.kick_all()

    def remember(self, name: str, people: Iterable[Counted], learned: Learned | None = None) -> None:
        """What the store knows of before this engine began: a restart forgets neither the budget nor what was
        learnt."""
        if (run := self.runs.get(name)) is not None:
            self._engine.budgets.remember(name, people)
            self.pacing.start(run.config, learned)

    def end_drained(self, run: Run) -> None:
        """The last call of a campaign that is drained, or was taken out of the configuration."""
        name = run.config.campaign
        if run.status != "draining" or run.calls or run.claiming:
            return
        run.status = run.reason = "stopped"
        self._engine.store.save_campaign_status(name, "stopped", self._engine.clock.now())
        if name not in self._engine.configuration.campaigns:
            del self.runs[name]
            self.pacing.drop(name)
            self._engine.metrics.forget_campaign(name)

    # -- dialling -----------------------------------------------------------------------------------

    def kick_all(self) -> None:
        self._decide(list(self.runs.values()))

    def kick(self, run: Run) -> None:
        """Decide anew: an agent came free, a call ended, contacts came due, a limit moved."""
        self._decide([run])

    def _decide(self, runs: Sequence[Run]) -> None:
        """For these, and for all that share agents with them."""
        now = self._engine.clock.now()
        for run in runs:
            self._prepare(run, now)
        able = {name for name, run in self.runs.items() if self._able(run, now)}
        for name, decision in self.pacing.decide(now, runs, able).items():
            self._carry_out(self.runs[name], decision, now)

    def _prepare(self, run: Run, now: float) -> None:
        """See to it that a campaign which cannot dial now looks again."""
        if run.status != "running" or self._engine.draining:
            return
        wait_s = run.nothing_due_until - now
        if (reason := self.held_back(run, now)) is not None:
            run.reason = reason
            self.previews.withdraw(run)
            self.dialling.wake(run, IDLE_CHECK_S)
        elif 0 < wait_s <= IDLE_CHECK_S:
            self.dialling.wake(run, wait_s)
        elif run.dry or run.contacts_left == 0:
            run.dry = True
            self.dialling.look(run)

    def _able(self, run: Run, now: float) -> bool:
        """It may dial now, and has somebody to dial as far as is known."""
        if run.status != "running" or run.dry or self._engine.draining:
            return False
        waits = 0 < run.nothing_due_until - now <= IDLE_CHECK_S  # more than that: the clock was set back
        return not waits and self.held_back(run, now) is None

    def held_back(self, run: Run, now: float) -> str | None:
        """Why nobody may be dialled for it just now, in whichever way."""
        hours = self._engine.configuration.hours.get(run.config.hours or "")
        if hours is not None and not is_open(hours, datetime.fromtimestamp(now, UTC)):
            return "closed"
        return "budget" if self._engine.fees.stops_outbound(run.config.client) else None

    def _carry_out(self, run: Run, decision: Decision, now: float) -> None:
        for call_id in decision.hang_up:
            self._engine.post(ev.HangupRequested(call_id, now, TAKEN_BACK))
        placed = self.dialling.place(run, decision, now)
        run.reason = decision.reason
        self._engine.metrics.pacing_decision(run.config.campaign, decision.reason, placed)
        if decision.reason in ("rate_limit", "no_free_channel", "campaign_channels"):
            self.dialling.wake(run, LIMITED_CHECK_S)
        elif run.config.mode == "predictive":
            self.dialling.wake(run, AHEAD_CHECK_S)

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
            elif live.call.agent is not None and self._engine.floor.desk.by_call(live.id) == live.call.agent:
                self.pacing.tell(run.config.campaign, [Tiding("connected", live.id, live.call.agent)])

    def moved(self, live: LiveCall, before: Call) -> None:
        """The call is in another state than before."""
        run = self.runs.get(live.seed.campaign or "")
        if run is None:
            return
        if live.call.state not in IN_THE_AIR:
            run.in_the_air.discard(live.id)
        tidings = list(of_dial(before, live.call))
        self.pacing.tell(run.config.campaign, tidings)
        if any(tiding.kind == "abandoned" for tiding in tidings):  # told now: the message may last
            run.abandoned.add(live.id)
            self._engine.budgets.count(run.config.campaign, live.seed.number, Outcome.ABANDONED)
        if run.config.mode == "predictive":
            self._engine.want_match()

    def agent_moved(self, before: AgentState, after: AgentState) -> None:
        """An agent is in another state than before."""
        self.previews.agent_moved(before, after)
        self.pacing.agent_moved(before, after)
        if self._ahead():
            self._engine.want_match()

    def _ahead(self) -> bool:
        """Somebody dials ahead: what agents do is news even while they are not free."""
        return any(run.config.mode == "predictive" and run.status == "running" for run in self.runs.values())

    def settled(self, live: LiveCall, outcome: Outcome) -> None:
        run = self.runs.get(live.seed.campaign or "")
        if run is None:
            return
        run.calls.discard(live.id)
        run.in_the_air.discard(live.id)
        if live.id not in run.abandoned:
            self._engine.budgets.count(run.config.campaign, live.seed.number, outcome)
        run.abandoned.discard(live.id)
        if outcome is Outcome.CANCELLED:
            refused = live.call.why == "not_sent"  # by the switch: it would refuse the next one as well
            run.nothing_due_until = self._engine.clock.now() + IDLE_CHECK_S if refused else 0.0
        self.end_drained(run)
        self._engine.want_match()

    def goes_on(self, live: LiveCall) -> None:
        """Its contact is to be called again: so is one whom a campaign called by hand, or as promised, when it was
        through already."""
        run = self.runs.get(live.seed.campaign or "")
        if run is not None and run.status == "exhausted":
            self.contact_added(run.config.campaign)

    def contact_added(self, campaign: str) -> None:
        """Dial it now, not at the next look. Also a contact that is to be called again after all."""
        run = self.runs.get(campaign)
        if run is None:
            return
        run.nothing_due_until, run.dry, run.contacts_left = 0.0, False, None
        if run.status == "exhausted":
            self.set_status(campaign, "running")
        self._engine.post(lambda: self.kick(run))
