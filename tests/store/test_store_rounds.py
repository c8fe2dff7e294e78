"""Recycling, and a changed filter or order."""

from collections.abc import Mapping

import pytest
from store_rows import CAMPAIGN, ended, intent, slots

from dialer.store import rounds
from dialer.store.records import ContactVerdict, NewContact, Slot
from dialer.store.store import Store


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "PAGE", 3)
    monkeypatch.setattr(rounds, "_PAGE", rounds._PAGE.limit(3))


async def test_recycled_contacts_begin_afresh_and_their_cap_counts_on(store: Store) -> None:
    new = [NewContact(f"+4930{one}", list="cold" if one % 2 else "warm") for one in range(10)]
    await store.add_contacts(CAMPAIGN, new)
    for attempt in await store.claim(CAMPAIGN, slots(*"abcdefghij"), intent, 1.0):
        record = intent(Slot(attempt.call_id, "a1"), attempt.contact)
        sold = attempt.contact.number == "+49309"
        reason = "sale" if sold else "no_answer"
        await store.settle(ended(record), ContactVerdict(attempt.contact.id, "done", 0.0, reason, part="noon"))
    assert await store.rounds.recycle(CAMPAIGN, {"no_answer", "busy"}, "cold") == 4
    assert await store.rounds.recycle(CAMPAIGN, {"no_answer"}) == 5
    assert await store.rounds.recycle(CAMPAIGN, {"no_answer"}) == 0
    totals = await store.totals(CAMPAIGN)
    assert totals.contacts == {"waiting": 0, "due": 9, "claimed": 0, "done": 1}
    assert totals.lists == {"cold": {"due": 4, "claimed": 0, "done": 1}, "warm": {"due": 5, "claimed": 0, "done": 0}}
    contact = await store.find_contact(CAMPAIGN, "+49300")
    assert contact is not None
    assert (contact.state, contact.result, contact.tries, contact.attempts) == ("due", None, {"@": 1}, 1)
    assert len(await store.claim(CAMPAIGN, [Slot(f"k{one}", "a1") for one in range(20)], intent, 1.0)) == 9


async def test_a_changed_filter_holds_back_and_lets_go(store: Store) -> None:
    new = [NewContact(f"+4930{one}", {"score": str(one)}, list="cold", next_at=50.0 * (one % 2)) for one in range(10)]
    await store.add_contacts(CAMPAIGN, [*new, NewContact("+4931", {"score": "0"}, list="warm")])

    def high(fields: Mapping[str, str]) -> tuple[bool, float]:
        return int(fields["score"]) < 6, -float(fields["score"])

    assert await store.rounds.selections(CAMPAIGN) == {}
    assert await store.rounds.reselect(CAMPAIGN, "cold", "high", high) == 10
    assert await store.rounds.selections(CAMPAIGN) == {"cold": "high"}
    assert (await store.totals(CAMPAIGN)).lists["cold"] == {"due": 2, "waiting": 2, "held_back": 6}
    taken = await store.claim(CAMPAIGN, slots(*"abcdefg"), intent, 100.0)
    assert [one.contact.number for one in taken] == ["+49309", "+49308", "+49307", "+49306", "+4931"]
    await store.rounds.reselect(CAMPAIGN, "cold", "", lambda fields: (False, 0.0))
    assert (await store.totals(CAMPAIGN)).lists["cold"] == {"due": 3, "waiting": 3, "held_back": 0, "claimed": 4}
    assert len(await store.claim(CAMPAIGN, slots(*"hijklmn"), intent, 100.0)) == 6
