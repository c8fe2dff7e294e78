"""An invoice as a page for people: one file, no scripts, no fonts from elsewhere, fit to be printed."""

from html import escape

from dialer.billing.invoice import TITLES, Heading, Invoice, Sum, presented
from dialer.billing.money import plain

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1c2128; max-width: 60rem; margin: 3rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; }
p { margin: 0 0 1.6rem; color: #57606a; }
table { width: 100%; border-collapse: collapse; }
caption { text-align: left; font-weight: 600; padding: 1.2rem 0 .4rem; }
th { text-align: left; font-weight: 600; color: #57606a; font-size: .85rem; }
th, td { padding: .4rem .6rem .4rem 0; border-bottom: 1px solid #d8dee4; vertical-align: top; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding: .4rem 0 .4rem .6rem; }
small { display: block; color: #57606a; }
tfoot td { border: 0; }
tfoot tr:last-child td { font-weight: 700; font-size: 1.1rem; border-top: 2px solid #1c2128; }
.draft { color: #9a3412; border: 1px solid currentColor; border-radius: .3rem; padding: 0 .5rem; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
@media (max-width: 40rem) { .wide { display: none; } }
"""
_UNITS = {"call": "calls", "s": "s", "day": "days", "sale": "sales", "money": "", "once": ""}


def html(invoice: Invoice, draft: bool, number: str | None = None) -> str:
    invoice, credit = presented(invoice)
    called = f"{'credit note ' if credit else ''}{number or ''}".strip()
    name, month = escape(invoice.name), escape(f"{called}, {invoice.month}" if called else invoice.month)
    mark = '<span class="draft">draft: the month is open</span> ' if draft else ""
    rows = "\n".join(_row(invoice, heading, line) for heading, line in invoice.sorted())
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}, {month}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{name}</h1>
<p>{mark}{month}, amounts in {escape(invoice.currency)}</p>
<table>
<thead><tr><th>What</th><th class="n wide">Entries</th><th class="n">Quantity</th><th class="n">Price</th>\
<th class="n">Amount</th></tr></thead>
<tbody>
{rows}
</tbody>
<tfoot>
{_total("Net", invoice.money(invoice.net))}
{_total("Tax", invoice.money(invoice.tax))}
{_total("Total", invoice.money(invoice.gross))}
</tfoot>
</table>
</body>
</html>
"""


def _row(invoice: Invoice, heading: Heading, line: Sum) -> str:
    notes = [heading.text] if heading.text else []
    if heading.month != invoice.month:
        notes.append(f"correction of {heading.month}")
    notes.append(f"contract of {heading.version}")
    return (
        f"<tr><td>{TITLES[heading.term]}<small>{escape(', '.join(notes))}</small></td>"
        f'<td class="n wide">{line.entries}</td><td class="n">{quantity(invoice, heading, line)}</td>'
        f'<td class="n">{price(invoice, heading)}</td><td class="n">{invoice.money(line.amount)}</td></tr>')


def quantity(invoice: Invoice, heading: Heading, line: Sum) -> str:
    if heading.unit == "once":
        return ""
    if heading.unit == "money":
        return invoice.money(line.quantity)
    return f"{plain(line.quantity)} {_UNITS[heading.unit]}"


def price(invoice: Invoice, heading: Heading) -> str:
    if heading.unit == "once":
        return ""
    if heading.unit == "money":
        return f"{plain(heading.price * 100)} %"
    per = {("s", 60): " a minute", ("s", 3600): " an hour", ("day", heading.per): " a month"}
    return invoice.money(heading.price) + per.get((heading.unit, heading.per), "")


def _total(name: str, amount: str) -> str:
    return f'<tr><td class="wide"></td><td colspan="3" class="n">{name}</td><td class="n">{amount}</td></tr>'
