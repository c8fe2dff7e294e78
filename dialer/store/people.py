"""What abandon budgets and pacers remember over a restart: people by ten minutes and country, and what was learnt."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dialer.calls.outcome import Outcome
from dialer.store.queries import Transaction, one_by_one
from dialer.store.records import PEOPLE_S
from dialer.store.schema import calls, learned, people, selections

if TYPE_CHECKING:
    from asyncio import Future

Learned = tuple[float, Mapping[str, Any]]
"""When it was saved, and what, as JSON."""


GROUP = "@group"
"""Beside the selections of the lists, whose names have no @: the group that a campaign was last in."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Attempts of a campaign that were answered, together."""

    at: float
    """When the ten minutes began, epoch seconds."""
    country: str
    """Of the numbers, ISO 3166; empty when it has none, or was not kept."""
    outcome: Outcome
    """answered, abandoned or machine."""
    count: int


@dataclass(frozen=True, slots=True)
class Former:
    """What a campaign did that is in no file any more."""

    client: str
    group: str | None
    people: list[Counted]


def since(connection: sa.Connection, campaign: str, at: float) -> list[Counted]:
    """The ten minutes of `at` are in it, whole."""
    statement = (
        sa.select(people.c.slot, people.c.country, people.c.outcome, people.c.count)
        .where(people.c.campaign == campaign, people.c.slot >= int(at // PEOPLE_S)).order_by(people.c.slot)
    )
    return [
        Counted(slot * PEOPLE_S, country, Outcome(outcome), count)
        for slot, country, outcome, count in connection.execute(statement)
    ]


def of_others(connection: sa.Connection, known: Collection[str], at: float) -> dict[str, Former]:
    """By campaign, of those that are not among the known ones."""
    first, last = int(at // PEOPLE_S), sa.func.max(people.c.slot)
    statement = sa.select(people.c.campaign, last).where(people.c.slot >= first).group_by(people.c.campaign)
    found = {}
    for campaign, slot in connection.execute(statement).all():
        if campaign in known:
            continue
        of_it = sa.select(calls.c.client).where(
            calls.c.over_at >= slot * PEOPLE_S, calls.c.over_at < (slot + 1) * PEOPLE_S, calls.c.campaign == campaign)
        client = connection.execute(of_it.limit(1)).scalar()
        if client is not None:
            group = connection.execute(sa.select(selections.c.selection).where(
                selections.c.campaign == campaign, selections.c.list == GROUP)).scalar()
            found[campaign] = Former(str(client), group or None, since(connection, campaign, at))
    return found


@one_by_one
def save_learned(tx: Transaction, campaign: str, at: float, state: Mapping[str, Any]) -> None:
    tx.upsert(learned, {"campaign": campaign, "at": at, "state": dict(state)})


def learned_by(connection: sa.Connection, campaign: str) -> Learned | None:
    statement = sa.select(learned.c.at, learned.c.state).where(learned.c.campaign == campaign)
    row = connection.execute(statement).one_or_none()
    return None if row is None else (row[0], row[1])


class People:
    def __init__(self, write: Callable[..., "Future[Any]"], read: Callable[..., "Future[Any]"]) -> None:
        self._write, self._read = write, read

    def since(self, campaign: str, at: float) -> "Future[list[Counted]]":
        """Attempts answered since then, oldest first. Its cost does not depend on how many calls there were: at most a
        row for each ten minutes, country and outcome."""
        return self._read(since, campaign, at)

    def of_others(self, known: Collection[str], at: float) -> "Future[dict[str, Former]]":
        """The same of every other campaign, by its name."""
        return self._read(of_others, known, at)

    def save_learned(self, campaign: str, at: float, state: Mapping[str, Any]) -> "Future[None]":
        return self._write(save_learned, campaign, at, state, durable=False, fact=True)

    def learned(self, campaign: str) -> "Future[Learned | None]":
        return self._read(learned_by, campaign)
