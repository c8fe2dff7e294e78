"""What becomes of a contact that was promised a call. Pure; times are epoch seconds."""

from dialer.calls.outcome import Outcome
from dialer.campaigns.retry import RETRY_REASON
from dialer.config.campaign import Campaign
from dialer.store.records import CALLBACK, Contact, ContactVerdict

PROMISED = "promised"
"""What a promise is counted as among a contact's tries: never too often, for the person asked for it."""


def promised(contact: Contact, at: float) -> ContactVerdict:
    """The agent says when; whatever the rules for retries allow, the promise stands."""
    return ContactVerdict(contact.id, CALLBACK, at, PROMISED, contact.turn)


def again(campaign: Campaign, contact: Contact, outcome: Outcome, now: float) -> ContactVerdict | None:
    """After an attempt to keep the promise that reached nobody: it stands, for the same agent, by the rule `callback`.
    None: the promise is kept, or the rule is worn out, and the contact goes on as any other."""
    if outcome is Outcome.CANCELLED:
        return ContactVerdict(contact.id, CALLBACK, max(now, contact.next_at), turn=contact.turn)
    rule, tried = campaign.retry.get("callback"), contact.tries.get("callback", 0)
    if outcome not in RETRY_REASON or rule is None or tried >= rule.most:
        return None
    at = max(now + rule.delay_s(tried), contact.next_at)  # who was dialled by hand before is promised a call yet
    return ContactVerdict(contact.id, CALLBACK, at, "callback", contact.turn)
