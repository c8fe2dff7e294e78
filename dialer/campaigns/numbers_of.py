"""Which of a contact's numbers may be called still. Pure."""

from collections.abc import Mapping

from dialer.config.campaign import Campaign
from dialer.config.retries import RetryReason
from dialer.store.records import WRONG_NUMBER, Contact, tried_as

WRONG = WRONG_NUMBER


def is_left(campaign: Campaign, tries: Mapping[str, int], turn: int) -> bool:
    """No rule for it is worn out, and it is a number of the person, as far as is known."""
    if tries.get(tried_as(turn, WRONG), 0):
        return False
    return not any(tries.get(tried_as(turn, reason), 0) > rule.most for reason, rule in campaign.retry.items()
                   if per_number(reason))  # fmt: skip


def per_number(reason: RetryReason) -> bool:
    """A callback is promised to the person, whichever number was called."""
    return reason != "callback"


def after(campaign: Campaign, contact: Contact, tries: Mapping[str, int]) -> int | None:
    """The next of its numbers in this round, after the one that was called."""
    return next((turn for turn in contact.turns if turn > contact.turn and is_left(campaign, tries, turn)), None)


def first(campaign: Campaign, contact: Contact, tries: Mapping[str, int]) -> int | None:
    """That of a new round."""
    return next((turn for turn in contact.turns if is_left(campaign, tries, turn)), None)
