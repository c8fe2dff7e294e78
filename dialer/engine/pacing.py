"""The campaigns' pacers at work: told what happens to dials and agents, asked together where they share agents."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dialer.agents.model import AgentState
from dialer.agents.model import State as AgentIs
from dialer.campaigns.pacing import Decision, IdleAgent, Pacer, Predictive, Snapshot, pacer_for
from dialer.campaigns.pacing.joint import OTHER, Ask, Joint, Member, members_of
from dialer.campaigns.pacing.predictive import Beliefs
from dialer.config.campaign import Campaign
from dialer.coordination.limits import Scope
from dialer.engine.arrivals import Arrivals
from dialer.engine.pacing_feed import Tiding
from dialer.engine.run import MOST_AT_ONCE, Run
from dialer.store.people import Learned

if TYPE_CHECKING:
    from dialer.engine.core import Engine

SAVE_EVERY_S = 300.0
NOBODY: Mapping[str, str] = {}


class Pacing:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._joint = Joint()
        self.arrivals = Arrivals(engine)
        self._saved_at = engine.clock.now()
        self._learning: set[str] = set()
        """Campaigns that have heard something since they were saved."""
        self._agentless: dict[str, Pacer] = {}
        self._grouped: tuple[tuple[tuple[str, int], ...], list[list[str]]] = ((), [])
        """Who shares agents with whom, as long as nobody comes or goes."""

    # -- whose campaigns there are ------------------------------------------------------------------

    def start(self, config: Campaign, learned: Learned | None = None) -> None:
        """A campaign that is new here, or whose past is known from now on."""
        forecast = Predictive(replace(self._engine.budgets.pace(config), zone=self._zone(config)))
        if learned is not None:
            at, state = learned
            forecast.recall(state, self._engine.clock.now() - at)
        self._put(config, forecast)

    def change(self, before: Campaign, config: Campaign) -> None:
        """The same campaign with other settings: what was learnt stays."""
        member = self._joint.members.get(config.campaign)
        if member is None:
            self.start(config)
            return
        if _paced(before) != _paced(config):
            member.forecast.retune(self._engine.budgets.pace(config))
        self._put(config, member.forecast)

    def set_clock(self, config: Campaign) -> None:
        """Hours and clients have time zones too, and may have others now."""
        if (member := self._joint.members.get(config.campaign)) is not None:
            member.forecast.live_in(self._zone(config))

    def save_learned(self, now: bool = False) -> None:
        """Every so often, or now: of those that dialled since."""
        at = self._engine.clock.now()
        if not now and 0 <= at - self._saved_at < SAVE_EVERY_S:
            return
        self._saved_at = at
        for name in self._learning & self._joint.members.keys():
            self._engine.store.people.save_learned(name, at, self._joint.members[name].forecast.learned())
        self._learning.clear()

    def drop(self, name: str) -> None:
        self._joint.drop(name)
        self._agentless.pop(name, None)

    def _put(self, config: Campaign, forecast: Predictive) -> None:
        if config.agents is None:
            self.drop(config.campaign)
            self._agentless[config.campaign] = pacer_for(config)
            return
        self._agentless.pop(config.campaign, None)
        ahead = config.mode == "predictive"
        holds, windows = config.mode not in ("power", "predictive"), self._engine.budgets.windows(config.campaign)
        member = Member(forecast, forecast if ahead else pacer_for(config), holds, windows)
        self._joint.put(config.campaign, member, config.share, config.priority)

    def _zone(self, config: Campaign) -> str:
        """By whose clocks those who are called live, as far as the configuration tells."""
        files = self._engine.configuration
        for timed in (files.hours.get(config.hours or ""), config.schedule, files.clients.get(config.client)):
            if timed is not None:
                return timed.timezone
        return "UTC"

    def beliefs(self, name: str) -> Beliefs | None:
        """Of a campaign with agents; also where another mode decides, for it learns all the same."""
        member = self._joint.members.get(name)
        return member.forecast.beliefs(self._engine.clock.now()) if member is not None else None

    # -- what happens -------------------------------------------------------------------------------

    def tell(self, name: str, tidings: Iterable[Tiding]) -> None:
        now = self._engine.clock.now()
        if name in self._joint.members:
            self._learning.add(name)
            for tiding in tidings:
                self._joint.on_event(now, name, *tiding)

    def agent_moved(self, before: AgentState, after: AgentState) -> None:
        """A talk for a campaign is told by its dial."""
        if after.state is before.state:
            return
        now, agent = self._engine.clock.now(), after.agent
        works_for = after.campaign if after.campaign in self._joint.members else OTHER
        match after.state:
            case AgentIs.IDLE:
                self._joint.on_agent(now, "idle", agent, self._served_by(agent))
            case AgentIs.WRAP_UP:
                self._joint.on_event(now, works_for or OTHER, "wrap_up", after.call_id, agent)
            case AgentIs.TALKING:
                if works_for == OTHER:
                    self._joint.on_event(now, OTHER, "connected", None, agent)
            case AgentIs.RESERVED:
                pass
            case _ if before.state is not AgentIs.LOGGED_OUT and before.state is not AgentIs.CALLING:
                self._joint.on_agent(now, "left", agent, self._served_by(agent))

    def _served_by(self, agent: str) -> list[str]:
        """Whoever is not configured any more is news to all."""
        try:
            skills = self._engine.floor.desk.skills(agent)
        except KeyError:
            return [name for name, run in self._engine.campaigns.runs.items() if run.config.agents is not None]
        return [
            name for name, run in self._engine.campaigns.runs.items()
            if run.config.agents is not None and skills.issuperset(run.config.agents.skills)
        ]  # fmt: skip

    # -- decisions ----------------------------------------------------------------------------------

    def decide(self, now: float, runs: Sequence[Run], able: Collection[str]) -> dict[str, Decision]:
        """For those of these that are `able` to dial, and for all that share agents with them."""
        wanted = {run.config.campaign for run in runs if run.config.campaign in able}
        decisions = {
            name: self._agentless[name].decide(now, self._snapshot(self._engine.campaigns.runs[name], now))
            for name in sorted(wanted & self._agentless.keys())
        }
        if wanted <= self._agentless.keys():
            return decisions
        asks = {
            name: self._ask(run, now, name in able) for name, run in self._engine.campaigns.runs.items()
            if name in self._joint.members and (name in able or run.calls or self._joint.shares.busy(name))
        }  # fmt: skip
        for group in self._groups(asks):
            if not wanted.isdisjoint(group):
                decisions |= self._joint.decide(now, {name: asks[name] for name in group})
        return decisions

    def _groups(self, asks: Mapping[str, Ask]) -> list[list[str]]:
        key = tuple((name, id(ask.agents)) for name, ask in asks.items())
        if key != self._grouped[0]:
            self._grouped = (key, [list(group) for group in members_of(asks)])
        return self._grouped[1]

    def _ask(self, run: Run, now: float, able: bool) -> Ask:
        desk, agents = self._engine.floor.desk, run.config.agents
        serving = desk.at_work(frozenset(agents.skills)) if agents is not None else NOBODY
        if not able:
            return Ask(Snapshot(in_the_air=len(run.in_the_air) + run.claiming), serving, False)
        return Ask(self._snapshot(run, now, serving), serving, True, self.arrivals.waiting(serving))

    def _snapshot(self, run: Run, now: float, serving: Mapping[str, str] = NOBODY) -> Snapshot:
        engine, config = self._engine, run.config
        skills = config.agents.skills if config.agents else []
        switches = [name for name in config.switches or engine.switches if engine.campaigns.usable(name)]
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
            contacts_left=run.contacts_left,
            closes_in_s=engine.schedules.closes_in(run, now),
            callbacks=engine.callbacks.needs(frozenset(skills)),
            inbound_per_s=self.arrivals.per_s(serving),
            dials=self._dials(run) if len(set(serving.values())) > 1 else {},
        )

    def _dials(self, run: Run) -> dict[str, set[str]]:
        """The campaign's calls by switch."""
        found: dict[str, set[str]] = {}
        for call_id in run.calls:
            if (live := self._engine.calls.get(call_id)) is not None:
                found.setdefault(live.switch.name, set()).add(call_id)
        return found

    def _room(self, switch: Scope, now: float) -> int:
        """How many calls the switch takes just now: free channels, and what its rate leaves."""
        limits = self._engine.limits
        free, rate = limits.free(switch), limits.allowance(switch, now)
        return min(MOST_AT_ONCE, *(bound for bound in (free, rate) if bound is not None))


def _paced(config: Campaign) -> tuple[object, ...]:
    """What the pacer's own budget and times come from."""
    return config.abandon, config.ring_timeout, config.rules
