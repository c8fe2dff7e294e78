"""Gates in the claim, refusals, do-not-call lists, and what is known of a number."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import sqlalchemy as sa
from store_rows import CAMPAIGN, claimed, ended, intent, numbers, slots

from dialer.calls.outcome import Outcome
from dialer.store.records import Contact, ContactVerdict, Known, NewContact, PastCall, Refusal, Slot, Stop
from dialer.store.schema import refusals
from dialer.store.store import Store


@dataclass(frozen=True)
class Gate:
    """Refuses what `refuses` says: (rule, until), or None."""

    refuses: Callable[[Contact, Known], tuple[str, float | None] | None]
    client: str = "acme"
    since: float | None = 0.0
    at: float = 1000.0

    def __call__(self, contact: Contact, known: Known) -> Refusal | None:
        found = self.refuses(contact, known)
        return None if found is None else Refusal(contact.id, self.at, found[0], found[1], "so it is")


def nth(contact: Contact) -> int:
    return int(contact.number[-4:])


async def test_contacts_that_the_gate_refuses_are_put_off_and_others_found(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(300))
    gate = Gate(lambda contact, _: ("de.hours", 5000.0) if nth(contact) % 100 != 99 else None)
    taken = await store.claim(CAMPAIGN, slots("c1", "c2"), intent, 1000.0, gate)
    assert [nth(attempt.contact) for attempt in taken] == [99, 199]
    assert len(taken.refusals) == 198
    assert (await store.totals(CAMPAIGN)).contacts == {"due": 298, "claimed": 2, "done": 0}
    first = await store.find_contact(CAMPAIGN, "+493055510000")
    assert first is not None
    assert (first.state, first.next_at, first.attempts, first.tries) == ("due", 5000.0, 0, {})
    assert await store.refusals(first.id) == [Refusal(first.id, 1000.0, "de.hours", 5000.0, "so it is")]
    assert await store.next_due_at(CAMPAIGN) == 200.0


async def test_one_that_may_never_be_called_is_done(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(2))
    taken = await store.claim(
        CAMPAIGN, slots("c1"), intent, 1000.0, Gate(lambda c, _: ("do_not_call.client", None) if nth(c) == 0 else None)
    )
    assert [nth(attempt.contact) for attempt in taken] == [1]
    ended_contact = await store.find_contact(CAMPAIGN, "+493055510000")
    assert ended_contact is not None
    assert (ended_contact.state, ended_contact.result) == ("done", "do_not_call.client")
    assert (await store.totals(CAMPAIGN)).contacts == {"due": 0, "claimed": 1, "done": 1}


async def test_a_list_that_is_refused_whole_keeps_the_writer_for_a_bounded_time(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(2000))
    taken = await store.claim(CAMPAIGN, slots("c1"), intent, 9000.0, Gate(lambda *_: ("de.hours", 99_999.0)))
    assert not taken
    assert 200 <= len(taken.refusals) <= 300
    assert await store.open_calls("node1") == []


async def test_a_claim_refused_at_the_instant_of_dialling_never_was(store: Store) -> None:
    record = await claimed(store)
    assert record.contact_id is not None
    refusal = Refusal(record.contact_id, 1001.0, "de.hours", 8000.0, "too late")
    await store.refuse("c1", refusal)
    await store.refuse("c1", refusal)
    contact = await store.contact(record.contact_id)
    assert contact is not None
    assert (contact.state, contact.next_at, contact.attempts) == ("due", 8000.0, 0)
    assert await store.open_calls("node1") == []
    assert await store.refusals(record.contact_id) == [refusal]
    assert (await store.totals(CAMPAIGN)).contacts == {"due": 1, "claimed": 0, "done": 0}


async def test_of_each_rule_the_latest_refusal_is_kept(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(1))
    for evening in (1000.0, 5000.0):
        await store.claim(CAMPAIGN, slots("c1"), intent, evening, Gate(lambda *_: ("de.hours", 5000.0), at=evening))
    await store.claim(CAMPAIGN, slots("c1"), intent, 6000.0, Gate(lambda *_: ("de.calls_a_day", None), at=6000.0))
    contact = await store.find_contact(CAMPAIGN, "+493055510000")
    assert contact is not None
    assert [(kept.rule, kept.at) for kept in await store.refusals(contact.id)] == [
        ("de.calls_a_day", 6000.0), ("de.hours", 5000.0)]
    often = await store._read(lambda link: link.scalars(sa.select(refusals.c.times).order_by(refusals.c.at)).all())
    assert often == [2, 1]


async def test_a_settled_call_cannot_be_refused_any_more(store: Store) -> None:
    record = await claimed(store)
    assert record.contact_id is not None
    await store.settle(ended(record), ContactVerdict(record.contact_id, "done", reason="no_answer"))
    await store.refuse("c1", Refusal(record.contact_id, 1001.0, "de.hours", 8000.0, ""))
    assert (await store.totals(CAMPAIGN)).contacts == {"due": 0, "claimed": 0, "done": 1}
    assert await store.refusals(record.contact_id) == []


async def test_do_not_call_lists(store: Store) -> None:
    stop = Stop("client:acme", "+493055510000", "agent anna", 5.0)
    brief = Stop("global", "+493055510000", "api", 6.0, 900.0)
    await store.stop([stop, brief])
    await store.stop([replace(stop, source="cli")])
    others = ("client:other", "campaign:winter")
    await store.stop([Stop(scope, "+493055510000", "api", 1.0) for scope in others])
    assert [entry.scope for entry in await store.stops("+493055510000")] == [
        "campaign:winter", "client:acme", "client:other", "global"]
    known = await store.known("acme", CAMPAIGN, "+493055510000", None)
    assert sorted(known.stops, key=lambda entry: entry.scope) == [replace(stop, source="cli"), brief]
    assert await store.unstop("global", "+493055510000")
    assert not await store.unstop("global", "+493055510000")
    assert (await store.known("acme", CAMPAIGN, "+493055510000", None)).stops == (replace(stop, source="cli"),)


async def test_the_gate_sees_the_entries_of_a_campaign_s_own_lists(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(3))
    await store.stop([Stop(f"campaign:{CAMPAIGN}", "+493055510001", "api", 0.0)])
    gate = Gate(lambda _, known: ("do_not_call.campaign", None) if known.stops else None, since=None)
    taken = await store.claim(CAMPAIGN, slots("c1", "c2", "c3"), intent, 1000.0, gate)
    assert [nth(attempt.contact) for attempt in taken] == [0, 2]


async def test_calls_to_a_number_count_over_all_campaigns_of_the_client(store: Store) -> None:
    record = await claimed(store)
    talk = replace(ended(record, Outcome.ANSWERED), answered_at=120.0, joined_at=121.0)
    await store.settle(talk, ContactVerdict(record.contact_id or 0, "done", reason="answered"))
    await store.dispose("c1", "anna", "no", 210.0, None)
    await store.add_contacts("spring", [NewContact(record.number, {"debt": "d7"})])
    seen = []
    look = Gate(lambda _, known: seen.append(known.past), since=50.0)
    [second] = await store.claim("spring", [Slot("c2", "a1")], intent, 1000.0, look)
    past = PastCall(CAMPAIGN, record.contact_id or 0, 100.0, 200.0, True, True, Outcome.ANSWERED, "no", None)
    assert seen == [(past,)]
    assert (await store.known("acme", "winter", record.number, 50.0)).past == (
        past, PastCall("spring", second.contact.id, 100.0, 100.0, False, False, None, None, "d7"))  # fmt: skip
    assert (await store.known("other", "winter", record.number, 50.0)).past == ()
    assert (await store.known("acme", "winter", record.number, 100.5)).past == ()


async def test_what_never_left_does_not_count(store: Store) -> None:
    record = await claimed(store)
    await store.settle(ended(record, Outcome.CANCELLED), ContactVerdict(record.contact_id or 0, "due", 0.0))
    assert (await store.known("acme", CAMPAIGN, record.number, 0.0)).past == ()


async def test_two_campaigns_in_one_commit_know_of_each_other(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(1))
    await store.add_contacts("spring", numbers(1))
    once = Gate(lambda _, known: ("de.calls_a_day", 9000.0) if known.past else None)
    first, second = (
        store.claim(campaign, slots(call), intent, 1000.0, once)
        for campaign, call in ((CAMPAIGN, "c1"), ("spring", "c2"))
    )
    assert [len(await first), len(await second)] == [1, 0]
    assert [refusal.rule for refusal in (await second).refusals] == ["de.calls_a_day"]
