"""Campaigns that share agents, paced as one: common supply, added demand, turns by priority and share.

Each campaign's forecast tells what it expects of its own dials and of the agents at work for it. A campaign that dials
ahead is asked with all that in view (`rivals.py`); one that holds an agent for each dial gets those whom the others can
do without. The risk that a dial may take is what a loss costs whomever it may hit.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from dialer.campaigns.pacing.excess import Agents, Rows
from dialer.campaigns.pacing.fixed import progressive
from dialer.campaigns.pacing.model import Decision, EventKind, IdleAgent, Pacer, Place, Reason, Snapshot
from dialer.campaigns.pacing.predictive import POINTS, Predictive
from dialer.campaigns.pacing.rivals import Outlook, Portion, Rivals, at_times
from dialer.campaigns.pacing.shares import Shares
from dialer.campaigns.pacing.windows import Windows

OTHER = ""
"""Work for no campaign: callers. Its name among the members."""
FLOOR = 0.002
"""What a loss costs a campaign whose budget is spent: it dials one to one, and what it has in the air still counts."""
UNSURE = 0.2
TURNS = 8
"""What a campaign may dial at once is placed in so many turns, at most: whoever got too much in one waits the next."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One campaign, at the moment of a decision."""

    state: Snapshot
    agents: Mapping[str, str]
    """Those at work who may serve it, and the switch of each."""
    open: bool = True
    """It may dial. What it has in the air counts in any case."""
    callers: int = 0
    """In line for these agents: they take so many of those who come free."""


@dataclass(slots=True)
class Member:
    forecast: Predictive
    """Learns of every campaign, whatever its mode."""
    pacer: Pacer
    """Decides; the forecast itself where it dials ahead."""
    holds: bool
    """An agent is held for each dial."""
    windows: Windows = field(default_factory=Windows)
    """Budgets besides the forecast's own."""

    @property
    def ahead(self) -> bool:
        return self.pacer is self.forecast


class Joint:
    """Fed with the events of all campaigns and all agents, asked for those who share agents at once."""

    def __init__(self) -> None:
        self.shares = Shares()
        self.members: dict[str, Member] = {}
        other = Predictive()
        self.put(OTHER, Member(other, other, False), 1.0, 0)

    def put(self, name: str, member: Member, share: float, priority: int) -> None:
        self.members[name] = member
        self.shares.put(name, share, priority)

    def drop(self, name: str) -> None:
        self.members.pop(name, None)
        self.shares.drop(name)

    def on_event(
        self, now: float, name: str, kind: EventKind, dial: str | None, agent: str | None, value: float = 0.0
    ) -> None:
        """Of a campaign's dial, or of an agent at work for it."""
        member = self.members[name]
        member.forecast.on_event(now, kind, dial, agent, value)
        if not member.ahead:
            member.pacer.on_event(now, kind, dial, agent, value)
        self.shares.on_event(now, name, kind, dial, agent)

    def on_agent(self, now: float, kind: EventKind, agent: str, names: Iterable[str]) -> None:
        """An agent is `idle` or has `left`: all are told whom it may serve, and those it worked for."""
        for name in {*names, *self.shares.free(now, agent), OTHER}:
            member = self.members[name]
            member.forecast.on_event(now, kind, None, agent)
            if not member.ahead:
                member.pacer.on_event(now, kind, None, agent)

    def decide(self, now: float, asks: Mapping[str, Ask]) -> dict[str, Decision]:
        """For campaigns that share agents: how many each is to place, and why not more."""
        return Round(self, now, asks).run()


@dataclass(slots=True)
class Said:
    places: list[Place] = field(default_factory=list)
    reason: Reason = "share"
    hang_up: list[str] = field(default_factory=list)

    def decision(self) -> Decision:
        return Decision(tuple(self.places), self.reason, tuple(self.hang_up))


class Round:
    """One decision. What is placed in it counts for who is asked next."""

    def __init__(self, joint: Joint, now: float, asks: Mapping[str, Ask]) -> None:
        self._joint, self._now = joint, now
        self._asks = dict(asks)
        self._in_the_air = {name: ask.state.in_the_air for name, ask in asks.items()}
        self._teams = _by_switch(asks)
        self._placed_on: dict[str, Counter[str]] = {name: Counter() for name in asks}
        """Dials decided in this round, by switch."""
        self._outlooks: dict[str, Outlook] = {}
        self._portions: dict[tuple[str, str], Outlook] = {}
        """Of what is on one switch, where the agents are on several."""
        self._supply: dict[tuple[str, frozenset[str]], Rows] = {}
        self._demand: dict[tuple[str, str, str | None], Rows] = {}
        self._said = {name: Said() for name, ask in asks.items() if ask.open}
        self._held: set[str] = set()
        self._claims: dict[str, int] = {}
        """Agents that those asked before are to have as they come free."""
        for name in (*asks, OTHER):
            self._look(name)
        joint.shares.set_open(now, asks, self._said)

    def run(self) -> dict[str, Decision]:
        asked = set(self._said)
        while asked:
            name = min(asked, key=lambda one: (-self._joint.shares.priority(one), self._level(one), one))
            most = self._turn(name, asked)
            decision = self._ask(name, most)
            said = self._said[name]
            said.places += decision.places
            said.hang_up += decision.hang_up
            said.reason = decision.reason
            self._placed(name, decision)
            if len(decision.places) < most or not decision.places:
                asked.discard(name)
                if decision.reason == "enough_in_the_air":
                    asked -= self._behind(name, asked)
        return {name: said.decision() for name, said in self._said.items()}

    # -- whose turn -------------------------------------------------------------------------------------

    def _look(self, name: str) -> None:
        member = self._joint.members[name]
        in_the_air = self._asks[name].state.in_the_air if name in self._asks else 0
        seen = member.forecast.outlook(self._now, in_the_air)
        self._demand = {key: rows for key, rows in self._demand.items() if key[0] != name}
        self._outlooks[name] = replace(seen, risk=member.windows.allowed(self._now, seen.risk))
        for switch in self._switches(name) if name in self._asks else ():
            if switch is not None:
                here = self._portion(name, switch)
                self._portions[name, switch] = member.forecast.outlook(self._now, in_the_air, here)

    def _level(self, name: str) -> float:
        seen = self._outlooks[name]
        return self._joint.shares.level(self._now, name, seen.share * seen.in_the_air + seen.waiting)

    def _turn(self, name: str, asked: Iterable[str]) -> int:
        """How many dials until another of the same priority is further behind."""
        shares = self._joint.shares
        others = [self._level(one) for one in asked if one != name and shares.priority(one) == shares.priority(name)]
        rate = self._asks[name].state.rate
        if not others:
            return max(1, rate or 1_000)
        least = max(1, (rate or len(self._asks[name].state.idle)) // TURNS)
        share = max(0.02, self._outlooks[name].share)
        step = shares.level(self._now, name, share) - shares.level(self._now, name, 0.0)
        return max(least, int((min(others) - self._level(name)) / step))

    def _behind(self, name: str, asked: Iterable[str]) -> set[str]:
        """Whose people only the agents of this campaign can serve: where it may not dial, they may not either, for it
        is further behind. What rings too long they take back all the same."""
        agents, waits = self._asks[name].agents.keys(), set()
        for one in asked:
            if self._asks[one].agents.keys() <= agents:
                waits.add(one)
                ask = self._asks[one]
                if self._joint.members[one].ahead:
                    self._said[one].hang_up += self._ask_ahead(one, replace(ask.state, rate=0)).hang_up
        return waits

    def _placed(self, name: str, decision: Decision) -> None:
        if not decision.places:
            return
        self._held |= {place.agent for place in decision.places if place.agent is not None}
        used = Counter(place.switch for place in decision.places)
        self._placed_on[name] += used
        for one, ask in self._asks.items():
            state = ask.state
            idle = tuple([agent for agent in state.idle if agent.agent not in self._held])
            free = {switch: room - used[switch] for switch, room in state.free.items()}
            state = replace(state, idle=idle, free=free)
            if one == name:
                count = len(decision.places)
                state = replace(state.less(count), in_the_air=state.in_the_air + count)
            self._asks[one] = replace(ask, state=state)
        self._look(name)

    # -- asking -----------------------------------------------------------------------------------------

    def _ask(self, name: str, most: int) -> Decision:
        member, ask = self._joint.members[name], self._asks[name]
        state = replace(ask.state, due=most if ask.state.due is None else min(most, ask.state.due))
        if member.ahead and self._outlooks[name].risk > 0:
            return self._ask_ahead(name, state)
        holds = member.holds or member.ahead
        state = replace(state, idle=self._spare(name, min(most, len(state.idle)) if holds else len(state.idle)))
        decision = progressive(state) if member.ahead else member.pacer.decide(self._now, state)
        self._claim(name, decision)
        return replace(decision, reason="abandon_budget") if member.ahead else decision

    def _ask_ahead(self, name: str, state: Snapshot) -> Decision:
        switches, price = self._switches(name), self._price(name)
        if switches == [None]:
            state = replace(state, rivals=self._rivals(name, None), risk=price)
        else:
            portions = [self._portion(name, one) for one in switches if one is not None]
            portions = [replace(one, rivals=self._rivals(name, one.switch)) for one in portions]
            portions.sort(key=lambda one: self._portions[name, one.switch].in_the_air / max(1, len(one.agents)))
            state = replace(state, portions=tuple(portions), risk=price)
        return self._joint.members[name].pacer.decide(self._now, state)

    def _claim(self, name: str, decision: Decision) -> None:
        """Nobody is free for a campaign whose turn it is: the others reckon with so many agents less."""
        if decision.places or decision.reason != "no_idle_agent":
            return
        ahead = [self._level(one) for one in self._said if one != name]
        if ahead and max(ahead) > self._level(name):
            behind = (max(ahead) - self._level(name)) / self._joint.shares.call_s(name)
            self._claims[name] = min(max(1, len(self._asks[name].agents) // 2), max(1, ceil(behind)))

    def _spare(self, name: str, most: int) -> tuple[IdleAgent, ...]:
        """Idle agents without whom the others' dials in the air stay within their risk, `most` at most."""
        spare: tuple[IdleAgent, ...] = ()
        for switch in self._switches(name):
            idle = self._asks[name].state.idle
            here = idle if switch is None else tuple([agent for agent in idle if agent.switch == switch])
            spare += self._spare_on(name, switch, here, most - len(spare))
        return spare

    def _spare_on(self, name: str, switch: str | None, idle: tuple[IdleAgent, ...], most: int) -> tuple[IdleAgent, ...]:
        own, *_ = self._rivals(name, switch)
        if not own.demand:
            return idle[: max(0, min(most, len(idle) + own.idle))]
        among = None if switch is None else self._team(name, switch)
        supply = [*self._joint.members[name].forecast.supply(self._now, among), *own.supply]
        price, count = self._price(name), 0
        while count < most:
            left = Agents(len(idle) + own.idle - count - 1, supply, POINTS)
            if left.excess(own.demand, UNSURE).risk() > price:
                break
            count += 1
        return idle[:count]

    def _price(self, name: str) -> float:
        """The greatest chance of a loss: what it costs each whom it may hit, by their parts of those to be live; never
        more than the campaign's own budget allows."""
        total = cost = 0.0
        agents = self._asks[name].agents.keys()
        for one, ask in self._asks.items():
            if not self._joint.members[one].ahead or (one != name and agents.isdisjoint(ask.agents)):
                continue
            seen = self._outlooks[one]
            weight = seen.share * (seen.in_the_air + (one == name)) + seen.waiting
            total += weight
            cost += weight / max(FLOOR, seen.risk)
        most = self._outlooks[name].risk if self._joint.members[name].ahead else 1.0
        return min(total / cost, most) if cost else 1.0

    # -- what the others mean ---------------------------------------------------------------------------

    def _switches(self, name: str) -> Sequence[str | None]:
        """Those of its agents, where anybody's agents are on several: each is looked at by itself."""
        return list(self._teams[name]) or [None]

    def _team(self, name: str, switch: str | None) -> frozenset[str]:
        """Its agents at work, all or those on the switch."""
        return frozenset(self._asks[name].agents) if switch is None else self._teams[name].get(switch, frozenset())

    def _portion(self, name: str, switch: str) -> Portion:
        ask, team, coming = self._asks[name], self._team(name, switch), self._placed_on[name]
        return Portion(
            switch, team, ask.state.dials.get(switch, ()), len(team) / max(1, len(ask.agents)), coming[switch],
            coming.total() - coming[switch],
        )  # fmt: skip

    def _rivals(self, name: str, switch: str | None) -> tuple[Rivals, ...]:
        """For its own agents, then for each wider set."""
        own = self._team(name, switch)
        teams = [self._team(one, switch) for one in self._asks]
        sets = {own | team for team in teams if not own.isdisjoint(team)}
        whole = own.union(*sets)
        wider = sorted({*sets, whole} - {own}, key=lambda one: (len(one), sorted(one)))
        return (
            self._among(name, switch, own, own),
            *(self._among(name, switch, one, one - own) for one in wider),
        )

    def _among(self, name: str, switch: str | None, agents: frozenset[str], new: frozenset[str]) -> Rivals:
        """`new`: those of the agents whose work the pacer does not know of."""
        points, joint = self._outlooks[name].points, self._joint
        demand: list[tuple[int, Sequence[float]]] = []
        idle, in_the_air = -self._part(name, switch, self._asks[name].callers), 0
        at_work: Counter[str] = Counter()
        for one, ask in self._asks.items():
            if one == name:
                continue
            if switch is None and len(ask.state.free) > 1:
                busy = joint.shares.busy(one).keys() & ask.agents.keys() & new
                at_work.update(ask.agents[agent] for agent in busy)
            team = self._team(one, switch)
            if team <= agents and (team or switch is None):
                seen = self._outlooks[one] if switch is None else self._portions[one, switch]
                idle -= seen.waiting + self._part(one, switch, self._claims.get(one, 0))
                if not self._holds(one):
                    in_the_air += seen.in_the_air
                    if (one, name, switch) not in self._demand:
                        self._demand[one, name, switch] = at_times(seen.demand, seen.points, points)
                    demand += self._demand[one, name, switch]
        if new != agents:
            idle += len({agent.agent for ask in self._asks.values() for agent in ask.state.idle if agent.agent in new})
        return Rivals(idle, self._freed(name, new, new != agents), demand, in_the_air, at_work)

    def _part(self, name: str, switch: str | None, count: int) -> int:
        """Of so many who need one of its agents, those on the switch, as far as they can be told."""
        return ceil(count * len(self._team(name, switch)) / max(1, len(self._asks[name].agents)))

    def _holds(self, name: str) -> bool:
        """An agent is held for each of its dials: by its mode, or because its budget is spent."""
        spent = self._outlooks[name].risk <= 0 and self._joint.shares.held(name) >= self._in_the_air[name]
        return self._joint.members[name].holds or spent

    def _freed(self, name: str, agents: frozenset[str], own: bool) -> Rows:
        """Of these agents, those at work for others, or for `own` calls as well."""
        if (name, agents) not in self._supply:
            rows: list[tuple[int, Sequence[float]]] = []
            for one in (*self._asks, OTHER):
                if one != name or own:
                    seen = self._joint.members[one].forecast.supply(self._now, agents)
                    rows += at_times(seen, self._outlooks[one].horizons, self._outlooks[name].horizons)
            self._supply[name, agents] = rows
        return self._supply[name, agents]


def _by_switch(asks: Mapping[str, Ask]) -> Mapping[str, Mapping[str, frozenset[str]]]:
    """The agents of each by switch, where they are on several; else nothing."""
    found = {name: dict[str, frozenset[str]]() for name in asks}
    if len({switch for ask in asks.values() for switch in ask.agents.values()}) > 1:
        for name, ask in asks.items():
            teams: dict[str, set[str]] = {}
            for agent, switch in ask.agents.items():
                teams.setdefault(switch, set()).add(agent)
            found[name] = {switch: frozenset(team) for switch, team in teams.items()}
    return found


def members_of(asks: Mapping[str, Ask]) -> Sequence[Mapping[str, Ask]]:
    """Campaigns that share agents, directly or through others, together."""
    groups: list[dict[str, Ask]] = []
    for name, ask in asks.items():
        mine = ask.agents.keys()
        near = [group for group in groups if any(not mine.isdisjoint(one.agents) for one in group.values())]
        groups = [group for group in groups if group not in near]
        groups.append({key: value for group in near for key, value in group.items()} | {name: ask})
    return groups
