"""How many calls a campaign places now, for whom, and why not more.

A pacer is pure: fed with events, asked for decisions, `now` passed in. `docs/pacing.md` says which events and what
state it needs, and what becomes of those that are missing, doubled or late.
"""

from dialer.campaigns.pacing.choice import pacer_for
from dialer.campaigns.pacing.fixed import Agentless, Power, Progressive, agentless, power, progressive
from dialer.campaigns.pacing.model import (
    Decision,
    EventKind,
    IdleAgent,
    Pace,
    Pacer,
    Place,
    Reason,
    Snapshot,
    Window,
)  # fmt: skip
from dialer.campaigns.pacing.predictive import Predictive

__all__ = [
    "Agentless", "Decision", "EventKind", "IdleAgent", "Pace", "Pacer", "Place", "Power", "Predictive", "Progressive",
    "Reason", "Snapshot", "Window", "agentless", "pacer_for", "power", "progressive",
]  # fmt: skip
