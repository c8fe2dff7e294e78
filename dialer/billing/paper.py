"""An invoice as PDF/A-3 for people: fonts embedded, colours defined, nothing from elsewhere."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from dialer.billing.einvoice import CREDITED, Issued, Parties, due_on, note, title
from dialer.billing.invoice import TITLES, Heading, Invoice, Sum, presented
from dialer.billing.page import price, quantity
from dialer.billing.parties import Address

_FONT = "Source Sans Pro"
_INK, _GREY, _RULE, _WARN = (28, 33, 40), (87, 96, 106), (216, 222, 228), (154, 52, 18)
_SMALL, _NORMAL, _LARGE = 8.5, 10, 17
_COLUMNS = (86, 28, 30, 26)


@dataclass(frozen=True, slots=True)
class Paper:
    """What a page says. Without `issued` it is a draft; without `parties` nobody is named but the client."""

    invoice: Invoice
    issued: Issued | None = None
    parties: Parties | None = None


class _Page(FPDF):
    def __init__(self, foot: str) -> None:
        super().__init__(enforce_compliance="PDF/A-3B")
        self._foot = foot
        folder = files("font_source_sans_pro") / "files"
        self.add_font(_FONT, "", str(folder / "SourceSansPro-Regular.ttf"))
        self.add_font(_FONT, "B", str(folder / "SourceSansPro-Semibold.ttf"))
        self.set_margins(20, 18)
        self.set_auto_page_break(auto=True, margin=22)
        self.set_lang("en")

    def footer(self) -> None:
        self.set_y(-15)
        self.say(self._foot, _SMALL, _GREY, end=False)
        self.set_x(self.l_margin)
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")

    def say(self, text: str, size: float = _NORMAL, colour: tuple[int, int, int] = _INK, style: Literal["", "B"] = "",
            *, end: bool = True) -> None:
        self.set_font(_FONT, style, size)
        self.set_text_color(*colour)
        self.multi_cell(0, size * 0.5, text, align="L", new_x=XPos.LMARGIN if end else XPos.RIGHT,
                        new_y=YPos.NEXT if end else YPos.TOP)


def unshown(text: str) -> str:
    """The characters that the page's font has no glyphs for, each once; it has Latin, Greek and Cyrillic ones."""
    drawn = {code for font in _Page("").fonts.values() for code in getattr(font, "cmap", {})}
    return "".join(dict.fromkeys(char for char in text if ord(char) not in drawn))


def pdf(paper: Paper) -> bytes:
    invoice, credit = presented(paper.invoice)
    issued, parties = paper.issued, paper.parties
    name = parties.seller.name if parties else ""
    kind = "Credit note" if credit else "Invoice"
    head = f"{kind} {issued.number}" if issued else f"DRAFT, not {'a credit note' if credit else 'an invoice'}"
    page = _Page(" · ".join(filter(None, (name, head, invoice.month))))
    day = issued.on if issued else date(int(invoice.month[:4]), int(invoice.month[5:]), 1)
    page.set_creation_date(datetime.combine(day, time(), ZoneInfo("UTC")))
    page.set_title(head)
    page.add_page()
    _parties(page, paper)
    page.say(head, _LARGE, _INK if issued else _WARN, "B")
    page.ln(2)
    _facts(page, paper)
    page.ln(4)
    _lines(page, invoice)
    page.ln(3)
    _totals(page, invoice)
    if issued and parties:
        _terms(page, invoice, issued, parties, credit)
    return bytes(page.output())


def _parties(page: _Page, paper: Paper) -> None:
    if paper.parties:
        seller, buyer = paper.parties.seller, paper.parties.buyer
        more = [f"VAT {seller.vat_id}", *filter(None, [seller.register_number])]
        page.say(" · ".join([seller.name, *_address(seller.address), *more]), _SMALL, _GREY)
        page.ln(10)
        to = [paper.parties.name, *_address(buyer.address), *([f"VAT {buyer.vat_id}"] if buyer.vat_id else [])]
    else:
        to = [paper.invoice.name]
    page.say("\n".join(to))
    page.ln(10)


def _address(address: Address) -> list[str]:
    return [address.street, *filter(None, [address.extra]), f"{address.postcode} {address.city}", address.country]


def _facts(page: _Page, paper: Paper) -> None:
    invoice, issued, parties = paper.invoice, paper.issued, paper.parties
    told = [("Month", invoice.month), ("Currency", invoice.currency)]
    if issued:
        told.insert(0, ("Date", str(issued.on)))
    if parties:
        told += [(name, text) for name, text in (("Your reference", parties.buyer.reference),
                                                 ("Your order", parties.buyer.order)) if text]
    page.say("     ".join(f"{name}: {text}" for name, text in told), _NORMAL, _GREY)


def _lines(page: _Page, invoice: Invoice) -> None:
    page.set_draw_color(*_RULE)
    page.set_text_color(*_INK)
    page.set_font(_FONT, "", _NORMAL)
    with page.table(col_widths=_COLUMNS, text_align=("LEFT", "RIGHT", "RIGHT", "RIGHT"), line_height=4.6, padding=1.2,
                    borders_layout=TableBordersLayout.HORIZONTAL_LINES,
                    headings_style=FontFace(emphasis="BOLD", color=_GREY)) as table:
        table.row(("What", "Quantity", "Price", "Amount"))
        for heading, line in invoice.sorted():
            if heading.term != "tax":
                table.row((_what(invoice, heading, line), quantity(invoice, heading, line), price(invoice, heading),
                           invoice.money(line.amount)))


def _what(invoice: Invoice, heading: Heading, line: Sum) -> str:
    entries = f", {line.entries} entries" if line.entries > 1 else ""
    return f"{title(heading)}\n{note(invoice, heading, line)}{entries}"


def _totals(page: _Page, invoice: Invoice) -> None:
    rows: list[tuple[str, Decimal, Literal["", "B"]]] = [("Net", invoice.net, "")]
    taxes = [(heading, line) for heading, line in invoice.sorted() if heading.term == "tax"]
    rows += [(f"{heading.text or TITLES['tax']} of {invoice.money(line.quantity)}", line.amount, "")
             for heading, line in taxes]
    rows.append((f"Total {invoice.currency}", invoice.gross, "B"))
    for name, amount, style in rows:
        page.set_font(_FONT, style, _NORMAL)
        page.set_text_color(*_INK)
        page.cell(sum(_COLUMNS[:3]), 6, name, align="R")
        page.cell(_COLUMNS[3], 6, invoice.money(amount), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _terms(page: _Page, invoice: Invoice, issued: Issued, parties: Parties, credit: bool) -> None:
    """How it is paid, where there is something to pay, and what the law wants said of taxes on any invoice."""
    seller = parties.seller
    page.ln(6)
    if credit:
        page.say(f"{CREDITED}.")
    elif invoice.gross > 0:
        page.say(f"Payable by {due_on(seller, issued)} to {seller.name}, IBAN {_grouped(seller.iban)}"
                 + (f", BIC {seller.bic}" if seller.bic else "") + f", with the reference {issued.number}.")
    reasons = [f"{TITLES['tax']}: {one.reason or one.category.replace('_', ' ')}" for one in parties.taxes.values()
               if one.category not in ("standard", "zero")]
    for reason in dict.fromkeys(reasons):
        page.say(reason)
    if seller.contact:
        page.say(f"Questions: {seller.contact.name}, {seller.contact.phone}, {seller.contact.email}", _SMALL, _GREY)


def _grouped(iban: str) -> str:
    return " ".join(iban[at:at + 4] for at in range(0, len(iban), 4))
