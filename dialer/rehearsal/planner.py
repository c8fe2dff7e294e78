"""What the shifts of one rehearsal have in common: campaigns, agents, people, callers, and when it begins."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration
from dialer.config.models import Agent
from dialer.flows.model import Flow
from dialer.rehearsal import callers, cast, past
from dialer.rehearsal.callers import Caller
from dialer.rehearsal.outcome import ALL, Facts, Rehearsed, judged
from dialer.rehearsal.population import Observed, Population, Samples, Stated
from dialer.rehearsal.run import Part, Shift
from dialer.rehearsal.staff import Step, usual_day
from dialer.service_report import rule_of
from dialer.store.records import AgentSpan, CallRecord, NewContact
from dialer.store.store import Store

DAY_S = 86_400.0
OWN = "own"
"""Each campaign in its own mode."""
THAT_DAY = "that day"


@dataclass(frozen=True, slots=True)
class Inbound:
    flow: Flow
    per_hour: float | None
    """None: as the flow says, or as the store does."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to be rehearsed."""

    campaigns: Sequence[Campaign]
    agents: int
    seconds: float
    inbound: Sequence[Inbound] = ()
    blended: int | None = None
    """How many of the agents serve callers as well; None: all."""
    contacts: int | None = None
    own_lists: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """Of a time: settled calls of the campaigns and flows, and all agents' time."""

    of_campaign: Mapping[str, Sequence[CallRecord]]
    of_flow: Mapping[str, Sequence[CallRecord]]
    spans: Sequence[AgentSpan]

    @property
    def calls(self) -> list[CallRecord]:
        return [call for some in (self.of_campaign, self.of_flow) for calls in some.values() for call in calls]


class Planner:
    """`open_store` opens the store that the past is read from. All methods raise ValueError, and StoreError."""

    def __init__(self, configuration: Configuration, asked: Asked, open_store: Callable[[], Store]) -> None:
        self._configuration, self._asked, self._open_store = configuration, asked, open_store
        self._seconds = asked.seconds
        self._began_at = 0.0
        self._samples: Mapping[str, Samples] = {}
        self._rows: Rows | None = None
        self._replays = False
        self.really: Rehearsed | None = None
        """What the replayed day came to."""
        self._line_skills = {skill for one in asked.inbound for skill in callers.skills_for(one.flow)}

    @property
    def first(self) -> Campaign:
        return self._asked.campaigns[0]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self._configuration.clients[self.first.client].timezone)

    @property
    def currency(self) -> str:
        return self._configuration.clients[self.first.client].currency

    @property
    def limits(self) -> Mapping[str, float]:
        """By campaign, the share of people that may be abandoned."""
        return {one.campaign: one.abandon.max for one in self._asked.campaigns}

    def title(self, mode: str, done: Rehearsed) -> str:
        """Of a picture."""
        names, figures = ", ".join(one.campaign for one in self._asked.campaigns), done.account
        level = done.service[ALL].level if done.service else None
        served = "" if level is None else f", service level {100 * level:.1f} %"
        return (f"{names}, {mode}: {figures.agents} agents, {figures.hours:.3g} h, "
                f"{100 * figures.occupancy:.1f} % busy, {100 * figures.abandoned:.2f} % abandoned{served}")

    def currency_of(self, client: str) -> str:
        return self._configuration.clients[client].currency

    # -- from when on, and from what --------------------------------------------------------------------

    def plan(self, start: str, learn: int | None) -> None:
        """`start` by the first client's clock; empty: the next shift in which any of the campaigns runs."""
        now = datetime.now(UTC)
        shifts = [cast.next_shift(self._configuration, one, now) for one in self._asked.campaigns]
        self._began_at = (self._moment(start) if start else min(shifts)).timestamp()
        if learn is not None:
            rows = self._rows = self._before(now.timestamp() - learn * DAY_S, now.timestamp())
            self._samples = self._sampled(rows)

    def take_day(self, day: str) -> None:
        """The agents and the people of a past day, and what it came to."""
        midnight = self._moment(day)
        rows = self._before(midnight.timestamp(), (midnight + timedelta(days=1)).timestamp())
        own = {call.id for call in rows.calls}
        at_work = {span.agent for span in rows.spans if span.call_id in own}
        rows = self._rows = replace(rows, spans=[span for span in rows.spans if span.agent in at_work])
        if not rows.spans:
            names = ", ".join(one.campaign for one in self._asked.campaigns)
            raise ValueError(f"nobody worked on {names} on {day}: there is nothing to replay")
        self._replays = True
        self._samples = self._sampled(rows)
        self._began_at = min(span.started_at for span in rows.spans) - 60.0
        self._seconds = max(span.ended_at for span in rows.spans) - self._began_at
        self.really = judged(self._facts(rows, own))

    def _sampled(self, rows: Rows) -> Mapping[str, Samples]:
        found = {}
        for name, calls in rows.of_campaign.items():
            if not calls:
                raise ValueError(f"the store has no calls of {name} from that time")
            try:
                found[name] = past.samples_of(calls, rows.spans, self.zone, replay=self._replays)
            except ValueError as fault:
                raise ValueError(f"{name}: {fault}") from None
        return found

    def _facts(self, rows: Rows, own: set[str]) -> Facts:
        tried = {name: {call.contact_id for call in calls} for name, calls in rows.of_campaign.items()}
        done = {name: {call.contact_id for call in calls if call.outcome == "answered"}
                for name, calls in rows.of_campaign.items()}
        return Facts(
            modes=dict.fromkeys(rows.of_campaign, THAT_DAY), began_at=self._began_at, seconds=self._seconds,
            zone=self.zone, calls=rows.calls,
            spans=[span for span in rows.spans if span.call_id is None or span.call_id in own],
            contacts={name: {"done": len(done[name]), "due": len(tried[name] - done[name])} for name in tried},
            rules={flow.client: rule_of(self._configuration.clients[flow.client],
                                        datetime.fromtimestamp(self._began_at, self.zone).date())
                   for one in self._asked.inbound if (flow := one.flow)},
        )  # fmt: skip

    def _moment(self, text: str) -> datetime:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            found = None
        if found is None or found.tzinfo is not None or not 2000 <= found.year < 2100:
            raise ValueError(f"{text!r} is no time on the client's clock; write 2026-11-23T09:00, or 2026-11-23")
        return found.replace(tzinfo=self.zone)

    def _before(self, since: float, until: float) -> Rows:
        async def read() -> Rows:
            store = self._open_store()
            try:
                of_campaign = {one.campaign: await store.settled_calls(since, until, one.campaign)
                               for one in self._asked.campaigns}
                of_flow = {}
                if self._asked.inbound:
                    inbound = [call for call in await store.settled_calls(since, until) if call.direction == "inbound"]
                    of_flow = {one.flow.flow: [call for call in inbound if call.flow == one.flow.flow]
                               for one in self._asked.inbound}
                return Rows(of_campaign, of_flow, await store.spans(since, until))
            finally:
                await store.close()

        return asyncio.run(read())

    # -- a shift ----------------------------------------------------------------------------------------

    def shift(self, mode: str, seed: int) -> Shift:
        """`mode`: that of all campaigns, or OWN. One without agents keeps its own."""
        agents, steps = self._team(seed)
        parts = [
            Part(one.campaign, cast.mode_of(one) if mode == OWN or (one.agents is None and self._several) else mode,
                 contacts, self._people(one, seed))
            for one, contacts in zip(self._asked.campaigns, self._contacts(), strict=True)
        ]  # fmt: skip
        return Shift(self._configuration, agents, steps, parts, self._began_at, self._seconds,
                     [caller for one in self._asked.inbound for caller in self._callers(one, seed)])  # fmt: skip

    @property
    def _several(self) -> bool:
        return len(self._asked.campaigns) > 1

    def _people(self, config: Campaign, seed: int) -> Population:
        samples = self._samples.get(config.campaign)
        return Stated(config.simulate, seed) if samples is None else Observed(samples, seed, config.simulate)

    def _team(self, seed: int) -> tuple[Mapping[str, Agent], Sequence[Step]]:
        campaigns = self._asked.campaigns
        if not self._replays or self._rows is None:
            agents = cast.team(self._configuration, campaigns, self._asked.agents, self._line_skills,
                               self._asked.blended)
            return agents, usual_day(agents, self._seconds, seed)
        rows = self._rows
        names = sorted({span.agent for span in rows.spans})
        inbound = {call.id for calls in rows.of_flow.values() for call in calls}
        took_callers = {span.agent for span in rows.spans if span.call_id in inbound}
        team = cast.team(self._configuration, campaigns, len(names), self._line_skills, len(took_callers))
        order = sorted(names, key=lambda name: (name not in took_callers, name))
        agents = dict(zip(order, team.values(), strict=True))
        return agents, past.steps_of(rows.spans, rows.calls, self._began_at)

    def _contacts(self) -> Iterator[Sequence[NewContact] | None]:
        """Of each campaign. No two campaigns have a made-up number in common."""
        first = 0
        for config in self._asked.campaigns:
            if self._replays and self._rows is not None:
                yield self._of_that_day(config, self._rows.of_campaign[config.campaign])
            elif self._asked.own_lists:
                yield None
            else:
                count = self._asked.contacts or cast.enough(config, self._asked.agents, self._seconds)
                yield cast.made_up(config, count, first)
                first += count

    def _of_that_day(self, config: Campaign, calls: Sequence[CallRecord]) -> Sequence[NewContact]:
        """In the order in which they were called, and as many made up again for a pacer that gets further."""
        numbers = list(dict.fromkeys(call.number for call in sorted(calls, key=lambda call: call.created_at)))
        known = set(numbers)
        more = (new for new in cast.made_up(config, len(numbers)) if new.number not in known)
        return [*map(NewContact, numbers), *more]

    def _callers(self, one: Inbound, seed: int) -> Sequence[Caller]:
        flow, zone = one.flow, ZoneInfo(self._configuration.clients[one.flow.client].timezone)
        if self._rows is None or (one.per_hour is not None and not self._replays):
            return callers.stated(flow, seed, self._began_at, self._seconds, zone, one.per_hour)
        before = callers.past_of(self._rows.of_flow[flow.flow], self._rows.spans)
        if self._replays:
            return callers.again(flow, before, seed, self._began_at)
        return callers.as_before(flow, before, seed, self._began_at, self._seconds, zone)
