"""Contacts that agents look at before they are called: shown, accepted, skipped, or given back.

A shown contact is claimed on disk, as one that is being dialled: no other agent gets it, and after a crash it is due
again. Its agent is reserved for it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dialer.agents.model import AgentState, State
from dialer.campaigns.policy import Policy
from dialer.config.campaign import Campaign
from dialer.config.modes import Preview
from dialer.engine.attempts import Recorder
from dialer.engine.clock import Timer
from dialer.engine.run import HELD_BACK, Run
from dialer.store.desk_records import Skip
from dialer.store.records import Attempt, Contact, Picked, Slot
from dialer.web.desk_port import PreviewView
from dialer.web.port import RefusedError

if TYPE_CHECKING:
    from dialer.engine.campaigns import Campaigns
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

SPAN_S = {"hour": 3600.0, "day": 86_400.0}


@dataclass(slots=True)
class Shown:
    """What one agent looks at."""

    run: Run
    recorder: Recorder
    attempt: Attempt
    rules: Preview
    """Those in force when it was shown."""
    until: float
    timer: Timer | None = None

    @property
    def slot(self) -> Slot:
        return Slot(self.attempt.call_id, self.attempt.switch, self.attempt.agent)


class Previews:
    def __init__(self, engine: "Engine", campaigns: "Campaigns") -> None:
        self._engine = engine
        self._campaigns = campaigns
        self._shown: dict[str, Shown] = {}
        """By agent."""
        self._skipped: dict[tuple[str, str], deque[float]] = {}
        """By agent and campaign: when, as far back as a day."""

    def remember(self, skips: list[Skip]) -> None:
        """What the store knows: a restart gives nobody new skips."""
        for skip in skips:
            self._times(skip.agent, skip.campaign).append(skip.at)

    def view(self, agent: str) -> tuple[Contact, Campaign, PreviewView] | None:
        """What the agent is shown."""
        if (shown := self._shown.get(agent)) is None:
            return None
        preview = PreviewView(shown.until, shown.rules.then, self.skips_left(agent))
        return shown.attempt.contact, shown.run.config, preview

    def show(self, run: Run, recorder: Recorder, attempt: Attempt) -> None:
        """The attempt is on disk, its agent reserved."""
        agent, rules = attempt.agent, run.config.preview
        held = agent is not None and self._engine.floor.desk.by_call(attempt.call_id) == agent
        shown = Shown(run, recorder, attempt, rules, self._engine.clock.now() + rules.time)
        if agent is None or not held or run.status != "running" or self._engine.draining or self._held_back(shown):
            self._give_back(shown)
            return
        self._shown[agent] = shown
        run.calls.add(attempt.call_id)
        shown.timer = self._engine.clock.call_later(rules.time, self._fire, agent, attempt.call_id)

    # -- what agents say ----------------------------------------------------------------------------

    def accept(self, agent: str) -> "asyncio.Future[Picked]":
        """Dial it, if the rules still allow that. Raises RefusedError."""
        shown = self._take(agent)
        if (why := self._held_back(shown)) is not None:
            self._give_back(shown)
            raise RefusedError(f"{shown.run.config.campaign} may not dial now: {HELD_BACK[why]}")
        engine, run, now = self._engine, shown.run, self._engine.clock.now()
        run.calls.discard(shown.attempt.call_id)
        run.claiming += 1
        gate = Policy(run.config, engine.law.gate(run.config, now), now, by_hand=True)
        future = engine.store.begin(shown.slot, shown.attempt.contact, now, gate)
        picked = partial(self._campaigns.dialling.picked, run, shown.slot, shown.recorder)
        future.add_done_callback(lambda done: engine.post(lambda: picked(done)))
        return future

    def skip(self, agent: str, reason: str = "") -> None:
        """Not this one. Raises RefusedError when the agent has skipped as many as allowed."""
        shown = self._current(agent)
        if self.skips_left(agent) == 0:
            raise RefusedError(
                f"no skip is left this {shown.rules.per}: {shown.rules.skips} are allowed; accept the contact"
            )
        self._take(agent)
        now = self._engine.clock.now()
        self._times(agent, shown.run.config.campaign).append(now)
        self._put_off(shown, Skip(agent, now, shown.run.config.campaign, shown.attempt.contact.id, reason))

    def skips_left(self, agent: str) -> int | None:
        """Of the contact shown; None for any number."""
        shown = self._shown.get(agent)
        if shown is None or shown.rules.skips is None:
            return None
        since = self._engine.clock.now() - SPAN_S[shown.rules.per]
        used = sum(at > since for at in self._times(agent, shown.run.config.campaign))
        return max(0, shown.rules.skips - used)

    def _times(self, agent: str, campaign: str) -> deque[float]:
        times = self._skipped.setdefault((agent, campaign), deque())
        while times and times[0] < self._engine.clock.now() - SPAN_S["day"]:
            times.popleft()
        return times

    # -- what happens to them -----------------------------------------------------------------------

    def _fire(self, agent: str, call_id: str) -> None:
        self._engine.post(lambda: self._over(agent, call_id))

    def _over(self, agent: str, call_id: str) -> None:
        """The time to read is over. Whoever asked for a pause meanwhile is not given a call."""
        shown = self._shown.get(agent)
        if shown is None or shown.attempt.call_id != call_id:
            return
        away = self._engine.floor.desk.state(agent).wanted in (State.PAUSED, State.LOGGED_OUT)
        by_hand = shown.run.config.mode == "manual"  # it was changed to: nobody is dialled by itself
        if away or by_hand or self._held_back(shown) is not None:
            self._give_back(self._take(agent))
        elif shown.rules.then == "dial":
            self.accept(agent)
        else:
            self._put_off(self._take(agent), Skip(agent, self._engine.clock.now(), shown.run.config.campaign,
                                                  shown.attempt.contact.id, "time"))  # fmt: skip

    def agent_moved(self, before: AgentState, after: AgentState) -> None:
        """An agent whose leg is gone looks at nothing any more."""
        shown = self._shown.get(after.agent)
        if shown is not None and after.call_id != shown.attempt.call_id:
            self._give_back(self._take(after.agent))

    def withdraw(self, run: Run | None = None) -> None:
        """The campaign does not dial any more; without one: nobody does."""
        for agent, shown in list(self._shown.items()):
            if run is None or shown.run is run:
                self._give_back(self._take(agent))

    def forget(self, numbers: Collection[str], client: str | None) -> None:
        """No agent looks at the person with these numbers any more; of the client's campaigns, or of all."""
        for agent, shown in list(self._shown.items()):
            contact, config = shown.attempt.contact, shown.run.config
            if client in (None, config.client) and not {contact.number, *contact.numbers}.isdisjoint(numbers):
                self._give_back(self._take(agent))

    # -- how ----------------------------------------------------------------------------------------

    def _held_back(self, shown: Shown) -> str | None:
        return self._campaigns.held_back(shown.run, self._engine.clock.now())

    def _current(self, agent: str) -> Shown:
        shown = self._shown.get(agent)
        if shown is None:
            raise RefusedError("no contact is shown to the agent")
        return shown

    def _take(self, agent: str) -> Shown:
        shown = self._current(agent)
        del self._shown[agent]
        if shown.timer is not None:
            shown.timer.cancel()
        return shown

    def _put_off(self, shown: Shown, skip: Skip) -> None:
        log.info("a contact is skipped", extra={"campaign": skip.campaign, "agent": skip.agent})
        self._give_back(shown, self._engine.clock.now() + shown.rules.again_after, skip)

    def _give_back(self, shown: Shown, until: float | None = None, skip: Skip | None = None) -> None:
        """The agent is free when the store has it: else the next claim might find the same contact gone."""
        future = self._engine.store.put_back(shown.attempt.call_id, until, skip)
        future.add_done_callback(lambda done: self._engine.post(lambda: self._given_back(shown, done)))

    def _given_back(self, shown: Shown, done: "asyncio.Future[None]") -> None:
        run = shown.run
        if not done.cancelled() and (error := done.exception()) is not None:
            log.error("a shown contact could not be given back: %s", error, extra={"campaign": run.config.campaign})
        run.calls.discard(shown.attempt.call_id)
        self._campaigns.dialling.return_slots([shown.slot])
        self._campaigns.contact_added(run.config.campaign)
        self._campaigns.end_drained(run)
