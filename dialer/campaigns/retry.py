"""What becomes of a contact after an attempt, or after an agent's disposition. Pure; times are epoch seconds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from dialer.calls.outcome import Outcome
from dialer.campaigns import numbers_of
from dialer.campaigns.dayparts import first_moment, part_at, with_room
from dialer.campaigns.numbers_of import WRONG
from dialer.config.campaign import Campaign
from dialer.config.models import Hours
from dialer.config.retries import RetryReason, delays_of
from dialer.hours import next_opening
from dialer.store.records import Contact, ContactVerdict, earlier_tries, in_part, tried_as

CAP_CONTACT = "cap_contact"
RETRY_REASON: dict[Outcome, RetryReason] = {
    Outcome.BUSY: "busy",
    Outcome.NO_ANSWER: "no_answer",
    Outcome.CONGESTION: "congestion",
    Outcome.MACHINE: "machine",
    Outcome.ABANDONED: "abandoned",
    Outcome.OVERLOADED: "abandoned",
    Outcome.LEFT: "hung_up",
    Outcome.FAILED: "failed",
    Outcome.REJECTED: "rejected",
    Outcome.LOST: "lost",
}
"""The rule that an outcome falls under. An outcome that is not here ends the contact: it was talked with, served by
the flow, or none of its numbers exists."""


def verdict(
    campaign: Campaign, contact: Contact, outcome: Outcome, now: float, hours: Hours | None = None
) -> ContactVerdict:
    """Call again, at which number, or done. `contact` is as it was claimed: `tries` does not count this attempt yet.

    `times: 3` allows three calls after the first of that reason, at each of its numbers. A reason without a rule ends
    the contact; so does `lost`, where nobody knows what was said. A number that does not exist gives way to the
    contact's next one. A cancelled attempt was never dialled: to be called at once, and not counted.
    """
    if outcome is Outcome.CANCELLED and contact.result is not None:  # it was done, and dialled by hand
        return ContactVerdict(contact.id, "done", turn=contact.turn, result=contact.result)
    if outcome is Outcome.CANCELLED:
        return ContactVerdict(contact.id, "waiting", _open_at(hours, now), turn=contact.turn)
    part = part_at(campaign.day_parts, contact, now) or "" if campaign.day_parts else ""
    done = ContactVerdict(contact.id, "done", 0.0, tried_as(contact.turn, outcome.value), contact.turn,
                          outcome.value if contact.turn else "", part)  # fmt: skip
    reason: str | None = WRONG if outcome is Outcome.INVALID_NUMBER else RETRY_REASON.get(outcome)
    if reason is None:
        return done
    key = tried_as(contact.turn, reason)
    tried = contact.tries.get(key, 0)
    tries = {**contact.tries, key: tried + 1}
    if part:
        tries[in_part(part)] = contact.tries.get(in_part(part), 0) + 1
    found = _next(campaign, contact, reason, tried, tries, now)
    if found is None:
        return done
    if end := _capped(campaign, tries):
        return replace(done, reason=key, result=end)
    turn, at = found
    rule = campaign.retry.get(reason)  # type: ignore[call-overload]
    at = _in_parts(campaign, contact, tries, at, part if rule is not None and rule.other_part else None)
    return ContactVerdict(contact.id, "waiting", _open_at(hours, at), key, turn, part=part)


def _next(
    campaign: Campaign, contact: Contact, reason: str, tried: int, tries: Mapping[str, int], now: float
) -> tuple[int, float] | None:
    """Which number, and when by the rule."""
    rule = campaign.retry.get(reason)  # type: ignore[call-overload]
    if reason == WRONG or (rule is not None and rule.next_number):
        if (turn := numbers_of.after(campaign, contact, tries)) is not None:
            return turn, now
        if reason == WRONG:  # those before it were called already: when they are called again, a rule of theirs said
            again = numbers_of.first(campaign, contact, tries)
            delay_s = max((one.delay_s(0) for one in campaign.retry.values()), default=None)
            return None if again is None or delay_s is None else (again, now + delay_s)
        again = numbers_of.first(campaign, contact, tries)
        return None if again is None or rule is None else (again, now + rule.delay_s(tried))
    if rule is None or tried >= rule.most:
        return None
    return contact.turn, now + rule.delay_s(tried)


def _capped(campaign: Campaign, tries: Mapping[str, int]) -> str:
    """The cap that leaves no room for one more attempt, or nothing."""
    most = campaign.caps.contact
    return CAP_CONTACT if most is not None and counted(tries) >= most else ""


def counted(tries: Mapping[str, int]) -> int:
    """All attempts at a contact that count, those before it was recycled too."""
    return sum(number for key, number in tries.items() if not key.startswith("@")) + tries.get(earlier_tries(), 0)


def _in_parts(
    campaign: Campaign, contact: Contact, tries: Mapping[str, int], at: float, not_in: str | None
) -> float:
    """The first moment of a part of the day with room. Where none has room, the claim says so."""
    parts = campaign.day_parts
    wanted = with_room(parts, tries)
    others = wanted - {not_in}
    moment = first_moment(parts, others or wanted, contact, at) if wanted else None
    return at if moment is None else moment


def disposed(
    campaign: Campaign, contact: Contact, code: str, now: float, hours: Hours | None = None
) -> ContactVerdict:
    """What the agent's code means for the contact. Raises KeyError for a code that the campaign does not have.

    `retry_after` calls again, as often as the code's `times` say, else the `callback` rule where there is one.
    """
    disposition = campaign.dispositions[code]
    done = ContactVerdict(contact.id, "done", reason=code, turn=contact.turn)
    if disposition.next_number:
        key = tried_as(contact.turn, WRONG)
        tries = {**contact.tries, key: 1}
        turn = numbers_of.after(campaign, contact, tries)
        turn = numbers_of.first(campaign, contact, tries) if turn is None else turn
        if turn is None:
            return replace(done, reason=key, result=code)
        after_s = 0.0 if disposition.retry_after is None else delays_of(disposition.retry_after)[0]
        return ContactVerdict(contact.id, "waiting", _open_at(hours, now + after_s), key, turn)
    rule = campaign.retry.get("callback")
    key = code if disposition.times is not None else "callback"
    most = disposition.times if disposition.times is not None else None if rule is None else rule.most
    tried = contact.tries.get(key, 0)
    if disposition.retry_after is None or (most is not None and tried >= most):
        return done
    delays = delays_of(disposition.retry_after)
    at = _open_at(hours, now + delays[min(tried, len(delays) - 1)])
    return ContactVerdict(contact.id, "waiting", at, key, contact.turn)


def _open_at(hours: Hours | None, at: float) -> float:
    """`at`, or the next opening when the campaign is closed then. One that never opens again holds nothing back here:
    the campaign's own hours do."""
    if hours is None:
        return at
    opening = next_opening(hours, datetime.fromtimestamp(at, UTC))
    return at if opening is None else max(at, opening.timestamp())
