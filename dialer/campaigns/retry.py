"""What becomes of a contact after an attempt, or after an agent's disposition. Pure; times are epoch seconds."""

from datetime import UTC, datetime

from dialer.calls.outcome import Outcome
from dialer.config.campaign import Campaign
from dialer.config.models import Hours
from dialer.config.retries import RetryReason, delays_of
from dialer.hours import next_opening
from dialer.store.records import Contact, ContactVerdict

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
the flow, or its number does not exist."""


def verdict(
    campaign: Campaign, contact: Contact, outcome: Outcome, now: float, hours: Hours | None = None
) -> ContactVerdict:
    """Call again, or done. `contact` is as it was claimed: `tries` does not count this attempt yet.

    `times: 3` allows three calls after the first of that reason. A reason without a rule ends the contact; so does
    `lost`, where nobody knows what was said. A cancelled attempt was never dialled: due again and not counted.
    """
    if outcome is Outcome.CANCELLED:
        return ContactVerdict(contact.id, "waiting", _open_at(hours, now))
    reason = RETRY_REASON.get(outcome)
    again = _by_rule(campaign, contact, reason, now, hours) if reason else None
    return again or ContactVerdict(contact.id, "done", reason=outcome.value)


def disposed(
    campaign: Campaign, contact: Contact, code: str, now: float, hours: Hours | None = None
) -> ContactVerdict:
    """What the agent's code means for the contact. Raises KeyError for a code that the campaign does not have.

    `retry_after` calls again, as often as the `callback` rule allows where there is one.
    """
    disposition = campaign.dispositions[code]
    rule = campaign.retry.get("callback")
    worn_out = rule is not None and contact.tries.get("callback", 0) >= rule.most
    if disposition.retry_after is None or worn_out:
        return ContactVerdict(contact.id, "done", reason=code)
    delays = delays_of(disposition.retry_after)
    after_s = delays[min(contact.tries.get("callback", 0), len(delays) - 1)]
    return ContactVerdict(contact.id, "waiting", _open_at(hours, now + after_s), "callback")


def _by_rule(
    campaign: Campaign, contact: Contact, reason: RetryReason, now: float, hours: Hours | None
) -> ContactVerdict | None:
    rule = campaign.retry.get(reason)
    if rule is None or contact.tries.get(reason, 0) >= rule.most:
        return None
    at = now + rule.delay_s(contact.tries.get(reason, 0))
    return ContactVerdict(contact.id, "waiting", _open_at(hours, at), reason)


def _open_at(hours: Hours | None, at: float) -> float:
    """`at`, or the next opening when the campaign is closed then. One that never opens again holds nothing back here:
    the campaign's own hours do."""
    if hours is None:
        return at
    opening = next_opening(hours, datetime.fromtimestamp(at, UTC))
    return at if opening is None else max(at, opening.timestamp())
