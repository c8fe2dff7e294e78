"""What the month has cost so far, and what it will come to.

So far is what rating says of the facts of this moment: the monthly fee is in it whole, and so is what is missing to a
minimum. The forecast adds the days to come, each drawn from the past four weeks' days of the same weekday (a holiday
counts as a Sunday): a bootstrap by weekday, whose draws give the mean and the spread (P10, P90). Of talk the minutes
are drawn, and priced as the month will price them, with its included minutes and tiers; of all else, what it cost. What
depends on the others as a whole (bonus, malus, deductions) grows in proportion; minimum and cap are taken of the month
as a whole.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from dialer.billing.entry import Entry
from dialer.billing.minutes import NOTHING, ByDirection, Prices, Talked, less, total
from dialer.billing.money import ZERO, Round, rounded
from dialer.billing.months import Month, month_at, parts
from dialer.billing.rating import Agreement

WINDOW_DAYS = 28
DRAWS = 500
SUNDAY = 6
IN_PROPORTION = frozenset({"rejected_call", "service_level", "abandon_rate", "test_calls", "score_cards"})
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
    beside: dict[date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """By day, but for talk."""
    talked: dict[date, dict[str, Talked]] = field(default_factory=lambda: defaultdict(dict))
    """By day and direction."""

    def talk(self, moment: float, direction: str, length_ms: int, factor: Decimal) -> None:
        """Hears of talk while its entries are made (`timed`)."""
        of_day = self.talked[self._day(moment)]
        of_day[direction] = of_day.get(direction, NOTHING) + Talked(length_ms, length_ms * factor)

    def _day(self, moment: float) -> date:
        return datetime.fromtimestamp(moment, self.agreement.zone).date()

    def add(self, entries: Iterable[tuple[float | None, Entry]]) -> "Tally":
        for moment, entry in entries:
            self.terms[entry.term] += entry.amount
            if moment is not None:
                day = self._day(moment)
                self.days[day] += entry.amount
                if entry.term != "talk":
                    self.beside[day] += entry.amount
        return self


def fees(agreement: Agreement, now: float, month: Tally, before: Tally, draw: Draw) -> Fees:
    """`month` is the one of `now`, `before` the one before it; both rated from what is known by now."""
    when = month_at(now, agreement.zone)
    today = datetime.fromtimestamp(now, agreement.zone).date()
    known = {day: Day(amount, tally.beside.get(day, ZERO), tally.talked.get(day, {}))
             for tally in (before, month) for day, amount in tally.days.items()}
    return Fees(agreement.client, str(when), agreement.currency, now, dict(month.terms),
                _forecast(agreement, when, today, month, known, draw))


@dataclass(frozen=True, slots=True)
class Day:
    """What a day came to."""

    amount: Decimal = ZERO
    beside: Decimal = ZERO
    """Of it, all but talk."""
    talked: ByDirection = field(default_factory=dict)


def _forecast(
    agreement: Agreement, when: Month, today: date, month: Tally, days: Mapping[date, Day], draw: Draw,
) -> Forecast | None:
    past = _past(today, days)
    if not past:
        return None
    holidays = {day for version in agreement.versions for day in version.holidays}
    by_weekday: dict[int, list[Day]] = defaultdict(list)
    for at, day in past:
        by_weekday[_weekday(at, holidays)].append(day)
    every = [day for _, day in past]
    coming = [(at, by_weekday.get(_weekday(at, holidays)) or every) for at in _days(today, when.next.first)]
    so_far = sum((day.amount for at, day in days.items() if at >= when.first), ZERO)
    spent = days.get(today, Day())
    close, talk = _closing(agreement, when, month, so_far), _talk(agreement, when, days)
    totals = []
    for _ in range(DRAWS):
        drawn = {at: group[draw(len(group))] for at, group in coming}
        drawn[today] = Day(ZERO, max(drawn[today].beside - spent.beside, ZERO), less(drawn[today].talked, spent.talked))
        beside = sum((day.beside for day in drawn.values()), ZERO)
        totals.append(close(so_far + beside + talk(drawn)))
    totals.sort()
    return Forecast(_unit(sum(totals, ZERO) / DRAWS, agreement), _unit(totals[DRAWS // 10], agreement),
                    _unit(totals[DRAWS - 1 - DRAWS // 10], agreement))


def _talk(agreement: Agreement, when: Month, days: Mapping[date, Day]) -> Callable[[Mapping[date, Day]], Decimal]:
    """From the days to come, what their talk will cost: each part of the month has its own prices."""
    found = parts(agreement.versions, when, agreement.zone)
    prices = [(part, Prices.of(part, total([day.talked for at, day in days.items() if part.first <= at <= part.last])))
              for part in found]  # fmt: skip

    def cost(drawn: Mapping[date, Day]) -> Decimal:
        return sum((price.cost(total([day.talked for at, day in drawn.items() if part.first <= at <= part.last]))
                    for part, price in prices), ZERO)  # fmt: skip

    return cost


def _past(today: date, days: Mapping[date, Day]) -> list[tuple[date, Day]]:
    """The whole days of the window, from the first on that had any business."""
    window = list(_days(today - timedelta(days=WINDOW_DAYS), today))
    first = next((at for at in window if at in days), None)
    return [] if first is None else [(at, days.get(at, Day())) for at in window if at >= first]


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


