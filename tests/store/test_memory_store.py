"""The store without a disk does what the one with a disk does."""

from dataclasses import replace

import pytest

from dialer.calls.outcome import Outcome
from dialer.store.errors import StoreError
from dialer.store.memory import MemoryStore
from dialer.store.records import CallRecord, Contact, ContactVerdict, Known, NewContact, Slot


def intend(slot: Slot, contact: Contact, _known: Known) -> CallRecord:
    return CallRecord(
        slot.call_id, "outbound", "n1", slot.switch, "acme", contact.number, "+49301", 5.0, "calls", contact.id
    )


async def test_a_contact_goes_its_way() -> None:
    store = MemoryStore.empty()
    assert await store.add_contacts("calls", [NewContact("+493012345")] * 2) == (1, 1)
    (attempt,) = await store.claim("calls", [Slot("c1", "main"), Slot("c2", "main")], intend, 5.0)
    call = intend(Slot("c1", "main"), attempt.contact, Known())
    store.save_call(call)
    verdict = ContactVerdict(attempt.contact.id, "done", reason="answered")
    await store.settle(replace(call, outcome=Outcome.ANSWERED), verdict)
    found = await store.find_contact("calls", "+493012345")
    assert found is not None and (found.state, found.result, found.attempts) == ("done", "answered", 1)
    assert (await store.totals("calls")).contacts["done"] == 1
    await store.close()


async def test_it_is_done_when_the_asking_returns() -> None:
    store = MemoryStore.empty()
    assert store.save_campaign_status("calls", "running", 1.0).done()
    assert store.campaign_status("calls").result() == "running"


async def test_a_fault_fails_its_own_future() -> None:
    store = MemoryStore.empty()
    with pytest.raises(StoreError):
        await store.dispose("none", "ada", "sale", 1.0, None)
    assert await store.add_contacts("calls", [NewContact("+493012345")]) == (1, 0)
