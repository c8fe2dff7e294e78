"""The ledger: it only grows, says each thing once, and is the same after a crash and another rating."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from dialer.billing.entry import Entry
from dialer.billing.months import Month, bounds
from dialer.billing.rating import Agreement
from dialer.billing.terms import Contracts
from dialer.bookkeeping import book, booked_entries, close, rated
from dialer.calls.outcome import Outcome
from dialer.store import books as queries
from dialer.store import database
from dialer.store.records import AgentSpan, CallRecord
from dialer.store.store import Store, StoreError

BERLIN = ZoneInfo("Europe/Berlin")
NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)
SINCE, _ = bounds(NOVEMBER, BERLIN)
TERMS: list[dict[str, Any]] = [{
    "from": "2026-01-01", "monthly": 100, "talk": {"per_minute": "0.65"}, "taxes": [{"tax": "USt", "rate": "19%"}],
    "handled_call": {"price": "1.2", "dispositions": ["solved"]}, "wrap_up": {"per_minute": "0.4"},
    "revenue_share": {"share": "10%", "amounts": {"solved": 50}}, "test_calls": {"bands": {"90": "1.1", "0": 1}},
}]
AGREEMENT = Agreement("acme", "EUR", BERLIN, TypeAdapter(Contracts).validate_python(TERMS))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialer.store.books.PAGE", 4)
    monkeypatch.setattr("dialer.bookkeeping.PAGE", 3)


def record(index: int, month: Month = NOVEMBER, **changes: Any) -> CallRecord:
    at = bounds(month, BERLIN)[0] + 3600.0 * (index + 1)
    call = CallRecord(
        id=f"c{index:02}", direction="inbound", node="node1", switch="a1", client="acme", number="+4930111",
        our_number="+4930222", created_at=at, state="over", answered_at=at, joined_at=at + 5, ended_at=at + 66,
        talk_s=61.0, outcome=Outcome.ANSWERED, disposition="solved" if index % 2 else None)
    return replace(call, **changes)


async def settle(store: Store, *records: CallRecord) -> None:
    for one in records:
        await store.settle(one, None)


@pytest.fixture
async def month(store: Store) -> AsyncIterator[Store]:
    """Ten calls of acme's, one of another client, and after-call work on both."""
    await settle(store, *(record(index) for index in range(10)), record(90, client="globex"))
    for call_id, at in (("c01", SINCE + 9000), ("c90", SINCE + 9100)):
        await store.save_span(AgentSpan("anna", "wrap_up", at, at + 30, call_id))
    return store


async def said(store: Store, month: Month = NOVEMBER) -> list[Entry]:
    return [entry async for entry in booked_entries(store.books, "acme", month)]


def total(entries: list[Entry]) -> Decimal:
    return sum((entry.amount for entry in entries), Decimal(0))


async def test_the_ledger_says_what_was_rated(month: Store) -> None:
    wanted = sorted(await rated(month, AGREEMENT, NOVEMBER), key=lambda entry: entry.key)
    done = await book(month, AGREEMENT, NOVEMBER)
    assert (done.month, done.entries, done.added) == (NOVEMBER, len(wanted), len(wanted))
    assert await said(month) == wanted
    assert {entry.call_id for entry in wanted if entry.term == "wrap_up"} == {"c01"}
    assert {entry.term for entry in wanted} == {"monthly", "talk", "handled_call", "wrap_up", "revenue_share", "tax"}


async def test_rating_again_adds_nothing(month: Store) -> None:
    await book(month, AGREEMENT, NOVEMBER)
    before = await said(month)
    assert (await book(month, AGREEMENT, NOVEMBER)).added == 0
    assert await said(month) == before


@pytest.mark.parametrize("broken_at", range(0, 12, 2))
async def test_a_crash_leaves_nothing_twice_and_nothing_out(
    month: Store, monkeypatch: pytest.MonkeyPatch, broken_at: int,
) -> None:
    posted = 0

    class CrashError(Exception):
        pass

    post = month.books.post

    def crashing(*given: Any) -> Any:
        nonlocal posted
        posted += 1
        if posted > broken_at:
            raise CrashError
        return post(*given)

    with monkeypatch.context() as patch:
        patch.setattr(month.books, "post", crashing)
        try:
            await book(month, AGREEMENT, NOVEMBER)
        except CrashError:
            assert (await month.books.months("acme"))["2026-11"] == "rating"
    await book(month, AGREEMENT, NOVEMBER)
    assert await said(month) == sorted(await rated(month, AGREEMENT, NOVEMBER), key=lambda entry: entry.key)
    assert (await month.books.months("acme"))["2026-11"] == "rated"


@pytest.mark.parametrize("death", [(1, "before"), (2, "before"), (4, "after")])
async def test_after_sigkill_the_ledger_is_what_it_would_have_been(
    month: Store, url: str, death: tuple[int, str],
) -> None:
    here = Path(__file__).parent
    places = os.pathsep.join([str(here), str(here.parents[1])])
    killed = await asyncio.create_subprocess_exec(
        sys.executable, str(here / "bookkeeper.py"), url, str(death[0]), death[1],
        env=os.environ | {"PYTHONPATH": places})
    assert await killed.wait() == -signal.SIGKILL
    left = await said(month)
    assert len(left) == 3 * (death[0] - (death[1] == "before"))
    await book(month, AGREEMENT, NOVEMBER)
    after = await said(month)
    assert set(left) < set(after)
    assert after == sorted(await rated(month, AGREEMENT, NOVEMBER), key=lambda entry: entry.key)


async def test_a_change_is_a_reversal_and_a_new_entry(month: Store) -> None:
    await book(month, AGREEMENT, NOVEMBER)
    before = await said(month)
    await month.dispose("c01", "anna", "wrong_number", SINCE, None)
    await book(month, AGREEMENT, NOVEMBER)
    after = await said(month)
    assert set(before) < set(after)
    standing = {entry.key: entry for entry in after}
    gone = [entry for entry in after if entry.call_id == "c01" and entry.term == "handled_call"]
    assert [(entry.revision, entry.amount) for entry in gone] == [(0, Decimal("1.20")), (1, Decimal("-1.20"))]
    new = {entry.key: entry for entry in await rated(month, AGREEMENT, NOVEMBER)}
    assert {key: entry.amount for key, entry in standing.items() if entry.revision % 2 == 0} == {
        key: entry.amount for key, entry in new.items()}
    assert total(after) == total(list(new.values()))
    await month.dispose("c01", "anna", "solved", SINCE, None)
    await book(month, AGREEMENT, NOVEMBER)
    assert total(await said(month)) == total(before)


async def test_a_closed_month_is_not_touched_and_what_comes_late_stands_in_the_next(month: Store) -> None:
    await book(month, AGREEMENT, NOVEMBER)
    await close(month, "acme", NOVEMBER)
    before = await said(month)
    await settle(month, record(50))
    done = await book(month, AGREEMENT, NOVEMBER)
    assert done.month == DECEMBER and await said(month) == before
    late = await said(month, DECEMBER)
    assert {entry.month for entry in late} == {"2026-11"}
    assert total(before) + total(late) == total(list(await rated(month, AGREEMENT, NOVEMBER)))
    assert (await month.books.months("acme"))["2026-12"] == "rating"  # its own calls are not in it yet
    with pytest.raises(StoreError, match="closed"):
        await month.books.post(before, "2026-11")
    with pytest.raises(StoreError, match="closed"):
        await close(month, "acme", NOVEMBER)


async def test_december_keeps_what_came_late(month: Store) -> None:
    await book(month, AGREEMENT, NOVEMBER)
    await close(month, "acme", NOVEMBER)
    await settle(month, record(50), record(60, DECEMBER))
    await book(month, AGREEMENT, NOVEMBER)
    await book(month, AGREEMENT, DECEMBER)
    assert {entry.month for entry in await said(month, DECEMBER)} == {"2026-11", "2026-12"}
    assert (await month.books.months("acme"))["2026-12"] == "rated"


async def test_sales_and_their_cancellation(month: Store) -> None:
    books = month.books
    for _ in range(2):
        await books.record_sale("s1", "c02", SINCE + 20_000, Decimal("80.00"))
    with pytest.raises(StoreError, match="another sale"):
        await books.record_sale("s1", "c02", SINCE + 20_000, Decimal(81))
    with pytest.raises(StoreError, match="no call"):
        await books.record_sale("s2", "nobody", SINCE, Decimal(1))
    await book(month, AGREEMENT, NOVEMBER)
    await close(month, "acme", NOVEMBER)
    december, _ = bounds(DECEMBER, BERLIN)
    for _ in range(2):
        await books.cancel_sale("s1", december + 100)
        await books.cancel_sale("c03", december + 100)
    assert (await book(month, AGREEMENT, NOVEMBER)).added == 0
    await book(month, AGREEMENT, DECEMBER)
    shares = [entry for entry in await said(month, DECEMBER) if entry.term == "revenue_share"]
    assert sorted(entry.amount for entry in shares) == [Decimal("-8.00"), Decimal("-5.00")]


async def test_of_two_ratings_at_once_the_one_that_read_more_stands(
    month: Store, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first has read its facts when a call is settled, and the second begins and ends before it goes on."""
    post, late = month.books.post, [record(50)]

    async def overtaken(*given: Any) -> Any:
        if late:
            await settle(month, late.pop())
            await book(month, AGREEMENT, NOVEMBER)
        return await post(*given)

    with monkeypatch.context() as patch:
        patch.setattr(month.books, "post", overtaken)
        with pytest.raises(StoreError, match="another rating"):
            await book(month, AGREEMENT, NOVEMBER)
    assert await said(month) == sorted(await rated(month, AGREEMENT, NOVEMBER), key=lambda entry: entry.key)
    assert "c50" in {entry.call_id for entry in await said(month)}
    assert (await month.books.months("acme"))["2026-11"] == "rated"


async def test_a_month_is_not_closed_while_another_rates_it(month: Store) -> None:
    await book(month, AGREEMENT, NOVEMBER)
    await month.books.begin("acme", "2026-11", "another")
    with pytest.raises(StoreError, match="not rated to its end"):
        await close(month, "acme", NOVEMBER)
    await book(month, AGREEMENT, NOVEMBER)
    await close(month, "acme", NOVEMBER)


async def test_a_month_of_which_all_was_taken_back_takes_no_number(month: Store) -> None:
    await book(month, AGREEMENT, NOVEMBER)
    free = replace(AGREEMENT, versions=TypeAdapter(Contracts).validate_python([{"from": "2026-01-01"}]))
    await book(month, free, NOVEMBER)
    assert len(await said(month)) > 0 and total(await said(month)) == 0
    assert await close(month, "acme", NOVEMBER) is None


async def test_a_sale_has_an_id_of_its_own(month: Store) -> None:
    """Or it would stand in the ledger under the key of the other call's sale."""
    with pytest.raises(StoreError, match="c03 is a call's id"):
        await month.books.record_sale("c03", "c02", SINCE + 20_000, Decimal(80))


async def test_scores(month: Store) -> None:
    await month.books.save_score("c04", SINCE + 20_000, Decimal("95.5"))
    entries = list(await rated(month, AGREEMENT, NOVEMBER))
    assert [entry.reason.partition(":")[0] for entry in entries if entry.term == "test_calls"] == ["95.5"]


async def test_only_the_time_that_may_be_charged_is_read(month: Store) -> None:
    for agent, state in (("bert", "idle"), ("carl", "idle"), ("bert", "paused")):
        await month.save_span(AgentSpan(agent, state, SINCE + 100, SINCE + 200))
    found = await month.books.facts("acme", *bounds(NOVEMBER, BERLIN), ["bert"])
    assert {(span.agent, span.state, span.client) for span in found.spans} == {
        ("anna", "wrap_up", "acme"), ("bert", "idle", None), ("bert", "paused", None)}
    terms = TERMS[0] | {"agent_hour": {"price": 36, "agents": ["bert"], "states": ["idle"]}}
    agreement = replace(AGREEMENT, versions=TypeAdapter(Contracts).validate_python([terms]))
    hours = [entry.amount for entry in await rated(month, agreement, NOVEMBER) if entry.term == "agent_hour"]
    assert hours == [Decimal("1.00")]


async def test_calls_under_way_are_counted(month: Store) -> None:
    _, until = bounds(NOVEMBER, BERLIN)
    await month.save_call(record(70, outcome=None, state="talking", ended_at=None))
    assert await month.books.unsettled("acme", until) == 1
    assert await month.books.unsettled("globex", until) == 0


def test_a_page_reads_only_its_own_entries(url: str) -> None:
    """However long the ledger is: from where the last page ended, by index."""
    parsed = database.parse_url(url)
    engine = database.writer_engine(parsed)
    with database.turns(parsed) as turn:
        database.migrate(engine, turn)
    with engine.connect() as connection:
        for column in ("booked", "month"):
            statement = queries.page_statement("acme", column, "2026-11", ("acme/k", 0)).compile(
                engine, compile_kwargs={"literal_binds": True})
            if engine.dialect.name == "sqlite":
                plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all())
                index = f"ix_ledger_client_{column}_key_revision"
                assert f"{index} (client=? AND {column}=? AND (key,revision)>(?,?))" in plan
                assert "TEMP B-TREE" not in plan
            else:
                connection.exec_driver_sql("SET enable_seqscan = off")
                plan = str(connection.exec_driver_sql(f"EXPLAIN {statement}").all())
                assert f"ix_ledger_client_{column}_key_revision" in plan and "Sort" not in plan
                assert "ROW((key)" in plan.partition("Index Cond")[2]
    engine.dispose()


async def test_entries_come_back_as_they_were(store: Store) -> None:
    entry = Entry("acme/k", "acme", "2026-11", "talk", date(2026, 1, 1), Decimal("61.001"), "s", Decimal("0.000065"),
                  60, Decimal("-0.0007"), "EUR", "it's; DROP", "c1")
    await store.books.post([entry], "2026-11")
    assert await said(store) == [entry]
    assert queries.PAGE == 4
