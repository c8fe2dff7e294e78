"""A call over the end of a tariff, a version or a month: no second is lost, and each has its own price."""

from collections import Counter
from datetime import datetime
from decimal import Decimal

import pytest
from billing_facts import BERLIN, contract, epoch
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.billing.entry import Entry
from dialer.billing.facts import Call, Facts
from dialer.billing.months import Month
from dialer.billing.rating import Agreement, rate
from dialer.billing.talk import holding

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
TERMS = """
    talk:
      per_minute: {price}
      boundary: {boundary}
      increment: 7s
      minimum: 20s
      tariffs:
        - {{tariff: holiday, holidays: true, factor: 2}}
        - {{tariff: odd, from: "02:20", to: "02:50", factor: 3}}
        - {{tariff: night, from: "20:00", to: "06:00", factor: 1.5}}
        - {{tariff: sunday, days: [sun], factor: 1.25}}
    holidays: [2026-10-31, 2026-11-01]
"""


def versions(boundary: str) -> list:  # type: ignore[type-arg]
    days = (("2026-01-01", "0.60"), ("2026-10-26", "0.30"), ("2026-11-02", "0.90"))
    return contract("".join(f"\n-   from: {day}" + TERMS.format(price=price, boundary=boundary)
                            for day, price in days))


def charged(calls: list[Call], boundary: str) -> list[Entry]:
    agreement = Agreement("acme", "EUR", BERLIN, versions(boundary))
    return [entry for month in (OCTOBER, NOVEMBER) for entry in rate(agreement, Facts(calls), month)
            if entry.term == "talk"]


def talk(id: str, at: float, wait: float, length: float) -> Call:  # noqa: A002
    return Call(id, at, "inbound", "answered", None, None, at, at, at + wait, at + wait + length, length)


lengths = st.integers(1, 30_000).map(float)
starts = st.integers(int(epoch("2026-10-24 20:00:00")), int(epoch("2026-11-02 12:00:00"))).map(float)


@given(st.lists(st.tuples(starts, st.integers(0, 900), lengths), max_size=6))
def test_no_second_is_lost(given_calls: list[tuple[float, int, float]]) -> None:
    calls = [talk(f"c{index}", at, wait, length) for index, (at, wait, length) in enumerate(given_calls)]
    split, whole = charged(calls, "split"), charged(calls, "start")
    assert max(Counter(entry.key for entry in split).values(), default=1) == 1
    for call in calls:
        billed = Decimal(-(-max(int(call.talk_s), 20) // 7) * 7)
        for entries in (split, whole):
            assert sum(entry.quantity for entry in entries if entry.call_id == call.id) == billed


@settings(max_examples=40, deadline=None)
@given(starts, st.integers(0, 900), st.integers(1, 20_000))
def test_each_second_has_the_price_of_its_time(at: float, wait: int, length: int) -> None:
    """Against the plainest way there is: second by second."""
    found: Counter[tuple[str, Decimal]] = Counter()
    began = at + wait
    prices = []
    agreed = Agreement("acme", "EUR", BERLIN, versions("split"))
    for second in range(length):
        version = agreed.at(began + second)
        [term] = version.talks
        local = datetime.fromtimestamp(began + second, BERLIN)
        held = holding(term.tariffs, local, version)
        prices.append((str(version.from_), term.per_minute * (held.factor if held else 1)))
    billed = -(-max(length, 20) // 7) * 7
    found.update(prices + prices[-1:] * (billed - length))
    entries: Counter[tuple[str, Decimal]] = Counter()
    for entry in charged([talk("c1", at, wait, length)], "split"):
        entries[str(entry.version), entry.unit_price] += int(entry.quantity)
    assert entries == found


@given(starts, lengths)
def test_what_meets_no_boundary_costs_the_same_either_way(at: float, length: float) -> None:
    [one] = versions("start")[:1]
    plain = one.model_copy(update={"talk": one.talk.model_copy(update={"tariffs": []})})
    cut = plain.model_copy(update={"talk": plain.talk.model_copy(update={"boundary": "split"})})
    call = talk("c1", at, 0, length)
    def costs(version: object, month: Month) -> list[Entry]:
        return list(rate(Agreement("acme", "EUR", BERLIN, [version]), Facts([call]), month))
    if datetime.fromtimestamp(at, BERLIN).month == datetime.fromtimestamp(at + length, BERLIN).month:
        assert [costs(cut, month) for month in (OCTOBER, NOVEMBER)] == [
            costs(plain, month) for month in (OCTOBER, NOVEMBER)]


def test_the_hour_that_comes_twice() -> None:
    """25 October 2026 in Berlin: 02:00 to 03:00 comes twice, and `odd` holds from 02:20 to 02:50 of each."""
    at = epoch("2026-10-25 01:30:00")
    entries = charged([talk("c1", at, 0, 9_000)], "split")  # two and a half hours, to 03:00 of winter
    assert {entry.unit_price / Decimal("0.60"): entry.quantity for entry in entries} == {
        Decimal(3): Decimal(3_600), Decimal("1.5"): Decimal(5_400) + 2}  # 9,002 s in steps of 7 s


def test_directions_have_prices_and_minutes_of_their_own() -> None:
    versions = contract("""
- from: 2026-01-01
  talk:
    - {direction: inbound, per_minute: 0.60, included_minutes: 2}
    - {direction: outbound, per_minute: 0.90}
""")
    at = epoch("2026-11-03 10:00:00")
    calls = [talk("c1", at, 0, 90), Call("c2", at + 1, "outbound", "answered", None, at + 1, at + 1, None, at + 1,
                                         at + 61, 60.0), talk("c3", at + 200, 0, 90)]
    entries = list(rate(Agreement("acme", "EUR", BERLIN, versions), Facts(calls), NOVEMBER))
    assert [(entry.call_id, entry.quantity, entry.amount) for entry in entries] == [
        ("c1", 90, 0), ("c2", 60, Decimal("0.90")), ("c3", 30, 0), ("c3", 60, Decimal("0.60"))]


@pytest.mark.parametrize("boundary", ["start", "split"])
def test_a_new_version_without_a_price_of_talk_takes_nothing(boundary: str) -> None:
    both = versions(boundary)[:1] + contract("[{from: 2026-11-01, monthly: 1}]")
    call = talk("c1", epoch("2026-10-31 23:59:00"), 0, 120)
    agreement = Agreement("acme", "EUR", BERLIN, both)
    quantity = [sum(entry.quantity for entry in rate(agreement, Facts([call]), month) if entry.term == "talk")
                for month in (OCTOBER, NOVEMBER)]
    assert quantity == ([126, 0] if boundary == "start" else [60, 0])


def test_the_clock_that_is_put_back_changes_the_tariff() -> None:
    """At three of summer it is two again: `late`, from half past two on, ends there and begins anew."""
    [version] = contract("""
- from: 2026-01-01
  talk: {per_minute: 0.60, boundary: split, tariffs: [{tariff: late, from: "02:30", to: "24:00", factor: 2}]}
""")
    call = talk("c1", epoch("2026-10-25 01:30:00"), 0, 9_000)
    entries = list(rate(Agreement("acme", "EUR", BERLIN, [version]), Facts([call]), OCTOBER))
    assert {entry.unit_price: entry.quantity for entry in entries} == {Decimal("0.60"): 5_400, Decimal("1.20"): 3_600}
