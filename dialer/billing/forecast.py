"""What the month has cost so far, and what it will come to.

So far is what rating says of the facts of this moment: the monthly fee is in it whole, and so is what is missing to a
minimum. The forecast adds the days to come, each drawn from the past four weeks' days of the same weekday (a holiday
counts as a Sunday): a bootstrap by weekday, whose draws give the mean and the spread (P10, P90). What depends on the
others as a whole (bonus, malus, deductions) grows in proportion; minimum and cap are taken of the month as a whole.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from dialer.billing.entry import Entry
from dialer.billing.money import ZERO, Round, rounded
from dialer.billing.months import Month, month_at, parts
from dialer.billing.rating import Agreement

WINDOW_DAYS = 28
DRAWS = 500
SUNDAY = 6
IN_PROPORTION = frozenset({"rejected_call", "service_level", "abandon_rate", "test_calls"})
DERIVED = frozenset({"minimum", "cap", "rounding", "tax"})

Draw = Callable[[int], int]
"""A random whole number from 0 to below the one given."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of the whole month, before taxes."""

    expected: Decimal
    low: Decimal
    """Nine of ten draws came to more."""
    high: Decimal
    """Nine of ten draws came to less."""


@dataclass(frozen=True, slots=True)
class Fees:
    client: str
    month: str
    currency: str
    at: float
    """Epoch seconds: what was settled by then is in it."""
    terms: Mapping[str, Decimal]
    """By term, taxes among them; what `dialer rate` shows at the same moment."""
    forecast: Forecast | None = None
    """None on the first day of a client."""

    @property
    def net(self) -> Decimal:
        return sum((amount for term, amount in self.terms.items() if term != "tax"), ZERO)


@dataclass(slots=True)
class Tally:
    """Entries by term, and those of a moment by day."""

    agreement: Agreement
    terms: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    days: dict[date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, entries: Iterable[tuple[float | None, Entry]]) -> "Tally":
        for moment, entry in entries:
            self.terms[entry.term] += entry.amount
            if moment is not None:
                self.days[datetime.fromtimestamp(moment, self.agreement.zone).date()] += entry.amount
        return self


def fees(agreement: Agreement, now: float, month: Tally, before: Tally, draw: Draw) -> Fees:
    """`month` is the one of `now`, `before` the one before it; both rated from what is known by now."""
    when = month_at(now, agreement.zone)
    today = datetime.fromtimestamp(now, agreement.zone).date()
    days = {**before.days, **month.days}
    return Fees(agreement.client, str(when), agreement.currency, now, dict(month.terms),
                _forecast(agreement, when, today, month, days, draw))


def _forecast(
    agreement: Agreement, when: Month, today: date, month: Tally, days: Mapping[date, Decimal], draw: Draw,
) -> Forecast | None:
    past = _past(today, days)
    if not past:
        return None
    holidays = {day for version in agreement.versions for day in version.holidays}
    by_weekday: dict[int, list[Decimal]] = defaultdict(list)
    for day, amount in past:
        by_weekday[_weekday(day, holidays)].append(amount)
    every = [amount for _, amount in past]
    coming = [by_weekday.get(_weekday(day, holidays)) or every
              for day in _days(today + timedelta(days=1), when.next.first)]
    todays = by_weekday.get(_weekday(today, holidays)) or every
    so_far = sum((amount for day, amount in days.items() if day >= when.first), ZERO)
    spent_today = days.get(today, ZERO)
    close = _closing(agreement, when, month, so_far)
    totals = []
    for _ in range(DRAWS):
        rest = max(todays[draw(len(todays))] - spent_today, ZERO)
        totals.append(close(so_far + rest + sum((group[draw(len(group))] for group in coming), ZERO)))
    totals.sort()
    return Forecast(_unit(sum(totals, ZERO) / DRAWS, agreement), _unit(totals[DRAWS // 10], agreement),
                    _unit(totals[DRAWS - 1 - DRAWS // 10], agreement))


def _past(today: date, days: Mapping[date, Decimal]) -> list[tuple[date, Decimal]]:
    """The whole days of the window, from the first on that cost anything: before it there was no business."""
    window = list(_days(today - timedelta(days=WINDOW_DAYS), today))
    first = next((day for day in window if days.get(day)), None)
    return [] if first is None else [(day, days.get(day, ZERO)) for day in window if day >= first]


def _days(since: date, until: date) -> Iterable[date]:
    return (since + timedelta(days=index) for index in range((until - since).days))


def _weekday(day: date, holidays: set[date]) -> int:
    return SUNDAY if day in holidays else day.weekday()


def _closing(agreement: Agreement, when: Month, month: Tally, so_far: Decimal) -> Callable[[Decimal], Decimal]:
    """From what single calls and hours come to, the month's net."""
    proportion = sum((month.terms.get(term, ZERO) for term in IN_PROPORTION), ZERO) / so_far if so_far else ZERO
    fixed, set_up = month.terms.get("monthly", ZERO), month.terms.get("set_up", ZERO)
    found = parts(agreement.versions, when, agreement.zone)
    least = _bound([(part.version.minimum, part.days) for part in found], when)
    most = _bound([(part.version.cap, part.days) for part in found], when)

    def close(variable: Decimal) -> Decimal:
        net = variable * (1 + proportion) + fixed
        net = net if least is None else max(net, least)
        return (net if most is None else min(net, most)) + set_up

    return close


def _bound(of_parts: Sequence[tuple[Decimal | None, int]], when: Month) -> Decimal | None:
    """Of the month, where every part has one."""
    bounds = [bound * days / when.days for bound, days in of_parts if bound is not None]
    return sum(bounds, ZERO) if bounds and len(bounds) == len(of_parts) else None


def _unit(amount: Decimal, agreement: Agreement) -> Decimal:
    return rounded(amount, Round(), agreement.currency)


