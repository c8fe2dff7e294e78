"""Several lists, ranks, several numbers a contact: who is claimed, at which number, and what is counted."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from store_rows import CAMPAIGN, ended, intent, slots

from dialer.calls.outcome import Outcome
from dialer.store.records import Asked, Contact, ContactVerdict, Known, NewContact, Refusal, Slot
from dialer.store.store import Store


@dataclass(frozen=True)
class Gate:
    refuses: Callable[[Contact, Known], tuple[str, float | None] | None]
    asked: Asked = Asked("acme", CAMPAIGN, 0.0)  # noqa: RUF009 - frozen

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        found = self.refuses(contact, known)
        return None if found is None else Refusal(contact.id, 1000.0, found[0], found[1], "so it is")


def in_turns(lists: Sequence[str], place: int) -> str:
    return sorted(lists)[place % len(lists)]


def new(name: str, count: int, **values: object) -> list[NewContact]:
    first = {"cold": 1000, "warm": 2000}[name]
    return [NewContact(f"+4930{first + one}", list=name, **values) for one in range(count)]  # type: ignore[arg-type]


async def test_a_claim_takes_from_lists_in_turn_and_by_rank(store: Store) -> None:
    ranked = [replace(one, rank=float(rank)) for one, rank in zip(new("cold", 4), (3, 1, 4, 2), strict=True)]
    await store.add_contacts(CAMPAIGN, [*ranked, *new("warm", 2)])
    taken = await store.claim(CAMPAIGN, slots(*"abcdefgh"), intent, 1000.0, None, in_turns)
    assert [attempt.contact.number[-4:] for attempt in taken] == ["1001", "2000", "1003", "2001", "1000", "1002"]
    assert (await store.totals(CAMPAIGN)).lists == {"cold": {"due": 0, "claimed": 4}, "warm": {"due": 0, "claimed": 2}}


async def test_those_who_come_due_are_ranked_with_those_who_were(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, [
        NewContact("+49301", rank=5.0), NewContact("+49302", next_at=900.0, rank=1.0),
        NewContact("+49303", next_at=2000.0), NewContact("+49304", held_back=True),
    ])  # fmt: skip
    taken = await store.claim(CAMPAIGN, slots(*"abcd"), intent, 1000.0)
    assert [attempt.contact.number for attempt in taken] == ["+49302", "+49301"]
    assert await store.next_due_at(CAMPAIGN) == 2000.0
    assert (await store.totals(CAMPAIGN)).contacts == {
        "waiting": 1, "due": 0, "claimed": 2, "done": 0, "held_back": 1}


async def test_the_number_whose_turn_it_is_is_dialled_and_counted(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, [NewContact("+49301", others=("+49302", "+49303"))])
    [first] = await store.claim(CAMPAIGN, slots("a"), intent, 1000.0)
    assert (first.contact.number, first.contact.turn, first.contact.numbers) == (
        "+49301", 0, ("+49301", "+49302", "+49303"))  # fmt: skip
    record = intent(Slot("a", "a1"), first.contact)
    again = ContactVerdict(first.contact.id, "waiting", 500.0, "no_answer", 1, part="morning")
    await store.settle(ended(record), again)
    [second] = await store.claim(CAMPAIGN, slots("b"), intent, 1000.0)
    assert (second.contact.number, second.contact.turn, second.contact.id) == ("+49302", 1, first.contact.id)
    assert second.contact.tries == {"no_answer": 1, "@morning": 1}
    call = await store.call("b")
    assert call is not None
    assert call.number == "+49302"
    done = ContactVerdict(first.contact.id, "done", 0.0, "1:busy", 1, "busy")
    await store.dispose("b", "ann", "none", 5.0, replace(done, reason="wrong", result=""))
    await store.settle(ended(replace(record, id="b"), Outcome.BUSY), replace(done, part="evening"))
    contact = await store.find_contact(CAMPAIGN, "+49301")
    assert contact is not None
    assert (contact.state, contact.result, contact.attempts) == ("done", "wrong", 2)
    assert contact.tries == {"no_answer": 1, "wrong": 1, "@morning": 1, "@evening": 1}


async def test_where_one_number_is_refused_the_next_is_tried(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, [
        NewContact("+49301", others=("+49311", "+49321")), NewContact("+49302", others=("+49312",)),
        NewContact("+49303", others=("+49313",)),
    ])  # fmt: skip
    until = {"+49301": None, "+49311": 9000.0, "+49302": 8000.0, "+49312": 7000.0, "+49303": None, "+49313": None}
    gate = Gate(lambda contact, _: ("de.hours", until[contact.number]) if contact.number in until else None)
    [taken] = await store.claim(CAMPAIGN, slots("a", "b", "c"), intent, 1000.0, gate)
    assert (taken.contact.number, taken.contact.turn) == ("+49321", 2)
    kept = await store.refusals(taken.contact.id)
    assert [refusal.rule for refusal in kept] == ["de.hours"], "the first that was refused"
    later, never = [await store.find_contact(CAMPAIGN, number) for number in ("+49302", "+49303")]
    assert later is not None and never is not None
    assert (later.state, later.next_at, later.turn) == ("waiting", 7000.0, 0)
    assert (never.state, never.result) == ("done", "de.hours")


async def test_one_that_the_filter_holds_back_is_not_done(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, new("cold", 2))
    gate = Gate(lambda contact, _: ("held_back", None) if contact.number.endswith("0") else None)
    assert len(await store.claim(CAMPAIGN, slots("a", "b"), intent, 1000.0, gate)) == 1
    assert (await store.totals(CAMPAIGN)).contacts["held_back"] == 1


async def test_two_contacts_with_one_number_are_not_called_at_once(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, [NewContact("+49301"), NewContact("+49302", others=("+49301",))])
    mobile = await store.find_contact(CAMPAIGN, "+49302")
    assert mobile is not None
    refused = Gate(lambda contact, _: ("closed", 9000.0) if contact.number == "+49302" else None)
    taken = await store.claim(CAMPAIGN, slots("a", "b"), intent, 1000.0, refused)
    assert [attempt.contact.number for attempt in taken] == ["+49301"]
    assert (await store.contact(mobile.id)).state == "due"  # type: ignore[union-attr]


async def test_two_engines_never_pass_a_cap_on_a_number_together(url: str) -> None:
    """Each campaign has the same numbers: of the calls to one number only the first finds room."""
    engines = [Store.open(url) for _ in range(2)]
    for campaign in ("spring", "autumn"):
        await engines[0].add_contacts(campaign, [NewContact(f"+4930{one}") for one in range(100, 140)])

    def gate(campaign: str) -> Gate:
        return Gate(lambda contact, known: ("cap", 9000.0) if known.past else None, Asked("acme", campaign, 0.0))

    by_hand = [engines[1].pick("autumn", f"+4930{one}", Slot(f"hand.{one}", "a1"), intent, 1000.0, gate("autumn"))
               for one in range(100, 140, 4)]  # fmt: skip
    for round_ in range(12):
        await asyncio.gather(*(
            engine.claim(campaign, [Slot(f"{campaign}.{round_}.{place}", "a1") for place in range(5)], intent, 1000.0,
                         gate(campaign))
            for engine, campaign in zip(engines, ("spring", "autumn"), strict=True)
        ))  # fmt: skip
    await asyncio.gather(*by_hand)
    numbers = [call.number for call in await engines[0].open_calls("node1")]
    assert len(numbers) == len(set(numbers)) == 40
    for engine in engines:
        await engine.close()
