"""A claim goes on in its lists where the last one stood, and still takes whoever comes before that."""

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from store_rows import CAMPAIGN, intent, slots

from dialer.store import starts
from dialer.store.queries import Transaction
from dialer.store.records import Asked, Contact, Known, NewContact, Refusal
from dialer.store.schema import contacts
from dialer.store.store import Store


def ranked(*ranks: float) -> list[NewContact]:
    return [NewContact(f"+4930{rank * 10:05.0f}", rank=rank) for rank in ranks]


async def next_rank(store: Store, call_id: str) -> float:
    [attempt] = await store.claim(CAMPAIGN, slots(call_id), intent, now=10.0)
    return attempt.contact.rank


async def test_who_is_due_again_or_new_comes_in_the_order_of_ranks(store: Store, url: str) -> None:
    await store.add_contacts(CAMPAIGN, ranked(*range(10, 20)))
    assert [await next_rank(store, f"c{one}") for one in range(5)] == [10, 11, 12, 13, 14]
    await store.put_back("c1")
    assert await next_rank(store, "again") == 11
    await store.add_contacts(CAMPAIGN, ranked(5))
    assert await next_rank(store, "new") == 5
    other = Store.open(url)
    await other.add_contacts(CAMPAIGN, ranked(6, 7))
    assert [await next_rank(store, "others"), await next_rank(other, "theirs")] == [6, 7]
    assert await next_rank(store, "on") == 15
    await other.put_back("theirs")
    assert await next_rank(store, "late") == 7
    await other.close()


class NotAtHome:
    """Refuses a number, for good."""

    asked = Asked("acme", CAMPAIGN)

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        return Refusal(contact.id, 1.0, "home", None, "") if contact.number.endswith("200") else None


async def test_who_was_read_and_left_is_not_lost(store: Store) -> None:
    """The second one's other number is being called for the first one: it is looked at again."""
    second = NewContact("+493000200", rank=11, others=("+493000100",))
    await store.add_contacts(CAMPAIGN, [NewContact("+493000100", rank=10), second, *ranked(12, 13)])
    for call_ids, expected in ((("a", "b"), [10, 12]), (("c", "d"), [11, 13])):
        taken = await store.claim(CAMPAIGN, slots(*call_ids), intent, 10.0, NotAtHome())
        assert [attempt.contact.rank for attempt in taken] == expected


def reorder(tx: Transaction, many: Sequence[Any]) -> list[None]:
    tx.connection.execute(sa.update(contacts).where(contacts.c.rank == 15).values(rank=1))
    return [None] * len(many)


async def test_nobody_waits_for_the_next_look_while_agents_do(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, ranked(*range(10, 16)))
    assert [await next_rank(store, f"c{one}") for one in range(5)] == [10, 11, 12, 13, 14]
    await store._write(reorder)
    found = [*await store.claim(CAMPAIGN, slots("a"), intent, 10.0),
             *await store.claim(CAMPAIGN, slots("b"), intent, 10.0)]  # fmt: skip
    assert [attempt.contact.rank for attempt in found] == [1]


@pytest.mark.postgres
async def test_a_change_that_is_not_counted_is_seen_after_a_while(
    store: Store, monkeypatch: pytest.MonkeyPatch,
) -> None:
    await store.add_contacts(CAMPAIGN, ranked(*range(10, 16)))
    assert await next_rank(store, "a") == 10
    await store._write(reorder)
    monkeypatch.setattr(starts, "LOOK_S", -1.0)
    assert await next_rank(store, "b") == 1


async def test_a_claim_that_fails_moves_no_start(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, ranked(*range(10, 14)))

    def fails(tx: Transaction, many: Sequence[Any]) -> list[None]:
        raise ValueError("so that the batch is rolled back and written one by one")

    claim = store.claim(CAMPAIGN, slots("a"), intent, now=10.0)
    wrong = store._write(fails)
    [attempt] = await claim
    with pytest.raises(Exception, match="rolled back"):
        await wrong
    assert attempt.contact.rank == 10
    await store.put_back("a")
    assert await next_rank(store, "b") == 10
