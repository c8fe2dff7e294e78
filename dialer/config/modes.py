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
