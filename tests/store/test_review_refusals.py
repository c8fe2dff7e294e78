"""A number forbidden for good at the instant of dialling ends its contact only where there is no other number."""

import pytest
from store_rows import CAMPAIGN, intent, slots

from dialer.store.records import NewContact, Refusal
from dialer.store.store import Store


@pytest.mark.parametrize(("others", "state"), [((), "done"), (("+493055500002",), "waiting")])
async def test_other_numbers_are_asked_about(store: Store, others: tuple[str, ...], state: str) -> None:
    await store.add_contacts(CAMPAIGN, [NewContact("+493055500001", others=others)])
    [attempt] = await store.claim(CAMPAIGN, slots("c1"), intent, now=100.0)
    await store.refuse("c1", Refusal(attempt.contact.id, 100.0, "do_not_call.client", None, "said stop"))
    found = await store.contact(attempt.contact.id)
    assert found is not None
    assert found.state == state
    if others:
        [again] = await store.claim(CAMPAIGN, slots("c2"), intent, now=101.0)
        assert again.contact.id == attempt.contact.id
