"""Why a contact was called or was not, and when it can be next: from what the store knows and the rules in force."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dialer.campaigns.policy import Policy
from dialer.campaigns.schedule import next_on
from dialer.compliance.check import Refused, Verdict
from dialer.compliance.gate import Gate
from dialer.compliance.place import Place, where
from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration
from dialer.engine.law import statute_of
from dialer.hours import next_opening
from dialer.numbers import mask
from dialer.pseudonyms import Pseudonyms
from dialer.registers import FOLDER, Registers
from dialer.standing import Standing, standing
from dialer.store.records import Contact, Known, Refusal
from dialer.store.store import Store

_STEPS = 10
"""How often an opening of one kind of hours may be followed to one of the other."""
STRANGER = 0
"""The id of a number that is in no list."""


@dataclass(frozen=True, slots=True)
class Findings:
    contact: Contact
    place: Place
    standing: Standing
    """Of the campaign: what keeps it from dialling anybody."""
    calls: Sequence[tuple[float, str | None, str | None]]
    refusals: Sequence[Refusal]
    verdict: Verdict
    """At `asked_at`: now, or when the contact comes due; with an agent held for the dial, where there are agents."""
    needs_agent: bool
    """Without one it would be refused."""
    asked_at: float
    next_at: float | None
    """When rules, hours and retry all allow it; None for never by itself."""
    packs: Sequence[str]
    numbers: Sequence[str]
    """All of the contact's, masked, where there are several."""
    consents: Sequence[float]
    """When the person consented to calls of the campaign's purpose, as far as a rule asks."""


async def look(
    configuration: Configuration, store: Store, campaign: Campaign, contact: Contact, now: float,
    live: Mapping[str, Any] | None = None,
) -> Findings:
    """`live`: the campaign as a running engine shows it."""
    statute = statute_of(configuration)
    registers = Registers(configuration.root / FOLDER).some(statute.registers_of(campaign))
    gate = statute.gate(campaign, registers, now, Pseudonyms(configuration.root).alias)
    known = await store.known(Policy(campaign, gate, now).asked, contact)
    due_at = max(now, contact.next_at)
    at_due, held = statute.gate(campaign, registers, due_at), campaign.agents is not None
    verdict = _verdict(campaign, at_due, contact, known)
    place = where(contact)
    kept = contact.id != STRANGER
    stands = standing(configuration, campaign, await store.campaign_status(campaign.campaign), live, now)
    return Findings(
        contact=contact,
        place=place,
        standing=stands,
        calls=await store.calls_of(contact.id) if kept else (),
        refusals=await store.refusals(contact.id) if kept else (),
        verdict=verdict,
        needs_agent=held and at_due.needs_agent(contact, known),
        asked_at=due_at,
        next_at=_next(configuration, campaign, contact, known, max(due_at, stands.until or 0.0)),
        numbers=[mask(number) for number in contact.numbers],
        packs=[rules.pack.rules for rules in gate.packs(place)],
        consents=[given for number, given, _ in known.consents if number == contact.number],
    )


def _verdict(campaign: Campaign, gate: Gate, contact: Contact, known: Known) -> Verdict:
    """Of the campaign itself, then of the law."""
    if (own := Policy(campaign, gate, gate.now).own(contact, known)) is not None:
        return Refused(own.rule, own.until, own.text)
    return gate.verdict(contact, known, campaign.agents is not None)


def _next(
    configuration: Configuration, campaign: Campaign, contact: Contact, known: Known, at: float
) -> float | None:
    """At whichever of its numbers it can be first."""
    if contact.state == "done":
        return None
    moments = (_next_at(configuration, campaign, contact.at(turn), known, at) for turn in contact.turns)
    return min((moment for moment in moments if moment is not None), default=None)


def _next_at(
    configuration: Configuration, campaign: Campaign, contact: Contact, known: Known, at: float
) -> float | None:
    statute, hours = statute_of(configuration), configuration.hours.get(campaign.hours or "")
    registers = Registers(configuration.root / FOLDER).some(statute.registers_of(campaign))
    for _ in range(_STEPS):
        before = at
        verdict = _verdict(campaign, statute.gate(campaign, registers, at), contact, known)
        if isinstance(verdict, Refused):
            if verdict.until is None:
                return None
            at = verdict.until
        if hours is not None:
            opening = next_opening(hours, datetime.fromtimestamp(at, UTC))
            if opening is None:
                return None
            at = max(at, opening.timestamp())
        if campaign.schedule is not None:
            on = next_on(campaign.schedule, at)
            if on is None:
                return None
            at = max(at, on)
        if at == before:
            return at
    return None  # put off from day to day, as without a consent: time alone changes nothing


def told(found: Findings, campaign: Campaign, now: float) -> Iterator[str]:
    """In words, one thing a line."""
    contact = found.contact
    yield from _state(contact, campaign)
    packs = ", ".join(found.packs) or "none"
    zones = ", ".join(found.place.zones[:3]) or "unknown"
    more = f" and {len(found.place.zones) - 3} more" if len(found.place.zones) > 3 else ""
    yield f"country {found.place.country or 'unknown'}, time zone {zones}{more}, rules {packs}"
    if found.numbers:
        yield f"numbers {', '.join(found.numbers)}; the next one tried is the {contact.turn + 1}."
    for given in found.consents:
        yield f"consent to {campaign.purpose} given {shown(given, found.place)}"
    for at, outcome, disposition in found.calls:
        said = f", the agent said {disposition}" if disposition else ""
        yield f"called {shown(at, found.place)}: {outcome or 'under way'}{said}"
    for refusal in found.refusals:
        until = "" if refusal.until is None else f", until {shown(refusal.until, found.place)}"
        yield f"refused {shown(refusal.at, found.place)} by {refusal.rule}{until}: {refusal.text}"
    yield from _outlook(found, campaign, now)


def _state(contact: Contact, campaign: Campaign) -> Iterator[str]:
    if contact.id == STRANGER:
        yield f"{contact.number} is not in the list of {campaign.campaign}"
        return
    tries = ", ".join(f"{_counted_as(key)} {count}" for key, count in sorted(contact.tries.items()))
    yield (
        f"contact {contact.id}, {contact.number}, of {campaign.campaign}: {contact.state}"
        + (f" ({contact.result})" if contact.result else "")
        + f", {contact.attempts} attempts" + (f" ({tries})" if tries else "")
        + (f", list {contact.list}" if contact.list else "")
    )  # fmt: skip


def _counted_as(key: str) -> str:
    """`1:busy` is of the second number, `@morning` a part of the day, `@` what was before it was recycled."""
    turn, _, reason = key.rpartition(":")
    if key.startswith("@"):
        return f"in the {key[1:]}" if key[1:] else "before"
    return f"{reason} at number {int(turn) + 1}" if turn else reason


def _outlook(found: Findings, campaign: Campaign, now: float) -> Iterator[str]:
    when = "now" if found.asked_at <= now else f"at {shown(found.asked_at, found.place)}, when it is due"
    if isinstance(found.verdict, Refused):
        yield f"{when}: {found.verdict.rule} refuses it: {found.verdict.text}"
    else:
        yield f"{when}: no rule refuses it" + (", with an agent held for the dial" if found.needs_agent else "")
    yield from found.standing.told
    if found.contact.state == "done":
        yield f"next: never, it is done ({found.contact.result})"
    elif found.contact.state == "claimed":
        yield "next: it is being called"
    elif found.next_at is None:
        yield "next: never, unless what refuses it is taken away"
    else:
        yield f"next: {'now' if found.next_at <= now else shown(found.next_at, found.place)}"


def shown(at: float, place: Place) -> str:
    """On the person's clock where there is but one, else in UTC."""
    zone = place.zones[0] if len(place.zones) == 1 else "UTC"
    return datetime.fromtimestamp(at, ZoneInfo(zone)).strftime(f"%a %Y-%m-%d %H:%M {zone}")
