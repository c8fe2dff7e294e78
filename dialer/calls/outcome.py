"""What became of a call: the words used in the store, the API, the metrics and the reports."""

from enum import StrEnum

from dialer.calls.model import Call, State


class Outcome(StrEnum):
    # outbound attempts
    ANSWERED = "answered"
    """A person answered and talked with an agent (agentless: heard the flow)."""
    ABANDONED = "abandoned"
    """Outbound: a person answered and had no agent within the campaign's `connect_within`. Inbound: the caller gave up
    waiting for one, or was ended by us while waiting."""
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
    """Inbound: the caller hung up in the flow, before waiting for anyone. Outbound: the person hung up at once, while
    there still was time to connect: nobody was made to wait, so it is no abandoned call."""
    FORWARDED = "forwarded"
    """Talked with a number that the flow dialled."""
    CLOSED = "closed"
    """Reached us outside the hours."""
    OVERLOADED = "overloaded"
    """Refused for overload: no channel, a full queue, or the longest wait exceeded."""


_BY_SIP = {
    401: Outcome.REJECTED, 403: Outcome.REJECTED, 407: Outcome.REJECTED, 603: Outcome.REJECTED, 607: Outcome.REJECTED,
    608: Outcome.REJECTED,
    404: Outcome.INVALID_NUMBER, 410: Outcome.INVALID_NUMBER, 484: Outcome.INVALID_NUMBER, 604: Outcome.INVALID_NUMBER,
    408: Outcome.NO_ANSWER, 480: Outcome.NO_ANSWER, 487: Outcome.NO_ANSWER,
    486: Outcome.BUSY, 600: Outcome.BUSY,
    503: Outcome.CONGESTION,
}  # fmt: skip
_BY_CAUSE = {
    1: Outcome.INVALID_NUMBER, 3: Outcome.INVALID_NUMBER, 22: Outcome.INVALID_NUMBER, 28: Outcome.INVALID_NUMBER,
    17: Outcome.BUSY,
    16: Outcome.NO_ANSWER, 18: Outcome.NO_ANSWER, 19: Outcome.NO_ANSWER, 20: Outcome.NO_ANSWER, 31: Outcome.NO_ANSWER,
    21: Outcome.REJECTED,
    34: Outcome.CONGESTION, 42: Outcome.CONGESTION, 44: Outcome.CONGESTION, 47: Outcome.CONGESTION,
    58: Outcome.CONGESTION,
}  # fmt: skip


def of_unanswered(cause: int | None, sip: int | None) -> Outcome:
    """Why nobody answered, from the final SIP status where known (RFC 3261 §21), else the cause (ITU-T Q.850)."""
    if sip is not None and sip in _BY_SIP:
        return _BY_SIP[sip]
    return _BY_CAUSE.get(cause or 0, Outcome.FAILED)


TAKEN_BACK = "taken_back"
"""Why we hang up on a call that rings long, when too many would be answered: it rang as the law asks."""


def of_call(call: Call, at: float) -> Outcome:
    """The outcome of a call that is over at `at`, from what happened to it."""
    return _of_outbound(call, at) if call.plan.direction == "outbound" else _of_inbound(call)


def _of_outbound(call: Call, at: float) -> Outcome:
    if call.answered_at is None:
        if call.why in ("ring_timeout", TAKEN_BACK):
            return Outcome.NO_ANSWER
        return Outcome.CANCELLED if call.why else of_unanswered(call.cause, call.sip)
    if call.talks:
        return Outcome.ANSWERED
    if call.answered_by == "machine":
        return Outcome.MACHINE
    if call.flow_started:
        return Outcome.ANSWERED
    patient_s = call.plan.request.max_wait_s if call.plan.request is not None else 0.0
    in_time = at < (call.patient_until or call.answered_at + patient_s)
    return Outcome.LEFT if in_time and call.hung_up_by == "customer" else Outcome.ABANDONED


def _of_inbound(call: Call) -> Outcome:
    if call.talks:
        return Outcome.ANSWERED
    if call.state in (State.QUEUED, State.JOINING):
        return Outcome.ABANDONED
    if call.why == "overloaded":
        return Outcome.OVERLOADED
    for mark, outcome in _BY_MARK:
        if mark in call.marks:
            return outcome
    if call.why == "no_script":
        return Outcome.FAILED
    if call.queued_at is not None:
        return Outcome.ABANDONED  # ended by an operator or a shutdown while it waited
    return Outcome.LEFT if call.hung_up_by == "customer" else Outcome.SELF_SERVED


_BY_MARK = (
    ("forwarded", Outcome.FORWARDED),
    ("overloaded", Outcome.OVERLOADED),
    ("closed", Outcome.CLOSED),
    ("trunk_fault", Outcome.FAILED),
)
