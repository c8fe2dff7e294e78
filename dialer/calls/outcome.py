"""What became of a call: the words used in the store, the API, the metrics and the reports."""

from enum import StrEnum


class Outcome(StrEnum):
    # outbound attempts
    ANSWERED = "answered"
    """A person answered and talked with an agent (agentless: heard the flow)."""
    ABANDONED = "abandoned"
    """A person answered (outbound) or waited (inbound) and left without an agent."""
    MACHINE = "machine"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CONGESTION = "congestion"
    INVALID_NUMBER = "invalid_number"
    REJECTED = "rejected"
    """The called party's phone or network declined the call (603, 403, cause 21)."""
    FAILED = "failed"
    """A fault of the trunk or the switch."""
    CANCELLED = "cancelled"
    """Taken back by us before anyone answered."""
    LOST = "lost"
    """Nobody knows: the engine or the switch went down in between. Never dialled again on a guess."""

    # inbound calls (ANSWERED, ABANDONED, FAILED and LOST mean the same there)
    SELF_SERVED = "self_served"
    """The flow came to its end without an agent."""
    LEFT = "left"
    """The caller hung up in the flow, before waiting for anyone."""
    FORWARDED = "forwarded"
    """Talked with a number that the flow dialled."""
    CLOSED = "closed"
    """Reached us outside the hours."""
    OVERLOADED = "overloaded"
    """Refused for overload: no channel, a full queue, or the longest wait exceeded."""
