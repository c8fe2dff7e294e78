"""What people and their programs ask of the running engine: `web/port.Control` over the live parts."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

from dialer.agents import model as m
from dialer.agents.model import AgentState
from dialer.calls import events as ev
from dialer.calls.model import State as CallState
from dialer.campaigns import retry
from dialer.campaigns.contacts import ListError
from dialer.config.campaign import Campaign
from dialer.engine.audit import EngineAudit
from dialer.engine.bills import EngineBilling
from dialer.engine.call_quality import EngineQuality
from dialer.engine.desks import EngineDesks
from dialer.engine.exhaustion import Exhaustion
from dialer.engine.law import numbers_of
from dialer.engine.list_imports import import_into
from dialer.engine.live import LiveCall
from dialer.engine.mystery_desk import EngineTestCalls
from dialer.engine.owners import EngineOwners
from dialer.engine.persons import EnginePersons
from dialer.engine.promises import EnginePromises
from dialer.engine.recording_desk import EngineRecordings
from dialer.engine.reload import Reloader
from dialer.engine.run import Run, Status
from dialer.engine.steering import EngineSteering
from dialer.numbers import mask
from dialer.store.errors import StoreError
from dialer.store.records import CampaignTotals, Contact, ContactVerdict, NewContact, Stop
from dialer.web.desk_port import PacingView, Wish
from dialer.web.port import (
    AgentVerb,
    AgentView,
    BudgetView,
    CallView,
    CampaignVerb,
    CampaignView,
    Health,
    LiveTotals,
    QueueView,
    RefusedError,
    UnknownError,
)

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

STATUS_AFTER: Mapping[CampaignVerb, Status] = {
    "start": "running", "pause": "paused", "drain": "draining", "stop": "stopped",
}  # fmt: skip


class EngineControl:
    def __init__(self, engine: "Engine", reloader: Reloader) -> None:
        self._engine = engine
        self._reloader = reloader
        self._totals: dict[str, CampaignTotals] = {}
        self._exhaustion = Exhaustion(engine)
        self.quality = EngineQuality(engine)
        self.test_calls = EngineTestCalls(engine)
        self.recordings = EngineRecordings(engine)
        self.desks = EngineDesks(engine, self.agent)
        self.billing = EngineBilling(engine)
        self.callbacks = EnginePromises(engine)
        self.owners = EngineOwners(engine)
        self.audit = EngineAudit(engine)
        self.persons = EnginePersons(engine)
        self.steering = EngineSteering(engine, lambda name: self._campaign_view(name, self._run(name)))

    # -- views --------------------------------------------------------------------------------------

    def agent(self, agent: str) -> AgentView:
        try:
            return self._agent_view(self._engine.floor.desk.state(agent))
        except KeyError:
            raise UnknownError(f"no agent {agent}") from None

    def agents(self) -> Sequence[AgentView]:
        return [self._agent_view(state) for state in self._engine.floor.desk.states()]

    def _agent_view(self, state: AgentState) -> AgentView:
        desk, live = self._engine.floor.desk, self._engine.floor.call_of(state)
        config = desk.config(state.agent)
        if (shown := self._engine.campaigns.previews.view(state.agent)) is not None:
            contact, campaign, preview = shown
            return AgentView(
                state.agent, config.name, state.state.value, state.since, tuple(config.skills), state.switch,
                state.call_id, campaign.client, campaign.campaign, contact.number, contact.fields, None, preview,
            )
        return AgentView(
            id=state.agent,
            name=config.name,
            state=state.state.value,
            since=state.since,
            skills=tuple(config.skills),
            switch=state.switch,
            call_id=state.call_id,
            client=state.client,
            campaign=state.campaign,
            number=live.seed.number if live else None,
            fields=live.variables if live else {},
            reason=state.reason,
            recording=self._engine.recordings.state(state.call_id),
        )

    def calls(self) -> Sequence[CallView]:
        return [
            CallView(
                live.id,
                live.seed.direction,
                live.call.state.value,
                live.seed.client,
                live.seed.campaign,
                mask(live.seed.number),
                live.call.agent,
                live.call.created_at,
            )
            for live in self._engine.calls
        ]

    def campaigns(self) -> Sequence[CampaignView]:
        return [self._campaign_view(name, run) for name, run in self._engine.campaigns.runs.items()]

    def _campaign_view(self, name: str, run: Run) -> CampaignView:
        calls = self._engine.calls
        talking = sum(1 for i in run.calls if (live := calls.get(i)) and live.call.state is CallState.TALKING)
        totals = self._totals.get(name) or CampaignTotals(name, {}, {}, None)
        dialling = len(run.in_the_air) + run.claiming
        return CampaignView(
            name, run.config.client, run.status, run.reason, dialling, talking, totals, run.config.mode,
            self._engine.overrides.of(name),
            [BudgetView(*astuple(one)) for one in self._engine.budgets.standings(name)],
            self._engine.machines.view(run.config),
            self._exhaustion.lasts_s(name),
            self._exhaustion.is_low(name),
            self._pacing_view(name, run),
        )

    def _pacing_view(self, name: str, run: Run) -> PacingView | None:
        beliefs, agents = self._engine.campaigns.pacing.beliefs(name), run.config.agents
        if beliefs is None or agents is None:
            return None
        idle = len(self._engine.floor.desk.idle(agents.skills))
        return PacingView(beliefs.answer_ratio, beliefs.talk_s, beliefs.wrap_up_s, beliefs.risk, idle)

    def queues(self) -> Sequence[QueueView]:
        now = self._engine.clock.now()
        queues = self._engine.floor.desk.queues()
        return [QueueView(name, queue.waiting, max(0.0, now - queue.oldest)) for name, queue in queues.items()]

    def totals(self) -> LiveTotals:
        totals = self._engine.totals
        return LiveTotals(
            totals["offered"], totals["answered"], totals["connected"], totals["abandoned"], self._engine.outcomes
        )

    def health(self) -> Health:
        engine = self._engine
        switches = {name: "up" if switch.up else "the link is down" for name, switch in engine.switches.items()}
        return Health(switches, engine.store.health(), engine.draining, engine.recording_keeper.lacking)

    async def refresh(self) -> None:
        """Read the campaigns' totals from the store, for the views."""
        for name in list(self._engine.campaigns.runs):
            totals = self._totals[name] = await self._engine.store.totals(name)
            self._exhaustion.note(totals)
            if (run := self._engine.campaigns.runs.get(name)) is not None:
                run.contacts_left = totals.contacts.get("due", 0) + totals.contacts.get("waiting", 0)

    # -- agents and calls ---------------------------------------------------------------------------

    async def command_agent(self, agent: str, verb: AgentVerb, reason: str = "") -> AgentView:
        try:
            if verb in ("pause_recording", "resume_recording"):
                await self._engine.recordings.paused(agent, verb == "pause_recording")
            else:
                self._engine.floor.command(agent, verb, reason)
        except KeyError:
            raise UnknownError(f"no agent {agent}") from None
        return self.agent(agent)

    async def hang_up(self, call_id: str) -> None:
        if call_id not in self._engine.calls:
            raise UnknownError(f"no living call {call_id}")
        self._engine.post(ev.HangupRequested(call_id, self._engine.clock.now(), "operator"))

    async def dispose(
        self, agent: str, disposition: str, call_id: str | None = None, wish: Wish | None = None
    ) -> None:
        engine = self._engine
        try:
            state = engine.floor.desk.state(agent)
        except KeyError:
            raise UnknownError(f"no agent {agent}") from None
        live = engine.floor.last_call(agent)
        if live is None or (call_id is not None and call_id != live.id):
            raise RefusedError("the agent's last call is another one, or there was none")
        await self._dispose(live, state, disposition, wish)

    async def _dispose(self, live: LiveCall, state: AgentState, code: str, wish: Wish | None) -> None:
        engine, now = self._engine, self._engine.clock.now()
        campaign, contact = live.campaign, live.contact
        if campaign is None or contact is None:
            raise RefusedError("only calls of campaigns take dispositions")
        if code not in campaign.dispositions:
            known = ", ".join(campaign.dispositions) or "none"
            raise RefusedError(f"{campaign.campaign} has no disposition {code}; it has: {known}")
        if wish is not None:
            verdict = await self.callbacks.promised(live, state.agent, code, wish)
        else:
            verdict = self._judged(campaign, contact, code, now)
        meant = campaign.dispositions[code]
        if meant.do_not_call:
            scope, source = f"client:{campaign.client}", f"agent {state.agent}"
            engine.law.stop([Stop(scope, number, source, now) for number in numbers_of(live)])
        try:
            await engine.store.dispose(live.id, state.agent, code, now, verdict, meant.refuses)
        except StoreError as error:
            raise RefusedError(f"the disposition could not be stored: {error}") from error
        if live.call.plan.direction == "outbound":
            engine.machines.judged(live, campaign, meant.machine)
        if verdict.state == "waiting":  # the campaign may think that it is through
            engine.campaigns.contact_added(campaign.campaign)
        engine.floor.apply(state.agent, m.Disposed(live.id))

    def _judged(self, campaign: Campaign, contact: Contact, code: str, now: float) -> ContactVerdict:
        disposition = campaign.dispositions[code]
        if disposition.callback and disposition.retry_after is None:
            raise RefusedError(f"{code} needs `callback` with the time that the person wishes")
        hours = self._engine.configuration.hours.get(campaign.hours or "")
        return retry.disposed(campaign, contact, code, now, hours)

    # -- campaigns ----------------------------------------------------------------------------------

    async def command_campaign(self, campaign: str, verb: CampaignVerb) -> CampaignView:
        engine = self._engine
        run = self._run(campaign)
        if verb == "start" and engine.draining:
            raise RefusedError("the engine is shutting down")
        if verb == "start" and campaign not in engine.configuration.campaigns:
            raise RefusedError(f"{campaign} is not in the configuration any more")
        status = STATUS_AFTER[verb]
        if verb == "drain" and not run.calls and not run.claiming:
            status = "stopped"
        engine.campaigns.set_status(campaign, status)
        await self.refresh()
        return self._campaign_view(campaign, run)

    async def add_contact(self, campaign: str, contact: NewContact) -> int:
        client, store = self._run(campaign).config.client, self._engine.store
        if await self._engine.law.erased(client, contact.number, *contact.others):
            raise RefusedError("the person with this number was erased")
        inserted, _ = await store.add_contacts(campaign, [contact])
        found = await store.find_contact(campaign, contact.number)
        if not inserted or found is None:
            raise RefusedError(f"{campaign} has this number already")
        self._engine.campaigns.contact_added(campaign)
        return found.id

    async def import_list(
        self, campaign: str, path: str, progress: Callable[[int, int], None] | None = None, name: str | None = None
    ) -> Mapping[str, int]:
        self._run(campaign)
        try:
            report = await import_into(self._engine, campaign, Path(path), name, progress)
        except ListError as error:
            raise RefusedError(str(error)) from error
        except StoreError as error:
            raise RefusedError(f"{error}; the next import of the file goes on where this one stopped") from error
        return report.counts()

    async def stop_calling(self, scope: str, number: str, source: str, until: float | None) -> None:
        engine = self._engine
        kind, _, name = scope.partition(":")
        known = {"client": engine.configuration.clients, "campaign": engine.campaigns.runs}.get(kind)
        if known is not None and name not in known:
            raise UnknownError(f"no {kind} {name}")
        try:
            await engine.law.stop([Stop(scope, number, source, engine.clock.now(), until)])
        except StoreError as error:
            raise RefusedError(f"in force, but lost when the engine ends: {error}") from error

    def _run(self, campaign: str) -> Run:
        run = self._engine.campaigns.runs.get(campaign)
        if run is None:
            raise UnknownError(f"no campaign {campaign}")
        return run

    async def reload(self) -> Sequence[str]:
        return await self._reloader.reload()
