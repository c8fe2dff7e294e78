"""What a client owes for a month, from its contract and the facts alone.

Pure: the same facts give the same entries in the same order, in whatever order they come, however often they are given.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TypeVar
from zoneinfo import ZoneInfo

from dialer.billing.calls import charges
from dialer.billing.entry import Entry
from dialer.billing.facts import Call, Facts, Sale, Score, Span
from dialer.billing.monthly import monthly, tally_of
from dialer.billing.months import Month, Part, parts
from dialer.billing.others import agent_time, sales
from dialer.billing.sheet import Sheet
from dialer.billing.talk import Told, meters
from dialer.billing.terms import Contract, Talk

T = TypeVar("T", Call, Span, Sale, Score)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What rating has to know of a client."""

    client: str
    currency: str
    zone: ZoneInfo
    versions: Sequence[Contract]
    """Ascending by their first day."""

    @property
    def agents(self) -> list[str]:
        """Those whose whole time some version charges for."""
        terms = [term for version in self.versions for term in (version.agent_hour, version.pause) if term is not None]
        return sorted({agent for term in terms for agent in term.agents})

    @property
    def splits(self) -> bool:
        """Whether a call may be charged in two months or versions."""
        return any(talk.boundary == "split" for version in self.versions for talk in version.talks)

    def at(self, moment: float) -> Contract | None:
        """The version of the moment's day; before the first there is none."""
        day = datetime.fromtimestamp(moment, self.zone).date()
        return next((version for version in reversed(self.versions) if version.from_ <= day), None)


def rate(agreement: Agreement, facts: Facts, month: Month) -> Iterator[Entry]:
    """The month's entries; facts of other months are passed over. A call, a sale or a score belongs to the month and
    version of its moment (`at`), a stretch of an agent's time, and of a call that is split, to all that it lies in."""
    return (entry for _, entry in timed(agreement, facts, month))


def timed(
    agreement: Agreement, facts: Facts, month: Month, told: Told | None = None
) -> Iterator[tuple[float | None, Entry]]:
    """Each entry with the moment that it is about; None is the month as a whole. `told` hears of the talk in them."""
    calls = _in_order(facts.calls, "id", "at")
    spans = _in_order(facts.spans, "state", "ended_at", "agent", "started_at")
    scores = _in_order(facts.scores, "call_id", "at")
    cards = _in_order(facts.cards, "call_id", "at")
    known = [(sale, version) for sale in _in_order(facts.sales, "id", "at")
             if (version := agreement.at(sale.at)) is not None]
    sold = frozenset(sale.call_id for sale in facts.sales)
    at = 0
    for part in parts(agreement.versions, month, agreement.zone):
        sheet = Sheet(agreement.client, agreement.currency, month, part)
        tally, talk = tally_of(sheet), meters(sheet, agreement.zone, told)
        charged = [*(meter.charge for meter in talk), *charges(sheet, sold)]
        while at < len(calls) and calls[at].at < part.since:
            at += 1
        earlier = [call for call in calls[:at] if call.id not in facts.tests] if agreement.splits else []
        for call, began_under in _carried(agreement, earlier, part.since):
            yield from ((part.since, entry) for meter in talk for entry in meter.carry(call, began_under))
        while at < len(calls) and calls[at].at < part.until:
            call = calls[at]
            at += 1
            test, rule = call.id in facts.tests, part.version.test_calls
            if not test or (rule is not None and rule.counted):
                tally.count(call)
            if test and not (rule is not None and rule.billed):
                continue
            for charge in charged:
                for entry in charge(call):
                    yield call.at, entry
        for span in _billed(spans, facts.tests, part.version):
            yield from ((max(span.started_at, part.since), entry) for entry in agent_time(sheet, span))
        yield from sales(sheet, known)
        yield from ((None, entry) for entry in monthly(sheet, tally, _of(part, scores), _of(part, cards)))


def _billed(spans: Iterable[Span], tests: frozenset[str], version: Contract) -> Iterator[Span]:
    """Without what belongs to test calls, unless those are billed: that is neither wrap-up nor hours."""
    billed = version.test_calls is not None and version.test_calls.billed
    return (span for span in spans if billed or span.call_id not in tests)


def _carried(agreement: Agreement, calls: Iterable[Call], since: float) -> Iterator[tuple[Call, Talk]]:
    """Calls of before that reach into a part, each with the price that it began under, if that one splits."""
    for call in calls:
        if call.ended_at is not None and call.ended_at > since and (version := agreement.at(call.at)) is not None:
            for term in version.talks:
                if term.boundary == "split" and term.direction in ("both", call.direction):
                    yield call, term


def _in_order(facts: Iterable[T], *by: str) -> list[T]:
    """Sorted by the last attribute, then by those before it, and each fact once. Several sorts, each stable, instead of
    one with a tuple a fact: half the memory."""
    found = list(facts)
    for name in by:
        found.sort(key=attrgetter(name))
    kept: list[T] = []
    for fact in found:
        if not kept or kept[-1] != fact:
            kept.append(fact)
    return kept


def _of(part: Part, scores: Iterable[Score]) -> Iterator[Score]:
    return (score for score in scores if part.since <= score.at < part.until)
