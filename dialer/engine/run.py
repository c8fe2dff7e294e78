"""A campaign at work: what it has in hand, and when it looks again."""

from dataclasses import dataclass, field
from typing import Literal

from dialer.config.campaign import Campaign
from dialer.engine.clock import Timer

Status = Literal["stopped", "running", "paused", "draining", "exhausted"]
IDLE_CHECK_S = 1.0
"""How often a campaign without due contacts looks again: for retries come due and contacts inserted live."""
REFUSED_CHECK_S = 0.02
"""How soon a campaign looks on whose claim was cut short by all those that it had to refuse."""
LIMITED_CHECK_S = 0.02
"""How often a campaign held back by a limit looks again: well within the burst that a rate may save up."""
AHEAD_CHECK_S = 0.25
"""How often a campaign that dials ahead decides anew though nothing happened: the longer a talk, the nearer its end."""
MOST_AT_ONCE = 50
HELD_BACK = {"closed": "its hours are over", "budget": "the client's budget of the month is spent"}
"""Why nobody may be dialled for a campaign just now, as people are told."""


@dataclass(slots=True)
class Run:
    """One campaign at work."""

    config: Campaign
    status: Status = "stopped"
    reason: str = "stopped"
    claiming: int = 0
    """Slots whose claim is on its way to the disk."""
    calls: set[str] = field(default_factory=set)
    asked: int = 0
    """Contacts asked for so far: which list has its turn."""
    in_the_air: set[str] = field(default_factory=set)
    """Dials that nobody has answered yet."""
    abandoned: set[str] = field(default_factory=set)
    """Calls whose persons had no agent in time, until they are over."""
    contacts_left: int | None = None
    """That wait or are due, as known of late; None: not known."""
    nothing_due_until: float = 0.0
    dry: bool = False
    """Fewer contacts were due than asked for: before anybody is held for a dial again, the store is asked."""
    looking: bool = False
    timer: Timer | None = None
    refused_by: str = ""
    """The rule that refused contacts since the last dial."""
