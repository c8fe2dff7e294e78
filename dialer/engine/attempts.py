"""What an outbound attempt is: the row that is written before it, and what is wanted with whoever answers."""

from dataclasses import dataclass, replace
from typing import Literal

from dialer.calls.model import Plan
from dialer.campaigns.caller_ids import Choice
from dialer.compliance.gate import Gate
from dialer.config.campaign import Campaign
from dialer.flows.commands import QueueRequest
from dialer.store.records import DEBT_FIELD, CallRecord, Contact, Known, Slot


@dataclass(frozen=True, slots=True)
class Recorder:
    """Makes the row of an intended attempt. Runs on the store's writer thread: pure."""

    node: str
    client: str
    campaign: str
    our_number: str
    language: str
    now: float
    state: str = "intended"
    """Of the row: whether the attempt is about to be dialled, or shown to its agent first."""
    choice: Choice | None = None
    """Of the numbers in rotation; `our_number` where there are none, or none is left for today."""
    gate: Gate | None = None
    """Which says whether the dial needs its agent. None: it does, for it was chosen by hand, or promised."""

    def __call__(self, slot: Slot, contact: Contact, known: Known) -> CallRecord:
        return self.record(slot, contact, known)

    def record(self, slot: Slot, contact: Contact, known: Known) -> CallRecord:
        shown = self.choice.number_for(contact.number, known.past, slot.call_id) if self.choice is not None else None
        return CallRecord(
            id=slot.call_id,
            direction="outbound",
            node=self.node,
            switch=slot.switch,
            client=self.client,
            number=contact.number,
            our_number=shown or self.our_number,
            created_at=self.now,
            campaign=self.campaign,
            contact_id=contact.id,
            language=self.language,
            agent=slot.agent,
            debt=contact.fields.get(DEBT_FIELD) or None,
            state=self.state,
            agent_needed=self._needs(slot, contact, known) or None,
        )

    def _needs(self, slot: Slot, contact: Contact, known: Known) -> bool:
        return slot.agent is not None and (self.gate is None or self.gate.needs_agent(contact, known))


def _for_machines(config: Campaign) -> Literal["hangup", "agent", "message"]:
    """Without agents, nobody is there for a machine that is to have one."""
    return "hangup" if config.machine.then == "agent" and config.agents is None else config.machine.then


def plan_of(config: Campaign) -> Plan:
    """What the campaign wants with an answered person."""
    if config.agents is None:
        return Plan("outbound", person="flow", machine=_for_machines(config), ring_s=config.ring_timeout)
    return Plan(
        "outbound",
        person="agent",
        machine=_for_machines(config),
        request=QueueRequest(
            queue=config.campaign,
            skills=tuple(config.agents.skills),
            priority=OUTBOUND_PRIORITY,
            max_wait_s=config.abandon.connect_within,
            wrap_up_s=config.agents.wrap_up,
        ),
        from_greeting=config.abandon.clock == "greeting",
        after_talk="flow" if config.flow else "hangup",
        ring_s=config.ring_timeout,
    )


def lawful(plan: Plan, gate: Gate, contact: Contact) -> Plan:
    """What the law of the place called leaves of it: how long it rings at least, how long a person may wait at most."""
    request = plan.request
    if request is not None:
        request = replace(request, max_wait_s=min(request.max_wait_s, gate.connect_within_s(contact)))
    from_greeting = plan.from_greeting and gate.from_greeting(contact)
    return replace(plan, request=request, from_greeting=from_greeting, ring_s=gate.rings_s(contact))


OUTBOUND_PRIORITY = 50
"""An answered person has two seconds by law, a caller has patience: the person comes first."""
