"""May this contact be called now? The packs, what is known, and the moment go in; a verdict comes out, with the rule
that refused and the first moment at which nothing that is known refuses any more. Pure.

Where the person may be in several time zones, or several packs hold, all of them must allow the call.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from dialer.calls.outcome import Outcome
from dialer.compliance.calendar import Calendar, beginning_of, local_date
from dialer.compliance.pack import Cap, Pack, Pause, Per
from dialer.compliance.place import Place
from dialer.config.purposes import Audience, Purpose
from dialer.store.records import PastCall, Stop

ZONE_UNKNOWN = "zone_unknown"
LOOK_AGAIN_S = 3600.0
"""A register that is missing may be imported meanwhile."""
CONSENT_AGAIN_S = 86_400.0
"""So may consents; who gives one to the engine itself is called at once."""
MOST_STEPS = 30
"""How often openings are followed from rule to rule. Beyond that the moment is one to look again, not a promise."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A pack ready for use."""

    pack: Pack
    calendar: Calendar

    @classmethod
    def of(cls, pack: Pack) -> "Rules":
        return cls(pack, Calendar(pack))


@dataclass(frozen=True, slots=True)
class Listing:
    """What an imported register says of a number."""

    listed: bool
    imported_at: float


@dataclass(frozen=True, slots=True)
class Facts:
    place: Place
    contact_id: int
    debt: str | None = None
    past: Sequence[PastCall] = ()
    """Dials at its numbers, or about its debt, for this client, as far back as the packs reach."""
    stops: Sequence[Stop] = ()
    """Do-not-call entries that hold for it."""
    registers: Mapping[str, Listing] = field(default_factory=dict)
    """Those that are imported."""
    refusals: frozenset[tuple[str, str]] = frozenset()
    """(campaign, disposition) that mean: did not want the call."""
    number: str = ""
    """To be dialled."""
    numbers: Sequence[str] = ()
    """All of the contact's, where there are several."""
    held: bool = False
    """An agent is held for this very dial."""
    purpose: Purpose = "advertising"
    audience: Audience = "consumer"
    rings_s: float = 0.0
    """How long it may ring: also then the hours hold, for whoever answers late hears us late."""
    consents: Sequence[tuple[float, float | None]] = ()
    """Of the number to this client for this purpose: given, and until when."""

    def consented(self, at: float) -> bool:
        return any(given <= at and (until is None or at < until) for given, until in self.consents)


@dataclass(frozen=True, slots=True)
class Allowed:
    pass


@dataclass(frozen=True, slots=True)
class Refused:
    rule: str
    """`de.hours`, `us.reg_f_calls`, `do_not_call.client`, `zone_unknown`: bounded, fit for a metric's label."""
    until: float | None
    """Epoch seconds; None when time alone changes nothing."""
    text: str


ALLOWED = Allowed()
Verdict = Allowed | Refused


def check(packs: Sequence[Rules], facts: Facts, now: float) -> Verdict:
    refused = [*_standing(packs, facts, now), *_timed(packs, facts, now)]
    return replace(refused[0], until=_until(packs, facts, refused)) if refused else ALLOWED


def shut(packs: Sequence[Rules], place: Place, rings_s: float, now: float) -> Refused | None:
    """What the hours say, whoever is called there."""
    facts = Facts(place, 0, rings_s=rings_s)
    closed = next(_timed(packs, facts, now), None)
    return None if closed is None else replace(closed, until=_until(packs, facts, [closed]))


def _until(packs: Sequence[Rules], facts: Facts, refused: Sequence[Refused]) -> float | None:
    at = 0.0
    for _ in range(MOST_STEPS):
        if not refused:
            break
        ends = [one.until for one in refused if one.until is not None]
        if len(ends) < len(refused):
            return None
        at = max(at, *ends)
        refused = [*_timed(packs, facts, at)]
    return at


# -- what does not depend on the hour ---------------------------------------------------------------------------------


def _standing(packs: Sequence[Rules], facts: Facts, now: float) -> Iterator[Refused]:
    for stop in facts.stops:
        if stop.until is None or stop.until > now:
            kind = stop.scope.partition(":")[0]
            yield Refused(f"do_not_call.{kind}", stop.until, f"on the do-not-call list {stop.scope} ({stop.source})")
    for rules in packs:
        yield from _registers(rules.pack, facts, now)
        yield from _consents(rules.pack, facts, now)
    if packs and not facts.place.zones:
        yield Refused(ZONE_UNKNOWN, None, "nobody knows what time it is there: give the list a column `timezone`")


def _registers(pack: Pack, facts: Facts, now: float) -> Iterator[Refused]:
    for name, rule in pack.registers.items():
        if rule.purposes is not None and facts.purpose not in rule.purposes:
            continue
        listing = facts.registers.get(name)
        if listing is None or now - listing.imported_at > rule.fresh:
            state = "is not imported" if listing is None else "was imported too long ago"
            yield Refused(f"{pack.rules}.{name}_missing", now + LOOK_AGAIN_S, f"the register `{name}` {state}")
        elif listing.listed and not (rule.unless == "consent" and facts.consented(now)):
            yield Refused(f"{pack.rules}.{name}", None, f"in the register `{name}`")


def _consents(pack: Pack, facts: Facts, now: float) -> Iterator[Refused]:
    """One that is missing may be given meanwhile."""
    for name, rule in pack.consent.items():
        if facts.purpose not in rule.purposes or facts.audience not in rule.audiences or facts.consented(now):
            continue
        today = max((local_date(now, zone) for zone in facts.place.zones), default=date.max)
        if rule.since is None or today >= rule.since:
            text = f"{pack.title}: no consent to {facts.purpose} calls of this client is documented"
            yield Refused(f"{pack.rules}.{name}", now + CONSENT_AGAIN_S, text)


# -- what does --------------------------------------------------------------------------------------------------------


def _timed(packs: Sequence[Rules], facts: Facts, at: float) -> Iterator[Refused]:
    for rules in packs:
        pack, zones = rules.pack, facts.place.zones
        closed = rules.calendar.closed
        if (shut := closed(zones, int(at // 60)) or closed(zones, int((at + facts.rings_s) // 60))) is not None:
            rule, until = shut
            yield Refused(f"{pack.rules}.{rule}", until, f"{pack.title}: not at this time ({_listed(zones)})")
        for name, cap in pack.caps.items():
            if (until := _cap_until(cap, facts, at)) > at:
                yield Refused(f"{pack.rules}.{name}", until, f"{pack.title}: {cap.most} calls in {_days(cap.days)}")
        for name, pause in pack.pauses.items():
            if (until := _pause_until(pause, facts)) > at:
                agent = ", unless an agent is held for the call" if pause.unless == "agent" else ""
                text = f"{pack.title}: {_days(pause.days)} after {pause.after}{agent}"
                yield Refused(f"{pack.rules}.{name}", until, text)


def _listed(zones: Sequence[str]) -> str:
    return ", ".join(zones[:3]) + (f" and {len(zones) - 3} more" if len(zones) > 3 else "")


def _days(count: int) -> str:
    return "a day" if count == 1 else f"{count} days"


def _same(per: Per, facts: Facts) -> Iterator[PastCall]:
    """The calls that count together. Which debt it is about is not known of all: then each may be the one."""
    if per == "debt" and facts.debt is None and facts.purpose == "debt":
        per = "person"
    for call in facts.past:
        at_number, of_contact = call.number == facts.number, call.contact_id == facts.contact_id
        match per:
            case "person":
                counts = at_number or of_contact or call.number in facts.numbers
            case "number":
                counts = at_number
            case "contact":
                counts = of_contact
            case "debt":
                counts = facts.debt is not None and call.debt == facts.debt
        if counts:
            yield call


def _cap_until(cap: Cap, facts: Facts, at: float) -> float:
    """The first moment with room for one more call; 0 when there is room."""
    times = sorted((call.at for call in _same(cap.per, facts)), reverse=True)
    if len(times) < cap.most:
        return 0.0
    # Of the latest `most` calls the oldest has to leave the window.
    return _after(times[cap.most - 1], cap.days, facts.place)


def _pause_until(pause: Pause, facts: Facts) -> float:
    if pause.unless == "agent" and facts.held:
        return 0.0
    same = list(_same(pause.per, facts))
    talked = max((call.at for call in same if call.talked), default=0.0) if pause.unless == "agent" else 0.0
    times = [call.over_at for call in same if call.at > talked and _happened(pause, call, facts)]
    return _after(max(times), pause.days, facts.place) if times else 0.0


def _happened(pause: Pause, call: PastCall, facts: Facts) -> bool:
    match pause.after:
        case "talk":
            return call.talked
        case "abandoned":
            return call.answered and call.outcome in (Outcome.ABANDONED, Outcome.OVERLOADED)
        case "silent":
            return call.answered and call.silent
        case "refusal":
            said = call.disposition is not None and (call.campaign, call.disposition) in facts.refusals
            return said or call.refused


def _after(at: float, days: int, place: Place) -> float:
    """When `days` calendar days are over, the one of `at` being the first, on the last of the person's clocks."""
    return max(
        (beginning_of(local_date(at, zone) + timedelta(days=days), zone) for zone in place.zones), default=0.0
    )
