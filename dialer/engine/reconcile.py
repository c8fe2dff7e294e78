"""What to believe after a break: the switch is the truth about which channels live.

At every link up, and now and then besides, the channels are listed. What we hold and the switch does not is gone; what
both have is brought up to date. At start, the calls and agents' legs that the store left open are held against the
first listing of their switch: the living are adopted, the gone are settled, and nothing is dialled on a guess.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dialer.agents.model import Reserved
from dialer.agents.model import State as AgentStates
from dialer.calls import events as ev
from dialer.calls.model import IN_THE_AIR, Call, Conversation, Plan, State
from dialer.coordination.limits import Scope
from dialer.engine import missed
from dialer.engine.attempts import lawful, plan_of
from dialer.engine.live import LiveCall, Script
from dialer.engine.missed import UNKNOWN, end_of, parted_after, talks_of
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
        self._broken: dict[str, float] = {}
        """By switch: when the link broke that is down."""
        self._died: dict[str, float] = {}
        """By switch: when the link broke behind which it was started anew."""

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
                self._engine.switches[event.switch].list_channels(self._doubtful(event.switch))
            case ev.LinkDown():
                log.warning("link to %s is down: %s", event.switch, event.reason, extra={"switch": event.switch})
                self._engine.metrics.link(event.switch, up=False)
                self._listed.discard(event.switch)
                self._broken.setdefault(event.switch, event.at)
            case ev.ChannelsListed():
                self._reconcile(event)

    def _note_boot(self, event: ev.LinkUp) -> None:
        before, broken = self._boots.get(event.switch, event.booted_at), self._broken.pop(event.switch, event.booted_at)
        if abs(event.booted_at - before) > SAME_BOOT_S:
            log.warning("%s was started anew", event.switch, extra={"switch": event.switch})
            self._fresh[event.switch], self._died[event.switch] = event.at, broken
        self._boots[event.switch] = event.booted_at

    def _gone_at(self, call: Call, listing: ev.ChannelsListed) -> float:
        """When a channel has ended of which the switch tells nothing: it died with the switch, which broke the link, or
        before the boot that is known. Else nobody knows: by now it has."""
        ends = (self._died.get(listing.switch), self._boots.get(listing.switch))
        return max(call.created_at, min([listing.at, *(at for at in ends if at is not None and at > call.created_at)]))

    def _doubtful(self, switch: str) -> dict[str, float]:
        """Calls of which something may have been missed, and when they began."""
        began = {record.id: record.created_at for record, _ in self._orphans.get(switch, [])}
        return began | {live.id: live.call.created_at for live in self._engine.calls if live.switch.name == switch}

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
            self._engine.switches[switch].list_channels(self._doubtful(switch))

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
        over = self._adopt_calls(listing, living)
        self._update_calls(listing, living, over)
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

    def _adopt_calls(self, listing: ev.ChannelsListed, living: Living) -> set[str]:
        """Those that are over."""
        over = set()
        for record, contact in self._orphans.pop(listing.switch, []):
            notes = listing.notes.get(record.id)
            live = self._revive(record, contact, living.get(record.id), notes or UNKNOWN)
            self._engine.calls.add(live)
            self._engine.campaigns.adopt(live)
            if live.call.agent is not None:
                self._engine.floor.joined(live, live.call.agent)
            if record.id in living:
                self._engine.limits.hold(live.id, self._scopes(record))
                self._engine.calls.watch(live)
                log.info("a call is adopted as %s", live.call.state, extra={"call": live.id})
                if live.call.state in IN_THE_AIR:
                    self._engine.law.adopted(live)
                    if live.agent_needed and live.call.reserved is None:
                        self._engine.post(ev.HangupRequested(live.id, listing.at, "agent_lost"))
            else:
                over.add(live.id)
                for event in end_of(live.call, notes, self._gone_at(live.call, listing)):
                    self._engine.post(event)
        return over

    def _scopes(self, record: CallRecord) -> list[Scope]:
        scopes = [Scope("switch", record.switch)]
        return scopes if record.campaign is None else [*scopes, Scope("campaign", record.campaign)]

    def _revive(
        self, record: CallRecord, contact: Contact | None, seen: ev.ChannelSeen | None, notes: ev.Notes,
    ) -> LiveCall:
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
        talks = talks_of(record, notes, agent is not None, engine.clock.now())
        began_at = missed.began_at(record, notes) if agent is not None else None
        call = Call(
            record.id,
            plan,
            _state_of(record, seen, agent, talks, notes),
            record.created_at,
            reserved=self._hold_again(record) if seen is not None and agent is None else None,
            agent=agent,
            request=plan.request,
            result=QueueResult("agent_lost" if record.state == State.QUEUED else "talked")
            if talks and agent is None else None,
            talks=talks,
            flow_started=_flow_started(record, seen, plan),
            answered_by=notes.answered_by,
            dialled_at=record.dialled_at or (record.created_at if record.direction == "outbound" else None),
            ringing_at=record.ringing_at,
            answered_at=record.answered_at or notes.answered_at or _answered_at(seen, engine.clock.now()),
            queued_at=record.queued_at,
            joined_at=record.joined_at or began_at,
            talking_since=began_at or engine.clock.now() if agent else None,
            bridge=seen.bridge if seen else "",
            marks=frozenset({"forwarded"} if notes.forwarded else ()),
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

    def _update_calls(self, listing: ev.ChannelsListed, living: Living, over: Collection[str]) -> None:
        unasked: dict[str, float] = {}
        for live in list(self._engine.calls):
            if live.switch.name != listing.switch or live.id in over:
                continue
            seen, notes = living.get(live.id), listing.notes.get(live.id)
            if seen is not None and seen.bridge and live.call.state in (State.QUEUED, State.JOINING):
                at = notes.joined_at if notes is not None else None
                self._found_in_bridge(live.id, seen, living, at or listing.at)
            elif seen is not None:
                for event in _news_of(live.call, seen, listing, notes or UNKNOWN):
                    self._engine.post(event)
            elif not _is_gone(live.call, self._certain_before(listing)):
                pass
            elif live.id not in listing.notes:
                unasked[live.id] = live.call.created_at
            else:
                for event in end_of(live.call, notes, self._gone_at(live.call, listing)):
                    self._engine.post(event)
        if unasked:  # how they ended
            self._engine.switches[listing.switch].list_channels(unasked)

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
    record: CallRecord, seen: ev.ChannelSeen | None, agent: str | None, talks: Sequence[Conversation], notes: ev.Notes
) -> State:
    if agent is not None:
        return State.TALKING
    if talks:
        return State.RETURNING
    if record.direction == "inbound":
        return State.QUEUED if seen is None and record.state == State.QUEUED else State.ARRIVED
    up = seen.state == "up" if seen is not None else notes.answered_at is not None
    return State.ANSWERED if up else State.DIALLING


def _flow_started(record: CallRecord, seen: ev.ChannelSeen | None, plan: Plan) -> bool:
    """Of a channel that lives, it may begin with its script."""
    if record.direction == "inbound" or record.state == State.FLOW:
        return True
    return plan.person == "flow" if seen is not None else record.flow_position is not None


def _answered_at(seen: ev.ChannelSeen | None, now: float) -> float | None:
    return now if seen is not None and seen.state == "up" else None


def _is_gone(call: Call, certain_before: float) -> bool:
    """Of one that is not in a listing."""
    return call.state is not State.INTENDED and (call.dialled_at or call.created_at) < certain_before


def _news_of(
    call: Call, seen: ev.ChannelSeen, listing: ev.ChannelsListed, notes: ev.Notes
) -> Sequence[ev.CallEvent]:
    """What the listing tells of a living call beyond what the events did."""
    at = listing.at
    if call.state is State.TALKING and seen.bridge != call.bridge:
        return [ev.Unbridged(call.id, parted_after(call.talking_since or at, notes) or at, call.bridge)]
    if call.state is State.JOINING and listing.asked_at > (call.joining_at or 0.0) + JOINED_S:
        return [ev.JoinFailed(call.id, at, "no bridge has formed")]
    return [ev.Answered(call.id, notes.answered_at or at)] if seen.state == "up" and call.answered_at is None else []
