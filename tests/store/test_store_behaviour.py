"""What the engine relies on, one behaviour a test."""

from dataclasses import replace

import pytest
from store_rows import CAMPAIGN, claimed, ended, intent, numbers, slots

from dialer.calls.outcome import Outcome
from dialer.store.records import AgentSession, AgentSpan, CallRecord, ContactVerdict, Slot, Talk
from dialer.store.store import Store, StoreError


async def test_a_number_is_in_a_campaign_once(store: Store) -> None:
    assert await store.add_contacts(CAMPAIGN, numbers(3)) == (3, 0)
    assert await store.add_contacts(CAMPAIGN, numbers(5)) == (2, 3)
    assert await store.add_contacts("other", numbers(1)) == (1, 0)
    assert (await store.totals(CAMPAIGN)).contacts == {"waiting": 4, "due": 1, "claimed": 0, "done": 0}


async def test_claim_takes_those_due_longest_and_writes_the_intents(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(5)[::-1])
    attempts = await store.claim(CAMPAIGN, slots("c1", "c2", "c3"), intent, now=1.0)
    assert [(a.call_id, a.agent, a.contact.number[-1], a.contact.state) for a in attempts] == [
        ("c1", "agent_c1", "0", "claimed"), ("c2", "agent_c2", "1", "claimed")]
    assert attempts[0].contact.fields == {"name": "n0"}
    intents = [intent(slot, attempt.contact) for slot, attempt in zip(slots("c1", "c2"), attempts, strict=True)]
    assert await store.open_calls("node1") == intents
    assert await store.open_calls("node2") == []
    assert (await store.contact(attempts[0].contact.id)) == attempts[0].contact
    assert await store.claim(CAMPAIGN, slots("c4"), intent, now=1.0) == []
    totals = await store.totals(CAMPAIGN)
    assert (totals.contacts, totals.next_due_at) == ({"waiting": 3, "due": 0, "claimed": 2, "done": 0}, 2.0)
    assert await store.next_due_at(CAMPAIGN) == 2.0
    assert await store.next_due_at("other") is None


async def test_settling_applies_the_verdict_once(store: Store) -> None:
    record = await claimed(store)
    assert record.contact_id is not None
    verdict = ContactVerdict(record.contact_id, "waiting", 900.0, "no_answer")
    talk = Talk("c1", "ann", 150.0, 190.0)
    await store.settle(ended(record), verdict, [talk])
    await store.settle(ended(record, Outcome.BUSY), ContactVerdict(record.contact_id, "done", reason="busy"), [talk])
    contact = await store.contact(record.contact_id)
    assert contact is not None
    assert (contact.state, contact.attempts, contact.tries, contact.next_at) == ("waiting", 1, {"no_answer": 1}, 900.0)
    assert await store.settled_calls(0.0) == [ended(record)]
    assert await store.open_calls("node1") == []
    assert await store.talks(0.0) == [talk]
    assert (await store.totals(CAMPAIGN)).outcomes == {"no_answer": 1}


async def test_a_settled_call_stays_settled(store: Store) -> None:
    record = await claimed(store)
    await store.save_call(replace(record, state="ringing", ringing_at=101.0))
    assert (await store.call("c1")) == replace(record, state="ringing", ringing_at=101.0)
    await store.settle(ended(record), None, [])
    await store.save_call(replace(record, state="ringing"))
    assert await store.call("c1") == ended(record)


async def test_a_call_may_be_settled_without_having_been_saved(store: Store) -> None:
    record = CallRecord("in1", "inbound", "node1", "a1", "acme", "anonymous\0\udcff", "+4930555010", 50.0,
                        outcome=Outcome.OVERLOADED)
    await store.settle(record, None, [])
    assert await store.call("in1") == replace(record, number="anonymous?")
    assert await store.settled_calls(50.0, 51.0) == [replace(record, number="anonymous?")]
    assert await store.settled_calls(51.0) == []
    with pytest.raises(StoreError, match="outcome"):
        await store.settle(replace(record, id="in2", outcome=None), None, [])


@pytest.mark.parametrize("order", ["before", "after", "twice"])
async def test_a_disposition_overrides_the_settle(store: Store, order: str) -> None:
    record = await claimed(store)
    assert record.contact_id is not None
    settled = ContactVerdict(record.contact_id, "waiting", 900.0, "hung_up")
    disposed = ContactVerdict(record.contact_id, "done", reason="sale")
    if order == "before":
        await store.dispose("c1", "ann", "sale", 195.0, disposed)
        assert (await store.contact(record.contact_id)).state == "claimed"  # type: ignore[union-attr]
    await store.settle(ended(record, Outcome.ANSWERED), settled, [])
    if order == "twice":
        callback = ContactVerdict(record.contact_id, "waiting", 5000.0, "callback")
        await store.dispose("c1", "ann", "callback", 201.0, callback)
        contact = await store.contact(record.contact_id)
        assert contact is not None
        assert (contact.state, contact.next_at, contact.tries) == ("waiting", 5000.0, {"callback": 1})
    if order != "before":
        await store.dispose("c1", "ann", "sale", 205.0, disposed)
    contact = await store.contact(record.contact_id)
    assert contact is not None
    assert (contact.state, contact.result, contact.attempts, contact.tries) == ("done", "sale", 1, {"sale": 1})
    call = await store.call("c1")
    assert call is not None
    assert (call.disposition, call.outcome) == ("sale", Outcome.ANSWERED)
    assert (await store.totals(CAMPAIGN)).contacts == {"waiting": 0, "due": 0, "claimed": 0, "done": 1}


async def test_a_late_disposition_ends_the_contact_but_does_not_take_it_from_the_next_attempt(store: Store) -> None:
    first = await claimed(store)
    assert first.contact_id is not None
    again = ContactVerdict(first.contact_id, "waiting", 0.0, "hung_up")
    await store.settle(ended(first), again, [])
    [second] = await store.claim(CAMPAIGN, slots("c2"), intent, now=1000.0)
    await store.dispose("c1", "ann", "callback", 300.0, ContactVerdict(first.contact_id, "waiting", 0.0, "callback"))
    assert await store.claim(CAMPAIGN, slots("c3"), intent, now=1000.0) == []
    await store.dispose("c1", "ann", "refused", 301.0, ContactVerdict(first.contact_id, "done", reason="refused"))
    assert await store.claim(CAMPAIGN, slots("c3"), intent, now=1000.0) == []
    await store.settle(ended(intent(Slot("c2", "a1"), second.contact)), again, [])
    contact = await store.contact(first.contact_id)
    assert contact is not None
    assert (contact.state, contact.result, contact.attempts) == ("done", "refused", 2)


async def test_disposing_of_an_unknown_call_fails(store: Store) -> None:
    with pytest.raises(StoreError, match="no call c9"):
        await store.dispose("c9", "ann", "sale", 1.0, None)


async def test_agents_and_campaigns_survive(store: Store) -> None:
    span = AgentSpan("ann", "talking", 10.0, 20.0, "c1", None)
    await store.save_span(span)
    await store.save_span(span)
    assert await store.spans(0.0) == [span]
    assert await store.spans(21.0) == []
    session = AgentSession("ann", "ch1", "a1", 5.0, "ready")
    await store.save_session(session)
    await store.save_session(replace(session, state="paused"))
    assert await store.sessions() == [replace(session, state="paused")]
    await store.drop_session("ann")
    assert await store.sessions() == []
    assert await store.campaign_status(CAMPAIGN) is None
    await store.save_campaign_status(CAMPAIGN, "running", 1.0)
    await store.save_campaign_status(CAMPAIGN, "paused", 2.0)
    assert await store.campaign_status(CAMPAIGN) == "paused"


async def test_what_was_written_is_there_after_reopening(url: str) -> None:
    store = Store.open(url)
    record = await claimed(store)
    ignored = store.save_call(replace(record, state="ringing"))
    await store.close()
    assert ignored.done()
    assert store.health() == "the store is closed"
    with pytest.raises(StoreError, match="closed"):
        await store.save_call(record)
    again = Store.open(url)
    assert await again.open_calls("node1") == [replace(record, state="ringing")]
    await again.close()
