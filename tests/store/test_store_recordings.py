"""Recordings, samples and score cards on SQLite and PostgreSQL."""

from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from dialer.billing.facts import Score
from dialer.billing.months import parse_month
from dialer.billing.rating import Agreement
from dialer.billing.terms import Contracts
from dialer.bookkeeping import rated
from dialer.calls.outcome import Outcome
from dialer.store.erasure import Order
from dialer.store.recordings import Listening, RecordingRow, Sought
from dialer.store.records import CallRecord
from dialer.store.scores import CardRow, Eligible, SampleRow, SampleSought
from dialer.store.store import Store

AT = 1_792_000_000.0
NUMBER = "+4930231250123"
ROW = RecordingRow("r1", "c1", "node1", "main", "acme", "winback", "winback", "anna", "acme/2026-10-14/r1.raw",
                   "stereo", AT, AT + 100)  # fmt: skip
DONE = replace(ROW, ended_at=AT + 60, seconds=60.0)
CALL = CallRecord("c1", "outbound", "node1", "main", "acme", NUMBER, "+4930222", AT, campaign="winback",
                  outcome=Outcome.ANSWERED, ended_at=AT + 60, disposition="sale")  # fmt: skip
CARD = CardRow("r1", "service", "maria", AT + 200, {"greeting": (4, 5), "fax": (None, 2)}, 80.0, (), True, "kind")
SAMPLE = SampleRow("client:acme", "r1", "anna", "2026-10", 0, "service", AT + 90)
ANY = SampleSought()


async def kept(store: Store, *rows: RecordingRow) -> None:
    for row in rows:
        await store.recordings.save(row)
        if row.seconds is not None:
            await store.recordings.change(row.id, seconds=row.seconds)


async def test_it_is_kept_as_it_goes(store: Store) -> None:
    await kept(store, ROW)
    assert await store.recordings.unfinished("node1") == [ROW] and await store.recordings.unfinished("node2") == []
    paused = replace(ROW, pauses=((AT + 5, AT + 9), (AT + 20, None)))
    await store.recordings.save(paused)
    assert await store.recordings.one("r1") == paused and await store.recordings.one("r2") is None
    ended = replace(paused, ended_at=AT + 60, pauses=((AT + 5, AT + 9), (AT + 20, AT + 60)))
    await store.recordings.save(ended)
    assert await store.recordings.unfinished("node1") == []
    assert await store.recordings.unmeasured("node1", AT + 60) == [ended]
    for none in (("node1", AT + 59, ""), ("node2", AT + 60, ""), ("node1", AT + 60, "r1")):
        assert await store.recordings.unmeasured(*none) == []
    assert await store.recordings.change("r1", seconds=59.5, fault=None)
    assert not await store.recordings.change("r2", seconds=1.0)
    assert await store.recordings.unmeasured("node1", AT + 99) == []
    whole = replace(ended, seconds=59.5)
    assert await store.recordings.found(Sought(AT, AT + 1)) == [whole]
    for none in ({"client": "globex"}, {"campaign": "other"}, {"agent": "bob"}, {"call_id": "c2"}):
        assert await store.recordings.found(Sought(AT, AT + 1, **none)) == []
    assert await store.recordings.found(Sought(AT, AT + 1, "acme", "winback", "anna", "c1")) == [whole]
    assert await store.recordings.found(Sought(AT + 1, AT + 2)) == []
    assert await store.recordings.found(Sought(AT - 1, AT)) == []


async def test_its_time_and_its_end(store: Store) -> None:
    held = replace(DONE, id="r2")
    await kept(store, DONE, held)
    assert await store.recordings.hold("r2", "claim 4711")
    assert await store.recordings.expire(AT + 100) == 0
    assert await store.recordings.expire(AT + 101) == 1 and await store.recordings.expire(AT + 102) == 0
    assert not await store.recordings.delete("r2", AT + 103, "by_hand")  # it is held
    assert not await store.recordings.delete("r1", AT + 103, "by_hand")  # it is gone already
    [gone] = await store.recordings.to_remove(["main", "second"])
    assert (gone.id, gone.deleted_at, gone.deleted_why) == ("r1", AT + 101, "expired")
    assert await store.recordings.to_remove(None, AT + 101) == [gone]
    for none in ((["second"], None, ""), (None, AT + 100, ""), (["main"], None, "r1")):
        assert await store.recordings.to_remove(*none) == []
    assert not await store.recordings.hold("r1", "too late")
    assert await store.recordings.strangers(["r1", "r2", "r3"]) == ["r3"]
    await store.recordings.save(replace(DONE, ended_at=AT + 61))  # a straggler does not bring it back
    assert await store.recordings.removed("r1", AT + 104) and not await store.recordings.removed("r1", AT + 105)
    assert await store.recordings.to_remove(["main"]) == []
    assert await store.recordings.strangers(["r1", "r2", "r3"]) == ["r1", "r3"]


async def test_who_listened(store: Store) -> None:
    heard = [Listening("r1", "maria", AT), Listening("r1", "paul", AT), Listening("r1", "maria", AT + 1)]
    for one in heard:
        await store.recordings.listened(one)
    assert await store.recordings.listeners("r1") == heard and await store.recordings.listeners("r2") == []


@pytest.mark.parametrize("client", [None, "acme"])
async def test_a_person_is_erased_with_what_was_recorded(store: Store, client: str | None) -> None:
    other = replace(DONE, id="r4", call_id="c4", client="globex")
    await store.settle(CALL, None)
    await store.settle(replace(CALL, id="c3", number="+4930999"), None)
    await store.settle(replace(CALL, id="c4", client="globex"), None)
    await kept(store, DONE, replace(DONE, id="r2"), replace(DONE, id="r3", call_id="c3"), other)
    await store.recordings.change("r2", hold="claim 4711")
    for recording in ("r1", "r3"):
        await store.scores.add_card(replace(CARD, recording_id=recording))
    order = Order((NUMBER,), {NUMBER: "#hash"}, client, ("winback",), AT + 99, "letter", False)
    made = await store.erasures.erase(order)
    assert made.erased["recordings"] == (2 if client is None else 1) and made.kept["recordings"] == 1
    gone = {row.id: row.deleted_why for row in await store.recordings.to_remove(["main"])}
    assert await store.recordings.to_remove(["main"], AT + 98) == []
    assert gone == {"r1": "erased"} | ({"r4": "erased"} if client is None else {})
    assert [card.comment for card in await store.scores.cards_of(["r1", "r3"])] == ["", "kind"]


async def test_what_may_be_drawn(store: Store) -> None:
    await store.settle(CALL, None)
    await kept(
        store, DONE, replace(DONE, id="short", seconds=9.0), replace(DONE, id="inbound", campaign=None, call_id="c2"),
        replace(DONE, id="late", began_at=AT + 10), replace(DONE, id="theirs", client="globex"),
        replace(DONE, id="stranger", agent=None), replace(DONE, id="lacking", fault="no_file"), ROW,
        replace(DONE, id="gone"),
    )  # fmt: skip
    await store.recordings.delete("gone", AT, "by_hand")

    async def ids(campaign: str | None, without: list[str], dispositions: list[str] | None = None) -> set[str]:
        of = Eligible("acme", campaign, without, AT, AT + 10, 10.0, dispositions)
        return {one for one, _, _ in await store.scores.eligible(of)}

    assert await ids(None, []) == {"r1", "inbound"} and await ids(None, ["winback"]) == {"inbound"}
    assert await ids("winback", ["winback"]) == {"r1"}
    assert await ids(None, [], ["sale"]) == {"r1"} and await ids(None, [], ["refused"]) == set()


async def test_samples_stand_until_their_recordings_are_gone_unscored(store: Store) -> None:
    await kept(store, *(replace(DONE, id=name) for name in ("r1", "r2", "r3")))
    rows = [replace(SAMPLE, recording_id=name, part=part) for part, name in enumerate(("r1", "r2", "r3"))]
    assert await store.scores.add_samples(rows) == 3 and await store.scores.add_samples(rows) == 0
    await store.scores.add_card(CARD)
    assert {row.recording_id for row, _ in await store.scores.sampled(ANY)} == {"r1", "r2", "r3"}
    [(sample, recording)] = await store.scores.sampled(SampleSought("acme", "winback", "anna", "2026-10", True))
    assert (sample, recording) == (SAMPLE, DONE)
    for none in (SampleSought(client="globex"), SampleSought(agent="bob"), SampleSought(period="2026-11")):
        assert await store.scores.sampled(none) == []
    await store.recordings.delete("r1", AT, "by_hand")
    await store.recordings.delete("r2", AT, "by_hand")
    assert await store.scores.drop_gone(AT + 1) == 1 and await store.scores.drop_gone(AT + 2) == 0
    assert {row.recording_id: row.dropped_at for row in await store.scores.drawn("client:acme", "2026-10")} == {
        "r1": None, "r2": AT + 1, "r3": None}  # fmt: skip
    assert [row.recording_id for row, _ in await store.scores.sampled(SampleSought(scored=False))] == ["r3"]
    assert await store.scores.sample_of("r2") is None and await store.scores.sample_of("r1") == SAMPLE


async def test_the_last_card_of_each_person_counts(store: Store) -> None:
    await kept(store, DONE, replace(DONE, id="r2"))
    await store.scores.add_samples([SAMPLE])
    cards = [CARD, replace(CARD, by="paul", score=60.0), replace(CARD, score=90.0, at=AT + 300),
             replace(CARD, recording_id="r2", score=10.0)]  # fmt: skip
    for card in cards:
        await store.scores.add_card(card)
    assert [(card.by, card.score) for card in await store.scores.cards_of(["r1"])] == [
        ("maria", 80.0), ("paul", 60.0), ("maria", 90.0)]  # fmt: skip
    counting = await store.scores.counting(AT, AT + 1)
    assert [(card.by, card.score) for card, _ in counting] == [("paul", 60.0), ("maria", 90.0)]  # r2 is in no sample
    assert counting[0][1] == DONE and counting[1][0].points["fax"] == [None, 2]
    assert await store.scores.counting(AT + 1, AT + 2) == await store.scores.counting(AT, AT + 1, "globex") == []
    assert len(await store.scores.counting(AT, AT + 1, "acme", "winback")) == 2


async def test_the_contract_goes_by_the_mean_of_each_scored_recording(store: Store) -> None:
    await kept(store, DONE, replace(DONE, id="r2", began_at=AT + 5))
    await store.scores.add_samples([SAMPLE, replace(SAMPLE, recording_id="r2")])
    for card in (CARD, replace(CARD, by="paul", score=61.0), replace(CARD, recording_id="r2", score=50.0)):
        await store.scores.add_card(card)
    facts = await store.books.facts("acme", AT, AT + 10, [], 0.0)
    assert list(facts.cards) == [Score("r1", AT, Decimal("70.5")), Score("r2", AT + 5, Decimal(50))]
    for client, since, until in (("globex", AT, AT + 10), ("acme", AT + 10, AT + 20)):
        assert list((await store.books.facts(client, since, until, [], 0.0)).cards) == []
    await store.settle(replace(CALL, answered_at=AT, joined_at=AT, talk_s=60.0), None)
    contract = {"from": "2026-01-01", "handled_call": {"price": 10}, "score_cards": {"bands": {"80": 1, "0": 0.5}}}
    agreement = Agreement("acme", "EUR", ZoneInfo("UTC"), TypeAdapter(Contracts).validate_python([contract]))
    entries = {entry.term: entry for entry in await rated(store, agreement, parse_month("2026-10"))}
    assert entries["score_cards"].amount == Decimal("-5.00") and entries["score_cards"].reason.startswith("60.25:")
