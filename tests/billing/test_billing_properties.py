"""What holds of any month: sums, order, splitting, reversal, rounding."""

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

from billing_facts import BERLIN, contract, epoch
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.billing.entry import Entry
from dialer.billing.facts import Call, Facts, Sale, Score, Span
from dialer.billing.money import MODES, Round, rounded
from dialer.billing.months import Month, bounds
from dialer.billing.rating import Agreement, rate
from dialer.billing.terms import Contract

NOVEMBER = Month(2026, 11)
SINCE, UNTIL = bounds(NOVEMBER, BERLIN)
EVERYTHING = contract("""
- from: 2026-01-01
  monthly: 999.99
  talk:
    per_minute: 0.6537
    connection: 0.05
    increment: 7s
    minimum: 20s
    included_minutes: 5
    tiers: [{above_minutes: 3, per_minute: 0.61}, {above_minutes: 9, per_minute: 0.5}]
    tariffs: [{tariff: night, from: "20:00", to: "06:00", factor: 1.333}]
    round: {places: 5, mode: half_even}
  handled_call: {price: 1.2, counts_from: 10s}
  agent_hour: {price: 28.33, agents: [anna], states: [idle, talking]}
  wrap_up: {per_minute: 0.37, round: {places: 3}}
  pause: {per_minute: 0.3, agents: [anna, bert], codes: {training: true, coaching: half}}
  outbound: {per_attempt: 0.08, per_contact: 1, per_success: 12, successes: [sale]}
  revenue_share: {share: 8%, amounts: {sale: 49.99}}
  rejected_call: {deduct: 0.8, above: 2%}
  service_level: {within: 20s, bands: {90: 1.03, 80: 1, 0: 0.95}}
  abandon_rate: {bands: {0: 1.02, 5: 0.9}}
  test_calls: {bands: {90: 1.05, 0: 0.9}}
  minimum: 800
  cap: 1200
  set_up: [{text: Flows, price: 100, on: 2026-11-20}]
  taxes: [{tax: USt, rate: 19%}]
""")

moments = st.floats(SINCE - 90_000, UNTIL + 90_000, allow_nan=False).map(lambda at: round(at, 3))
lengths = st.floats(0, 400).map(lambda length: round(length, 3))
codes = st.sampled_from([None, "sale", "refused"])


@st.composite
def calls(draw: st.DrawFn) -> list[Call]:
    found = []
    for index in range(draw(st.integers(0, 25))):
        at, wait, talk = draw(moments), draw(lengths), draw(lengths)
        inbound = draw(st.booleans())
        outcome = "answered" if talk else draw(st.sampled_from(["abandoned", "overloaded", "busy", "failed"]))
        found.append(Call(
            f"c{index:02}", at, "inbound" if inbound else "outbound", outcome, draw(codes), None if inbound else at,
            at, at if inbound else None, at + wait if talk else None, at + wait + talk, talk))
    return found


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    spans, at = [], draw(moments)
    for _ in range(draw(st.integers(0, 10))):
        length = draw(st.floats(0.001, 200_000))
        state = draw(st.sampled_from(["idle", "talking", "wrap_up", "paused"]))
        spans.append(Span(draw(st.sampled_from(["anna", "bert"])), state, at, at + length, None,
                          draw(st.sampled_from([None, "training", "coaching", "lunch"])), "acme"))
        at += length
    amounts = st.decimals(0, 1000, places=2)
    sold = [Sale(f"s{index}", f"c{index:02}", draw(moments), draw(amounts), None, draw(st.none() | moments))
            for index in range(draw(st.integers(0, 5)))]
    scores = [Score(f"t{index}", draw(moments), Decimal(draw(st.integers(0, 100))))
              for index in range(draw(st.integers(0, 3)))]
    return Facts(draw(calls()), spans, sold, scores)


def rated(given: Facts, versions: list[Contract], month: Month = NOVEMBER) -> list[Entry]:
    return list(rate(Agreement("acme", "EUR", BERLIN, versions), given, month))


def total(entries: list[Entry]) -> Decimal:
    return sum((entry.amount for entry in entries), Decimal(0))


def cut(versions: list[Contract], day: int) -> list[Contract]:
    """The same terms, but a new version of the contract from that day of November on."""
    return [*versions, versions[-1].model_copy(update={"from_": date(2026, 11, day)})]


@given(facts())
def test_each_amount_is_what_it_says_and_the_total_is_in_cents(given: Facts) -> None:
    entries = rated(given, EVERYTHING)
    assert max(Counter(entry.key for entry in entries).values(), default=0) <= 1
    for entry in entries:
        exact = entry.quantity * entry.unit_price / entry.per
        assert abs(entry.amount - exact) <= Decimal("0.005"), entry
    assert total(entries) == rounded(total(entries), Round(), "EUR")
    net = total([entry for entry in entries if entry.term not in ("tax", "set_up", "rounding")])
    assert Decimal("799.99") < net < Decimal("1200.01")


@given(facts(), st.randoms(use_true_random=False), st.integers(2, 30))
def test_order_and_doubles_change_nothing(given: Facts, chance: st.DataObject, day: int) -> None:
    def shuffled(them: list) -> list:  # type: ignore[type-arg]
        them = [*them, *them[:3]]
        chance.shuffle(them)
        return them

    other = Facts(shuffled(given.calls), shuffled(given.spans), shuffled(given.sales), shuffled(given.scores))
    versions = cut(EVERYTHING, day)
    assert rated(other, versions) == rated(given, versions)


@given(facts(), st.integers(2, 30))
def test_a_contract_change_loses_no_second(given: Facts, day: int) -> None:
    def quantities(entries: list[Entry]) -> Counter[str]:
        counted: Counter[str] = Counter()
        for entry in entries:
            if entry.unit in ("s", "call", "day") and entry.term != "rejected_call":
                counted[entry.term] += entry.quantity  # type: ignore[assignment]
        return counted

    whole = [version.model_copy(update={"minimum": Decimal(0), "cap": None}) for version in EVERYTHING]
    assert quantities(rated(given, cut(whole, day))) == quantities(rated(given, whole))


@given(facts())
def test_months_lose_no_second_of_an_agent(given: Facts) -> None:
    only = [EVERYTHING[0].model_copy(update={"agent_hour": EVERYTHING[0].agent_hour.model_copy(
        update={"agents": ["anna", "bert"], "states": ["idle", "talking", "wrap_up", "paused"]})})]
    months = [Month(2026, 10), NOVEMBER, Month(2026, 12), Month(2027, 1)]
    entries = [entry for month in months for entry in rated(given, only, month)]
    charged = sum(entry.quantity for entry in entries if entry.term == "agent_hour")
    lived = sum(round(span.ended_at * 1000) - round(span.started_at * 1000) for span in given.spans)
    assert charged * 1000 == lived


@given(facts())
def test_drift_is_bounded_by_half_a_unit_an_entry(given: Facts) -> None:
    entries = [entry for entry in rated(given, EVERYTHING) if entry.term == "talk"]
    exact = sum(entry.quantity * entry.unit_price / entry.per for entry in entries)
    assert abs(total(entries) - exact) <= Decimal("0.000005") * len(entries)


@given(st.decimals(0, 10_000, places=2), st.sampled_from(sorted(MODES)), st.integers(0, 5), st.decimals(0, 1, places=4))
def test_a_cancelled_sale_comes_to_nothing(amount: Decimal, mode: str, places: int, share: Decimal) -> None:
    [version] = contract("[{from: 2026-01-01, revenue_share: {share: 0.5}}]")
    term = version.revenue_share.model_copy(update={"share": share, "round": Round(places=places, mode=mode)})
    versions = [version.model_copy(update={"revenue_share": term})]
    at = epoch("2026-10-15 12:00:00")
    sale = Sale("s1", "c1", at, amount, None, epoch("2026-11-15 12:00:00"))
    entries = rated(Facts(sales=[sale]), versions, Month(2026, 10)) + rated(Facts(sales=[sale]), versions)
    shares = [entry for entry in entries if entry.term == "revenue_share"]
    assert len(shares) == 2 and total(shares) == 0


def test_a_sale_told_by_disposition_is_cancelled_at_what_it_was_worth() -> None:
    at = epoch("2026-10-15 12:00:00")
    call = Call("c1", at, "outbound", "answered", "sale", at, at, None, at, at + 60, 60.0)
    versions = contract("[{from: 2026-01-01, revenue_share: {share: 8%, amounts: {sale: 49.99}}},"
                        " {from: 2026-11-01, revenue_share: {share: 20%, amounts: {sale: 10}}}]")
    before = rated(Facts([call]), versions, Month(2026, 10))
    cancelled = Sale("c1", "c1", at, None, "sale", epoch("2026-11-02 12:00:00"))
    after = rated(Facts([call], sales=[cancelled]), versions, Month(2026, 10))
    assert after == before
    assert total(before) + total(rated(Facts(sales=[cancelled]), versions)) == 0


def test_a_recorded_sale_takes_the_place_of_the_disposition() -> None:
    at = epoch("2026-11-15 12:00:00")
    call = Call("c1", at, "outbound", "answered", "sale", at, at, None, at, at + 60, 60.0)
    versions = contract("[{from: 2026-01-01, revenue_share: {share: 10%, amounts: {sale: 49.99}}}]")
    sale = Sale("s1", "c1", at + 70, Decimal(80))
    assert [entry.amount for entry in rated(Facts([call], sales=[sale]), versions)] == [Decimal("8.00")]


def test_the_hour_the_clock_repeats_is_paid() -> None:
    """25 October 2026 has 25 hours in Berlin."""
    versions = contract("[{from: 2026-01-01, agent_hour: {price: 10, agents: [anna]}},"
                        " {from: 2026-10-25, agent_hour: {price: 10, agents: [anna]}}]")
    day = Span("anna", "idle", epoch("2026-10-25 00:00:00"), epoch("2026-10-26 00:00:00"))
    [entry] = rated(Facts(spans=[day]), versions, Month(2026, 10))
    assert (entry.quantity, entry.amount) == (Decimal(25 * 3600), Decimal("250.00"))


@settings(max_examples=30)
@given(facts())
def test_facts_of_other_months_are_passed_over(given: Facts) -> None:
    own = replace(given, calls=[call for call in given.calls if SINCE <= call.at < UNTIL],
                  scores=[score for score in given.scores if SINCE <= score.at < UNTIL])
    assert rated(own, EVERYTHING) == rated(given, EVERYTHING)
