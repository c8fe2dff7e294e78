"""A person is taken out: the number is nowhere in the database's files, and what must be kept stays."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from store_rows import CAMPAIGN, claimed, ended, intent

from dialer.calls.outcome import Outcome
from dialer.store.erasure import Certificate, Order
from dialer.store.records import Asked, Consent, Contact, ContactVerdict, NewContact, Refusal, Slot, Stop
from dialer.store.store import Store

ONE, TWO, STRANGER = "+493055510077", "+493055510078", "+493055510079"


def order(*numbers: str, client: str | None = None, keep: bool = False) -> Order:
    return Order(numbers, {number: alias(number) for number in numbers}, client, (CAMPAIGN,), 9000.0,
                 f"asked by letter, {numbers[0]}", keep)  # fmt: skip


def alias(number: str) -> str:
    return f"#{hash(number):x}"


async def person(store: Store) -> str:
    """With two numbers, a call, a refusal, consents, an entry of a list; and a stranger beside. The call's id."""
    erika = NewContact(ONE, {"name": "Erika", "debt": "d1"}, others=(TWO,))
    await store.add_contacts(CAMPAIGN, [erika, NewContact(STRANGER, {"name": "Max"})])
    contact = await store.find_contact(CAMPAIGN, ONE)
    assert contact is not None
    [attempt] = await store.claim(CAMPAIGN, [Slot("c1", "a1", None, contact.id)], intent, 1000.0, None)
    record = intent(Slot("c1", "a1"), attempt.contact)
    await store.settle(ended(record, Outcome.BUSY), ContactVerdict(contact.id, "due", 2000.0, "busy"))
    [again] = await store.claim(CAMPAIGN, [Slot("c2", "a1", None, contact.id)], intent, 3000.0, None)
    await store.refuse(again.call_id, Refusal(contact.id, 3000.0, "de.hours", 4000.0, f"not {ONE} now"))
    for number in (ONE, STRANGER):
        spoke = f"spoke with {number}"
        await store.add_consents([Consent("acme", number, "advertising", 5.0, None, None, "form", spoke)])
    await store.stop([Stop("client:acme", TWO, f"agent anna for {TWO}", 10.0)])
    return record.id


async def test_the_number_is_nowhere_and_the_call_stays(store: Store) -> None:
    call_id = await person(store)
    assert sorted(await store.erasures.numbers(TWO, None)) == [ONE, TWO]
    made = await store.erasures.erase(order(ONE, TWO))
    assert (made.erased["contacts"], made.erased["refusals"], made.erased["consents"]) == (1, 1, 1)
    assert (made.kept["calls"], made.kept["do_not_call"]) == (1, 2)
    call = await store.call(call_id)
    assert call is not None
    assert (call.number, call.debt, call.outcome) == ("erased-1", None, Outcome.BUSY)
    contact = await store.contact(call.contact_id or 0)
    assert contact is not None
    assert (contact.state, contact.result, contact.fields, contact.numbers) == ("done", "erased", {}, ())
    counts = (await store.totals(CAMPAIGN)).contacts
    assert {state: count for state, count in counts.items() if count} == {"due": 1, "done": 1}
    assert await store.find_contact(CAMPAIGN, STRANGER) is not None
    assert len(await store.consents(STRANGER)) == 1
    assert await texts_with(store, ONE, TWO, "Erika") == []
    assert await store.erasures.certificate(1) == made
    assert ONE not in str(made)


async def test_who_was_erased_is_known_by_whoever_brings_the_number(store: Store) -> None:
    await person(store)
    await store.erasures.erase(order(ONE, TWO, client="acme"))
    asked = [ONE, TWO, STRANGER]
    assert await store.erasures.among(alias, asked, "acme") == {ONE, TWO}
    assert await store.erasures.among(alias, asked, "globex") == set()
    await store.erasures.erase(order(STRANGER))
    assert await store.erasures.among(alias, asked, "globex") == {STRANGER}


async def test_a_contact_of_one_number(store: Store) -> None:
    await person(store)
    assert await store.erasures.numbers(STRANGER, None) == [STRANGER]
    made = await store.erasures.erase(order(STRANGER))
    assert (made.erased["contacts"], made.erased["consents"]) == (1, 1)
    assert await texts_with(store, STRANGER, "Max") == []


async def test_who_was_erased_is_known_to_do_not_call_lists_by_another_name(store: Store) -> None:
    await person(store)
    await store.erasures.erase(order(ONE, TWO))
    back = Contact(0, CAMPAIGN, TWO, {}, "due", 0, {}, 0.0)
    asked = Asked("acme", CAMPAIGN, None)
    assert (await store.known(asked, back)).stops == ()
    known = (await store.known(replace(asked, alias=alias), back)).stops
    assert sorted((stop.scope, stop.number) for stop in known) == [("client:acme", TWO), ("global", TWO)]


async def test_for_one_client_only(store: Store) -> None:
    call_id = await person(store)
    await store.stop([Stop("client:other", TWO, "api", 10.0)])
    await store.add_contacts("of_other", [NewContact(ONE)])
    made = await store.erasures.erase(order(ONE, TWO, client="acme"))
    call = await store.call(call_id)
    assert call is not None and call.number == "erased-1"
    assert await store.find_contact("of_other", ONE) is not None
    assert [stop.scope for stop in await store.stops(TWO)] == ["client:other"]
    assert [stop.scope for stop in await store.stops(alias(ONE))] == ["client:acme"]
    assert made.client == "acme"


async def test_the_proof_of_a_consent_is_kept_where_the_law_asks(store: Store) -> None:
    await person(store)
    made = await store.erasures.erase(order(ONE, TWO, keep=True))
    assert made.kept["consents"] == 1
    assert await store.consents(ONE) == []
    (kept,) = await store.consents(alias(ONE))
    assert (kept.proof, kept.revoked_at) == ("spoke with erased", 9000.0)


async def texts_with(store: Store, *wanted: str) -> list[str]:
    """Table and column of every cell that has one of them."""

    def look(link: sa.Connection) -> list[str]:
        metadata, found = sa.MetaData(), []
        metadata.reflect(link)
        for table in metadata.tables.values():
            for row in link.execute(sa.select(table)).mappings():
                found += [f"{table.name}.{name}" for name, cell in row.items()
                          for text in wanted if text in str(cell) or text[1:] in str(cell)]  # fmt: skip
        return found

    return await store._read(look)


def files(path: Path) -> Iterator[Path]:
    yield from (file for file in path.parent.iterdir() if file.name.startswith(path.name) and file.is_file())


@pytest.mark.parametrize("compacted", [False, True])
async def test_no_byte_of_it_is_left_in_the_files(tmp_path: Path, compacted: bool) -> None:
    """Among thousands of others, whose pages were split and joined meanwhile."""
    path = tmp_path / "dialer.db"
    store = Store.open(f"sqlite:///{path}")
    numbers = [NewContact(f"+4930777{(index * 7919) % 10007:05}", {"name": f"n{index}"}) for index in range(4000)]
    for at in range(0, 4000, 500):
        await store.add_contacts("many", numbers[at : at + 500])
        if at == 1500:
            await person(store)
    made: Certificate = await store.erasures.erase(order(ONE, TWO))
    if compacted:
        await store.erasures.compact()
    for file in files(path):
        data = file.read_bytes()
        for text in (ONE, TWO, "Erika"):
            assert text.encode() not in data, file.name
            assert text[1:].encode() not in data, file.name
    await store.close()
    again = sqlite3.connect(path)
    assert again.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert again.execute("SELECT count(*) FROM contacts").fetchone() == (4002,)
    again.close()
    assert made.id == 1


async def test_a_claimed_contact_of_nobody_is_no_error(store: Store) -> None:
    await claimed(store)
    made = await store.erasures.erase(order("+49305550000"))
    assert made.erased["contacts"] == 0
    assert await store.erasures.certificates() == [made]
