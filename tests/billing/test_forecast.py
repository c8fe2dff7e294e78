"""The fee of a month so far, and what it will come to: held against what months came to in the end."""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from billing_facts import BERLIN, contract
from hypothesis import given, settings
from test_billing_properties import EVERYTHING, facts, rated

from dialer.billing.facts import Call, Facts
from dialer.billing.forecast import Fees, Tally, fees
from dialer.billing.minutes import Prices, Talked
from dialer.billing.months import Month, bounds, parts
from dialer.billing.rating import Agreement, timed

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
CALLS_A_DAY = (30, 28, 25, 26, 22, 8, 3)


def traffic(chance: random.Random, since: date, days: int) -> list[Call]:
    """By weekday, with a spread of a fifth from day to day."""
    found = []
    for index in range(days):
        day = since + timedelta(days=index)
        begin = datetime.combine(day, time(8), BERLIN).timestamp()
        for number in range(round(CALLS_A_DAY[day.weekday()] * chance.uniform(0.8, 1.2))):
            at, length = begin + chance.uniform(0, 36_000), round(chance.expovariate(1 / 180), 3)
            found.append(Call(f"{day}-{number}", at, "inbound", "answered", None, None, at, at, at, at + length,
                              length))
    return found


def agreement(terms: str) -> Agreement:
    return Agreement("acme", "EUR", BERLIN, contract(f"[{{from: 2026-01-01, {terms}}}]"))


def at_noon(day: int) -> float:
    return datetime(2026, 11, day, 12, tzinfo=BERLIN).timestamp()


def tally(agreed: Agreement, settled: Facts, month: Month) -> Tally:
    found = Tally(agreed)
    return found.add(timed(agreed, settled, month, found.talk))


def known(agreed: Agreement, calls: list[Call], now: float) -> Fees:
    settled = Facts([call for call in calls if call.ended_at < now])
    tallies = [tally(agreed, settled, month) for month in (NOVEMBER, OCTOBER)]
    return fees(agreed, now, *tallies, random.Random(1).randrange)


def came_to(agreed: Agreement, calls: list[Call]) -> Decimal:
    return known(agreed, calls, bounds(NOVEMBER, BERLIN)[1] - 0.001).net


@pytest.mark.parametrize("day", [2, 12, 26])
@pytest.mark.parametrize("terms", [
    "monthly: 500, talk: {per_minute: 0.60, increment: 10s}, handled_call: {price: 0.40}, taxes: [{tax: A, rate: 9%}]",
    "talk: {per_minute: 0.60}, service_level: {within: 20s, bands: {0: 1.1}}",
])
def test_it_is_near_what_the_month_comes_to(day: int, terms: str) -> None:
    """Of twelve months each: the mean is off by little, and the spread holds most of them."""
    agreed, errors, inside = agreement(terms), [], 0
    for seed in range(12):
        calls = traffic(random.Random(seed), date(2026, 10, 1), 61)
        seen, real = known(agreed, calls, at_noon(day)).forecast, came_to(agreed, calls)
        errors.append((seen.expected - real) / real)
        inside += seen.low <= real <= seen.high
    assert abs(sum(errors) / 12) < Decimal("0.03")
    assert max(map(abs, errors)) < Decimal("0.20")
    assert inside >= 6  # eight of ten is what is claimed: six of twelve or more, with 98 %


@pytest.mark.parametrize("terms", [
    "talk: {per_minute: 0.60, included_minutes: 1000}",
    ("talk: {per_minute: 0.60, included_minutes: 300, tiers: [{above_minutes: 900, per_minute: 0.20}],"
     "tariffs: [{tariff: late, from: '14:00', to: '24:00', factor: 1.5}]}"),
])
def test_included_minutes_and_tiers_are_used_up_as_the_month_goes(terms: str) -> None:
    """Off by little of what the talk would cost without them: a day's own cost early in the month, or late in the one
    before, says nothing of the days to come."""
    agreed, plain, errors = agreement(terms), agreement("talk: {per_minute: 0.60}"), []
    for seed in range(6):
        calls = traffic(random.Random(seed), date(2026, 10, 1), 61)
        seen = known(agreed, calls, at_noon(10)).forecast
        errors.append((seen.expected - came_to(agreed, calls)) / came_to(plain, calls))
    assert abs(sum(errors) / 6) < Decimal("0.05") and max(map(abs, errors)) < Decimal("0.15")


def test_talk_to_come_is_priced_by_the_version_that_will_hold() -> None:
    """From the 16th on a minute is free: what was said before is all that the month will cost."""
    agreed = Agreement("acme", "EUR", BERLIN, contract(
        "[{from: 2026-01-01, talk: {per_minute: 0.60}}, {from: 2026-11-16, talk: {per_minute: 0}}]"))
    calls = traffic(random.Random(2), date(2026, 10, 1), 61)
    seen, real = known(agreed, calls, at_noon(16)), came_to(agreed, calls)
    assert seen.forecast.low == seen.forecast.high == seen.net == real
    assert abs(known(agreed, calls, at_noon(9)).forecast.expected / real - 1) < Decimal("0.2")


def test_minutes_are_priced_one_after_another() -> None:
    """By hand: of 90 minutes after 70, 30 at 0.60, 20 at 0.30 above 100, 40 free above 120; at a factor of 1.5."""
    version = contract("[{from: 2026-01-01, talk: {per_minute: 0.60, tiers: [{above_minutes: 100, per_minute: 0.30},"
                       "{above_minutes: 120, per_minute: 0}]}}]")
    [part] = parts(version, NOVEMBER, BERLIN)
    prices = Prices.of(part, {"inbound": Talked(50 * 60_000), "outbound": Talked(20 * 60_000)})
    coming = {"inbound": Talked(90 * 60_000, Decimal(90 * 60_000) * Decimal("1.5"))}
    assert prices.cost(coming) == (30 * Decimal("0.60") + 20 * Decimal("0.30")) * Decimal("1.5")
    assert prices.cost({}) == 0 == prices.cost({"inbound": Talked()})
    every = Prices.of(part, {}).cost({"outbound": Talked(160 * 60_000, Decimal(160 * 60_000))})
    assert every == 100 * Decimal("0.60") + 20 * Decimal("0.30")


def test_minimum_and_cap_bound_it() -> None:
    calls = traffic(random.Random(1), date(2026, 10, 1), 61)
    low, high = agreement("talk: {per_minute: 0.01}, minimum: 5000"), agreement("talk: {per_minute: 9}, cap: 5000")
    for agreed in (low, high):
        seen = known(agreed, calls, at_noon(9)).forecast
        assert seen.low == seen.expected == seen.high == Decimal("5000.00")


def test_the_end_of_the_month_leaves_no_spread() -> None:
    agreed = agreement("talk: {per_minute: 0.60}")
    calls = traffic(random.Random(1), date(2026, 10, 1), 61)
    now = datetime(2026, 11, 30, 23, 59, 59, tzinfo=BERLIN).timestamp()
    seen = known(agreed, calls, now)
    assert seen.forecast.low >= seen.net
    assert seen.forecast.high <= seen.net * Decimal("1.02")


def test_a_new_client_has_none_and_then_goes_by_its_own_days() -> None:
    agreed = agreement("talk: {per_minute: 0.60}")
    calls = traffic(random.Random(1), date(2026, 11, 9), 30)
    assert known(agreed, calls, at_noon(9)).forecast is None
    assert known(agreed, calls, at_noon(12)).forecast.expected > known(agreed, calls, at_noon(12)).net


@settings(max_examples=25, deadline=None)
@given(facts())
def test_so_far_is_what_rating_says(given_facts: Facts) -> None:
    agreed = Agreement("acme", "EUR", BERLIN, EVERYTHING)
    tallies = [tally(agreed, given_facts, month) for month in (NOVEMBER, OCTOBER)]
    seen = fees(agreed, at_noon(15), *tallies, random.Random(1).randrange)
    entries = rated(given_facts, EVERYTHING)
    assert seen.net == sum(entry.amount for entry in entries if entry.term != "tax")
    assert seen.terms == {term: sum(entry.amount for entry in entries if entry.term == term)
                          for term in {entry.term for entry in entries}}
