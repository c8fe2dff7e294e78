"""Contacts where nobody is called at this hour are put off many at a time, and those behind them are found at once."""

from dataclasses import dataclass, field, replace

from store_rows import intent

from dialer.store.claims import MOST_PASSED_OVER
from dialer.store.records import Asked, Contact, Known, NewContact, Refusal, Slot
from dialer.store.search import MOST_SHUT, alphabetical
from dialer.store.store import Store

NOW, OPENS = 1_000.0, 5_000.0


@dataclass(frozen=True)
class Hours:
    """Nobody is called at numbers that begin with `closed`, and one who is asked further is let through."""

    closed: str = "+49"
    asked: Asked = field(default_factory=lambda: Asked("acme", "c", since=0.0))
    asked_further: list[int] = field(default_factory=list)

    def shut(self, contact: Contact) -> Refusal | None:
        shut = contact.number.startswith(self.closed)
        return Refusal(contact.id, NOW, "de.hours", OPENS, "not at this time") if shut else None

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        self.asked_further.append(contact.id)
        return self.shut(contact)


def slots(count: int, first: int = 0) -> list[Slot]:
    return [Slot(f"call-{first + number}", "a1") for number in range(count)]


def germans(count: int, rank: float = 0.0) -> list[NewContact]:
    return [NewContact(f"+4930{number:07}", rank=rank) for number in range(count)]


async def test_the_open_one_behind_thousands_is_claimed_at_once(store: Store) -> None:
    await store.add_contacts("c", [*germans(3_000), NewContact("+12125550100", rank=1.0)])
    gate = Hours()
    [claimed] = await store.claim("c", slots(3), intent, NOW, gate, alphabetical)
    assert claimed.contact.number == "+12125550100"
    assert gate.asked_further == [claimed.contact.id]
    totals = await store.totals("c")
    assert {state: count for state, count in totals.contacts.items() if count} == {"waiting": 3_000, "claimed": 1}
    assert totals.next_due_at == OPENS


async def test_each_is_told_refused_once_and_comes_due_when_it_opens(store: Store) -> None:
    await store.add_contacts("c", [*germans(MOST_PASSED_OVER * 2), NewContact("+12125550100", rank=1.0)])
    claimed = await store.claim("c", slots(1), intent, NOW, Hours(), alphabetical)
    assert len({refusal.contact_id for refusal in claimed.refusals}) == len(claimed.refusals) == MOST_PASSED_OVER * 2
    early = await store.claim("c", slots(1, 10), intent, OPENS - 1, Hours(closed="none"), alphabetical)
    assert list(early) == []
    opened = await store.claim("c", slots(5, 20), intent, OPENS, Hours(closed="none"), alphabetical)
    assert [attempt.contact.number for attempt in opened] == [contact.number for contact in germans(5)]


async def test_one_transaction_puts_off_a_bounded_number(store: Store) -> None:
    await store.add_contacts("c", germans(MOST_SHUT + 2_500))
    claimed = await store.claim("c", slots(1), intent, NOW, Hours(), alphabetical)
    assert not claimed
    assert MOST_SHUT <= len(claimed.refusals) <= MOST_SHUT + 1_000
    rest = await store.claim("c", slots(1, 10), intent, NOW, Hours(), alphabetical)
    assert len(claimed.refusals) + len(rest.refusals) == MOST_SHUT + 2_500


async def test_open_and_closed_in_turns_lose_nobody(store: Store) -> None:
    closed = [replace(contact, rank=float(number)) for number, contact in enumerate(germans(1_500))]
    opened = [NewContact(f"+1212{number:07}", rank=number + 0.5) for number in range(1_500)]
    await store.add_contacts("c", [*closed, *opened])
    called: list[str] = []
    for turn in range(60):
        claimed = await store.claim("c", slots(30, turn * 100), intent, NOW, Hours(), alphabetical)
        called += [attempt.contact.number for attempt in claimed]
    assert called == [contact.number for contact in opened]


async def test_who_can_be_called_at_another_number_is_not_put_off(store: Store) -> None:
    both = NewContact("+49301", others=("+12125550100",))
    neither = NewContact("+49302", others=("+49303",), rank=-1.0)
    await store.add_contacts("c", [both, neither])
    claimed = await store.claim("c", slots(2), intent, NOW, Hours(), alphabetical)
    assert [attempt.contact.number for attempt in claimed] == ["+12125550100"]


class Never(Hours):
    def shut(self, contact: Contact) -> Refusal | None:
        return Refusal(contact.id, NOW, "de.hours", None, "never")


async def test_who_never_may_be_called_is_asked_further(store: Store) -> None:
    await store.add_contacts("c", germans(2))
    gate = Never()
    await store.claim("c", slots(1), intent, NOW, gate, alphabetical)
    assert len(gate.asked_further) == 2
