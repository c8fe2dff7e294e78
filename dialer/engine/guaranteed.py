"""Contacts whom the law lets us call only with an agent held for the dial: after an abandoned call there is no second
one. A campaign that dials ahead claims them by name, one for each agent that it holds."""

from typing import TYPE_CHECKING

from dialer.campaigns.pacing import Place
from dialer.engine.run import Run
from dialer.store.records import Refusal

if TYPE_CHECKING:
    from dialer.engine.core import Engine

SHARE = 0.5
"""Of the agents idle at a moment, how many are held for such dials at most; one is always."""


class Guaranteed:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._wanted: dict[str, dict[int, None]] = {}
        """Contacts by campaign, in the order in which claims came upon them."""

    def note(self, campaign: str, refusal: Refusal) -> None:
        """A claim without an agent passed the contact over. Another one will, should it get no agent before."""
        if refusal.needs_agent:
            self._wanted.setdefault(campaign, {}).setdefault(refusal.contact_id)
            self._engine.want_match()

    def dial(self) -> None:
        """Agents have come free: before they are reckoned with, some are held."""
        now = self._engine.clock.now()
        for campaign in list(self._wanted):
            run = self._engine.campaigns.runs.get(campaign)
            if run is None or run.config.mode == "manual":  # it was changed to: nobody is dialled by itself
                del self._wanted[campaign]
            elif self._may_dial(run, now):
                self._dial(run, now)

    def _dial(self, run: Run, now: float) -> None:
        wanted, places = self._wanted[run.config.campaign], self._places(run)
        for place in places[: max(1, int(SHARE * len(places)))]:
            if not wanted:
                break
            contact = next(iter(wanted))
            if not self._engine.campaigns.dialling.place_named(run, contact, place, now):
                break
            del wanted[contact]
        if not wanted:
            del self._wanted[run.config.campaign]

    def _places(self, run: Run) -> list[Place]:
        engine, config = self._engine, run.config
        agents = engine.floor.desk.idle(config.agents.skills) if config.agents else []
        found = []
        for agent in agents:
            switch = engine.floor.desk.state(agent).switch
            known = switch is not None and switch in (config.switches or engine.switches)
            if known and switch is not None and engine.switches[switch].up and engine.reconciler.knows(switch):
                found.append(Place(switch, agent))
        return found

    def _may_dial(self, run: Run, now: float) -> bool:
        if run.status != "running" or self._engine.draining:
            return False
        return self._engine.campaigns.held_back(run, now) is None
