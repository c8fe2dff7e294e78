"""What budgets and pacers remember: answered attempts by ten minutes and country, each once; and what was learnt."""

from dataclasses import replace

from store_rows import CAMPAIGN, claimed, ended, intent, numbers, slots

from dialer.calls.outcome import Outcome
from dialer.store.people import GROUP, Counted
from dialer.store.store import Store


async def test_who_answered_is_counted_by_ten_minutes_country_and_outcome(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(5))
    attempts = await store.claim(CAMPAIGN, slots("c1", "c2", "c3", "c4", "c5"), intent, now=1000.0)
    outcomes = (Outcome.ANSWERED, Outcome.ANSWERED, Outcome.ABANDONED, Outcome.MACHINE, Outcome.BUSY)
    for attempt, outcome, at in zip(attempts, outcomes, (610.0, 1199.0, 1200.0, 1300.0, 1300.0), strict=True):
        record = replace(intent(slots(attempt.call_id)[0], attempt.contact), outcome=outcome, ended_at=at)
        await store.settle(record, None, [])
        await store.settle(record, None, [])
    assert await store.people.since(CAMPAIGN, 0.0) == [
        Counted(600.0, "DE", Outcome.ANSWERED, 2),
        Counted(1200.0, "DE", Outcome.ABANDONED, 1),
        Counted(1200.0, "DE", Outcome.MACHINE, 1),
    ]
    assert [counted.at for counted in await store.people.since(CAMPAIGN, 1250.0)] == [1200.0, 1200.0]
    assert await store.people.since("other", 0.0) == []
    others = await store.people.of_others({"other"}, 1250.0)
    assert {key: (one.client, one.group, [counted.at for counted in one.people]) for key, one in others.items()} == {
        CAMPAIGN: ("acme", None, [1200.0, 1200.0])}
    await store.rounds.stand_by(CAMPAIGN, GROUP, "all")
    assert (await store.people.of_others({"other"}, 0.0))[CAMPAIGN].group == "all"
    assert await store.people.of_others({CAMPAIGN}, 0.0) == await store.people.of_others({"other"}, 1900.0) == {}


async def test_those_settled_in_one_commit_are_counted_together(store: Store) -> None:
    record = await claimed(store)
    inbound = replace(record, id="in", campaign=None, contact_id=None, direction="inbound")
    for future in [store.settle(ended(one, Outcome.ANSWERED), None, []) for one in (record, record, inbound)]:
        await future
    assert await store.people.since(CAMPAIGN, 0.0) == [Counted(0.0, "DE", Outcome.ANSWERED, 1)]


async def test_what_was_learnt_last_is_kept(store: Store) -> None:
    assert await store.people.learned(CAMPAIGN) is None
    await store.people.save_learned(CAMPAIGN, 1.0, {"talk": [1.5, 2]})
    await store.people.save_learned(CAMPAIGN, 2.0, {"talk": [3.5]})
    assert await store.people.learned(CAMPAIGN) == (2.0, {"talk": [3.5]})
