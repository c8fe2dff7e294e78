"""How calls were heard: a row a leg and direction."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from dialer.quality.record import LegVoice
from dialer.store.queries import Transaction
from dialer.store.schema import voice

if TYPE_CHECKING:
    from asyncio import Future

By = Literal["client", "trunk", "agent"]
_COLUMNS = tuple(voice.c[f.name] for f in fields(LegVoice))
_KEYS: dict[By, tuple[sa.Column[Any], ...]] = {
    "client": (voice.c.client,),
    "trunk": (voice.c.switch, voice.c.endpoint),
    "agent": (voice.c.agent,),
}
_LEG: dict[By, str | None] = {"client": None, "trunk": "customer", "agent": "agent"}


@dataclass(frozen=True, slots=True)
class VoiceTotal:
    """The legs of a client, trunk or agent together; means are over time."""

    name: str
    leg: str
    direction: str
    legs: int
    seconds: float
    r: float
    r_worst: float
    mos: float
    loss: float
    jitter_s: float
    round_trip_s: float | None
    dead_air_s: float


def save(tx: Transaction, many: Sequence[tuple[Sequence[LegVoice]]]) -> list[None]:
    tx.insert_new(voice, [asdict(row) for rows, in many for row in rows])
    return [None] * len(many)


def of_call(connection: sa.Connection, call_id: str) -> list[LegVoice]:
    statement = sa.select(*_COLUMNS).where(voice.c.call_id == call_id)
    order = (voice.c.started_at, voice.c.leg.desc(), voice.c.direction)
    return [LegVoice(*row) for row in connection.execute(statement.order_by(*order))]


def totals(connection: sa.Connection, by: By, since: float, until: float) -> list[VoiceTotal]:
    """By the time that the legs ended."""
    keys, seconds = _KEYS[by], sa.func.sum(voice.c.seconds)

    def mean(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.func.sum(column * voice.c.seconds) / seconds

    told = sa.case((voice.c.round_trip_s.is_not(None), voice.c.seconds))
    trip = sa.func.sum(voice.c.round_trip_s * voice.c.seconds) / sa.func.sum(told)
    statement = sa.select(
        *keys, voice.c.leg, voice.c.direction, sa.func.count(), seconds, mean(voice.c.r), sa.func.min(voice.c.r_worst),
        mean(voice.c.mos), mean(voice.c.loss), mean(voice.c.jitter_s), trip, sa.func.sum(voice.c.dead_air_s),
    ).where(voice.c.ended_at >= since, voice.c.ended_at < until)  # fmt: skip
    if (leg := _LEG[by]) is not None:
        statement = statement.where(voice.c.leg == leg)
    groups = (*keys, voice.c.leg, voice.c.direction)
    rows = connection.execute(statement.group_by(*groups).order_by(*groups)).all()
    return [VoiceTotal("/".join(row[: len(keys)]), *row[len(keys) :]) for row in rows]


class VoiceBook:
    """The part of the store that keeps voice; `Store.voice`."""

    def __init__(self, write: Callable[..., "Future[Any]"], read: Callable[..., "Future[Any]"]) -> None:
        self._write = write
        self._read = read

    def save(self, rows: Sequence[LegVoice]) -> "Future[None]":
        """After the calls they are of."""
        return self._write(save, rows, durable=False, fact=True, rows=len(rows))

    def of_call(self, call_id: str) -> "Future[list[LegVoice]]":
        return self._read(of_call, call_id)

    def totals(self, by: By, since: float, until: float) -> "Future[list[VoiceTotal]]":
        return self._read(totals, by, since, until)
