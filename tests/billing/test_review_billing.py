"""What would have been lost on the way from the contract to the ledger and the page."""

import io
from decimal import Decimal

import pytest
from billing_facts import contract
from pydantic import ValidationError
from pypdf import PdfReader
from test_einvoice import BUYER, ISSUED, SELLER, of

from dialer.billing.einvoice import document, parties_of
from dialer.billing.page import html
from dialer.billing.paper import Paper, pdf

TWICE = {
    "two set-up fees": "set_up: [{text: Flow, price: 5, on: 2026-11-02}, {text: Flow, price: 7, on: 2026-11-02}]",
    "two taxes": "taxes: [{tax: VAT, rate: 10%}, {tax: VAT, rate: 5%}]",
    "two tariffs": "talk: {per_minute: 1, tariffs: [{tariff: night, from: '20:00', to: '22:00', factor: 2}, "
                   "{tariff: night, from: '22:00', to: '23:00', factor: 5}]}",
}


@pytest.mark.parametrize("what", TWICE)
def test_two_that_would_have_one_key_are_refused(what: str) -> None:
    with pytest.raises(ValidationError, match=f"{what}.* called `.*`; call one of them otherwise"):
        contract(f"- {{from: 2026-01-01, {TWICE[what]}}}")


def test_the_same_fee_on_two_days_is_two_fees() -> None:
    contract("- {from: 2026-01-01, set_up: [{text: Flow, price: 5, on: 2026-11-02}, "
             "{text: Flow, price: 5, on: 2026-11-03}]}")


def test_a_month_in_which_nothing_stands_owes_no_tax() -> None:
    tax = "taxes: [{tax: VAT, rate: 0%, category: reverse_charge}]"
    invoice, _ = of(f"contract: [{{from: 2026-01-01, talk: {{per_minute: 1}}, minimum: 0, {tax}}}]")
    assert invoice.lines == {}
    invoice, _ = of(f"contract: [{{from: 2026-01-01, talk: {{per_minute: 0}}, {tax}}}]\n"
                    "calls: [{id: c1, at: '2026-11-03 10:00:00', talk: 61s}]")
    assert {heading.term for heading in invoice.lines} == {"talk", "tax"}


@pytest.mark.parametrize(("fee", "paid"), [("monthly: 100", True), ("rejected_call: {deduct: 5}", False)])
def test_a_credit_note_too_says_why_it_has_no_tax(fee: str, paid: bool) -> None:
    invoice, versions = of(
        f"contract: [{{from: 2026-01-01, {fee}, taxes: [{{tax: VAT, rate: 0%, category: reverse_charge}}]}}]\n"
        "calls: [{id: c1, at: '2026-11-03 10:00:00', outcome: overloaded}]")
    assert (invoice.gross > 0) is paid and invoice.gross != Decimal(0)
    page = pdf(Paper(invoice, ISSUED, parties_of(invoice, SELLER, BUYER, versions)))
    text = PdfReader(io.BytesIO(page)).pages[0].extract_text()
    assert "Tax: reverse charge" in text and ("Payable by" in text) is paid
    assert ("Paid out or set off by the seller" in text) is not paid


def test_page_and_xml_of_a_credit_note_say_the_same_positive_amounts() -> None:
    invoice, versions = of(
        "contract: [{from: 2026-01-01, rejected_call: {deduct: 5}, taxes: [{tax: VAT, rate: 19%}]}]\n"
        "calls: [{id: c1, at: '2026-11-03 10:00:00', outcome: overloaded}]")
    parties = parties_of(invoice, SELLER, BUYER, versions)
    text = PdfReader(io.BytesIO(pdf(Paper(invoice, ISSUED, parties)))).pages[0].extract_text()
    made = document(invoice, ISSUED, parties)
    assert (made["BT-3"], made["BT-109"], made["BT-110"], made["BT-112"]) == ("381", "5.00", "0.95", "5.95")
    assert [(line["BT-129"], line["BT-131"]) for line in made["BG-25"]] == [("1", "5.00")]
    for shown in (text, html(invoice, draft=False, number="R-7")):
        assert "5.95" in shown and "-5" not in shown and "redit note" in shown
    assert invoice.money(invoice.gross) == "-5.95", "the ledger's own sign"
