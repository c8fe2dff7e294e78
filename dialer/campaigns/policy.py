"""May this contact be claimed, by what its campaign says of itself: its list's filter, its numbers, caps, parts of the
day; and then by the law. Pure.

Asked within the transaction of the claim, with the calls that the store knows of at that moment: a cap holds also for
two campaigns, or two engines, that want the same number at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from dialer.campaigns import numbers_of
from dialer.campaigns.dayparts import first_moment, part_at, with_room, zones_of
from dialer.campaigns.retry import CAP_CONTACT, counted
from dialer.campaigns.selection import selected
from dialer.compliance.calendar import beginning_of, local_date
from dialer.config.campaign import Campaign
from dialer.store.records import HELD_BACK, Asked, Contact, Known, Refusal

CAP_CONTACT_DAY = "cap_contact_per_day"
CAP_NUMBER_DAY = "cap_number_per_day_client"
DAY_PART = "day_part"
NUMBER_WORN = "number_worn_out"
_DAYS_S = 2 * 86_400.0
"""A day of any clock lies within two of ours."""


class Law(Protocol):
    @property
    def asked(self) -> Asked: ...
    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None: ...
    def shut(self, contact: Contact) -> Refusal | None: ...


@dataclass(frozen=True, slots=True)
class Policy:
    """The answer for one moment: `now`, epoch seconds."""

    campaign: Campaign
    law: Law
    now: float
    by_hand: bool = False
    """An agent chose the contact, as by dialling its number or by accepting it: the filter of its list and what was
    tried before are no questions any more, caps and parts of the day are."""

    @property
    def asked(self) -> Asked:
        asked, caps = self.law.asked, self.campaign.caps
        if caps.contact_per_day is None and caps.number_per_day_client is None:
            return asked
        since = self.now - _DAYS_S
        return replace(asked, since=since if asked.since is None else min(since, asked.since))

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        return self.own(contact, known) or self.law(contact, known, held)

    def shut(self, contact: Contact) -> Refusal | None:
        """What can be told at a glance."""
        return self.law.shut(contact)

    def own(self, contact: Contact, known: Known) -> Refusal | None:
        """Of the campaign itself."""
        chosen = None if self.by_hand else self._not_wanted(contact)
        return chosen or self._capped(contact, known) or self._in_part(contact)

    def _not_wanted(self, contact: Contact) -> Refusal | None:
        for source in self.campaign.sources:
            if source.name == contact.list and selected(source, contact.fields)[0]:
                return self._no(contact, HELD_BACK, None, f"its list `{source.name}` leaves it out (`where`)")
        if contact.numbers and not numbers_of.is_left(self.campaign, contact.tries, contact.turn):
            return self._no(contact, NUMBER_WORN, None, "this number was called as often as the rules allow")
        return None

    def _capped(self, contact: Contact, known: Known) -> Refusal | None:
        caps = self.campaign.caps
        if caps.contact is not None and counted(contact.tries) >= caps.contact:
            return self._no(contact, CAP_CONTACT, None, f"{caps.contact} attempts, no more are allowed")
        of_it = (call.at for call in known.past if call.contact_id == contact.id)
        at_number = (call.at for call in known.past if call.number == contact.number)
        for rule, most, times in (
            (CAP_CONTACT_DAY, caps.contact_per_day, of_it), (CAP_NUMBER_DAY, caps.number_per_day_client, at_number),
        ):  # fmt: skip
            if most is not None and (until := self._full_until(contact, most, times)) is not None:
                return self._no(contact, rule, until, f"{most} calls today, no more are allowed")
        return None

    def _full_until(self, contact: Contact, most: int, times: Iterable[float]) -> float | None:
        """The end of the day on the contact's clocks when it has no room; None when it has, on each of them."""
        calls = list(times)
        ends = []
        for zone in zones_of(contact) if calls else ():
            today = local_date(self.now, zone)
            if sum(local_date(at, zone) == today for at in calls) >= most:
                ends.append(beginning_of(today + timedelta(days=1), zone))
        return max(ends, default=None)

    def _in_part(self, contact: Contact) -> Refusal | None:
        parts = self.campaign.day_parts
        if not parts:
            return None
        room = with_room(parts, contact.tries)
        if part_at(parts, contact, self.now) in room:
            return None
        until = first_moment(parts, room, contact, self.now)
        text = "not in this part of the day" if room else "called as often as each part of the day allows"
        return self._no(contact, DAY_PART, until, text)

    def _no(self, contact: Contact, rule: str, until: float | None, text: str) -> Refusal:
        return Refusal(contact.id, self.now, rule, until, text)
