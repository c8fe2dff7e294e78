"""A campaign's rules, ready to be asked about one contact after the other. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dialer.compliance.area import Areas
from dialer.compliance.check import Facts, Listing, Refused, Rules, Verdict, check, shut
from dialer.compliance.holding import STRICT, Reach, holding
from dialer.compliance.pack import AbandonRule
from dialer.compliance.place import Place, where
from dialer.config.campaign import Campaign
from dialer.store.records import DEBT_FIELD, Asked, Contact, Known, OpenCall, Refusal

AREAS = Areas()
POST_DIAL_S = 8.0
"""What passes between dial and first ring: 95 % of toll connections, the mean of international ones (ITU-T E.721)."""
_DAY_S = 86400.0
IN_CALL = "in_call"
IN_CALL_AGAIN_S = 60.0
"""When somebody is asked for again who is in another call of the client's."""
RINGS_AT_MOST_S = 300.0
TALKS_AT_MOST_S = 2 * 3600.0
"""Longer than this no call of another node is believed to ring, or to last: the node may have died in it."""
AGENT_AGAIN_S = 60.0
"""When a claim that has no agent held looks again at a contact that needs one: until then it is dialled by name."""


class Register(Protocol):
    """An imported register."""

    @property
    def imported_at(self) -> float: ...
    def holds(self, number: str) -> bool: ...


class Shown(Protocol):
    """Our numbers in rotation, each to be shown so often a day."""

    @property
    def reach_days(self) -> int: ...
    def refused_until(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Gate:
    """The answer for one moment: `now`, epoch seconds."""

    campaign: Campaign
    now: float
    holding: tuple[tuple[Rules, Reach], ...]
    """Those that may hold, and for which numbers."""
    registers: Mapping[str, Register]
    refusals: frozenset[tuple[str, str]]

    alias: Callable[[str], str] | None = None
    """Under what name do-not-call lists have a number that was erased."""
    shown: Shown | None = None
    engaged: frozenset[str] = frozenset()
    """Numbers in a call of the client's just now, of this engine."""
    node: str | None = None
    """This engine's, which needs nobody to tell it of its own calls. None: it is not asked who is in a call."""
    shared: bool = False
    """Other engines call for the client from the same store."""

    _shut: dict[Place, Refused | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def asked(self) -> Asked:
        needs = any(rules.pack.consent or _overruled(rules) for rules, _ in self.holding)
        purpose = self.campaign.purpose if needs else None
        return Asked(self.campaign.client, self.campaign.campaign, self.since, purpose, self.alias)

    @property
    def since(self) -> float | None:
        """How far back calls have to be known: a day more than the longest rule, whatever the clock there shows."""
        days = max((rules.pack.reach_days for rules, _ in self.holding), default=0)
        days = max(days, self.shown.reach_days if self.shown is not None else 0)
        if days:
            return self.now - (days + 1) * _DAY_S
        return self.now - TALKS_AT_MOST_S if self.shared else None

    def packs(self, place: Place) -> tuple[Rules, ...]:
        return tuple(rules for rules, reach in self.holding if reach.covers(place.country))

    def verdict(self, contact: Contact, known: Known, held: bool = False) -> Verdict:
        """`held`: an agent is, for this very dial."""
        place, number = self._place(contact), contact.number
        packs = self.packs(place)
        listings = {
            name: Listing(register.holds(number), register.imported_at)
            for rules in packs for name in rules.pack.registers
            if (register := self.registers.get(name)) is not None
        }  # fmt: skip
        facts = Facts(
            place=place,
            contact_id=contact.id,
            debt=contact.fields.get(DEBT_FIELD) or None,
            past=known.past,
            stops=[stop for stop in known.stops if stop.number == number],
            registers=listings,
            refusals=self.refusals,
            number=number,
            numbers=contact.numbers,
            held=held,
            rings_s=self._rings_s(packs),
            purpose=self.campaign.purpose,
            audience=self.campaign.audience,
            consents=[(given, until) for of, given, until in known.consents if of == number],
        )
        return check(packs, facts, self.now)

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        verdict = self.verdict(contact, known, held)
        if not isinstance(verdict, Refused):
            return self._in_call(contact, known) or self._shown_too_often(contact)
        if not held and self.campaign.agents is not None:
            with_agent = self.verdict(contact, known, held=True)
            if not isinstance(with_agent, Refused):
                until = self.now + AGENT_AGAIN_S
                return Refusal(contact.id, self.now, verdict.rule, until, verdict.text, needs_agent=True)
            verdict = with_agent  # what an agent would mend does not put it off
        return Refusal(contact.id, self.now, verdict.rule, verdict.until, verdict.text)

    def shut(self, contact: Contact) -> Refusal | None:
        """At a glance: whether the hours forbid the call where the number is. None does not mean that they allow it."""
        if not self.holding:
            return None
        place = AREAS.roughly(contact)
        if place not in self._shut:
            packs = self.packs(place) if place.zones else ()
            self._shut[place] = shut(packs, place, self._rings_s(packs), self.now)
        closed = self._shut[place]
        return None if closed is None else Refusal(contact.id, self.now, closed.rule, closed.until, closed.text)

    def _in_call(self, contact: Contact, known: Known) -> Refusal | None:
        if self.engaged.isdisjoint((contact.number, *contact.numbers)) and not any(map(self._lasts, known.open)):
            return None
        text = "another call of this client with the person is under way"
        return Refusal(contact.id, self.now, IN_CALL, self.now + IN_CALL_AGAIN_S, text)

    def _lasts(self, call: OpenCall) -> bool:
        """Another node's, as far as the store knew when the contact was claimed."""
        at_most = TALKS_AT_MOST_S if call.answered else RINGS_AT_MOST_S
        return self.node is not None and call.node != self.node and self.now - call.known_at < at_most

    def _shown_too_often(self, contact: Contact) -> Refusal | None:
        until = self.shown.refused_until() if self.shown is not None else None
        if until is None:
            return None
        text = "each of our numbers has been shown as often as it may today (`caller_ids: {max_per_day: ...}`)"
        return Refusal(contact.id, self.now, "caller_ids.max_per_day", until, text)

    def needs_agent(self, contact: Contact, known: Known) -> bool:
        """Nobody may be dialled like this without an agent held: for something that came of an earlier call."""
        return bool(known.past) and isinstance(self.verdict(contact, known), Refused)

    def rings_s(self, contact: Contact) -> float:
        """How long to wait for an answer, from the dial on: the far end rings for what is left of it."""
        return self._rings_s(self.packs(self._place(contact)))

    def _rings_s(self, packs: Sequence[Rules]) -> float:
        least = max([rules.pack.least_ring for rules in packs], default=0.0)
        return max(self.campaign.ring_timeout, least + POST_DIAL_S if least > 0 else 0.0)

    def connect_within_s(self, contact: Contact) -> float:
        """Later is abandoned, whatever the campaign says."""
        within = (rule.connect_within for rule in self._abandon(contact))
        return min([self.campaign.abandon.connect_within, *within])

    def from_greeting(self, contact: Contact) -> bool:
        """Whether those seconds may begin when the greeting is over."""
        return all(rule.counted_from == "greeting" for rule in self._abandon(contact))

    def _abandon(self, contact: Contact) -> Iterator[AbandonRule]:
        return (rule for rules in self.packs(self._place(contact)) for rule in rules.pack.abandon.values())

    def _place(self, contact: Contact) -> Place:
        if not self.holding:  # nobody asks where
            return Place(None, ())
        return where(contact)


def _overruled(rules: Rules) -> bool:
    return any(register.unless == "consent" for register in rules.pack.registers.values())


@dataclass(frozen=True, slots=True)
class Statute:
    """All the packs of a configuration."""

    by_name: Mapping[str, Rules]
    """Also those that are gone."""
    by_place: tuple[tuple[Rules, Reach], ...]
    """For campaigns that name none; empty without a pack for the rest."""
    refusals: frozenset[tuple[str, str]]
    """(campaign, disposition) that mean: did not want the call."""

    @classmethod
    def of(
        cls, packs: Mapping[str, Rules], gone: Mapping[str, Rules], campaigns: Mapping[str, Campaign]
    ) -> "Statute":
        by_name = {**gone, **packs}
        present = {name: rules.pack for name, rules in by_name.items() if name in packs or name == STRICT}
        placed = holding(None, present) if STRICT in present else ()
        by_place = tuple((by_name[pack.rules], reach) for pack, reach in placed)
        refusals = frozenset(
            (name, code) for name, campaign in campaigns.items()
            for code, disposition in campaign.dispositions.items() if disposition.refuses
        )  # fmt: skip
        return cls(by_name, by_place, refusals)

    def holding(self, campaign: Campaign) -> tuple[tuple[Rules, Reach], ...]:
        """Raises KeyError for rules that are not there: nobody is called on a guess."""
        if campaign.rules is None:
            if STRICT not in self.by_name:
                raise KeyError(STRICT)
            return self.by_place
        packs = {name: rules.pack for name, rules in self.by_name.items()}
        return tuple((self.by_name[pack.rules], reach) for pack, reach in holding(campaign.rules, packs))

    def registers_of(self, campaign: Campaign) -> set[str]:
        """The registers that its numbers may have to be looked up in."""
        return {register for rules, _ in self.holding(campaign) for register in rules.pack.registers}

    def gate(
        self, campaign: Campaign, registers: Mapping[str, Register], now: float,
        alias: Callable[[str], str] | None = None,
    ) -> Gate:
        """Raises KeyError as `holding`."""
        return Gate(campaign, now, self.holding(campaign), registers, self.refusals, alias)
