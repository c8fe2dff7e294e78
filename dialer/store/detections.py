"""What agents found where machine detection had said something."""

from dataclasses import asdict

import sqlalchemy as sa

from dialer.store.desk_records import Detected
from dialer.store.queries import Transaction, one_by_one
from dialer.store.schema import detections


@one_by_one
def save(tx: Transaction, found: Detected) -> None:
    """Of a call the latest word counts."""
    tx.upsert(detections, asdict(found))


def since(connection: sa.Connection, at: float) -> list[tuple[str, bool, bool, int]]:
    """Campaign, said and was a machine, and how often."""
    c = detections.c
    statement = (
        sa.select(c.campaign, c.said_machine, c.was_machine, sa.func.count())
        .where(c.at >= at).group_by(c.campaign, c.said_machine, c.was_machine)
    )
    return [(row[0], bool(row[1]), bool(row[2]), row[3]) for row in connection.execute(statement)]
