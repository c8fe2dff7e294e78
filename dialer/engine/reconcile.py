"""What to believe after a break: the switch is the truth about which channels live.

At every link up, and now and then besides, the channels are listed. What we hold and the switch does not is gone; what
both have is brought up to date. At start, the calls and agents' legs that the store left open are held against the
first listing of their switch: the living are adopted, the gone are settled, and nothing is dialled on a guess.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dialer.agents.model import Reserved
from dialer.agents.model import State as AgentStates
from dialer.calls import events as ev
from dialer.calls.model import IN_THE_AIR, Call, Conversation, Plan, State
from dialer.coordination.limits import Scope
from dialer.engine.attempts import lawful, plan_of
from dialer.engine.live import LiveCall, Script
from dialer.flows.commands import QueueResult
from dialer.store.records import PREVIEW, AgentSession, CallRecord, Contact

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

LISTING_EVERY_S = 30.0
"""How often the channels are listed though nothing broke: events that were lost are found out by it."""
YOUNG_S = 3.0
"""A channel younger than this when the listing was asked for may be missing from it."""
JOINED_S = 1.0
"""A bridge that was asked for so long before a listing and is not in it has not formed: a switch obeys in order."""
SAME_BOOT_S = 1.5
"""The switch tells its boot to the second."""

Living = dict[str, ev.ChannelSeen]
"""The channels of one listing, by id."""


class Reconciler:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._orphans: dict[str, list[tuple[CallRecord, Contact | None]]] = {}
        """By switch: calls that an earlier life left open, until the switch has said which live."""
        self._sessions: dict[str, list[AgentSession]] = {}
        self._early: list[ev.ScriptStarted] = []
        self._listed: set[str] = set()
        self._boots: dict[str, float] = {}
        """When each switch booted, as it said itself."""
        self._fresh: dict[str, float] = {}
        """By switch: when it came back from a boot that we lived through. What was begun before is gone."""

    def inherit(self, calls: Iterable[tuple[CallRecord, Contact | None]], sessions: Iterable[AgentSession]) -> None:
        """What the store says was going on when the engine stopped."""
        for record, contact in calls:
            if record.state == PREVIEW:  # shown to an agent, never dialled: due again
                self._engine.store.put_back(record.id)
                continue
            if record.switch not in self._engine.switches:
                log.warning("a call of a switch that is not configured any more stays open", extra={"call": record.id})
                continue
            self._orphans.setdefault(record.switch, []).append((record, contact))
        for session in sessions:
            if session.switch in self._engine.switches:
                self._sessions.setdefault(session.switch, []).append(session)

    @property
    def settled(self) -> bool:
        """Nothing from an earlier life is left undecided."""
        return not self._orphans and not self._sessions

    def engaged(self, client: str) -> frozenset[str]:
        """Numbers in calls of an earlier life that may live."""
        return frozenset(
            record.number for records in self._orphans.values() for record, _ in records if record.client == client)

    def awaits(self, campaign: str) -> bool:
        """Calls of the campaign from an earlier life are undecided: their contacts may be to be called again."""
        return any(record.campaign == campaign for records in self._orphans.values() for record, _ in records)

    def knows(self, switch: str) -> bool:
        """Whether the switch has told its channels since we connected: only then is it dialled over."""
        return switch in self._listed

    def handle(self, event: ev.LinkUp | ev.LinkDown | ev.ChannelsListed) -> None:
        match event:
            case ev.LinkUp():
                log.info("link to %s is up", event.switch, extra={"switch": event.switch})
                self._engine.metrics.link(event.switch, up=True)
                self._note_boot(event)
                self._engine.switches[event.switch].list_channels()
            case ev.LinkDown():
                log.warning("link to %s is down: %s", event.switch, event.reason, extra={"switch": event.switch})
                self._engine.metrics.link(event.switch, up=False)
                self._listed.discard(event.switch)
            case ev.ChannelsListed():
                self._reconcile(event)

    def _note_boot(self, event: ev.LinkUp) -> None:
        before = self._boots.get(event.switch, event.booted_at)
        if abs(event.booted_at - before) > SAME_BOOT_S:
            log.warning("%s was started anew", event.switch, extra={"switch": event.switch})
            self._fresh[event.switch] = event.at
        self._boots[event.switch] = event.booted_at

    def _certain_before(self, listing: ev.ChannelsListed) -> float:
        """What was begun earlier and is not in the listing is gone; what is younger may only be missing from it."""
        return max(listing.asked_at - YOUNG_S, self._fresh.get(listing.switch, 0.0))

    def list_all(self) -> None:
        """The periodical look."""
        for switch in self._engine.switches.values():
            if switch.up:
                switch.list_channels()

    def _list_again(self, switch: str) -> None:
        """After a break: what was too young to be told gone from the first listing is old enough now."""
        if self.knows(switch):
            self._engine.switches[switch].list_channels()

    def defers(self, event: ev.ScriptStarted) -> bool:
        """The script of a call that is not adopted yet: it waits for the listing."""
        orphan = any(record.id == event.channel for records in self._orphans.values() for record, _ in records)
        if orphan:
            self._early.append(event)
        return orphan

    def stray_script(self, event: ev.ScriptStarted) -> None:
        """An answered channel that nobody knows: nobody wants it."""
        self._engine.metrics.impossible("stray_script")
        self._engine.switches[event.switch].hangup(event.channel)

    # -- a listing ----------------------------------------------------------------------------------

    def _reconcile(self, listing: ev.ChannelsListed) -> None:
        living = {seen.channel: seen for seen in listing.channels}
        first = listing.switch not in self._listed
        self._listed.add(listing.switch)
        self._adopt_legs(listing, living)
        self._adopt_calls(listing, living)
        self._update_calls(listing, living)
        early, self._early = self._early, []
        for script in early:
            self._engine.post(script)
        self._update_legs(listing, living)
        self._engine.mystery.listed(listing, living, self._certain_before(listing))
        if first:
            self._hang_up_strangers(listing)
            self._engine.clock.call_later(YOUNG_S, self._list_again, listing.switch)
            self._engine.want_match()

    def _adopt_legs(self, listing: ev.ChannelsListed, living: Living) -> None:
        engine = self._engine
        newer = {session.agent for session in engine.floor.desk.sessions()}
        for session in self._sessions.pop(listing.switch, []):
            if session.agent in newer:  # logged in anew before we could tell
                engine.switches[listing.switch].hangup(session.channel)
                continue
            if session.channel not in living:
                engine.store.drop_session(session.agent)
                continue
            engine.floor.adopt_leg(session.channel, session.agent, listing.switch)
            call_id = self._joined_with(living, session.channel, listing.switch)
            state = (
                AgentStates.TALKING
                if call_id
                else AgentStates.PAUSED
                if session.state == "paused"
                else AgentStates.IDLE
            )
            engine.floor.start(engine.floor.desk.adopt(session, state, call_id, engine.clock.now()))
            log.info("an agent's leg is adopted", extra={"agent": session.agent, "call": call_id})

    def _joined_with(self, living: Living, leg: str, switch: str) -> str | None:
        """The orphaned call whose channel is in the same bridge as this leg."""
        bridge = living[leg].bridge
        if not bridge:
            return None
        mates = {channel for channel, seen in living.items() if seen.bridge == bridge}
        return next((record.id for record, _ in self._orphans.get(switch, []) if record.id in mates), None)

    def _adopt_calls(self, listing: ev.ChannelsListed, living: Living) -> None:
        for record, contact in self._orphans.pop(listing.switch, []):
            live = self._revive(record, contact, living.get(record.id))
            self._engine.calls.add(live)
            self._engine.campaigns.adopt(live)
            if live.call.agent is not None:
                self._engine.floor.joined(live, live.call.agent)
            if record.id in living:
                self._engine.limits.hold(live.id, self._scopes(record))
                self._engine.calls.watch(live)
                log.info("a call is adopted as %s", live.call.state, extra={"call": live.id})
                if live.agent_needed and live.call.reserved is None and live.call.state in IN_THE_AIR:
                    self._engine.post(ev.HangupRequested(live.id, listing.at, "agent_lost"))
            else:
                self._engine.post(ev.Gone(live.id, listing.at))

    def _scopes(self, record: CallRecord) -> list[Scope]:
        scopes = [Scope("switch", record.switch)]
        return scopes if record.campaign is None else [*scopes, Scope("campaign", record.campaign)]

    def _revive(self, record: CallRecord, contact: Contact | None, seen: ev.ChannelSeen | None) -> LiveCall:
        """The call as far as the row and the switch tell."""
        engine, configuration = self._engine, self._engine.configuration
        campaign = configuration.campaigns.get(record.campaign or "")
        flow = configuration.flows.get(record.flow or (campaign.flow if campaign and campaign.flow else ""))
        plan = plan_of(campaign) if campaign is not None else Plan(record.direction)
        if campaign is not None and contact is not None:
            gate = engine.law.gate(campaign, engine.clock.now())
            plan = lawful(plan, gate, replace(contact, number=record.number))
        agent = engine.floor.desk.by_call(record.id)
        if seen is None and record.state == State.TALKING:
            agent = record.agent  # the talk is a fact, and over: its end is the moment we learn of it
        talks = () if agent is not None else _talks_of(record, engine.clock.now())
        call = Call(
            record.id,
            plan,
            _state_of(record, seen, agent, talks),
            record.created_at,
            reserved=self._hold_again(record) if seen is not None and agent is None else None,
            agent=agent,
            request=plan.request,
            result=QueueResult("agent_lost" if record.state == State.QUEUED else "talked") if talks else None,
            talks=talks,
            flow_started="flow" in (plan.person, record.state) or record.direction == "inbound",
            dialled_at=record.dialled_at or (record.created_at if record.direction == "outbound" else None),
            ringing_at=record.ringing_at,
            answered_at=record.answered_at or _answered_at(seen, engine.clock.now()),
            queued_at=record.queued_at,
            joined_at=record.joined_at,
            talking_since=record.joined_at or engine.clock.now() if agent else None,
            bridge=seen.bridge if seen else "",
        )
        seed = replace(record, outcome=None)
        script = Script(flow, position=record.flow_position)
        live = LiveCall(call, engine.switches[record.switch], seed, campaign, contact, script)
        live.agent_needed = bool(record.agent_needed)
        return live

    def _hold_again(self, record: CallRecord) -> str | None:
        """The agent who was held for the dial, if free now."""
        floor = self._engine.floor
        if record.agent is None or record.agent not in self._engine.configuration.agents:
            return None
        state = floor.desk.state(record.agent)
        if record.state not in IN_THE_AIR or state.state is not AgentStates.IDLE or state.switch != record.switch:
            return None
        floor.apply(record.agent, Reserved(record.id))
        return record.agent

    def _update_calls(self, listing: ev.ChannelsListed, living: Living) -> None:
        for live in list(self._engine.calls):
            if live.switch.name != listing.switch:
                continue
            seen = living.get(live.id)
            if seen is not None and seen.bridge and live.call.state in (State.QUEUED, State.JOINING):
                self._found_in_bridge(live.id, seen, living, listing.at)
                continue
            for event in _news_of(live.call, seen, listing, self._certain_before(listing)):
                self._engine.post(event)

    def _found_in_bridge(self, call_id: str, seen: ev.ChannelSeen, living: Living, at: float) -> None:
        """To ask for a bridge of two who are in one already would part them."""
        mates = [channel for channel, other in living.items() if other.bridge == seen.bridge]
        agent = next((agent for channel in mates if (agent := self._engine.floor.desk.by_channel(channel))), None)
        if agent is not None:
            self._engine.post(ev.FoundTalking(call_id, at, agent, seen.bridge))

    def _update_legs(self, listing: ev.ChannelsListed, living: Living) -> None:
        """A leg without an agent (who logged out while the link was down, or is not configured any more) has to go."""
        desk = self._engine.floor.desk
        for channel, since in self._engine.floor.legs(listing.switch):
            if channel in living:
                if desk.by_channel(channel) is None:
                    self._engine.switches[listing.switch].hangup(channel)
            elif since < self._certain_before(listing):
                self._engine.post(ev.Gone(channel, listing.at))

    def _hang_up_strangers(self, listing: ev.ChannelsListed) -> None:
        """Channels that an earlier life of this node made and nobody knows any more."""
        engine = self._engine
        for seen in listing.channels:
            known = seen.channel in engine.calls or engine.floor.knows(seen.channel)
            known = known or engine.mystery.knows(seen.channel)
            if engine.ids.ours(seen.channel) and not known:
                log.warning("a channel that nobody knows is hung up", extra={"call": seen.channel})
                engine.switches[listing.switch].hangup(seen.channel)


def _state_of(
    record: CallRecord, seen: ev.ChannelSeen | None, agent: str | None, talks: Sequence[Conversation]
) -> State:
    if agent is not None:
        return State.TALKING
    if talks:
        return State.RETURNING
    if record.direction == "inbound":
        return State.ARRIVED
    return State.ANSWERED if seen is not None and seen.state == "up" else State.DIALLING


def _talks_of(record: CallRecord, now: float) -> tuple[Conversation, ...]:
    """Who had an agent before and has none now was talked with, whatever comes next. When a talk ended that we left
    them in, nobody knows: at the latest now."""
    if record.joined_at is None or record.agent is None:
        return ()
    ended_at = now if record.state == State.TALKING else record.joined_at + record.talk_s
    return (Conversation(record.agent, record.joined_at, ended_at),)


def _answered_at(seen: ev.ChannelSeen | None, now: float) -> float | None:
    return now if seen is not None and seen.state == "up" else None


def _news_of(
    call: Call, seen: ev.ChannelSeen | None, listing: ev.ChannelsListed, certain_before: float
) -> Sequence[ev.CallEvent]:
    """What the listing tells of a call beyond what the events did."""
    at = listing.at
    if seen is None:
        since = call.dialled_at or call.created_at
        certain = call.state is not State.INTENDED and since < certain_before
        return [ev.Gone(call.id, at)] if certain else []
    if call.state is State.TALKING and seen.bridge != call.bridge:
        return [ev.Unbridged(call.id, at, call.bridge)]
    if call.state is State.JOINING and listing.asked_at > (call.joining_at or 0.0) + JOINED_S:
        return [ev.JoinFailed(call.id, at, "no bridge has formed")]
    return [ev.Answered(call.id, at)] if seen.state == "up" and call.answered_at is None else []
