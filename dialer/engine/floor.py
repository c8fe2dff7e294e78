"""Agents and their legs: the desk's effects, the keys on the phones, what agents ask for, and who gets whom."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, assert_never

from dialer.agents import model as m
from dialer.agents.desk import Assignment, Desk
from dialer.agents.keys import Keys, Verb
from dialer.agents.model import AgentState, State
from dialer.agents.routing import Waiting
from dialer.calls import events as ev
from dialer.calls.model import State as CallState
from dialer.coordination.limits import Scope
from dialer.engine.clock import Timer
from dialer.engine.live import LiveCall
from dialer.flows.commands import QueueRequest
from dialer.switch.port import OriginateOrder, Switch
from dialer.web.port import RefusedError

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

AGENT_RING_S = 30.0
JOIN_FAULTS = 4
"""After so many failed joins in a row an agent's leg is taken for broken and hung up. More than fit into the seconds
that a silent link takes to be noticed (JOIN_GRACE_S each): then it is not the leg that is broken."""


class Leg(NamedTuple):
    agent: str
    switch: str
    since: float


class Floor:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.desk = Desk(engine.configuration.agents)
        self._keys = Keys()
        self._timers: dict[tuple[str, str], Timer] = {}
        self._legs: dict[str, Leg] = {}
        """By channel id: every leg that lives or is being called."""
        self._faults: Counter[str] = Counter()
        self._last: dict[str, LiveCall] = {}
        """By agent: the call talked in last, for its disposition."""

    def reconfigure(self) -> None:
        before = list(self.desk.states())
        effects = self.desk.reconfigure(self._engine.configuration.agents, self._engine.clock.now())
        for state in before:
            self._moved(state)
        self.start(effects)

    def last_call(self, agent: str) -> LiveCall | None:
        """The call the agent talks in, or talked in last."""
        return self._last.get(agent)

    def forget(self, numbers: Collection[str]) -> None:
        """Persons who were erased: their last calls take no disposition any more."""
        for agent, live in list(self._last.items()):
            if live.seed.number in numbers:
                del self._last[agent]

    def call_of(self, state: AgentState) -> LiveCall | None:
        """The call an agent has in hand, also while its after-call work lasts."""
        if state.call_id is None:
            return None
        last = self._last.get(state.agent)
        return last if last is not None and last.id == state.call_id else self._engine.calls.get(state.call_id)

    # -- the legs -----------------------------------------------------------------------------------

    def knows(self, channel: str) -> bool:
        return channel in self._legs

    def leg_arrived(self, event: ev.ScriptStarted) -> None:
        """An agent's leg is up: it answered our call, or dialled the log-in code."""
        leg = self._legs.get(event.channel)
        agent = leg.agent if leg else self._agent_of_phone(event.caller)
        switch = self._engine.switches[event.switch]
        if agent is None or self._engine.draining:
            log.warning("a phone that is no agent's asked for a log-in", extra={"phone": event.caller})
            switch.hangup(event.channel, 21)
            return
        self.adopt_leg(event.channel, agent, event.switch)
        self.apply(agent, m.LegUp(event.channel, event.switch))

    def adopt_leg(self, channel: str, agent: str, switch: str) -> None:
        self._legs[channel] = Leg(agent, switch, self._engine.clock.now())
        self._engine.limits.hold(channel, [Scope("switch", switch)])

    def leg_event(self, event: ev.CallEvent) -> None:
        agent = self._legs[event.channel].agent
        match event:
            case ev.HungUp() | ev.Gone() | ev.OriginateFailed():
                self._tell_unreached(event)
                self._leg_gone(event.channel, agent)
            case ev.Digit(digit=digit):
                verb = self._keys.press(event.channel, digit, event.at)
                if verb is not None:
                    self._key(agent, verb)
            case _:
                pass

    def _tell_unreached(self, event: ev.HungUp | ev.Gone | ev.OriginateFailed) -> None:
        agent = self.desk.by_channel(event.channel)
        if agent is not None and self.desk.state(agent).state is State.CALLING:
            reason = event.reason if isinstance(event, ev.OriginateFailed) else getattr(event, "text", "")
            phone = self.desk.config(agent).phone
            log.warning("phone %s was not reached: %s", phone, reason or "gone", extra={"agent": agent})

    def _leg_gone(self, channel: str, agent: str) -> None:
        del self._legs[channel]
        self._engine.over(channel)
        self._keys.forget(channel)
        self._engine.limits.release(channel)
        self.apply(agent, m.LegLost(channel))
        last = self._last.get(agent)
        if last is not None and last.call.state is CallState.RETURNING:
            # The switch tells the bridge's end first: by now the agent's part in the talk is over.
            self._engine.calls.agent_lost(last.id, agent)

    def _key(self, agent: str, verb: Verb) -> None:
        try:
            self.command(agent, verb)
        except RefusedError as refusal:
            log.info("a key was refused: %s", refusal, extra={"agent": agent})

    def _agent_of_phone(self, phone: str) -> str | None:
        return next((name for name, agent in self._engine.configuration.agents.items() if agent.phone == phone), None)

    # -- what agents and their desktops ask for -----------------------------------------------------

    def command(self, agent: str, verb: str, reason: str = "") -> None:
        """Raises RefusedError, KeyError for an unknown agent."""
        state = self.desk.state(agent)
        match verb:
            case "login":
                self._log_in(agent)
            case "ready":
                self._ask(state, m.ReadyRequested(), "log in first")
            case "pause":
                self._ask(state, m.PauseRequested(reason), "log in first")
            case "logout":
                self._ask(state, m.LogoutRequested(), "the agent is not logged in")
            case "end_wrap_up":
                if state.state is not State.WRAP_UP:
                    raise RefusedError(f"no after-call work to end: the agent is {state.state}")
                self.apply(agent, m.WrapUpOver())
            case "hangup":
                if state.state is not State.TALKING or state.call_id is None:
                    raise RefusedError(f"no call to hang up: the agent is {state.state}")
                self._engine.post(ev.AgentFinished(state.call_id, self._engine.clock.now(), agent))
            case "pause_recording" | "resume_recording":
                self._engine.recordings.pause(agent, verb == "pause_recording")
            case _:
                raise RefusedError(f"an agent cannot `{verb}`")

    def _log_in(self, agent: str) -> None:
        engine, switch = self._engine, self._engine.configuration.switch_of(agent)
        if engine.draining:
            raise RefusedError("the engine is shutting down")
        if self.desk.state(agent).state is not State.LOGGED_OUT:
            return
        if not engine.switches[switch].up:
            raise RefusedError(f"{switch} cannot be reached; try again when it is up")
        channel = engine.ids.leg()
        if engine.limits.acquire(channel, [Scope("switch", switch)]) is not None:
            raise RefusedError(f"{switch} has no free channel")
        self._legs[channel] = Leg(agent, switch, self._engine.clock.now())
        self.apply(agent, m.LoginRequested(channel, switch, AGENT_RING_S))

    def _ask(self, state: AgentState, event: m.Event, otherwise: str) -> None:
        if state.state is State.LOGGED_OUT:
            raise RefusedError(otherwise)
        self.apply(state.agent, event)

    # -- the desk's effects -------------------------------------------------------------------------

    def apply(self, agent: str, event: m.Event) -> None:
        try:
            before = self.desk.state(agent)
        except KeyError:
            log.debug("an event for an agent that is gone", extra={"agent": agent})
            return
        effects = self.desk.apply(agent, event, self._engine.clock.now())
        self._moved(before)
        self.start(effects)

    def _moved(self, before: AgentState) -> None:
        try:
            after = self.desk.state(before.agent)
        except KeyError:
            after = AgentState(before.agent)  # logged out, and not configured any more
        if after.state is not before.state:
            self._engine.campaigns.agent_moved(before, after)

    def start(self, effects: Iterable[m.Effect]) -> None:
        for effect in effects:
            self._start_one(effect)

    def _start_one(self, effect: m.Effect) -> None:
        engine = self._engine
        match effect:
            case m.CallLeg():
                self._call_leg(effect)
            case m.HangUpLeg(_, channel):
                self._switch_of(channel).hangup(channel)
            case m.ParkLeg(_, channel):
                self._switch_of(channel).leave_script(channel)
            case m.StartTimer(agent, name, seconds):
                self._cancel(agent, name)
                self._timers[agent, name] = engine.clock.call_later(seconds, self._fire, agent, name)
            case m.CancelTimer(agent, name):
                self._cancel(agent, name)
            case m.RecordSpan(span):
                engine.store.save_span(span)
            case m.SaveSession(session):
                engine.store.save_session(session)
            case m.DropSession(agent):
                engine.store.drop_session(agent)
            case m.BecameIdle():
                engine.want_match()
            case m.LostDuringCall(agent, call_id):
                engine.calls.agent_lost(call_id, agent)
            case _:
                assert_never(effect)

    def _call_leg(self, effect: m.CallLeg) -> None:
        engine = self._engine
        switch = self._switch_of(effect.channel)
        config = engine.configuration
        phone = config.agents[effect.agent].phone
        switch.originate(
            OriginateOrder(
                channel=effect.channel,
                endpoint=config.plant.switches[switch.name].dial_agent.format(phone=phone),
                caller_id=f'"Log in" <{effect.agent}>',
                ring_s=effect.ring_s,
                exten="agent",
            )
        )

    def _switch_of(self, channel: str) -> Switch:
        """The switch that a leg is on. One that nobody knows is looked for on the first: there it fails harmlessly."""
        leg = self._legs.get(channel)
        name = leg.switch if leg else next(iter(self._engine.switches))
        return self._engine.switches[name]

    def _fire(self, agent: str, name: str) -> None:
        self._timers.pop((agent, name), None)
        self._engine.post(lambda: self.apply(agent, m.TIMERS[name]()))

    def _cancel(self, agent: str, name: str) -> None:
        if (timer := self._timers.pop((agent, name), None)) is not None:
            timer.cancel()

    # -- what calls ask for -------------------------------------------------------------------------

    def refuses(self, live: LiveCall, request: QueueRequest) -> Literal["full", "no_agents"] | None:
        """Why a caller may not even wait."""
        skills, switch = request.skills, live.switch.name
        if self.desk.idle(skills, switch):
            return None
        if not self.desk.staffed(skills, switch):
            return "no_agents"
        if request.max_waiting is None:
            return None
        return "full" if self.desk.waiting_in(request.queue) >= request.max_waiting else None

    def enqueue(self, live: LiveCall, request: QueueRequest) -> None:
        if live.call.plan.direction == "inbound":
            self._engine.campaigns.pacing.arrivals.came(frozenset(request.skills))
        self.desk.enqueue(
            Waiting(
                live.id, live.switch.name, request.queue, frozenset(request.skills), request.priority,
                self._engine.clock.now(),
            )
        )  # fmt: skip
        self._engine.want_match()

    def dequeue(self, call_id: str) -> None:
        self.desk.dequeue(call_id)

    def match(self) -> Sequence[Assignment]:
        """Nobody on a switch that we do not reach: a bridge would fail at once, again and again."""
        engine = self._engine
        down = {name for name, switch in engine.switches.items() if not (switch.up and engine.reconciler.knows(name))}
        assignments = self.desk.match(engine.clock.now(), down)
        for assignment in assignments:
            self.start(assignment.effects)
        return assignments

    def join(self, live: LiveCall, agent: str) -> None:
        """Only an agent held for this call: one whose leg dropped meanwhile may be back, and in another talk."""
        leg = self.leg_for(live.id)
        if leg is None or self.desk.by_call(live.id) != agent:
            self._engine.post(ev.JoinFailed(live.id, self._engine.clock.now(), "the agent is lost"))
            return
        live.switch.bridge(live.id, leg)

    def leg_for(self, call_id: str) -> str | None:
        """The leg of the agent who is held for the call, or talks in it."""
        agent = self.desk.by_call(call_id)
        return self.desk.state(agent).channel if agent is not None else None

    def joined(self, live: LiveCall, agent: str) -> None:
        self._faults.pop(agent, None)
        self._last[agent] = live
        self.apply(agent, m.Joined(live.id, live.seed.client, live.seed.campaign))
        self._engine.voice.joined(live, agent)
        self._engine.recordings.joined(live, agent)

    def release(self, live: LiveCall, agent: str, talked: bool, wrap_up_s: float) -> None:
        if talked:
            self.apply(agent, m.Parted(live.id, wrap_up_s))
            return
        refused = live.call.state is CallState.QUEUED and self.desk.by_call(live.id) == agent
        if refused and live.switch.up:  # over a link that broke nothing can be joined
            self._join_fault(agent)
        self.apply(agent, m.Released(live.id))

    def let_go(self, call_id: str) -> None:
        """Nobody is held for a call that is over. The machine has seen to it, unless the impossible happened to it."""
        if (agent := self.desk.by_call(call_id)) is not None:
            self.apply(agent, m.Released(call_id))
            self.apply(agent, m.Parted(call_id, 0.0))

    def _join_fault(self, agent: str) -> None:
        self._faults[agent] += 1
        if self._faults[agent] >= JOIN_FAULTS:
            self._faults.pop(agent)
            log.warning("an agent's leg cannot be joined and is hung up", extra={"agent": agent})
            self.apply(agent, m.LogoutRequested())

    def park(self, agent: str) -> None:
        state = self.desk.state(agent)
        if state.channel is not None:
            self._switch_of(state.channel).park_agent(state.channel)

    def legs(self, switch: str) -> list[tuple[str, float]]:
        """The channel of every leg on the switch, and since when we know it."""
        return [(channel, leg.since) for channel, leg in self._legs.items() if leg.switch == switch]

    def anyone(self) -> bool:
        """Whether an agent's leg is left."""
        return bool(self._legs)

    def log_out_all(self) -> None:
        for state in list(self.desk.states()):
            if state.state is not State.LOGGED_OUT:
                self.apply(state.agent, m.LogoutRequested())
