"""One certain contact claimed, shown contacts begun and given back, callbacks, changes of campaigns: on both stores."""

import asyncio
from dataclasses import dataclass, replace

from store_rows import CAMPAIGN, ended, intent, numbers, slots

from dialer.calls.outcome import Outcome
from dialer.store.desk_records import Detected, Promise, Skip
from dialer.store.records import (
    PREVIEW,
    Asked,
    CallRecord,
    Contact,
    ContactVerdict,
    Known,
    Override,
    Refusal,
    Slot,
)
from dialer.store.store import Store

NOW = 1000.0
NUMBER = "+493055510000"


@dataclass(frozen=True)
class Gate:
    rule: str | None = None
    until: float | None = None

    @property
    def asked(self) -> Asked:
        return Asked("acme", CAMPAIGN, 0.0)

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        return Refusal(contact.id, NOW, self.rule, self.until, "so it is") if self.rule else None


def shown(slot: Slot, contact: Contact, known: Known = Known()) -> CallRecord:  # noqa: B008
    return replace(intent(slot, contact, known), state=PREVIEW)


async def tallied(store: Store) -> dict[str, int]:
    return {state: count for state, count in (await store.totals(CAMPAIGN)).contacts.items() if count}


async def test_a_number_becomes_a_contact_once_and_is_claimed_by_one(store: Store) -> None:
    asked = [
        store.pick(CAMPAIGN, NUMBER, slot, intent, NOW, Gate()) for slot in slots(*(f"c{index}" for index in range(8)))
    ]
    answers = await asyncio.gather(*asked)
    [won] = [answer for answer in answers if answer.attempt is not None]
    assert all(answer.refusal is None for answer in answers)
    assert won.attempt is not None and won.attempt.contact.number == NUMBER
    assert await tallied(store) == {"claimed": 1}
    call = await store.call(won.attempt.call_id)
    assert call is not None and call.outcome is None
    await store.settle(ended(call), ContactVerdict(won.attempt.contact.id, "done", reason="no_answer"))
    again = await store.pick(CAMPAIGN, NUMBER, slots("later")[0], intent, NOW, Gate())
    assert again.attempt is not None and again.attempt.contact.id == won.attempt.contact.id
    assert await tallied(store) == {"claimed": 1}


async def test_what_a_rule_forbids_is_not_claimed_and_no_list_gets_it(store: Store) -> None:
    answer = await store.pick(CAMPAIGN, NUMBER, slots("c1")[0], intent, NOW, Gate("de.hours", 2000.0))
    assert answer.attempt is None and answer.refusal is not None
    assert await tallied(store) == {"done": 1}
    contact = await store.find_contact(CAMPAIGN, NUMBER)
    assert contact is not None
    assert [one.rule for one in await store.refusals(contact.id)] == ["de.hours"]
    assert await store.claim(CAMPAIGN, slots("c2"), intent, 9000.0) == []


async def test_a_shown_contact_begins_or_goes_back(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(2))
    first, second = await store.claim(CAMPAIGN, slots("c1", "c2"), shown, NOW)
    begun = await store.begin(slots("c1")[0], first.contact, NOW + 5, Gate())
    assert begun.attempt is not None
    call = await store.call("c1")
    assert call is not None and (call.state, call.created_at) == ("intended", NOW + 5)
    skip = Skip("anna", NOW, CAMPAIGN, second.contact.id, "busy man")
    await store.put_back("c2", NOW + 600, skip)
    assert await store.call("c2") is None
    assert await tallied(store) == {"claimed": 1, "waiting": 1}
    assert await store.skips(NOW) == [skip] and await store.skips(NOW + 1) == []
    assert await store.claim(CAMPAIGN, slots("c3"), intent, NOW + 599) == []
    assert len(await store.claim(CAMPAIGN, slots("c4"), intent, NOW + 600)) == 1
    gone = await store.begin(slots("c2")[0], second.contact, NOW, Gate())
    assert (gone.attempt, gone.refusal) == (None, None)


async def test_one_that_is_forbidden_when_it_begins_goes_back(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(1))
    [attempt] = await store.claim(CAMPAIGN, slots("c1"), shown, NOW)
    begun = await store.begin(slots("c1")[0], attempt.contact, NOW, Gate("de.hours", 5000.0))
    assert begun.refusal is not None and begun.attempt is None
    assert await store.call("c1") is None
    assert await tallied(store) == {"waiting": 1}


async def promised(store: Store, at: float) -> int:
    await store.add_contacts(CAMPAIGN, numbers(1))
    [attempt] = await store.claim(CAMPAIGN, slots("c1"), intent, NOW)
    contact, call = attempt.contact.id, await store.call("c1")
    assert call is not None
    await store.promise(Promise(contact, "anna", None, "anna", NOW, "c1"))
    await store.dispose("c1", "anna", "later", NOW, ContactVerdict(contact, "callback", at, "promised"))
    await store.settle(ended(call, Outcome.ANSWERED), ContactVerdict(contact, "done", reason="answered"))
    return contact


async def test_a_promise_is_kept_by_nobody_else(store: Store) -> None:
    contact = await promised(store, 5000.0)
    assert await tallied(store) == {"callback": 1}
    assert await store.outlook(CAMPAIGN) == (None, True)
    assert await store.claim(CAMPAIGN, slots("c2"), intent, 9000.0) == []
    assert await store.callbacks_coming([CAMPAIGN, "other"], 4999.0, 10) == []
    [one] = await store.callbacks_coming([CAMPAIGN, "other"], 5000.0, 10)
    assert (one.contact_id, one.at, one.promise.agent, one.campaign) == (contact, 5000.0, "anna", CAMPAIGN)
    put_off = await store.pick(CAMPAIGN, contact, slots("c3")[0], intent, NOW, Gate("de.hours", 7000.0), "callback")
    assert put_off.refusal is not None
    assert [one.at for one in await store.callbacks(CAMPAIGN)] == [7000.0]
    assert await store.move_callback(CAMPAIGN, contact, 6000.0, change_agent=True, agent=None)
    kept = await store.pick(CAMPAIGN, contact, slots("c4")[0], intent, NOW, Gate(), "callback", "+493055519999")
    assert kept.attempt is not None and kept.attempt.contact.number == "+493055519999"
    assert await store.keeping(["c1", "c4"]) == ["c4"]
    assert await tallied(store) == {"claimed": 1}
    assert await store.callbacks(CAMPAIGN) == []
    assert not await store.cancel_callback(CAMPAIGN, contact)
    assert not await store.move_callback(CAMPAIGN, contact, 1.0)


async def test_a_cancelled_one_is_done(store: Store) -> None:
    contact = await promised(store, 5000.0)
    assert not await store.cancel_callback("other", contact)
    assert await store.cancel_callback(CAMPAIGN, contact)
    assert await tallied(store) == {"done": 1}
    late = await store.pick(CAMPAIGN, contact, slots("c2")[0], intent, NOW, Gate(), "callback")
    assert (late.attempt, late.refusal) == (None, None)
    assert await store.outlook(CAMPAIGN) == (None, False)


async def test_changes_and_detections_are_kept(store: Store) -> None:
    row = Override(CAMPAIGN, "limits.channels", "4", "null", NOW)
    await store.save_overrides([row])
    await store.save_overrides([replace(row, value="5")])
    assert await store.overrides() == [replace(row, value="5")]
    await store.drop_overrides([row])
    assert await store.overrides() == []
    await store.add_contacts(CAMPAIGN, numbers(2))
    await store.claim(CAMPAIGN, slots("c1", "c2"), intent, NOW)
    await store.detected(Detected("c1", CAMPAIGN, NOW, True, True))
    await store.detected(Detected("c1", CAMPAIGN, NOW, True, False))
    await store.detected(Detected("c2", CAMPAIGN, NOW, False, False))
    assert sorted(await store.detections(NOW)) == [(CAMPAIGN, False, False, 1), (CAMPAIGN, True, False, 1)]
    assert await store.detections(NOW + 1) == []
