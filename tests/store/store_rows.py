"""Rows for the store's tests."""

from dataclasses import replace

from dialer.calls.outcome import Outcome
from dialer.store.records import CallRecord, Contact, Known, NewContact, Slot
from dialer.store.store import Store

CAMPAIGN = "winback"


def intent(slot: Slot, contact: Contact, known: Known = Known()) -> CallRecord:  # noqa: B008
    return CallRecord(
        id=slot.call_id, direction="outbound", node="node1", switch=slot.switch, client="acme", number=contact.number,
        our_number="+49305550123", created_at=100.0, campaign=contact.campaign, contact_id=contact.id, agent=slot.agent,
        debt=contact.fields.get("debt"),
    )


def slots(*call_ids: str) -> list[Slot]:
    return [Slot(call_id, "a1", f"agent_{call_id}") for call_id in call_ids]


def numbers(count: int) -> list[NewContact]:
    return [NewContact(f"+49305551{index:04}", {"name": f"n{index}"}, next_at=float(index)) for index in range(count)]


async def claimed(store: Store, call_id: str = "c1") -> CallRecord:
    """One contact, and the attempt at it."""
    await store.add_contacts(CAMPAIGN, numbers(1))
    [attempt] = await store.claim(CAMPAIGN, slots(call_id), intent, now=1000.0)
    return intent(Slot(attempt.call_id, attempt.switch, attempt.agent), attempt.contact)


def ended(record: CallRecord, outcome: Outcome = Outcome.NO_ANSWER) -> CallRecord:
    return replace(record, outcome=outcome, ended_at=200.0, state="over")
