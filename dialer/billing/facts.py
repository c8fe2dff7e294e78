"""What a month is rated from. Times are epoch seconds, durations seconds, as in the store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dialer.store.records import CallRecord


@dataclass(frozen=True, slots=True)
class Call:
    """What rating asks of a settled call: a month may have a million."""

    id: str
    at: float
    """When it arrived or was intended: the moment that decides on month and contract version."""
    direction: str
    outcome: str
    disposition: str | None = None
    dialled_at: float | None = None
    answered_at: float | None = None
    queued_at: float | None = None
    joined_at: float | None = None
    ended_at: float | None = None
    talk_s: float = 0.0


def call_of(record: CallRecord) -> Call:
    """Raises ValueError for a call that is not settled."""
    if record.outcome is None:
        raise ValueError(f"call {record.id} is not settled")
    return Call(
        record.id, record.created_at, record.direction, record.outcome.value, record.disposition, record.dialled_at,
        record.answered_at, record.queued_at, record.joined_at, record.ended_at, record.talk_s)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of an agent's time in one state; `client` is that of the call in hand."""

    agent: str
    state: str
    started_at: float
    ended_at: float
    call_id: str | None = None
    reason: str | None = None
    client: str | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """Revenue that a call caused, recorded with its amount; or the cancellation of one that its disposition told."""

    id: str
    """Of a sale told by disposition, the call's."""
    call_id: str
    at: float
    """When it was recorded; told by disposition, the call's `at`."""
    amount: Decimal | None
    """In the client's currency. None: what the contract says of the disposition."""
    disposition: str | None = None
    cancelled_at: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """The score of a test call, or of a recording."""

    call_id: str
    at: float
    score: Decimal
    """0 to 100."""


@dataclass(frozen=True, slots=True)
class Facts:
    """In any order; what is there twice counts once. More than the month's may be given."""

    calls: Iterable[Call] = ()
    spans: Sequence[Span] = ()
    """Of all agents, whatever client they worked for."""
    sales: Sequence[Sale] = ()
    scores: Sequence[Score] = ()
    tests: frozenset[str] = frozenset()
    """Ids of the calls that were test calls."""
    cards: Sequence[Score] = ()
    """Of sampled recordings, at the time of the talk; `call_id` is the recording's id."""
