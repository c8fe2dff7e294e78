"""What service reports are made of: the calls of a client, campaign, queue or agent, counted as they are read."""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from dialer.quality.resolution import Resolution
from dialer.quality.service import SERVED, Beside, Row, Rule, Tally, tally_of
from dialer.store.schema import agent_spans, calls, detections, talks, voice
from dialer.store.test_schema import test_calls

if TYPE_CHECKING:
    from asyncio import Future

Whose = Literal["client", "campaign", "queue", "agent"]
PAGE = 1_000
_TESTS = sa.select(test_calls.c.call_id).where(test_calls.c.call_id.is_not(None))
_ROW = tuple(calls.c[name] for name in Row._fields)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls: those that began in the time, epoch seconds, `until` not included."""

    whose: Whose
    name: str
    since: float
    until: float

    @property
    def where(self) -> tuple[sa.ColumnElement[bool], ...]:
        """Settled ones, no test calls. An agent's are those in which it talked, or was the last to be called."""
        return (*self.all, calls.c.id.not_in(_TESTS))

    @property
    def all(self) -> tuple[sa.ColumnElement[bool], ...]:
        """Test calls among them."""
        own = calls.c[self.whose] == self.name
        if self.whose == "agent":
            own |= calls.c.id.in_(sa.select(talks.c.call_id).where(talks.c.agent == self.name))
        return own, calls.c.created_at >= self.since, calls.c.created_at < self.until, calls.c.outcome.is_not(None)


def read(connection: sa.Connection, scope: Scope, rule: Rule, now: float) -> tuple[Tally, Beside]:
    if connection.dialect.name == "postgresql":  # all of one moment
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
    tally = tally_of(map(Row._make, _stream(connection, sa.select(*_ROW).where(*scope.where))), rule)
    return tally, _beside(connection, scope, rule, now)


def _beside(connection: sa.Connection, scope: Scope, rule: Rule, now: float) -> Beside:
    ids = sa.select(calls.c.id).where(*scope.where)
    length = talks.c.ended_at - talks.c.started_at
    talked = sa.select(sa.func.count(talks.c.call_id.distinct()), sa.func.sum(length)).where(talks.c.call_id.in_(ids))
    judged = sa.select(sa.func.count(), sa.func.sum(sa.case((detections.c.was_machine, 1), else_=0))).where(
        detections.c.call_id.in_(ids), detections.c.said_machine.is_(False))
    heard = sa.select(sa.func.sum(voice.c.dead_air_s), sa.func.sum(voice.c.seconds)).where(
        voice.c.call_id.in_(ids), voice.c.leg == "customer")
    if scope.whose == "agent":
        talked = talked.where(talks.c.agent == scope.name)
    count, talk_s = connection.execute(talked).one()
    detected, machines = connection.execute(judged).one()
    dead_s, voice_s = connection.execute(heard).one()
    resolved, resolvable = _resolved(connection, scope, rule, now)
    return Beside(
        talks=count, talk_s=talk_s or 0.0, states=_states(connection, scope, ids), shift=_shift(connection, scope, ids),
        dead_air_s=dead_s or 0.0, voice_s=voice_s or 0.0, detected=detected, machines=machines or 0,
        resolved=resolved, resolvable=resolvable,
        tests=connection.execute(sa.select(sa.func.count()).where(*scope.all, calls.c.id.in_(_TESTS))).scalar_one(),
    )  # fmt: skip


def _states(connection: sa.Connection, scope: Scope, ids: sa.Select[Any]) -> Mapping[str, float]:
    """Agents' time on the calls."""
    c = agent_spans.c
    statement = sa.select(c.state, sa.func.sum(c.ended_at - c.started_at)).where(c.call_id.in_(ids)).group_by(c.state)
    if scope.whose == "agent":
        statement = statement.where(c.agent == scope.name)
    return _by_state(connection, statement)


def _shift(connection: sa.Connection, scope: Scope, ids: sa.Select[Any]) -> Mapping[str, float]:
    """All the time in the period of the agents who had any of the calls; spans are cut at its ends."""
    c = agent_spans.c
    began = sa.case((c.started_at < scope.since, scope.since), else_=c.started_at)
    ended = sa.case((c.ended_at > scope.until, scope.until), else_=c.ended_at)
    whose = c.agent == scope.name
    if scope.whose != "agent":
        whose = c.agent.in_(sa.select(talks.c.agent).where(talks.c.call_id.in_(ids)))
    statement = sa.select(c.state, sa.func.sum(ended - began)).where(
        whose, c.ended_at > scope.since, c.started_at < scope.until).group_by(c.state)
    return _by_state(connection, statement)


def _by_state(connection: sa.Connection, statement: sa.Select[Any]) -> Mapping[str, float]:
    return {row[0]: row[1] for row in connection.execute(statement)}


def _resolved(connection: sa.Connection, scope: Scope, rule: Rule, now: float) -> tuple[int, int]:
    """Callers go by a hash that nobody can undo, and that is another one at every report."""
    key = secrets.token_bytes(32)
    found = Resolution(rule.again_s, now)
    ours = sa.and_(*scope.where)
    clients = sa.select(calls.c.client).where(ours).distinct()
    statement = sa.select(
        calls.c.client, calls.c.number, calls.c.created_at, calls.c.outcome, sa.case((ours, 1), else_=0),
    ).where(
        calls.c.id.not_in(_TESTS), calls.c.direction == "inbound",
        calls.c.client.in_(clients), calls.c.outcome.is_not(None),
        calls.c.created_at >= scope.since, calls.c.created_at < scope.until + rule.again_s,
    ).order_by(calls.c.created_at)  # fmt: skip
    for client, number, at, outcome, asked in _stream(connection, statement):
        caller = _hashed(key, f"{client} {number}") if any(char.isdigit() for char in number) else ""
        found.count(caller, at, bool(asked) and outcome in SERVED)
    return found.end()


def _hashed(key: bytes, caller: str) -> str:
    return hashlib.blake2b(caller.encode(), key=key, digest_size=12).hexdigest()


def _stream(connection: sa.Connection, statement: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    return iter(connection.execute(statement, execution_options={"yield_per": PAGE}))


class ServiceReads:
    """`Store.service`."""

    def __init__(self, read: Callable[..., "Future[Any]"]) -> None:
        self._read = read

    def read(self, scope: Scope, rule: Rule, now: float) -> "Future[tuple[Tally, Beside]]":
        """Test calls are left out. Its cost is that of the scope's calls, and of all inbound calls of their clients."""
        return self._read(read, scope, rule, now)
