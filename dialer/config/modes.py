"""How a campaign's calls come about, where that is more than how many.

Durations are held in seconds.
"""

from typing import Literal

from dialer.config.scalars import Duration, Model, Whole

Mode = Literal["manual", "preview", "progressive", "power", "predictive", "agentless"]


class Preview(Model):
    """`mode: preview`: an idle agent reads who is to be called, before the call."""

    time: Duration = 30.0
    """How long the agent may read."""
    then: Literal["dial", "skip"] = "dial"
    """What becomes of the contact when that time is over."""
    skips: Whole | None = None
    """How many contacts an agent may skip `per` hour or day; left out, any number."""
    per: Literal["hour", "day"] = "hour"
    again_after: Duration = 3600.0
    """When a skipped contact is due again."""


class Callbacks(Model):
    """Calls that an agent promised (a disposition with `callback: true`): made at the promised minute, before all
    lists."""

    hold: Duration = 30.0
    """An agent is kept free for it from so long before: its own, or of one to anyone the first who is free then."""
    grace: Duration = 900.0
    """How long after the promised time a personal one waits for its agent to be free."""
    then: Literal["anyone", "wait"] = "anyone"
    """What becomes of it after that: any agent of the campaign makes the call, or it waits for its own."""
