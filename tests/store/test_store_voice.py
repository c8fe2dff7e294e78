"""How calls were heard, on SQLite and PostgreSQL."""

from dataclasses import replace

import pytest
from store_rows import ended

from dialer.quality.record import LegVoice
from dialer.store.records import CallRecord
from dialer.store.store import Store, StoreError

LEG = LegVoice(
    call_id="c1", leg="customer", direction="in", started_at=100.0, ended_at=160.0, client="acme", campaign=None,
    switch="main", endpoint="trunk", agent=None, codec="alaw", seconds=60.0, r=90.0, r_worst=80.0, mos=4.3, loss=0.0,
    expected=3000, lost=0, burst_ratio=1.0, jitter_s=0.002, jitter_worst_s=0.004, round_trip_s=0.1, dead_air_s=0.0,
)  # fmt: skip
BAD = replace(LEG, call_id="c2", ended_at=200.0, seconds=20.0, r=50.0, r_worst=0.0, mos=2.7, loss=0.4, dead_air_s=5.0,
              jitter_s=0.010, round_trip_s=None)  # fmt: skip
AGENT = replace(LEG, leg="agent", agent="anna", endpoint="agent01")


@pytest.fixture
async def settled(store: Store) -> Store:
    for call_id in ("c1", "c2"):
        call = CallRecord(call_id, "inbound", "node1", "main", "acme", "+4930111", "+4930222", 100.0)
        await store.settle(ended(call), None)
    return store


async def test_a_call_has_its_legs_back(settled: Store) -> None:
    rows = [AGENT, replace(AGENT, direction="out"), LEG, replace(AGENT, started_at=130.0)]
    await settled.voice.save(rows)
    assert await settled.voice.of_call("c1") == [LEG, AGENT, replace(AGENT, direction="out"), rows[3]]
    assert await settled.voice.of_call("c2") == []


async def test_the_same_again_changes_nothing(settled: Store) -> None:
    for row in (LEG, replace(LEG, r=1.0)):
        await settled.voice.save([row])
    assert await settled.voice.of_call("c1") == [LEG]


async def test_with_its_call_in_one_batch(store: Store) -> None:
    """The engine hands both over in one breath; the call's row has to come first."""
    call = CallRecord("c1", "inbound", "node1", "main", "acme", "+4930111", "+4930222", 100.0)
    writes = [store.settle(ended(call), None), store.voice.save([LEG])]
    for write in writes:
        await write
    assert await store.voice.of_call("c1") == [LEG]


async def test_voice_of_no_call_is_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.voice.save([LEG])


async def test_a_clients_day(settled: Store) -> None:
    await settled.voice.save([LEG, BAD, AGENT])
    agent, customer = await settled.voice.totals("client", 0.0, 1000.0)
    assert (agent.name, agent.leg, agent.legs) == ("acme", "agent", 1)
    assert (customer.leg, customer.direction, customer.legs, customer.seconds) == ("customer", "in", 2, 80.0)
    # each leg weighs as long as it lasted: 60 s and 20 s
    assert customer.r == pytest.approx((90 * 60 + 50 * 20) / 80) and customer.r_worst == 0
    assert customer.mos == pytest.approx((4.3 * 60 + 2.7 * 20) / 80) and customer.loss == pytest.approx(0.1)
    assert customer.jitter_s == pytest.approx(0.004) and customer.dead_air_s == 5
    assert customer.round_trip_s == pytest.approx(0.1)  # of those who told it


async def test_trunks_and_agents_have_their_own_legs(settled: Store) -> None:
    await settled.voice.save([LEG, BAD, AGENT])
    [trunk] = await settled.voice.totals("trunk", 0.0, 1000.0)
    assert (trunk.name, trunk.leg, trunk.legs) == ("main/trunk", "customer", 2)
    [agent] = await settled.voice.totals("agent", 0.0, 1000.0)
    assert (agent.name, agent.leg, agent.legs, agent.r) == ("anna", "agent", 1, pytest.approx(90))


async def test_a_day_has_its_first_instant_and_not_its_last(settled: Store) -> None:
    await settled.voice.save([LEG, BAD])
    assert [it.legs for it in await settled.voice.totals("client", 160.0, 200.0)] == [1]
    assert await settled.voice.totals("client", 160.1, 200.0) == []


async def test_nobody_tells_a_round_trip(settled: Store) -> None:
    await settled.voice.save([BAD])
    [total] = await settled.voice.totals("client", 0.0, 1000.0)
    assert total.round_trip_s is None
