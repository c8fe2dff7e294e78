"""Service read from the store, on SQLite and PostgreSQL."""

from dataclasses import replace

import pytest

from dialer.calls.outcome import Outcome
from dialer.quality.service import Rule
from dialer.store.records import AgentSpan, CallRecord, Talk
from dialer.store.service import Scope, Whose
from dialer.store.store import Store

DAY = 86_400.0
CALL = CallRecord(
    "c1", "inbound", "node1", "main", "acme", "+4930111", "+4930222", 1000.0, answered_at=1000.0, queued_at=1010.0,
    joined_at=1020.0, ended_at=1100.0, agent="anna", talk_s=80.0, outcome=Outcome.ANSWERED, hung_up_by="customer",
    queue="sales",
)  # fmt: skip
LEFT = replace(CALL, id="c2", number="+4930333", joined_at=None, agent=None, talk_s=0.0, outcome=Outcome.ABANDONED)
OTHER = replace(CALL, id="c3", client="globex", queue="help", agent="ben", number="anonymous")
AGAIN = replace(CALL, id="c4", created_at=1000.0 + 2 * DAY, queue="help", agent="ben")
BEN = Talk("c4", "ben", 2 * DAY + 1020, 2 * DAY + 1050)


@pytest.fixture
async def month(store: Store) -> Store:
    for call, talks in ((CALL, [Talk("c1", "anna", 1020, 1060), Talk("c1", "ben", 1060, 1100)]), (LEFT, []),
                        (OTHER, [Talk("c3", "ben", 1020, 1100)]), (AGAIN, [BEN])):  # fmt: skip
        await store.settle(call, None, talks)
    living = CallRecord("c5", "inbound", "node1", "main", "acme", "+4930111", "+4930222", 1000.0, queue="sales")
    await store.save_call(living)
    for span in (AgentSpan("anna", "idle", 500, 1020), AgentSpan("anna", "talking", 1020, 1060, "c1"),
                 AgentSpan("anna", "wrap_up", 1060, 1090, "c1"), AgentSpan("ben", "talking", 1060, 1100, "c1")):
        await store.save_span(span)
    return store


@pytest.mark.parametrize(("whose", "name", "calls"), [
    ("client", "acme", 2), ("queue", "sales", 2), ("agent", "anna", 1), ("agent", "ben", 2), ("client", "nobody", 0),
])  # fmt: skip
async def test_whose_calls(month: Store, whose: Whose, name: str, calls: int) -> None:
    tally, _ = await month.service.read(Scope(whose, name, 1000.0, DAY), Rule(), 30 * DAY)
    assert tally.calls == calls


async def test_a_period_has_its_first_instant_and_not_its_last(month: Store) -> None:
    for since, until, calls in ((1000.0, 1000.1, 2), (999.0, 1000.0, 0), (1000.1, DAY, 0)):
        tally, _ = await month.service.read(Scope("client", "acme", since, until), Rule(), 30 * DAY)
        assert tally.calls == calls


async def test_the_time_of_agents(month: Store) -> None:
    _, beside = await month.service.read(Scope("client", "acme", 1000.0, DAY), Rule(), 30 * DAY)
    assert (beside.talks, beside.talk_s) == (1, 80.0)
    assert beside.states == {"talking": 80.0, "wrap_up": 30.0}
    assert beside.shift == {"idle": 20.0, "talking": 80.0, "wrap_up": 30.0}  # from the period's beginning on
    _, anna = await month.service.read(Scope("agent", "anna", 1000.0, DAY), Rule(), 30 * DAY)
    assert (anna.talks, anna.talk_s, anna.states) == (1, 40.0, {"talking": 40.0, "wrap_up": 30.0})


async def test_a_further_call_after_the_period_and_to_another_queue_counts_against_the_first(month: Store) -> None:
    scope = Scope("queue", "sales", 0.0, DAY)
    _, beside = await month.service.read(scope, Rule(), 30 * DAY)
    assert (beside.resolved, beside.resolvable) == (0, 1)  # who gave up was not served, and is not judged
    _, beside = await month.service.read(scope, Rule(again_s=DAY), 30 * DAY)
    assert (beside.resolved, beside.resolvable) == (1, 1)


async def test_withheld_numbers_are_no_caller(month: Store) -> None:
    _, beside = await month.service.read(Scope("client", "globex", 0.0, DAY), Rule(), 30 * DAY)
    assert beside.resolvable == 0


async def test_a_call_keeps_its_queue(month: Store) -> None:
    call = await month.call("c1")
    assert call is not None and call.queue == "sales"
