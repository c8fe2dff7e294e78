"""What is charged beside calls: agents' time, recorded sales and their cancellations."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from dialer.billing.entry import Entry
from dialer.billing.facts import Sale, Span
from dialer.billing.months import Part
from dialer.billing.sheet import Line, Sheet
from dialer.billing.talk import milliseconds, seconds
from dialer.billing.terms import Contract

HALF = Decimal("0.5")
MINUTE_S = 60
HOUR_S = 3600


def agent_time(sheet: Sheet, span: Span) -> Iterator[Entry]:
    """A span that reaches over the part's ends is cut there: the next part, or month, charges the rest."""
    if (length_ms := _within(span, sheet.part)) > 0:
        yield from _agent_hour(sheet, span, length_ms)
        yield from _wrap_up(sheet, span, length_ms)
        yield from _pause(sheet, span, length_ms)


def _within(span: Span, part: Part) -> int:
    return milliseconds(min(span.ended_at, part.until)) - milliseconds(max(span.started_at, part.since))


def _subject(span: Span) -> str:
    return f"{span.agent}@{milliseconds(span.started_at)}-{milliseconds(span.ended_at)}"


def _agent_hour(sheet: Sheet, span: Span, length_ms: int) -> Iterator[Entry]:
    term = sheet.part.version.agent_hour
    if term is not None and span.agent in term.agents and span.state in term.states:
        line = Line("agent_hour", f"{_subject(span)}@{span.state}", seconds(length_ms), "s", term.price, HOUR_S,
                    f"{span.agent} {span.state}", span.call_id)
        yield sheet.entry(line, term.round)


def _wrap_up(sheet: Sheet, span: Span, length_ms: int) -> Iterator[Entry]:
    term = sheet.part.version.wrap_up
    if term is not None and span.state == "wrap_up" and span.client == sheet.client:
        line = Line("wrap_up", _subject(span), seconds(length_ms), "s", term.per_minute, MINUTE_S,
                    f"{span.agent} after the call", span.call_id)
        yield sheet.entry(line, term.round)


def _pause(sheet: Sheet, span: Span, length_ms: int) -> Iterator[Entry]:
    term = sheet.part.version.pause
    if term is None or span.state != "paused" or span.agent not in term.agents:
        return
    billable = term.codes.get(span.reason or "", False)
    if billable:
        half = billable == "half"
        line = Line("pause", _subject(span), seconds(length_ms), "s", term.per_minute * (HALF if half else 1), MINUTE_S,
                    f"{span.agent} paused: {span.reason}{', half' if half else ''}")
        yield sheet.entry(line, term.round)


def sales(sheet: Sheet, found: Sequence[tuple[Sale, Contract]]) -> Iterator[tuple[float, Entry]]:
    """Each sale in the part of its time, each cancellation in the part of its own, at the share that the sale had; with
    each its moment.

    `found` has with each sale the version that held at the sale."""
    part = sheet.part
    for sale, version in found:
        term = version.revenue_share
        if term is None or (worth := _worth(sale, version)) is None:
            continue
        told = f"sale by disposition {sale.disposition}" if sale.amount is None else f"sale {sale.id}"
        if part.since <= sale.at < part.until:
            line = Line("revenue_share", sale.id, worth, "money", term.share, 1, told, sale.call_id)
            yield sale.at, sheet.entry(line, term.round)
        if sale.cancelled_at is not None and part.since <= sale.cancelled_at < part.until:
            line = Line("revenue_share", f"{sale.id}@cancelled", -worth, "money", term.share, 1,
                        f"{told}, cancelled", sale.call_id)
            yield sale.cancelled_at, sheet.entry(line, term.round)


def _worth(sale: Sale, version: Contract) -> Decimal | None:
    if sale.amount is not None:
        return sale.amount
    assert version.revenue_share is not None
    return version.revenue_share.amounts.get(sale.disposition or "")
