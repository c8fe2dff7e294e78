"""Contacts that rules refused are due again when the rules change; who waits for something else waits on."""

import pytest
from store_rows import CAMPAIGN, ended, intent, slots

from dialer.store import reprieve
from dialer.store.records import Asked, Contact, ContactVerdict, Known, NewContact, Refusal, Stop
from dialer.store.store import Store

NOW = 1000.0
TOMORROW = 90_000.0


class Tomorrow:
    """Refuses by the last figure of the number."""

    asked = Asked("acme", CAMPAIGN, None, None)

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        match contact.number[-1]:
            case "1" | "2":
                return Refusal(contact.id, NOW, "de.consent", TOMORROW, "no consent")
            case "3":
                return Refusal(contact.id, NOW, "us.national_dnc", None, "in the register")
            case "4":
                return Refusal(contact.id, NOW, "do_not_call.client", None, "on the list")
        return None


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reprieve, "PAGE", 3)


async def test_refused_contacts_are_due_again_and_no_others(store: Store) -> None:
    new = [NewContact(f"+49305{one}", list="cold") for one in range(7)]
    await store.add_contacts(CAMPAIGN, [*new, NewContact("+493061", list="warm", next_at=TOMORROW)])
    await store.add_contacts("other", [NewContact("+493051")])
    await store.stop([Stop("client:acme", "+493054", "agent", 1.0)])
    taken = await store.claim(CAMPAIGN, slots(*"abcdefgh"), intent, NOW, Tomorrow())
    assert [one.contact.number[-1] for one in taken] == ["0", "5", "6"]
    await store.settle(ended(intent(slots("a")[0], taken[0].contact)),
                       ContactVerdict(taken[0].contact.id, "waiting", TOMORROW, "no_answer"))
    await store.claim("other", slots("x"), intent, NOW, Tomorrow())
    before = (await store.totals(CAMPAIGN)).lists["cold"]
    assert (before["waiting"], before["done"]) == (3, 2)

    assert await store.reprieves.grant(CAMPAIGN, NOW + 1) == 3
    after = (await store.totals(CAMPAIGN)).lists["cold"]
    assert (after["waiting"], after["done"]) == (4, 1)
    again = await store.claim(CAMPAIGN, slots(*"ijklmnop"), intent, NOW + 2)
    assert sorted(one.contact.number for one in again) == ["+493051", "+493052", "+493053"]
    assert await store.claim("other", slots("y"), intent, NOW + 2) == []
    assert await store.reprieves.grant(CAMPAIGN, NOW + 3) == 0


async def test_of_two_numbers_the_one_that_is_free_first_is_the_one_remembered(store: Store) -> None:
    class Later(Tomorrow):
        def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
            until = TOMORROW if contact.number.endswith("2") else 2 * TOMORROW
            return Refusal(contact.id, NOW, "de.hours", until, "closed")

    await store.add_contacts(CAMPAIGN, [NewContact("+493051", others=("+493052",))])
    assert await store.claim(CAMPAIGN, slots("a"), intent, NOW, Later()) == []
    assert await store.reprieves.grant(CAMPAIGN, NOW + 1) == 1
