"""What was changed of campaigns while they ran."""

from collections.abc import Sequence
from dataclasses import asdict, fields

import sqlalchemy as sa

from dialer.store.queries import Transaction, one_by_one
from dialer.store.records import Override
from dialer.store.schema import campaign_overrides

_COLUMNS = tuple(campaign_overrides.c[f.name] for f in fields(Override))


def all_of(connection: sa.Connection) -> list[Override]:
    return [Override(*row) for row in connection.execute(sa.select(*_COLUMNS))]


@one_by_one
def save(tx: Transaction, overrides: Sequence[Override]) -> None:
    for override in overrides:
        tx.upsert(campaign_overrides, asdict(override))


@one_by_one
def undo(tx: Transaction, overrides: Sequence[Override], before: Sequence[Override]) -> None:
    _drop(tx, overrides)
    for one in before:
        tx.upsert(campaign_overrides, asdict(one))


@one_by_one
def drop(tx: Transaction, overrides: Sequence[Override]) -> None:
    _drop(tx, overrides)


def _drop(tx: Transaction, overrides: Sequence[Override]) -> None:
    for one in overrides:
        tx.connection.execute(
            sa.delete(campaign_overrides)
            .where(campaign_overrides.c.campaign == one.campaign, campaign_overrides.c.key == one.key)
        )
