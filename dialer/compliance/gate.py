"""A campaign's rules, ready to be asked about one contact after the other. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from dialer.compliance.check import Facts, Listing, Refused, Rules, Verdict, check
from dialer.compliance.place import Place, place_of
from dialer.config.campaign import Campaign
from dialer.store.records import Contact, Known, Refusal

TIMEZONE_FIELD = "timezone"
DEBT_FIELD = "debt"
STRICT = "strict"
_DAY_S = 86400.0


class Register(Protocol):
    """An imported register."""

    @property
    def imported_at(self) -> float: ...
    def holds(self, number: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Gate:
    """The answer for one moment: `now`, epoch seconds."""

    client: str
    now: float
    named: tuple[Rules, ...] | None
    """Those that hold for every number; None: those of its country."""
    by_country: Mapping[str, Rules]
    strict: Rules | None
    registers: Mapping[str, Register]
    refusals: frozenset[tuple[str, str]]

    @property
    def since(self) -> float | None:
        """How far back calls have to be known: a day more than the longest rule, whatever the clock there shows."""
        possible = self.named if self.named is not None else (*self.by_country.values(), *filter(None, [self.strict]))
        days = max((rules.pack.reach_days for rules in possible), default=0)
        return self.now - (days + 1) * _DAY_S if days else None

    def packs(self, place: Place) -> tuple[Rules, ...]:
        if self.named is not None:
            return self.named
        found = self.by_country.get(place.country or "", self.strict)
        return (found,) if found is not None else ()

    def verdict(self, contact: Contact, known: Known) -> Verdict:
        place = self._place(contact)
        packs = self.packs(place)
        listings = {
            name: Listing(register.holds(contact.number), register.imported_at)
            for rules in packs for name in rules.pack.registers
            if (register := self.registers.get(name)) is not None
        }  # fmt: skip
        facts = Facts(place, contact.id, contact.fields.get(DEBT_FIELD) or None, known.past, known.stops, listings,
                      self.refusals)  # fmt: skip
        return check(packs, facts, self.now)

    def __call__(self, contact: Contact, known: Known) -> Refusal | None:
        verdict = self.verdict(contact, known)
        if isinstance(verdict, Refused):
            return Refusal(contact.id, self.now, verdict.rule, verdict.until, verdict.text)
        return None

    def least_ring_s(self, contact: Contact) -> float:
        return max((rules.pack.least_ring for rules in self.packs(self._place(contact))), default=0.0)

    def _place(self, contact: Contact) -> Place:
        if self.named == ():  # nobody asks where
            return Place(None, ())
        return place_of(contact.number, contact.fields.get(TIMEZONE_FIELD) or None)


@dataclass(frozen=True, slots=True)
class Statute:
    """All the packs of a configuration."""

    by_name: Mapping[str, Rules]
    """Also those that are gone."""
    by_country: Mapping[str, Rules]
    refusals: frozenset[tuple[str, str]]
    """(campaign, disposition) that mean: did not want the call."""

    @classmethod
    def of(
        cls, packs: Mapping[str, Rules], gone: Mapping[str, Rules], campaigns: Mapping[str, Campaign]
    ) -> "Statute":
        by_country = {country: rules for rules in packs.values() for country in rules.pack.countries}
        refusals = frozenset(
            (name, code) for name, campaign in campaigns.items()
            for code, disposition in campaign.dispositions.items() if disposition.refused or disposition.do_not_call
        )  # fmt: skip
        return cls({**gone, **packs}, by_country, refusals)

    def registers_of(self, campaign: Campaign) -> set[str]:
        """The registers that its numbers may have to be looked up in."""
        names = self.by_name if campaign.rules is None else campaign.rules
        return {register for name in names for register in self.by_name[name].pack.registers}

    def gate(self, campaign: Campaign, registers: Mapping[str, Register], now: float) -> Gate:
        """Raises KeyError for rules that are not there: nobody is called on a guess."""
        named = None if campaign.rules is None else tuple(self.by_name[name] for name in campaign.rules)
        strict = self.by_name[STRICT] if campaign.rules is None else None
        return Gate(campaign.client, now, named, self.by_country, strict, registers, self.refusals)
