"""Calls promised to people: at the promised minute, before all lists, with the agent who promised, or with any.

The store is the truth about what is promised (`store/callbacks.py`); those of the next minutes are known here. The
agent of a personal callback is kept free for it from shortly before; for any other, whoever comes free first then.
"""

import asyncio
import logging
from collections.abc import Iterable
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from dialer.agents import model as m
from dialer.agents.model import State
from dialer.campaigns.pacing import Place
from dialer.engine.run import Run
from dialer.store.desk_records import Callback
from dialer.store.records import CALLBACK, Picked

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

AHEAD_S = 900.0
"""How far ahead callbacks are known here; the pacer is told of them."""
MOST_KNOWN = 500
"""Of a campaign."""
LEAST_REFRESH_S = 0.5


class Held(NamedTuple):
    agent: str
    call_id: str


class Callbacks:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._coming: dict[int, Callback] = {}
        """By contact."""
        self._held: dict[int, Held] = {}
        """By contact: its agent, kept free for this call."""
        self._placed: set[int] = set()
        """Contacts whose call is being placed: what the store says of them is old."""
        self._calls: set[str] = set()
        """Living calls that keep a promise."""
        self._reading = False
        self._read_at = 0.0

    # -- what is promised ---------------------------------------------------------------------------

    def refresh(self) -> None:
        """Ask the store anew; at most twice a second."""
        engine, now = self._engine, self._engine.clock.now()
        if self._reading or 0 <= now - self._read_at < LEAST_REFRESH_S:
            return
        self._reading, self._read_at = True, now
        campaigns = [name for name, run in engine.campaigns.runs.items() if run.config.agents is not None]
        future = engine.store.callbacks_coming(campaigns, now + AHEAD_S, MOST_KNOWN)
        placed = set(self._placed)
        future.add_done_callback(lambda done: engine.post(lambda: self._refreshed(placed, done)))

    def _refreshed(self, placed: set[int], done: "asyncio.Future[list[Callback]]") -> None:
        self._reading = False
        if done.cancelled() or done.exception() is not None:
            return  # the store's health says so
        self._coming = {one.contact_id: one for one in done.result() if one.contact_id not in placed | self._placed}
        for contact in self._held.keys() - self._coming.keys():
            self._let_go(contact)
        self.step()

    def forget(self, contact: int) -> None:
        """Moved or cancelled: the store knows more."""
        self._coming.pop(contact, None)
        self._let_go(contact)
        self._read_at = 0.0

    def needs(self, skills: frozenset[str]) -> tuple[float, ...]:
        """In how many seconds each coming callback needs an agent of those with these skills."""
        now = self._engine.clock.now()
        return tuple(
            at - now for contact, one in self._coming.items()
            if contact not in self._held and (run := self._run(one)) is not None and run.config.agents is not None
            and skills.issuperset(run.config.agents.skills) and self._may_dial(run, now)
            and (at := self._needed_at(one, run)) is not None
        )  # fmt: skip

    def _needed_at(self, one: Callback, run: Run) -> float | None:
        """None: as long as the agent who promised is away, nobody."""
        personal, rules = self._personal(one), run.config.callbacks
        if personal is None or personal in self._engine.floor.desk.at_work(frozenset()):
            return one.at
        return None if rules.then == "wait" else one.at + rules.grace

    def inherit(self, call_ids: Iterable[str]) -> None:
        """Calls of an earlier life that are to keep a promise."""
        self._calls.update(call_ids)

    def is_one(self, call_id: str) -> bool:
        return call_id in self._calls

    # -- at the promised minute ---------------------------------------------------------------------

    def step(self) -> None:
        """Hold agents, and place what is due. Called before anybody idle is given other work."""
        now = self._engine.clock.now()
        for one in sorted(self._coming.values(), key=attrgetter("at")):
            run = self._run(one)
            if run is None or not self._may_dial(run, now):
                self._let_go(one.contact_id)
                continue
            if now < one.at - run.config.callbacks.hold:
                self._let_go(one.contact_id)  # it was put off since, by another engine or by its rules
                continue
            agent = self._agent(one, run, now)
            if agent is not None and now >= one.at:
                self._place(one, run, agent, now)

    def _agent(self, one: Callback, run: Run, now: float) -> str | None:
        """Who is to make the call, if free now."""
        held = self._held.get(one.contact_id)
        if held is not None:
            if self._engine.floor.desk.by_call(held.call_id) == held.agent:
                return held.agent
            del self._held[one.contact_id]  # the leg dropped
        personal = self._personal(one)
        rules = run.config.callbacks
        if personal is not None and (rules.then == "wait" or now < one.at + rules.grace):
            return self._hold(one, personal) if self._fits(personal, run) else None
        assert run.config.agents is not None
        idle = self._engine.floor.desk.idle(run.config.agents.skills)
        first = next((agent for agent in idle if self._fits(agent, run)), None)
        return first if first is None or now >= one.at else self._hold(one, first)

    def _personal(self, one: Callback) -> str | None:
        """Whose call it is; anybody's, if whoever promised it does not work here any more."""
        agent = one.promise.agent
        return agent if agent in self._engine.configuration.agents else None

    def _fits(self, agent: str, run: Run) -> bool:
        """Idle, on a switch that the campaign may dial over just now."""
        engine = self._engine
        try:
            state = engine.floor.desk.state(agent)
        except KeyError:
            return False
        switch = state.switch
        if state.state is not State.IDLE or switch is None or switch not in (run.config.switches or engine.switches):
            return False
        return engine.switches[switch].up and engine.reconciler.knows(switch)

    def _hold(self, one: Callback, agent: str) -> str:
        held = self._held[one.contact_id] = Held(agent, self._engine.ids.call())
        self._engine.floor.apply(agent, m.Reserved(held.call_id))
        log.info("an agent is kept free for a callback", extra={"campaign": one.campaign, "agent": agent})
        return agent

    def _place(self, one: Callback, run: Run, agent: str, now: float) -> None:
        engine, dialling = self._engine, self._engine.campaigns.dialling
        switch = engine.floor.desk.state(agent).switch
        held = self._held.get(one.contact_id)
        if switch is None:
            return
        slot = dialling.slot(run, Place(switch, agent), now, held.call_id if held else None)
        if slot is None:
            return  # no channel or rate: at the next step
        self._held.pop(one.contact_id, None)
        del self._coming[one.contact_id]
        self._placed.add(one.contact_id)
        self._calls.add(slot.call_id)
        recorder, gate = dialling.recorder(run.config, now, by_hand=True), engine.law.gate(run.config, now)
        run.claiming += 1
        future = engine.store.pick(
            run.config.campaign, one.contact_id, slot, recorder, now, gate, state=CALLBACK, number=one.promise.number
        )
        picked = partial(dialling.picked, run, slot, recorder)
        future.add_done_callback(lambda done: engine.post(lambda: self._picked(one, slot.call_id, picked, done)))

    def _picked(
        self, one: Callback, call_id: str, picked: "partial[None]", done: "asyncio.Future[Picked]"
    ) -> None:
        self._placed.discard(one.contact_id)
        picked(done)
        if call_id not in self._engine.calls:
            self._calls.discard(call_id)

    def settled(self, call_id: str) -> None:
        self._calls.discard(call_id)

    # -- how ----------------------------------------------------------------------------------------

    def _run(self, one: Callback) -> Run | None:
        return self._engine.campaigns.runs.get(one.campaign)

    def _may_dial(self, run: Run, now: float) -> bool:
        if run.status not in ("running", "exhausted") or run.config.agents is None or self._engine.draining:
            return False
        return self._engine.campaigns.held_back(run, now) is None

    def _let_go(self, contact: int) -> None:
        if (held := self._held.pop(contact, None)) is not None:
            self._engine.floor.apply(held.agent, m.Released(held.call_id))

    def let_all_go(self) -> None:
        """Nothing is dialled any more."""
        for contact in list(self._held):
            self._let_go(contact)
