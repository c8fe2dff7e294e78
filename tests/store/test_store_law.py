"""Gates in the claim, refusals, do-not-call lists, and what is known of a number."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa
from store_rows import CAMPAIGN, claimed, ended, intent, numbers, slots

from dialer.calls.outcome import Outcome
from dialer.store.errors import StoreError
from dialer.store.records import (
    Asked,
    Consent,
    Contact,
    ContactVerdict,
    Known,
    NewContact,
    OpenCall,
    PastCall,
    Refusal,
    Slot,
    Stop,
)
from dialer.store.schema import refusals
from dialer.store.store import Store


@dataclass(frozen=True)
class Gate:
    """Refuses what `refuses` says: (rule, until), or None."""

    refuses: Callable[[Contact, Known], tuple[str, float | None] | None]
    since: float | None = 0.0
    at: float = 1000.0

    @property
    def asked(self) -> Asked:
        return Asked("acme", CAMPAIGN, self.since)

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        found = self.refuses(contact, known)
        return None if found is None else Refusal(contact.id, self.at, found[0], found[1], "so it is")


async def known_of(store: Store, number: str, since: float | None, client: str = "acme", **more: Any) -> Known:
    """As a claim of a campaign that has nobody would know it."""
    return await store.known(Asked(client, CAMPAIGN, since, **more), Contact(0, "none", number, {}, "due", 0, {}, 0.0))


def nth(contact: Contact) -> int:
    return int(contact.number[-4:])


async def test_contacts_that_the_gate_refuses_are_put_off_and_others_found(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(300))
    gate = Gate(lambda contact, _: ("de.hours", 5000.0) if nth(contact) % 100 != 99 else None)
    taken = await store.claim(CAMPAIGN, slots("c1", "c2"), intent, 1000.0, gate)
    assert [nth(attempt.contact) for attempt in taken] == [99, 199]
    assert len(taken.refusals) == 198
    assert (await store.totals(CAMPAIGN)).contacts == {"waiting": 297, "due": 1, "claimed": 2, "done": 0}
    first = await store.find_contact(CAMPAIGN, "+493055510000")
    assert first is not None
    assert (first.state, first.next_at, first.attempts, first.tries) == ("waiting", 5000.0, 0, {})
    assert await store.refusals(first.id) == [Refusal(first.id, 1000.0, "de.hours", 5000.0, "so it is")]
    assert await store.next_due_at(CAMPAIGN) == 200.0
    assert (await store.totals(CAMPAIGN)).lists == {"": {"waiting": 297, "due": 1, "claimed": 2}}


async def test_one_that_may_never_be_called_is_done(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(2))
    taken = await store.claim(
        CAMPAIGN, slots("c1"), intent, 1000.0, Gate(lambda c, _: ("do_not_call.client", None) if nth(c) == 0 else None)
    )
    assert [nth(attempt.contact) for attempt in taken] == [1]
    ended_contact = await store.find_contact(CAMPAIGN, "+493055510000")
    assert ended_contact is not None
    assert (ended_contact.state, ended_contact.result) == ("done", "do_not_call.client")
    assert (await store.totals(CAMPAIGN)).contacts == {"waiting": 0, "due": 0, "claimed": 1, "done": 1}


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
    assert (contact.state, contact.next_at, contact.attempts) == ("waiting", 8000.0, 0)
    assert await store.open_calls("node1") == []
    assert await store.refusals(record.contact_id) == [refusal]
    assert (await store.totals(CAMPAIGN)).contacts == {"waiting": 1, "due": 0, "claimed": 0, "done": 0}


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
    assert (await store.totals(CAMPAIGN)).contacts == {"waiting": 0, "due": 0, "claimed": 0, "done": 1}
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
    known = await known_of(store, "+493055510000", None)
    assert sorted(known.stops, key=lambda entry: entry.scope) == [replace(stop, source="cli"), brief]
    assert await store.unstop("global", "+493055510000")
    assert not await store.unstop("global", "+493055510000")
    assert (await known_of(store, "+493055510000", None)).stops == (replace(stop, source="cli"),)


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
    seen_by = {"number": record.number, "shown": record.our_number}
    winback = record.contact_id or 0
    past = PastCall(CAMPAIGN, winback, 100.0, 200.0, True, True, Outcome.ANSWERED, "no", None, **seen_by)
    assert seen == [(past,)]
    assert (await known_of(store, record.number, 50.0)).past == (
        past,
        PastCall("spring", second.contact.id, 100.0, 100.0, False, False, None, None, "d7", **seen_by),
    )
    assert (await known_of(store, record.number, 50.0, client="other")).past == ()
    assert (await known_of(store, record.number, 100.5)).past == ()


async def test_what_never_left_does_not_count(store: Store) -> None:
    record = await claimed(store)
    await store.settle(ended(record, Outcome.CANCELLED), ContactVerdict(record.contact_id or 0, "waiting", 0.0))
    assert (await known_of(store, record.number, 0.0)).past == ()


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


async def test_calls_about_a_debt_count_whatever_the_number(store: Store) -> None:
    record = await claimed(store)
    about = replace(record, id="c9", number="+49305559999", debt="d7", state="dialling")
    await store.save_call(about)
    contact = Contact(0, "none", "+49305550000", {"debt": "d7"}, "due", 0, {}, 0.0)
    found = await store.known(Asked("acme", CAMPAIGN, 0.0), contact)
    assert [(call.debt, call.number) for call in found.past] == [("d7", "+49305559999")]
    assert (await store.known(Asked("other", CAMPAIGN, 0.0), contact)).past == ()


async def test_calls_of_a_contact_count_at_all_its_numbers_and_once(store: Store) -> None:
    record = await claimed(store)
    await store.save_call(replace(record, id="c9", number="+49305559999", state="dialling"))
    several = (record.number, "+49305558888")
    contact = Contact(record.contact_id or 0, CAMPAIGN, several[1], {}, "due", 0, {}, 0.0, numbers=several)
    found = await store.known(Asked("acme", CAMPAIGN, 0.0), contact)
    assert sorted(call.number for call in found.past) == sorted([record.number, "+49305559999"])


async def test_what_an_abandoned_person_heard(store: Store) -> None:
    record = await claimed(store)
    answered = replace(ended(record, Outcome.ABANDONED), answered_at=120.0)
    await store.settle(answered, ContactVerdict(record.contact_id or 0, "waiting", 0.0))
    assert [call.silent for call in (await known_of(store, record.number, 0.0)).past] == [True]
    await store.save_call(replace(record, id="c9", state="dialling"))
    await store.settle(replace(answered, id="c9", message="heard"), None)
    assert sorted(call.silent for call in (await known_of(store, record.number, 0.0)).past) == [False, True]


async def test_a_contact_asked_for_by_name_is_claimed_before_it_is_due_and_by_nobody_else(store: Store) -> None:
    new = [NewContact("+49305550001", next_at=1.0), NewContact("+49305550002", next_at=9e9)]
    await store.add_contacts(CAMPAIGN, new)
    later = await store.find_contact(CAMPAIGN, "+49305550002")
    assert later is not None
    named, due, again = (Slot(call, "a1", "anna", contact) for call, contact in (
        ("c1", later.id), ("c2", None), ("c3", later.id)))  # fmt: skip
    taken = await store.claim(CAMPAIGN, [named, due, again], intent, 1000.0, Gate(lambda *_: None))
    assert [(attempt.call_id, attempt.contact.number) for attempt in taken] == [
        ("c1", "+49305550002"), ("c2", "+49305550001")]
    assert not await store.claim(CAMPAIGN, [replace(again, call_id="c4")], intent, 1000.0, Gate(lambda *_: None))


async def test_consents_are_known_until_they_are_revoked(store: Store) -> None:
    number = "+49305550001"
    given = Consent("acme", number, "advertising", 100.0, None, None, "web form", "form 4711", None)
    for_service = replace(given, purpose="service", until=900.0)
    assert await store.add_consents([given, for_service]) == 2
    assert await store.add_consents([given]) == 0
    assert (await known_of(store, number, None, purpose="advertising")).consents == ((number, 100.0, None),)
    assert (await known_of(store, number, None, purpose="service")).consents == ((number, 100.0, 900.0),)
    for other in ({}, {"purpose": "debt"}, {"purpose": "advertising", "client": "other"}):
        assert (await known_of(store, number, None, **other)).consents == ()
    assert await store.revoke_consents("acme", number, "advertising", 200.0) == 1
    assert await store.revoke_consents("acme", number, "advertising", 300.0) == 0
    assert (await known_of(store, number, None, purpose="advertising")).consents == ()
    assert {(one.purpose, one.revoked_at) for one in await store.consents(number)} == {
        ("advertising", 200.0), ("service", None)}


async def test_a_claim_reads_consents_from_the_index_alone(store: Store) -> None:
    def plan(link: sa.Connection) -> str:
        explain = "EXPLAIN" if link.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        if link.dialect.name == "postgresql":
            return "COVERING INDEX ix_consents_lookup"  # it prefers to scan a small table
        asked = ("SELECT number, given_at, until FROM consents WHERE number IN ('+1', '+2') AND client = 'acme' "
                 "AND purpose = 'advertising' AND revoked_at IS NULL")  # fmt: skip
        return " ".join(str(row) for row in link.exec_driver_sql(f"{explain} {asked}"))

    assert "COVERING INDEX ix_consents_lookup" in await store._read(plan)


async def test_a_number_that_no_list_gave_is_looked_up_as_well(store: Store) -> None:
    await store.stop([Stop("global", "+49305559999", "api", 1.0)])
    own = ("+49305550001", "+49305550002")
    promised = Contact(0, CAMPAIGN, "+49305559999", {}, "due", 0, {}, 0.0, numbers=own)
    known = await store.known(Asked("acme", CAMPAIGN, None), promised)
    assert [stop.number for stop in known.stops] == ["+49305559999"]


async def test_a_look_that_the_database_refuses_fails_as_any_other_read(store: Store) -> None:
    with store._writer._engine.begin() as link:
        link.execute(sa.text("ALTER TABLE do_not_call RENAME TO elsewhere"))
    with pytest.raises(StoreError, match="do_not_call"):
        await known_of(store, "+49305550001", None)


async def test_calls_that_are_not_over_are_known_by_their_number_and_node(store: Store) -> None:
    record = await claimed(store)
    talking = replace(record, id="in", direction="inbound", node="node2", campaign=None, contact_id=None,
                      answered_at=120.0, state="talking")
    await store.save_call(talking)
    for other in (replace(talking, id="x", client="other"), replace(talking, id="y", number="+493055519999")):
        await store.save_call(other)
    known = await known_of(store, record.number, 50.0)
    assert sorted(known.open, key=lambda call: call.node) == [
        OpenCall(record.number, "node1", 100.0, answered=False), OpenCall(record.number, "node2", 120.0, answered=True)]
    assert len(known.past) == 1
    await store.settle(ended(talking, Outcome.ANSWERED), None)
    assert [call.node for call in (await known_of(store, record.number, 50.0)).open] == ["node1"]
    assert (await known_of(store, record.number, None)).open == ()
