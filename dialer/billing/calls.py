"""What single calls cost: talk by the minute, handled calls, outbound prices, sales by disposition."""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from dialer.billing.entry import Entry
from dialer.billing.facts import Call
from dialer.billing.months import Part
from dialer.billing.sheet import Line, Sheet
from dialer.billing.terms import WEEKDAYS, Contract, HandledCall, Outbound, RevenueShare, Talk, Tariff

ONE = Decimal(1)
Charge = Callable[[Call], Iterator[Entry]]


def charges(sheet: Sheet, zone: ZoneInfo, sold: Container[str]) -> list[Charge]:
    """The terms of the version that a call can fall under. A charge wants calls in the order of their beginning;
    `sold` are calls whose sale is recorded, so that their disposition does not tell it again."""
    version = sheet.part.version
    found: list[Charge] = []
    if version.talk is not None:
        found.append(_TalkMeter(sheet, version.talk, zone, _steps(version.talk, sheet.part)).charge)
    if version.handled_call is not None:
        found.append(_handled(sheet, version.handled_call))
    if version.outbound is not None:
        found.append(_outbound(sheet, version.outbound))
    if version.revenue_share is not None and version.revenue_share.amounts:
        found.append(_sold(sheet, version.revenue_share, sold))
    return found


def milliseconds(seconds: float) -> int:
    """Times are floats; the noise in their last digits must not become another step."""
    return round(seconds * 1000)


def seconds(length_ms: int) -> Decimal:
    return Decimal(length_ms).scaleb(-3)


# -- talk -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Step:
    """A price from so much of the part's talk on."""

    above_ms: int
    per_minute: Decimal
    reason: str


def _steps(term: Talk, part: Part) -> list[_Step]:
    included_s = part.of_month(term.included_minutes * 60)
    steps = [_Step(0, Decimal(0), f"of {included_s} s included")] if included_s else []
    steps.append(_Step(included_s * 1000, term.per_minute, ""))
    for tier in term.tiers:
        above_s = part.of_month(tier.above_minutes * 60)
        if above_s <= included_s:  # the included minutes end in this tier
            steps[-1] = _Step(included_s * 1000, tier.per_minute, f"above {above_s} s")
        else:
            steps.append(_Step(above_s * 1000, tier.per_minute, f"above {above_s} s"))
    return steps


@dataclass(slots=True)
class _TalkMeter:
    sheet: Sheet
    term: Talk
    zone: ZoneInfo
    steps: Sequence[_Step]
    used_ms: int = 0
    increment_ms: int = field(init=False)
    minimum_ms: int = field(init=False)

    def __post_init__(self) -> None:
        self.increment_ms = max(milliseconds(self.term.increment), 1)
        self.minimum_ms = milliseconds(self.term.minimum)

    def charge(self, call: Call) -> Iterator[Entry]:
        length_ms, began = self._measured(call)
        if length_ms <= 0 or self.term.direction not in ("both", call.direction):
            return
        if self.term.connection:
            line = Line("connection", call.id, ONE, "call", self.term.connection, 1, "connected", call.id)
            yield self.sheet.entry(line, self.term.round)
        billed_ms = -(-max(length_ms, self.minimum_ms) // self.increment_ms) * self.increment_ms
        factor, tariff = self._tariff(began)
        said = f"{seconds(length_ms).normalize():f} s {self.term.measure}{tariff}"
        for step, piece_ms in self._pieces(billed_ms):
            reason = f"{said}, {step.reason}" if step.reason else said
            line = Line("talk", f"{call.id}@{step.above_ms // 1000}", seconds(piece_ms), "s", step.per_minute * factor,
                        60, reason, call.id)
            yield self.sheet.entry(line, self.term.round)

    def _measured(self, call: Call) -> tuple[int, float]:
        """Length in ms, and when it began."""
        if self.term.measure == "talk":
            return milliseconds(call.talk_s), call.joined_at or call.answered_at or call.at
        if call.answered_at is None or call.ended_at is None:
            return 0, call.at
        return milliseconds(call.ended_at - call.answered_at), call.answered_at

    def _pieces(self, billed_ms: int) -> Iterator[tuple[_Step, int]]:
        """The call's milliseconds by the step they fall in; none is lost."""
        end = self.used_ms + billed_ms
        for index, step in enumerate(self.steps):
            until = self.steps[index + 1].above_ms if index + 1 < len(self.steps) else end
            piece = min(end, until) - max(self.used_ms, step.above_ms)
            if piece > 0:
                yield step, piece
        self.used_ms = end

    def _tariff(self, began: float) -> tuple[Decimal, str]:
        if not self.term.tariffs:
            return ONE, ""
        local = datetime.fromtimestamp(began, self.zone)
        for tariff in self.term.tariffs:
            if holds(tariff, local, self.sheet.part.version):
                return tariff.factor, f", {tariff.tariff}"
        return ONE, ""


def holds(tariff: Tariff, local: datetime, version: Contract) -> bool:
    if tariff.holidays and local.date() not in version.holidays:
        return False
    clock = f"{local.hour:02}:{local.minute:02}"
    if tariff.from_ < tariff.to:
        in_time = tariff.from_ <= clock < tariff.to
    else:
        in_time = clock >= tariff.from_ or clock < tariff.to
    return in_time and WEEKDAYS[local.weekday()] in tariff.days


# -- the others -------------------------------------------------------------------------------------------------------


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
