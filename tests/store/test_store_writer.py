"""Group commit, rows that are wrong, and databases that fail."""

import asyncio
import os
import resource
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from postgres_server import running_server
from store_rows import CAMPAIGN, claimed, ended, intent, numbers, slots

from dialer.store import database, writer
from dialer.store.database import OutageError
from dialer.store.records import AgentSpan, Asked, CallRecord, Contact, ContactVerdict, Known, Slot
from dialer.store.store import Store, StoreError


async def healthy(store: Store, up: bool) -> None:
    """Waits for the store's own word; bounded by the test's time-out."""
    while (store.health() == "up") is not up:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_many_writes_share_a_commit(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(300))
    before = store._writer.commits
    claims = [store.claim(CAMPAIGN, slots(f"c{index}"), intent, now=1000.0) for index in range(300)]
    spans = [store.save_span(AgentSpan("ann", "idle", float(index), index + 1.0)) for index in range(300)]
    attempts = [attempt for claim in await asyncio.gather(*claims) for attempt in claim]
    await asyncio.gather(*spans)
    assert len({attempt.contact.id for attempt in attempts}) == 300
    assert store._writer.commits - before <= 10


async def test_commits_are_told_and_a_failing_observer_does_no_harm(store: Store) -> None:
    told: list[tuple[int, bool]] = []

    def observe(_seconds: float, writes: int, durable: bool) -> None:
        told.append((writes, durable))
        raise ValueError("no such metric")

    store.on_commit(observe)
    await store.save_span(AgentSpan("ann", "idle", 1.0, 2.0))
    await store.add_contacts(CAMPAIGN, numbers(1))
    await store.save_campaign_status(CAMPAIGN, "running", 1.0)
    assert told[:2] == [(1, False), (1, True)]
    assert store.health() == "up"


async def test_a_wrong_row_fails_alone(store: Store) -> None:
    first = await claimed(store, "taken")

    def breaks(_slot: Slot, _contact: Contact, _known: Known) -> CallRecord:
        raise ValueError("no caller ID")

    await store.add_contacts(CAMPAIGN, numbers(4))
    good = [store.claim(CAMPAIGN, slots("c1"), intent, now=1000.0)]
    bad = [
        store.claim(CAMPAIGN, slots("c2"), breaks, now=1000.0),
        store.claim(CAMPAIGN, slots("taken"), intent, now=1000.0),
        store.save_call(replace(first, id="c3", switch=None)),  # type: ignore[arg-type]
        store.dispose("nobody's", "ann", "sale", 1.0, None),
    ]
    good += [store.claim(CAMPAIGN, slots("c4"), intent, now=1000.0)]
    results = await asyncio.gather(*bad, return_exceptions=True)
    assert [type(result) for result in results] == [StoreError] * 4
    assert "no caller ID" in str(results[0])
    assert [len(attempts) for attempts in await asyncio.gather(*good)] == [1, 1]
    assert {call.id for call in await store.open_calls("node1")} == {"taken", "c1", "c4"}
    assert (await store.totals(CAMPAIGN)).contacts == {"waiting": 0, "due": 1, "claimed": 3, "done": 0}
    assert store.health() == "up"


async def test_a_claim_nobody_waits_for_is_taken_back(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, numbers(2))
    kept, dropped = [store.claim(CAMPAIGN, slots(call_id), intent, now=1000.0) for call_id in ("c1", "c2")]
    dropped.cancel()
    await kept
    for _ in range(2):  # what takes it back is queued when the first of these is done
        await store.save_campaign_status(CAMPAIGN, "running", 1.0)
    assert [call.id for call in await store.open_calls("node1")] == ["c1"]
    assert (await store.totals(CAMPAIGN)).contacts == {"waiting": 0, "due": 1, "claimed": 1, "done": 0}


async def test_a_commit_of_unknown_end_claims_nothing_and_settles_once(
    store: Store, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The commit reached the disk, its reply did not reach us."""
    record = await claimed(store)
    assert record.contact_id is not None
    await store.add_contacts(CAMPAIGN, numbers(3))
    commit, faults = store._writer._commit, [OutageError("the reply was lost")]

    def forgetful(batch: Any) -> Any:
        done = commit(batch)
        if batch and faults:
            raise faults.pop()
        return done

    monkeypatch.setattr(store._writer, "_commit", forgetful)
    settle = store.settle(ended(record), ContactVerdict(record.contact_id, "waiting", 2000.0, "no_answer"), [])
    with pytest.raises(StoreError, match="the reply was lost"):
        await store.claim(CAMPAIGN, slots("c2"), intent, now=1000.0)
    await settle
    assert not faults
    assert await store.open_calls("node1") == []
    contact = await store.contact(record.contact_id)
    assert contact is not None
    assert (contact.attempts, contact.tries) == (1, {"no_answer": 1})
    totals = await store.totals(CAMPAIGN)
    assert (totals.contacts, totals.outcomes) == ({"waiting": 1, "due": 2, "claimed": 0, "done": 0}, {"no_answer": 1})


@pytest.mark.postgres
async def test_a_lost_postgresql_loses_nothing() -> None:
    """On a server of its own: one that lost its life looks at every file it has, and others' are many."""
    with running_server() as postgres:
        store = Store.open(postgres.create())
        record = await claimed(store)
        assert record.contact_id is not None
        postgres.stop("immediate")
        try:
            settle = store.settle(ended(record), ContactVerdict(record.contact_id, "waiting", 2000.0, "no_answer"), [])
            await healthy(store, up=False)
            with pytest.raises(StoreError):
                await store.claim(CAMPAIGN, slots("c2"), intent, now=1000.0)
            with pytest.raises(StoreError):
                await store.call("c1")
            assert not settle.done()
        finally:
            postgres.start()
        await settle
        await healthy(store, up=True)
        assert await store.call("c1") == ended(record)
        await store.close()


@pytest.mark.postgres
async def test_connections_that_are_cut_are_left_without_a_trace_and_say_why(caplog: pytest.LogCaptureFixture) -> None:
    with running_server() as postgres:
        url = postgres.create()
        store = Store.open(url)
        await store.add_contacts(CAMPAIGN, numbers(2))
        asked, who = Asked("acme", CAMPAIGN, 0.0), Contact(0, "none", "+49305550000", {}, "due", 0, {}, 0.0)
        with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as admin:
            holder.execute("LOCK TABLE do_not_call, tallies IN ACCESS EXCLUSIVE MODE")
            under_way = [store.known(asked, who), store.claim(CAMPAIGN, slots("c1"), intent, now=1000.0)]
            blocked = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            async with asyncio.timeout(60):
                while admin.execute(f"SELECT count(*) {blocked}").fetchone() != (2,):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            admin.execute(f"SELECT pg_terminate_backend(pid) {blocked}")
            for future in under_way:
                with pytest.raises(StoreError, match="administrator command"):
                    await future
        await healthy(store, up=True)
        assert [attempt.contact.number for attempt in await store.claim(CAMPAIGN, slots("c2"), intent, now=1000.0)] == [
            "+493055510000"]
        assert await store.known(asked, who)
        await store.close()
    assert not [one for one in caplog.records if one.exc_info is not None]


async def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """The limit on this process's files acts as the disk's end: writes fail with EFBIG."""
    path = tmp_path / "dialer.db"
    store = Store.open(f"sqlite:///{path}")
    record = await claimed(store)
    assert record.contact_id is not None
    written = os.stat(f"{path}-wal").st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, hard))
    try:
        settle = store.settle(ended(record), ContactVerdict(record.contact_id, "waiting", 2000.0, "no_answer"), [])
        await healthy(store, up=False)
        with pytest.raises(StoreError):
            await store.add_contacts(CAMPAIGN, numbers(100))
        assert not settle.done()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await settle
    await healthy(store, up=True)
    assert await store.call("c1") == ended(record)
    await store.close()


async def test_closing_in_an_outage_says_what_was_not_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    record = await claimed(store)

    def out_of_order(_batch: Any) -> Any:
        raise OutageError("gone")

    monkeypatch.setattr(store._writer, "_commit", out_of_order)
    settle = store.settle(ended(record), None, [])
    await healthy(store, up=False)
    await store.close()
    with pytest.raises(StoreError, match="gone"):
        await settle


async def test_a_full_queue_refuses_new_work_before_it_refuses_facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer, "CAPACITY", 10)
    url = f"sqlite:///{tmp_path}/dialer.db"
    store = Store.open(url)
    record = await claimed(store)
    with database.turns(database.parse_url(url)) as turn:
        with turn:  # another process writes, and ours has to wait
            facts = [store.save_call(replace(record, state=f"s{index}")) for index in range(5)]
            with pytest.raises(StoreError, match="waiting"):
                await store.claim(CAMPAIGN, slots("c2"), intent, now=1000.0)
            facts += [store.save_call(replace(record, state=f"s{index}")) for index in range(5, 10)]
            with pytest.raises(StoreError, match="10 writes are waiting"):
                await store.settle(ended(record), None, [])
        await asyncio.gather(*facts)
    assert await store.open_calls("node1") == [replace(record, state="s9")]
    assert await store.claim(CAMPAIGN, slots("c2"), intent, now=1000.0) == []
    await store.close()


async def test_sqlite_s_log_is_in_the_file_soon_after_without_a_commit_that_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer, "IDLE_S", 3600.0)
    path = tmp_path / "dialer.db"
    store = Store.open(f"sqlite:///{path}")

    def in_the_file() -> int:
        file = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)  # knows of no log
        with closing(file), suppress(sqlite3.DatabaseError):  # half of it copied
            return int(file.execute("SELECT COUNT(*) FROM contacts").fetchone()[0])
        return 0

    await store.add_contacts(CAMPAIGN, numbers(writer.LULL_ROWS))
    while in_the_file() < writer.LULL_ROWS:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await store.close()
