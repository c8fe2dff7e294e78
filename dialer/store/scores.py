"""Samples of recordings, and the score cards that persons filled in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dialer.billing.facts import Score
from dialer.store.queries import Transaction, one_by_one
from dialer.store.recording_schema import recordings, samples, score_cards
from dialer.store.recordings import MOST, RecordingRow, row_of
from dialer.store.schema import calls

if TYPE_CHECKING:
    from asyncio import Future


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A recording that was drawn to be scored."""

    rule: str
    """client:NAME or campaign:NAME."""
    recording_id: str
    agent: str
    period: str
    part: int
    card: str
    drawn_at: float
    dropped_at: float | None = None
    """Its recording was gone before anybody scored it."""


@dataclass(frozen=True, slots=True)
class CardRow:
    """What one person said of a recording; a later one of the same person corrects it."""

    recording_id: str
    card: str
    by: str
    at: float
    points: Mapping[str, Sequence[int | None]]
    """By criterion: given, and the most that could be."""
    score: float
    failed: Sequence[str]
    passed: bool
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Eligible:
    """Recordings that a rule may draw."""

    client: str
    campaign: str | None
    """None: all of the client's but `without`."""
    without: Sequence[str]
    since: float
    until: float
    least_s: float
    dispositions: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class SampleSought:
    """Which samples; None: any."""

    client: str | None = None
    campaign: str | None = None
    agent: str | None = None
    period: str | None = None
    scored: bool | None = None


_SAMPLE = tuple(samples.c[f.name] for f in fields(SampleRow))
_CARD = tuple(score_cards.c[f.name] for f in fields(CardRow))
_CARDED = sa.exists().where(score_cards.c.recording_id == samples.c.recording_id)
_RECORDING = tuple(recordings.c[f.name] for f in fields(RecordingRow))


@one_by_one
def add_samples(tx: Transaction, rows: Sequence[SampleRow]) -> int:
    return tx.insert_new(samples, [asdict(row) for row in rows])


@one_by_one
def drop_gone(tx: Transaction, now: float) -> int:
    """Those whose recordings were deleted before anybody scored them."""
    gone = sa.exists().where(recordings.c.id == samples.c.recording_id, recordings.c.deleted_at.is_not(None))
    return tx.connection.execute(
        sa.update(samples).where(samples.c.dropped_at.is_(None), gone, sa.not_(_CARDED)).values(dropped_at=now)
    ).rowcount


@one_by_one
def add_card(tx: Transaction, card: CardRow) -> None:
    values = asdict(card) | {"failed": list(card.failed), "points": {n: list(p) for n, p in card.points.items()}}
    tx.connection.execute(sa.insert(score_cards).values(values))


def eligible(connection: sa.Connection, of: Eligible) -> list[tuple[str, str, float]]:
    """Id, agent, beginning."""
    statement = sa.select(recordings.c.id, recordings.c.agent, recordings.c.began_at).where(
        recordings.c.client == of.client, recordings.c.began_at >= of.since, recordings.c.began_at < of.until,
        recordings.c.agent.is_not(None), recordings.c.fault.is_(None), recordings.c.deleted_at.is_(None),
        recordings.c.seconds > 0, recordings.c.seconds >= of.least_s,
    )  # fmt: skip
    if of.campaign is not None:
        statement = statement.where(recordings.c.campaign == of.campaign)
    elif of.without:
        statement = statement.where(
            sa.or_(recordings.c.campaign.is_(None), recordings.c.campaign.not_in(of.without)))
    if of.dispositions is not None:
        statement = statement.join(calls, calls.c.id == recordings.c.call_id).where(
            calls.c.disposition.in_(of.dispositions))
    return [(row[0], row[1], row[2]) for row in connection.execute(statement)]


def drawn(connection: sa.Connection, rule: str, period: str) -> list[SampleRow]:
    statement = sa.select(*_SAMPLE).where(samples.c.rule == rule, samples.c.period == period)
    return [SampleRow(*row) for row in connection.execute(statement)]


def sampled(connection: sa.Connection, sought: SampleSought) -> list[tuple[SampleRow, RecordingRow]]:
    """In the order they were drawn, those that stand."""
    statement = (
        sa.select(*_SAMPLE, *(column.label(f"of_{column.name}") for column in _RECORDING))
        .join(recordings, recordings.c.id == samples.c.recording_id).where(samples.c.dropped_at.is_(None))
    )
    for name in ("client", "campaign"):
        if (wanted := getattr(sought, name)) is not None:
            statement = statement.where(recordings.c[name] == wanted)
    for name in ("agent", "period"):
        if (wanted := getattr(sought, name)) is not None:
            statement = statement.where(samples.c[name] == wanted)
    if sought.scored is not None:
        statement = statement.where(_CARDED if sought.scored else sa.not_(_CARDED))
    found = connection.execute(statement.order_by(samples.c.drawn_at, samples.c.recording_id).limit(MOST))
    size = len(_SAMPLE)
    names = [column.name for column in _RECORDING]
    return [(SampleRow(*row[:size]), row_of(dict(zip(names, row[size:], strict=True)))) for row in found]


def sample_of(connection: sa.Connection, recording: str) -> SampleRow | None:
    statement = sa.select(*_SAMPLE).where(samples.c.recording_id == recording, samples.c.dropped_at.is_(None))
    row = connection.execute(statement.order_by(samples.c.rule).limit(1)).one_or_none()
    return None if row is None else SampleRow(*row)


def cards_of(connection: sa.Connection, ids: Sequence[str]) -> list[CardRow]:
    """All that were given, the first first."""
    statement = sa.select(*_CARD).where(score_cards.c.recording_id.in_(ids)).order_by(score_cards.c.id)
    return [CardRow(*row) for row in connection.execute(statement)]


def counting(
    connection: sa.Connection, since: float, until: float, client: str | None = None, campaign: str | None = None
) -> list[tuple[CardRow, RecordingRow]]:
    """The cards that count, of sampled talks that began in that time: of each person the last of a recording."""
    mine = [recordings.c.began_at >= since, recordings.c.began_at < until]
    if client is not None:
        mine.append(recordings.c.client == client)
    if campaign is not None:
        mine.append(recordings.c.campaign == campaign)
    drawn_one = sa.exists().where(samples.c.recording_id == recordings.c.id, samples.c.dropped_at.is_(None))
    last = (
        sa.select(sa.func.max(score_cards.c.id)).join(recordings, recordings.c.id == score_cards.c.recording_id)
        .where(*mine, drawn_one).group_by(score_cards.c.recording_id, score_cards.c.by)
    )
    statement = (
        sa.select(*_CARD, *(column.label(f"of_{column.name}") for column in _RECORDING))
        .join(recordings, recordings.c.id == score_cards.c.recording_id).where(score_cards.c.id.in_(last))
    )
    size, names = len(_CARD), [column.name for column in _RECORDING]
    found = connection.execute(statement.order_by(score_cards.c.id))
    return [(CardRow(*row[:size]), row_of(dict(zip(names, row[size:], strict=True)))) for row in found]


def means(connection: sa.Connection, client: str, since: float, until: float) -> list[Score]:
    """One a recording: of several persons' cards their mean."""
    found: dict[str, tuple[float, list[float]]] = {}
    for card, row in counting(connection, since, until, client):
        found.setdefault(row.id, (row.began_at, []))[1].append(card.score)
    return [
        Score(name, at, Decimal(f"{sum(given) / len(given):.4f}").normalize()) for name, (at, given) in found.items()
    ]


class ScoreBook:
    """`Store.scores`."""

    def __init__(self, write: Callable[..., "Future[Any]"], read: Callable[..., "Future[Any]"]) -> None:
        self._write, self._read = write, read

    def add_samples(self, rows: Sequence[SampleRow]) -> "Future[int]":
        """How many were new."""
        return self._write(add_samples, rows, fact=True)

    def drop_gone(self, now: float) -> "Future[int]":
        return self._write(drop_gone, now, fact=True)

    def add_card(self, card: CardRow) -> "Future[None]":
        return self._write(add_card, card)

    def eligible(self, of: Eligible) -> "Future[list[tuple[str, str, float]]]":
        return self._read(eligible, of)

    def drawn(self, rule: str, period: str) -> "Future[list[SampleRow]]":
        """Also those that were dropped."""
        return self._read(drawn, rule, period)

    def sampled(self, sought: SampleSought) -> "Future[list[tuple[SampleRow, RecordingRow]]]":
        return self._read(sampled, sought)

    def sample_of(self, recording: str) -> "Future[SampleRow | None]":
        return self._read(sample_of, recording)

    def cards_of(self, ids: Sequence[str]) -> "Future[list[CardRow]]":
        return self._read(cards_of, ids)

    def counting(
        self, since: float, until: float, client: str | None = None, campaign: str | None = None
    ) -> "Future[list[tuple[CardRow, RecordingRow]]]":
        return self._read(counting, since, until, client, campaign)
