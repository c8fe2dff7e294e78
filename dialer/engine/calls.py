"""Customers' channels: each event through the call machine, each effect started."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, assert_never

from dialer.calls import effects as do
from dialer.calls import events as ev
from dialer.calls.machine import step
from dialer.calls.model import IN_THE_AIR, Call, Plan, State
from dialer.calls.outcome import Outcome
from dialer.calls.transitions import SCRIPT_GRACE_S
from dialer.campaigns import promises, retry
from dialer.coordination.limits import Scope
from dialer.engine.live import LiveCall, Script
from dialer.flows.commands import Dial, Hangup
from dialer.flows.model import Flow
from dialer.numbers import mask
from dialer.store.records import CallRecord, ContactVerdict
from dialer.switch.port import OriginateOrder

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

UNALLOCATED = 1
MOST_NUMBER = 64


class Calls:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._live: dict[str, LiveCall] = {}
        self._engaged: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """Calls by client and number of the person."""
        self._writing = 0

    def __contains__(self, channel: str | None) -> bool:
        return channel in self._live

    def __iter__(self) -> Iterator[LiveCall]:
        return iter(self._live.values())

    def __len__(self) -> int:
        return len(self._live)

    @property
    def unwritten(self) -> int:
        """Settlements on their way to the disk."""
        return self._writing

    def get(self, call_id: str) -> LiveCall | None:
        return self._live.get(call_id)

    def add(self, live: LiveCall) -> None:
        self._live[live.id] = live
        self._engaged[live.seed.client][live.seed.number] += 1

    def engaged(self, client: str) -> frozenset[str]:
        """Numbers that are in a call of the client, or being called for it."""
        return frozenset(self._engaged.get(client, ()))

    def watch(self, live: LiveCall) -> None:
        """An adopted call must move on by itself within the time that its state allows."""
        if live.call.state is not State.TALKING:
            self._set_timer(live, live.call.plan.ring_s + SCRIPT_GRACE_S)

    # -- arrivals -----------------------------------------------------------------------------------

    def arrive(self, event: ev.ScriptStarted) -> None:
        """A caller reached one of our numbers."""
        engine = self._engine
        switch = engine.switches[event.switch]
        flow = engine.configuration.flow_for(event.dialled)
        if flow is None:
            log.warning("nobody has the number that was called", extra={"dialled": event.dialled[:MOST_NUMBER]})
            engine.metrics.ignored("unknown_number")
            switch.run(event.channel, Hangup(UNALLOCATED))
            return
        call = Call(event.channel, Plan("inbound", refused=not self._admit(event, flow)), State.ARRIVED, event.at)
        record = CallRecord(
            id=event.channel,
            direction="inbound",
            node=engine.configuration.plant.node,
            switch=switch.name,
            client=flow.client,
            number=event.caller[:MOST_NUMBER],
            our_number=event.dialled[:MOST_NUMBER],
            created_at=event.at,
            flow=flow.flow,
        )
        live = LiveCall(call, switch, record, script=Script(flow))
        self.add(live)
        engine.mystery.arrived(live)
        engine.count("offered")
        engine.metrics.call_started("inbound", flow.client, None)
        self.handle(live.id, event)

    def _admit(self, event: ev.ScriptStarted, flow: Flow) -> bool:
        """Whether there is room for one more caller."""
        engine = self._engine
        if engine.draining:
            return False
        if flow.max_calls is not None:
            running = sum(
                live.script.flow is not None and live.script.flow.flow == flow.flow and not live.call.plan.refused
                for live in self
            )
            if running >= flow.max_calls:
                return False
        return engine.limits.acquire(event.channel, [Scope("switch", event.switch)]) is None

    # -- one event ----------------------------------------------------------------------------------

    def handle(self, call_id: str, event: ev.CallEvent) -> None:
        live = self._live[call_id]
        scripts = self._engine.scripts
        self._measure_lag(live, event)
        match event:
            case ev.ScriptStarted():
                scripts.attached(live)
                if self._engine.machines.sampled(live, event):
                    live.call = replace(live.call, plan=replace(live.call.plan, machine="agent"))
            case ev.ScriptEnded():
                scripts.detached(live)
            case ev.Bridged(at=at) if isinstance(live.script.command, Dial):
                # Told now: who hangs up first takes the reply of the flow's command with him.
                event = ev.FlowMarked(call_id, at, frozenset({"forwarded"}))
            case ev.JoinFailed(leg=leg) if leg and leg != self._engine.floor.leg_for(call_id):
                return  # of an agent before this one
            case ev.ScriptReplied():
                scripts.replied(live, event)
                if live.call.state is State.FLOW:
                    scripts.follow_reply(live, event)
                    return
                if self._engine.abandoned.takes(live, event):
                    return
        self._step(live, event)

    def agent_lost(self, call_id: str, agent: str) -> None:
        if (live := self._live.get(call_id)) is None:
            return
        now = self._engine.clock.now()
        if live.agent_needed and live.call.state in IN_THE_AIR:
            self._engine.post(ev.HangupRequested(call_id, now, "agent_lost"))
        self._engine.post(ev.AgentLost(call_id, now, agent))

    def abort(self, call_id: str) -> None:
        """After the impossible: this one call ends, whatever state it was left in."""
        live = self._live[call_id]
        live.switch.hangup(call_id)
        try:
            self._step(live, ev.Gone(call_id, self._engine.clock.now()))
        except Exception:
            log.exception("a call could not even be ended", extra={"call": call_id})
        if call_id in self._live:
            self._write_off(live)

    def _write_off(self, live: LiveCall) -> None:
        self._forget(live)
        record = replace(live.record(Outcome.LOST), ended_at=live.call.ended_at or self._engine.clock.now())
        self._write(live, record, ContactVerdict(live.contact.id, "done", reason="lost") if live.contact else None)
        self._engine.callbacks.settled(live.id)
        self._engine.campaigns.settled(live, Outcome.LOST)

    def _step(self, live: LiveCall, event: ev.CallEvent) -> None:
        before = live.call
        after, effects = step(before, event)
        live.call = after
        if after.state is not before.state:
            if live.timer is not None:
                live.timer.cancel()
                live.timer = None
            self._engine.campaigns.moved(live, before)
            self._measure_wait(before, after, event.at)
            log.debug(
                "%s: %s -> %s", type(event).__name__, before.state, after.state,
                extra={"call": live.id, "campaign": live.seed.campaign},
            )  # fmt: skip
        if after.answered_at is not None and before.answered_at is None:
            self._engine.count("answered")
        self._start(live, effects)

    def _measure_wait(self, before: Call, after: Call, at: float) -> None:
        if before.state is not State.QUEUED or before.request is None or before.queued_at is None:
            return
        if after.state is not State.JOINING:
            ended: Literal["left", "expired"] = "left" if after.state is State.SETTLED else "expired"
            self._engine.metrics.queue_wait(before.request.queue, max(0.0, at - before.queued_at), ended)

    def _measure_lag(self, live: LiveCall, event: ev.CallEvent) -> None:
        """How far behind the switch we are, and what it refused."""
        metrics, switch = self._engine.metrics, live.switch.name
        match event:
            case ev.Answered(at=at):
                metrics.ami_lag(switch, max(0.0, self._engine.clock.now() - at))
            case ev.OriginateFailed(sent=False):
                metrics.action_failed(switch, "originate")
            case ev.JoinFailed():
                metrics.action_failed(switch, "bridge")

    # -- effects ------------------------------------------------------------------------------------

    def _start(self, live: LiveCall, effects: Sequence[do.Effect]) -> None:
        for effect in effects:
            self._start_one(live, effect)

    def _start_one(self, live: LiveCall, effect: do.Effect) -> None:  # noqa: C901 - one line an effect
        engine = self._engine
        match effect:
            case do.Originate():
                self._originate(live)
            case do.HangUp(cause):
                live.switch.hangup(live.id, cause)
            case do.RunFlow(result):
                engine.scripts.run_flow(live, result)
            case do.Hold(most_s, music):
                engine.scripts.hold(live, most_s, music)
            case do.Apologise():
                engine.abandoned.apologise(live)
            case do.LeaveMessage():
                engine.machines.leave_message(live)
            case do.Enqueue(request):
                engine.floor.enqueue(live, request)
            case do.Dequeue():
                engine.floor.dequeue(live.id)
            case do.Join(agent):
                engine.floor.join(live, agent)
            case do.AgentJoined(agent):
                self._joined(live, agent)
            case do.ReleaseAgent(agent, talked, wrap_up_s):
                engine.voice.parted(live.id)
                engine.recordings.parted(live)
                engine.floor.release(live, agent, talked, wrap_up_s)
            case do.ParkAgent(agent):
                engine.floor.park(agent)
            case do.SetTimer(seconds):
                self._set_timer(live, seconds)
            case do.Save():
                engine.store.save_call(live.record())
            case do.ListChannels():
                live.switch.list_channels({live.id: live.call.created_at})
            case do.Settle(outcome):
                self._settle(live, outcome)
            case _:
                assert_never(effect)

    def _originate(self, live: LiveCall) -> None:
        assert live.campaign is not None
        config = self._engine.configuration.plant.switches[live.switch.name]
        machine = live.campaign.machine
        detect = {"DIALER_DETECT": "1", **dict(machine.settings.variables())} if machine.detect else {}
        live.switch.originate(
            OriginateOrder(
                channel=live.id,
                endpoint=config.dial.format(number=live.seed.number),
                caller_id=live.seed.our_number,
                ring_s=live.call.plan.ring_s,
                exten="outbound",
                variables=detect,
            )
        )

    def _joined(self, live: LiveCall, agent: str) -> None:
        engine, call = self._engine, live.call
        live.last_agent = agent
        engine.floor.joined(live, agent)
        if len(call.talks) == 0 and call.joined_at is not None:
            engine.count("connected")
            if call.plan.direction == "outbound" and call.answered_at is not None:
                engine.metrics.answer_to_agent(max(0.0, call.joined_at - call.answered_at))
            if call.request is not None and call.queued_at is not None:
                engine.metrics.queue_wait(call.request.queue, max(0.0, call.joined_at - call.queued_at), "joined")

    def _set_timer(self, live: LiveCall, seconds: float) -> None:
        if live.timer is not None:
            live.timer.cancel()
        live.timer = self._engine.clock.call_later(seconds, self._fire, live)

    def _fire(self, live: LiveCall) -> None:
        live.timer = None
        self._engine.post(ev.TimerFired(live.id, self._engine.clock.now()))

    # -- the one release point ----------------------------------------------------------------------

    def _settle(self, live: LiveCall, outcome: Outcome) -> None:
        """First what must not be lost, whatever fails after it."""
        engine = self._engine
        record, verdict = live.record(outcome), self._verdict(live, outcome)
        heard = engine.voice.of_call(record)
        self._forget(live)
        self._write(live, record, verdict)
        if heard:
            engine.store.voice.save(heard)
        engine.callbacks.settled(live.id)
        engine.campaigns.settled(live, outcome)
        if verdict is not None and verdict.state == "waiting":
            engine.campaigns.goes_on(live)
        engine.outcomes[f"{record.direction}:{outcome.value}"] += 1
        if outcome is Outcome.ABANDONED:
            engine.count("abandoned")
        engine.metrics.call_settled(record)
        if not engine.mystery.is_test(live.id):
            engine.metrics.service.settled(record, engine.rules.of(record))
        log.info(
            "%s call %s", record.direction, outcome.value,
            extra={
                "call": live.id, "campaign": record.campaign, "agent": record.agent, "number": mask(record.number),
                "cause": record.cause, "sip": record.sip, "talk_s": round(record.talk_s, 3),
            },
        )  # fmt: skip
        engine.shown_numbers.settled(live, outcome)
        engine.mystery.settled(live, record, heard)

    def _forget(self, live: LiveCall) -> None:
        """Everything the call holds, given back."""
        if self._live.pop(live.id, None) is not None:
            numbers, number = self._engaged[live.seed.client], live.seed.number
            numbers[number] -= 1
            if not numbers[number]:
                del numbers[number]
        if live.timer is not None:
            live.timer.cancel()
            live.timer = None
        self._engine.limits.release(live.id)
        self._engine.scripts.forget(live)
        self._engine.floor.let_go(live.id)
        self._engine.over(live.id)

    def _verdict(self, live: LiveCall, outcome: Outcome) -> ContactVerdict | None:
        if live.contact is None:
            return None
        if live.campaign is None:  # taken out of the configuration while the engine was down
            return ContactVerdict(live.contact.id, "done", reason=outcome.value)
        at = live.call.ended_at or 0.0
        if self._engine.callbacks.is_one(live.id):
            again = promises.again(live.campaign, live.contact, outcome, at)
            if again is not None:
                return again
        hours = self._engine.configuration.hours.get(live.campaign.hours or "")
        return retry.verdict(live.campaign, live.contact, outcome, at, hours)

    def _write(self, live: LiveCall, record: CallRecord, verdict: ContactVerdict | None) -> None:
        self._writing += 1
        future = self._engine.store.settle(record, verdict, live.talks())
        future.add_done_callback(lambda done: self._written(live, record, done.exception()))

    def _written(self, live: LiveCall, record: CallRecord, error: BaseException | None) -> None:
        self._writing -= 1
        if error is None:
            live.switch.forget(live.id, record.ended_at or record.created_at)
        else:
            log.error("a settled call could not be written: %s", error, extra={"call": live.id})
            self._engine.metrics.impossible("settle_not_written")
