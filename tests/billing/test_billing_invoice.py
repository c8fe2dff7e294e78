"""An invoice only adds up: its totals are its entries', with corrections and without."""

from decimal import Decimal

import pytest
from billing_facts import example
from hypothesis import given
from hypothesis import strategies as st
from test_billing_properties import EVERYTHING, facts, rated, total

from dialer.billing.facts import Facts
from dialer.billing.invoice import as_json, invoice_of
from dialer.billing.ledger import changes, taken_back
from dialer.billing.page import html
from dialer.billing.rating import rate


@given(facts(), st.data())
def test_totals_are_those_of_the_entries(given_facts: Facts, data: st.DataObject) -> None:
    entries = rated(given_facts, EVERYTHING)
    entries += [taken_back(entry) for entry in entries if data.draw(st.booleans())]
    invoice = invoice_of("acme", "Acme", "2026-11", "EUR", entries)
    seen = as_json(invoice, draft=False)
    assert invoice.gross == total(entries) == Decimal(seen["gross"]) == Decimal(seen["net"]) + Decimal(seen["tax"])
    assert sum(Decimal(line["amount"]) for line in seen["lines"]) == total(entries)
    assert invoice.tax == total([entry for entry in entries if entry.term == "tax"])


@given(facts())
def test_what_is_taken_back_whole_leaves_nothing(given_facts: Facts) -> None:
    entries = rated(given_facts, EVERYTHING)
    invoice = invoice_of("acme", "Acme", "2026-11", "EUR", [*entries, *map(taken_back, entries)])
    assert invoice.gross == 0 and invoice.sorted() == []


@given(facts(), facts())
def test_a_ledger_that_is_brought_to_say_something_else_says_it(before: Facts, after: Facts) -> None:
    old, new = rated(before, EVERYTHING), rated(after, EVERYTHING)
    said = {entry.key: entry for entry in old}
    added = list(changes(said, new))
    gone = [taken_back(said[key]) for key in said.keys() - {entry.key for entry in new}]
    assert total(old) + total(added) + total(gone) == total(new)
    assert list(changes(said | {entry.key: entry for entry in added}, new)) == []


def test_another_currency_is_refused() -> None:
    entries = rate(*example("currency: JPY\ncontract: [{from: 2026-01-01, monthly: 5}]"))
    with pytest.raises(ValueError, match="is in JPY, not in EUR"):
        invoice_of("acme", "Acme", "2026-11", "EUR", entries)


def test_the_page_tells_prices_apart_and_escapes_names() -> None:
    entries = rate(*example("""
contract:
  - from: 2026-01-01
    talk: {per_minute: 0.60, tariffs: [{tariff: night, from: "20:00", to: "06:00", factor: 1.25}]}
    outbound: {per_attempt: 0.10, per_contact: 1.00}
    set_up: [{text: "<Flows> & more", price: 5, on: 2026-11-01}]
calls:
  - {id: c1, at: "2026-11-03 21:00:00", direction: outbound, talk: 61s}
"""))
    page = html(invoice_of("acme", "A <b> & C", "2026-11", "EUR", entries), draft=True)
    for said in ("<h1>A &lt;b&gt; &amp; C</h1>", "&lt;Flows&gt; &amp; more", "<small>night, contract of",
                 "0.75 a minute", "<small>attempt, contract of", "<small>contact, contract of", "draft"):
        assert said in page
