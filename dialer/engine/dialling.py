"""From a place for a call to the call: what it holds is taken, a contact claimed, the law asked again, dialled."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dialer.agents import model as m
from dialer.calls import events as ev
from dialer.calls.model import Call, State
from dialer.campaigns.mix import Mix
from dialer.campaigns.pacing import Decision, Place
from dialer.campaigns.policy import Policy
from dialer.compliance.gate import Gate
from dialer.config.campaign import Campaign
from dialer.coordination.limits import Scope
from dialer.engine.attempts import Recorder, lawful, plan_of
from dialer.engine.live import LiveCall, Script
from dialer.engine.run import IDLE_CHECK_S, LIMITED_CHECK_S, REFUSED_CHECK_S, Run
from dialer.store.claims import MOST_PASSED_OVER
from dialer.store.records import PREVIEW, Attempt, Claimed, Known, Picked, Refusal, Slot

if TYPE_CHECKING:
    from dialer.engine.campaigns import Campaigns
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)


class Dialling:
    """Holds nothing: what is under way is in each `Run`."""

    def __init__(self, engine: "Engine", campaigns: "Campaigns") -> None:
        self._engine = engine
        self._campaigns = campaigns

    def place(self, run: Run, decision: Decision, now: float) -> int:
        slots = [slot for place in decision.places if (slot := self.slot(run, place, now)) is not None]
        if slots:
            self._claim(run, slots, now)
        return len(slots)

    def place_named(self, run: Run, contact: int, place: Place, now: float) -> bool:
        """A dial at this contact and no other, with the agent of the place held for it."""
        if (slot := self.slot(run, place, now)) is None:
            return False
        self._claim(run, [replace(slot, contact=contact)], now)
        return True

    def _claim(self, run: Run, slots: Sequence[Slot], now: float) -> None:
        recorder = self.recorder(run.config, now)
        gate = replace(self._engine.law.gate(run.config, now), shown=recorder.choice)
        recorder = replace(recorder, gate=gate)
        policy, mix = Policy(run.config, gate, now), Mix.of(run.config, run.asked)
        run.claiming += len(slots)
        run.asked += len(slots)
        future = self._engine.store.claim(run.config.campaign, slots, recorder, now, policy, mix)
        future.add_done_callback(lambda done: self._engine.post(lambda: self._claimed(run, slots, recorder, done)))

    def slot(self, run: Run, place: Place, now: float, call_id: str | None = None) -> Slot | None:
        """Everything a dial holds, taken before anything is written: rate, channel, agent; the agent may be held for
        `call_id` already."""
        limits = self._engine.limits
        scopes = [Scope("switch", place.switch), Scope("campaign", run.config.campaign)]
        call_id = call_id or self._engine.ids.call()
        if limits.acquire(call_id, scopes) is not None:
            return None
        if limits.take(scopes, now, call_id) > 0:
            limits.release(call_id)
            return None
        if place.agent is not None:
            self._engine.floor.apply(place.agent, m.Reserved(call_id))
        return Slot(call_id, place.switch, place.agent)

    def recorder(self, config: Campaign, now: float, by_hand: bool = False) -> Recorder:
        """`by_hand`: the contact is dialled at once, whatever the campaign does with others."""
        configuration = self._engine.configuration
        return Recorder(
            node=configuration.plant.node,
            client=config.client,
            campaign=config.campaign,
            our_number=configuration.caller_id(config),
            language=configuration.language(config),
            now=now,
            state=PREVIEW if config.mode == "preview" and not by_hand else "intended",
            choice=self._engine.shown_numbers.choice(config),
        )

    def _claimed(
        self, run: Run, slots: Sequence[Slot], recorder: Recorder, done: "asyncio.Future[Claimed]"
    ) -> None:
        run.claiming -= len(slots)
        error = None if done.cancelled() else done.exception()
        attempts = Claimed() if error or done.cancelled() else done.result()
        if error is not None:
            log.error("no contacts could be claimed: %s", error, extra={"campaign": run.config.campaign})
        for refusal in attempts.refusals:
            self._refused(run, refusal)
        used = {attempt.call_id for attempt in attempts}
        self.return_slots([slot for slot in slots if slot.call_id not in used])
        if len(attempts) < len(slots) and all(slot.contact is None for slot in slots):
            cut_short = len(attempts.refusals) >= MOST_PASSED_OVER
            wait_s = REFUSED_CHECK_S if cut_short else IDLE_CHECK_S
            run.nothing_due_until = self._engine.clock.now() + wait_s
            self.wake(run, wait_s)
            if not error:
                run.dry = True
                self.look(run)
        for attempt in attempts:
            if recorder.state == PREVIEW:
                self._campaigns.previews.show(run, recorder, attempt)
            else:
                self._dial_if_lawful(run, recorder, attempt, attempts.known[attempt.contact.id])
        self._campaigns.end_drained(run)

    def picked(self, run: Run, slot: Slot, recorder: Recorder, done: "asyncio.Future[Picked]") -> None:
        """One certain contact was asked for."""
        run.claiming -= 1
        error = None if done.cancelled() else done.exception()
        answer = Picked() if error or done.cancelled() else done.result()
        if error is not None:
            log.error("a contact could not be claimed: %s", error, extra={"campaign": run.config.campaign})
            self._engine.store.put_back(slot.call_id)  # one that was shown to its agent is claimed already
        if answer.refusal is not None:
            self._refused(run, answer.refusal)
        if answer.attempt is None:
            self.return_slots([slot])
        else:
            if answer.promised:  # also one that is dialled by hand: the promise stands until it is kept
                self._engine.callbacks.inherit([slot.call_id])
            self._dial_if_lawful(run, recorder, answer.attempt, answer.known)
            if slot.call_id not in self._engine.calls:
                self._engine.callbacks.settled(slot.call_id)
        self._campaigns.end_drained(run)

    def return_slots(self, slots: Sequence[Slot]) -> None:
        """Nothing is dialled with them: not even the rate was needed."""
        self._engine.limits.give_back([slot.call_id for slot in slots], self._engine.clock.now())
        for slot in slots:
            self._engine.limits.release(slot.call_id)
            if slot.agent is not None:
                self._engine.floor.apply(slot.agent, m.Released(slot.call_id))

    def _refused(self, run: Run, refusal: Refusal) -> None:
        run.refused_by = refusal.rule
        self._engine.metrics.refused(run.config.campaign, refusal.rule)
        self._engine.guaranteed.note(run.config.campaign, refusal)

    def _dial_if_lawful(self, run: Run, recorder: Recorder, attempt: Attempt, known: Known) -> None:
        """The attempt is on disk. Every rule is asked again: the hour may be over, the person may have said stop."""
        law = self._engine.law
        gate = law.gate(run.config, self._engine.clock.now())
        held = self._engine.floor.desk.by_call(attempt.call_id) is not None
        if attempt.agent is not None and not held:  # the leg dropped while the claim was on its way
            self._engine.store.put_back(attempt.call_id)
            self.return_slots([Slot(attempt.call_id, attempt.switch, attempt.agent)])
            self.wake(run, LIMITED_CHECK_S)
            return
        refusal = law.recheck(gate, attempt.contact, known, held)
        if refusal is None:
            run.refused_by = ""
            self._dial(run, recorder, attempt, known, gate)
            return
        self._refused(run, refusal)
        self._engine.store.refuse(attempt.call_id, refusal)
        self.return_slots([Slot(attempt.call_id, attempt.switch, attempt.agent)])
        self.wake(run, LIMITED_CHECK_S)

    def _dial(self, run: Run, recorder: Recorder, attempt: Attempt, known: Known, gate: Gate) -> None:
        """Now the machine may dial it."""
        engine, config, now = self._engine, run.config, self._engine.clock.now()
        recorder = replace(recorder, gate=gate) if recorder.gate is not None else recorder
        record = recorder.record(Slot(attempt.call_id, attempt.switch, attempt.agent), attempt.contact, known)
        plan = lawful(plan_of(config), gate, attempt.contact)
        call = Call(attempt.call_id, plan, State.INTENDED, now, reserved=attempt.agent)
        flow = engine.configuration.flows.get(config.flow or "")
        live = LiveCall(call, engine.switches[attempt.switch], record, config, attempt.contact, Script(flow))
        live.agent_needed = bool(record.agent_needed)
        run.calls.add(live.id)
        run.in_the_air.add(live.id)
        engine.calls.add(live)
        engine.shown_numbers.dialled(live)
        engine.metrics.call_started("outbound", config.client, config.campaign)
        engine.count("offered")
        if run.status == "stopped" or engine.draining:
            engine.calls.handle(live.id, ev.HangupRequested(live.id, now, "campaign_stopped"))
        else:
            engine.calls.handle(live.id, ev.Stored(live.id, now))

    def look(self, run: Run) -> None:
        """Nothing was due: is something now, or ever again? A call or a settlement on its way may bring it."""
        if run.looking:
            return
        run.looking, run.reason = True, run.refused_by or "nothing_due"
        engine = self._engine
        quiet = not run.calls and not engine.calls.unwritten and not engine.reconciler.awaits(run.config.campaign)
        future = self._engine.store.outlook(run.config.campaign)
        future.add_done_callback(lambda done: self._engine.post(lambda: self._looked(run, quiet, done)))

    def _looked(self, run: Run, quiet: bool, done: "asyncio.Future[tuple[float | None, bool]]") -> None:
        run.looking = False
        if done.cancelled() or done.exception() is not None or not run.dry or run.status != "running":
            self.wake(run, IDLE_CHECK_S)
            return
        now, (due_at, promised) = self._engine.clock.now(), done.result()
        if due_at is None and quiet and not run.calls and not run.claiming and not promised:
            self._campaigns.set_status(run.config.campaign, "exhausted")
        elif due_at is not None and due_at <= now:
            run.dry, run.contacts_left = False, None
            self._campaigns.kick(run)
        else:
            wait_s = min(IDLE_CHECK_S, due_at - now) if due_at is not None else IDLE_CHECK_S
            run.nothing_due_until = now + wait_s
            self.wake(run, wait_s)

    def wake(self, run: Run, seconds: float) -> None:
        if run.timer is not None:
            return

        def fire() -> None:
            run.timer = None
            self._engine.post(lambda: self._campaigns.kick(run))

        run.timer = self._engine.clock.call_later(max(0.01, seconds), fire)
