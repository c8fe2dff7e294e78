"""Statements that carry all their rows at once: the same on both databases, whatever the rows hold."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from store_rows import CAMPAIGN, intent, numbers

from dialer.store import bulk
from dialer.store.among import among
from dialer.store.passed import record_refusals
from dialer.store.queries import Transaction
from dialer.store.records import NewContact, Refusal, Slot
from dialer.store.schema import contacts, refusals, tallies
from dialer.store.store import Store


async def test_a_claim_takes_from_more_lists_than_one_statement_reads(store: Store) -> None:
    """Of each the one who has come due, and the one who was due already."""
    lists = [f"list{one:02}" for one in range(45)]
    for place, name in enumerate(lists):
        await store.add_contacts(CAMPAIGN, [
            NewContact(f"+49301{place:02}", next_at=1.0, list=name), NewContact(f"+49302{place:02}", list=name),
            NewContact(f"+49303{place:02}", next_at=9e9, list=name)])  # fmt: skip
    slots = [Slot(f"c{one}", "a1") for one in range(100)]
    taken = await store.claim(CAMPAIGN, slots, intent, now=10.0)
    assert sorted(attempt.contact.list for attempt in taken) == sorted(2 * lists)
    totals = await store.totals(CAMPAIGN)
    assert (totals.contacts["waiting"], totals.contacts["due"], totals.contacts["claimed"]) == (45, 0, 90)


async def test_one_rule_that_refuses_twice_in_a_transaction_counts_twice(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(1))
    [contact] = [one.id for one in [await store.find_contact(CAMPAIGN, numbers(1)[0].number)] if one is not None]

    def refuse(tx: Transaction, many: Sequence[Any]) -> list[None]:
        record_refusals(tx, [Refusal(contact, at, "hours", None, f"at {at}") for at in (1.0, 2.0)])
        return [None] * len(many)

    for _ in range(2):
        await store._write(refuse)
    with store._readers.connect() as connection:
        assert connection.execute(sa.select(refusals.c.at, refusals.c.times)).all() == [(2.0, 4)]


async def test_rows_are_inserted_added_up_and_changed(store: Store) -> None:
    def write(tx: Transaction, _many: Sequence[Any]) -> list[int]:
        row = {"campaign": "a", "kind": "k", "name": "half", "count": 1}
        bulk.insert(tx.connection, tallies, [row, row | {"name": "other"}])
        bulk.add(tx.connection, tallies, [row | {"count": 5}, row | {"name": "third"}], "count")
        bulk.add(tx.connection, tallies, [])
        return [bulk.insert_new(tx.connection, tallies, [row, row | {"name": "new"}])]

    assert await store._write(write) == 1
    await store.add_contacts(CAMPAIGN, numbers(3))

    def change(tx: Transaction, _many: Sequence[Any]) -> list[None]:
        ids = tx.connection.execute(sa.select(contacts.c.id).order_by(contacts.c.id)).scalars().all()
        bulk.update(tx.connection, contacts, [
            {"id": one, "fields": {"n": place}, "result": None if place else "busy"}
            for place, one in enumerate(ids[:2])])
        return [None]

    await store._write(change)
    with store._readers.connect() as connection:
        counts = dict(connection.execute(
            sa.select(tallies.c.name, tallies.c.count).where(tallies.c.campaign == "a")).all())
        rows = connection.execute(sa.select(contacts.c.fields, contacts.c.result).order_by(contacts.c.id)).all()
    assert counts == {"half": 6, "other": 1, "third": 1, "new": 1}
    assert rows == [({"n": 0}, "busy"), ({"n": 1}, None), ({"name": "n2"}, None)]


async def test_many_values_are_one_parameter(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(300))
    some = [contact.number for contact in numbers(300)[::3]]
    found = sa.select(contacts.c.number).where(among(contacts.c.number, "numbers"))
    with store._readers.connect() as connection:
        assert sorted(connection.execute(found, {"numbers": some}).scalars()) == sorted(some)
        assert connection.execute(found, {"numbers": []}).all() == []
        ids = sa.select(sa.func.count()).where(among(contacts.c.id, "ids"))
        assert connection.execute(ids, {"ids": [1, 2, 10**12]}).scalar_one() == 2
