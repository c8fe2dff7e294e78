"""What single calls cost beside their talk: handled calls, outbound prices, sales by disposition."""

from collections.abc import Callable, Container, Iterator
from decimal import Decimal

from dialer.billing.entry import Entry
from dialer.billing.facts import Call
from dialer.billing.sheet import Line, Sheet
from dialer.billing.talk import milliseconds
from dialer.billing.terms import HandledCall, Outbound, RevenueShare

ONE = Decimal(1)
Charge = Callable[[Call], Iterator[Entry]]


def charges(sheet: Sheet, sold: Container[str]) -> list[Charge]:
    """The terms of the version that a call can fall under, talk aside. `sold` are calls whose sale is recorded, so that
    their disposition does not tell it again."""
    version = sheet.part.version
    found: list[Charge] = []
    if version.handled_call is not None:
        found.append(_handled(sheet, version.handled_call))
    if version.outbound is not None:
        found.append(_outbound(sheet, version.outbound))
    if version.revenue_share is not None and version.revenue_share.amounts:
        found.append(_sold(sheet, version.revenue_share, sold))
    return found


def _handled(sheet: Sheet, term: HandledCall) -> Charge:
    least_ms = max(milliseconds(term.counts_from), 1)

    def charge(call: Call) -> Iterator[Entry]:
        right = term.direction in ("both", call.direction)
        disposed = term.dispositions is None or call.disposition in term.dispositions
        if right and disposed and milliseconds(call.talk_s) >= least_ms:
            why = "handled" if term.dispositions is None else f"handled, {call.disposition}"
            yield sheet.entry(Line("handled_call", call.id, ONE, "call", term.price, 1, why, call.id), term.round)

    return charge


def _outbound(sheet: Sheet, term: Outbound) -> Charge:
    def charge(call: Call) -> Iterator[Entry]:
        if call.direction != "outbound" or call.dialled_at is None:
            return
        kinds = (
            ("attempt", term.per_attempt, call.outcome not in term.free),
            ("contact", term.per_contact, call.outcome == "answered"),
            ("success", term.per_success, call.disposition in term.successes),
        )
        for kind, price, due in kinds:
            if price and due:
                why = f"{kind}: {call.disposition if kind == 'success' else call.outcome}"
                line = Line("outbound", f"{call.id}@{kind}", ONE, "call", price, 1, why, call.id)
                yield sheet.entry(line, term.round)

    return charge


def _sold(sheet: Sheet, term: RevenueShare, sold: Container[str]) -> Charge:
    def charge(call: Call) -> Iterator[Entry]:
        if call.disposition in term.amounts and call.id not in sold:
            line = Line("revenue_share", call.id, term.amounts[call.disposition], "money", term.share, 1,
                        f"sale by disposition {call.disposition}", call.id)
            yield sheet.entry(line, term.round)

    return charge
