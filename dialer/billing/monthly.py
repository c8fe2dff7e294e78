"""What a month costs beside its single events: fees, deductions, bonus and malus, minimum and cap, taxes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from dialer.billing.entry import Entry
from dialer.billing.facts import Call, Score
from dialer.billing.money import ZERO, Round, exponent, plain, rounded
from dialer.billing.sheet import Line, Sheet
from dialer.billing.terms import AbandonRate, RejectedCall, ScoreCards, ServiceLevel, TestCalls
from dialer.quality.level import Level

ONE = Decimal(1)
OUTSIDE = frozenset({"set_up", "tax"})
"""Terms that minimum and cap leave alone."""


@dataclass(slots=True)
class Tally:
    """Counts of a part's calls, for the figures that deductions and bands go by."""

    level: Level
    inbound: int = 0
    overloaded: int = 0
    reached: int = 0
    """Outbound: answered by a person."""
    dropped: int = 0
    """Outbound: and abandoned."""

    def count(self, call: Call) -> None:
        if call.direction == "outbound":
            self.dropped += call.outcome == "abandoned"
            self.reached += call.outcome in ("abandoned", "answered")
            return
        self.inbound += 1
        self.overloaded += call.outcome == "overloaded"
        self.level.count(call.outcome, call.queued_at, call.joined_at, call.ended_at)


def tally_of(sheet: Sheet) -> Tally:
    level = sheet.part.version.service_level
    return Tally(Level(level.within if level else 0.0))


def monthly(
    sheet: Sheet, tally: Tally, scores: Iterable[Score], cards: Iterable[Score] = ()
) -> Iterator[Entry]:
    """Last of a part: it builds on what the rest came to."""
    version = sheet.part.version
    if version.monthly:
        yield sheet.entry(_days(sheet, "monthly", version.monthly, "monthly fee"), version.round)
    if version.rejected_call is not None:
        yield from _rejected(sheet, version.rejected_call, tally)
    for name, rule, figure in _figures(sheet, tally, scores, cards):
        yield from _band(sheet, name, rule, figure)
    yield from _bounds(sheet)
    for fee in version.set_up:
        if sheet.part.first <= fee.on <= sheet.part.last:
            yield sheet.entry(Line("set_up", f"{fee.on}@{fee.text}", ONE, "once", fee.price, 1, fee.text),
                              version.round)
    yield from _to_the_cent(sheet)
    net = sheet.net()
    for tax in version.taxes if sheet.sums else ():  # a part that nothing stands in owes no tax, be it 0.00
        line = Line("tax", tax.tax, net, "money", tax.rate, 1, f"{tax.tax} {plain(tax.rate * 100)} %")
        yield sheet.entry(line, Round(mode=version.round.mode))


def _days(sheet: Sheet, term: str, price: Decimal, what: str) -> Line:
    part = sheet.part
    return Line(term, str(part.first), Decimal(part.days), "day", price, part.month_days,
                f"{what}, {part.days} of {part.month_days} days")


def _rejected(sheet: Sheet, term: RejectedCall, tally: Tally) -> Iterator[Entry]:
    free = int(tally.inbound * (term.above or ZERO))
    above = tally.overloaded - free
    if above > 0:
        why = f"{tally.overloaded} of {tally.inbound} inbound calls turned away, {free} allowed"
        line = Line("rejected_call", str(sheet.part.first), Decimal(above), "call", -term.deduct, 1, why)
        yield sheet.entry(line, term.round)


_Rule = ServiceLevel | AbandonRate | TestCalls | ScoreCards
SCORES = frozenset({"test_calls", "score_cards"})
"""Means of points, and no percentages."""
Figure = tuple[str, _Rule, Decimal | None]


def _figures(
    sheet: Sheet, tally: Tally, scores: Iterable[Score], cards: Iterable[Score]
) -> Iterator[Figure]:
    """In this order; None when there was nothing to measure: then there is no bonus and no malus."""
    version = sheet.part.version
    if (level := version.service_level) is not None:
        yield "service_level", level, _percent(*tally.level.share(level.formula))
    if (rate := version.abandon_rate) is not None:
        inbound = rate.direction == "inbound"
        yield "abandon_rate", rate, (
            _percent(tally.level.gave_up, tally.level.queued) if inbound else _percent(tally.dropped, tally.reached))
    if (tests := version.test_calls) is not None:
        yield "test_calls", tests, _mean(scores)
    if (listened := version.score_cards) is not None:
        yield "score_cards", listened, _mean(cards)


def _mean(scores: Iterable[Score]) -> Decimal | None:
    given = [score.score for score in scores]
    return sum(given, ZERO) / len(given) if given else None


def _percent(count: int, of: int) -> Decimal | None:
    return Decimal(count * 100) / of if of else None


def _band(sheet: Sheet, name: str, rule: _Rule, figure: Decimal | None) -> Iterator[Entry]:
    if figure is None:
        return
    base = sum((sheet.sums.get(term, ZERO) for term in rule.of), ZERO)
    if "talk" in rule.of:
        base += sheet.sums.get("connection", ZERO)
    factor = rule.factor(figure)
    if factor != 1 and base:
        shown = plain(figure.quantize(Decimal("0.0001")))
        line = Line(name, str(sheet.part.first), base, "money", factor - 1, 1,
                    f"{shown}{'' if name in SCORES else ' %'}: factor {plain(factor)} on {', '.join(rule.of)}")
        yield sheet.entry(line, rule.round)


def _bounds(sheet: Sheet) -> Iterator[Entry]:
    version, net = sheet.part.version, sheet.net(OUTSIDE)
    bounds = (("minimum", version.minimum, net.__lt__), ("cap", version.cap, net.__gt__))
    for term, bound, beyond in bounds:
        if bound is None:
            continue
        line = _days(sheet, term, bound, f"{term} {plain(bound, exponent(sheet.currency))}, reached "
                     f"{plain(net, exponent(sheet.currency))}")
        reach = rounded(bound * sheet.part.days / sheet.part.month_days, version.round, sheet.currency)
        if beyond(reach):
            yield sheet.entry(Line(term, line.subject, ONE, "once", reach - net, 1, line.reason), None)


def _to_the_cent(sheet: Sheet) -> Iterator[Entry]:
    """Terms may be rounded finer than money can be paid: one entry says what that leaves."""
    net = sheet.net()
    left = rounded(net, Round(mode=sheet.part.version.round.mode), sheet.currency) - net
    if left:
        yield sheet.entry(Line("rounding", str(sheet.part.first), ONE, "once", left, 1, "to the currency's unit"), None)
