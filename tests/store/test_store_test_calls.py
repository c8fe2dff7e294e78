"""Test calls on SQLite and PostgreSQL: kept by themselves, out of reports, and out of invoices unless the contract
says so."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from dialer.billing.months import parse_month
from dialer.billing.rating import Agreement
from dialer.billing.terms import Contracts
from dialer.bookkeeping import rated
from dialer.calls.outcome import Outcome
from dialer.quality.service import Rule
from dialer.store.records import AgentSpan, CallRecord, Talk
from dialer.store.service import Scope
from dialer.store.store import Store
from dialer.store.test_calls import TestCallRow, TestCard

AT = 1_792_000_000.0  # in October 2026
ROW = TestCallRow("t1", "hotline", "acme", "node1", "main", "+4930222", "+4915111", AT - 5)
CALL = CallRecord(
    "c1", "inbound", "node1", "main", "acme", "+4915111", "+4930222", AT, answered_at=AT, queued_at=AT,
    joined_at=AT + 30, ended_at=AT + 90, agent="anna", talk_s=60.0, outcome=Outcome.ANSWERED, queue="sales",
)  # fmt: skip
REAL = replace(CALL, id="c2", number="+49301", joined_at=AT + 10, ended_at=AT + 70)


@pytest.fixture
async def tested(store: Store) -> Store:
    """One test call that waited too long, and one call in time."""
    await store.test_calls.save(ROW)
    await store.test_calls.save(replace(ROW, call_id="c1"))
    for call in (CALL, REAL):
        await store.settle(call, None, [Talk(call.id, "anna", call.joined_at or 0.0, call.ended_at or 0.0)])
        await store.save_span(AgentSpan("anna", "wrap_up", call.ended_at or 0.0, (call.ended_at or 0.0) + 60, call.id))
    return store


async def test_it_is_kept_with_its_cards(tested: Store) -> None:
    rules = [{"rule": "queue", "met": True, "weight": 1, "wanted": "sales", "got": "sales"}]
    done = replace(ROW, call_id="c1", answered_at=AT, ended_at=AT + 90, rules=rules, by_rules=100.0, rang_at=AT - 1,
                   cause=16, mos=4.1)
    await tested.test_calls.save(done)
    assert await tested.test_calls.one("t1") == done and await tested.test_calls.one("t2") is None
    assert await tested.test_calls.placed(AT - 5, AT) == [done]
    assert await tested.test_calls.placed(AT - 5, AT, "other") == await tested.test_calls.placed(AT, AT + 9) == []
    for points in (3, 4):
        await tested.test_calls.save_card(TestCard("t1", "maria", AT, {"greeting": points}, 10.0 * points))
    assert [card.score for card in await tested.test_calls.cards(["t1"])] == [40.0]


async def test_those_without_an_end_are_found_again(tested: Store) -> None:
    await tested.test_calls.save(replace(ROW, id="t2", ended_at=AT))
    assert await tested.test_calls.unfinished("node2") == []
    assert await tested.test_calls.unfinished("node1") == [replace(ROW, call_id="c1")]


async def test_service_reports_leave_it_out(tested: Store) -> None:
    tally, beside = await tested.service.read(Scope("client", "acme", AT, AT + 1), Rule(), AT + 30 * 86_400)
    assert (tally.calls, tally.level.in_time, beside.tests, beside.talks, beside.resolvable) == (1, 1, 1, 1, 1)


@pytest.mark.parametrize(("terms", "handled", "wrapped", "level"), [
    ({}, ["c2"], 1, "100 %"),
    ({"test_calls": {"bands": {"0": 1}}}, ["c2"], 1, "100 %"),
    ({"test_calls": {"bands": {"0": 1}, "billed": True}}, ["c1", "c2"], 2, "100 %"),
    ({"test_calls": {"bands": {"0": 1}, "counted": True}}, ["c2"], 1, "50 %"),
])  # fmt: skip
async def test_the_contract_says_whether_it_is_billed_and_counted(
    tested: Store, terms: dict[str, object], handled: list[str], wrapped: int, level: str
) -> None:
    contract = {"from": "2026-01-01", "handled_call": {"price": 1}, "wrap_up": {"per_minute": 1},
                "service_level": {"within": "20s", "bands": {"0": 0.5}}, **terms}  # fmt: skip
    agreement = Agreement("acme", "EUR", ZoneInfo("UTC"), TypeAdapter(Contracts).validate_python([contract]))
    entries = list(await rated(tested, agreement, parse_month("2026-10")))
    assert sorted(entry.call_id or "" for entry in entries if entry.term == "handled_call") == handled
    assert sum(entry.term == "wrap_up" for entry in entries) == wrapped
    [reason] = [entry.reason for entry in entries if entry.term == "service_level"]
    assert reason.startswith(level)
