"""What rules about the next call ask of the store: earlier calls, do-not-call lists, refusals."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any

import sqlalchemy as sa

from dialer.calls.outcome import Outcome
from dialer.store.records import PREVIEW, Known, PastCall, Refusal, Stop
from dialer.store.schema import calls, contacts, do_not_call, refusals

_STOP_COLUMNS = tuple(do_not_call.c[f.name] for f in fields(Stop))
_REFUSAL_COLUMNS = tuple(refusals.c[f.name] for f in fields(Refusal))


@cache
def _past() -> sa.Select[Any]:
    """Dials for a client at some numbers; those taken back before they left do not count."""
    return (
        sa.select(
            calls.c.number, calls.c.campaign, calls.c.contact_id, calls.c.created_at, calls.c.over_at,
            calls.c.answered_at, calls.c.joined_at, calls.c.outcome, calls.c.disposition,
            calls.c.message, contacts.c.fields["debt"].as_string(),
        )
        .select_from(calls.outerjoin(contacts, calls.c.contact_id == contacts.c.id))
        .where(
            calls.c.client == sa.bindparam("client"), calls.c.number.in_(sa.bindparam("numbers", expanding=True)),
            calls.c.created_at >= sa.bindparam("since"), calls.c.direction == "outbound", calls.c.state != PREVIEW,
            sa.or_(calls.c.outcome.is_(None), calls.c.outcome != Outcome.CANCELLED.value,
                   calls.c.dialled_at.is_not(None)),
        )
        .order_by(calls.c.created_at)
    )  # fmt: skip


_STOPS = (
    sa.select(*_STOP_COLUMNS)
    .where(do_not_call.c.number.in_(sa.bindparam("numbers", expanding=True)),
           do_not_call.c.scope.in_(sa.bindparam("scopes", expanding=True)))
)  # fmt: skip


def known(
    connection: sa.Connection, client: str, campaign: str, numbers: Sequence[str], since: float | None,
) -> dict[str, Known]:
    """By number: dials for the client since then (None: nobody asks), and the do-not-call entries that hold for the
    campaign."""
    past: dict[str, list[PastCall]] = defaultdict(list)
    stops: dict[str, list[Stop]] = defaultdict(list)
    scopes = ["global", f"client:{client}", f"campaign:{campaign}"]
    for row in connection.execute(_STOPS, {"numbers": list(numbers), "scopes": scopes}):
        stops[row.number].append(Stop(*row))
    if since is not None:
        for row in connection.execute(_past(), {"client": client, "numbers": list(numbers), "since": since}):
            past[row[0]].append(_past_call(row))
    return {number: Known(tuple(past[number]), tuple(stops[number])) for number in numbers}


def _past_call(row: Sequence[Any]) -> PastCall:
    _, campaign, contact_id, at, over_at, answered_at, joined_at, outcome, disposition, message, debt = row
    return PastCall(
        campaign=campaign, contact_id=contact_id, at=at, over_at=over_at if over_at is not None else at,
        answered=answered_at is not None, talked=joined_at is not None,
        outcome=None if outcome is None else Outcome(outcome), disposition=disposition, debt=debt,
        silent=outcome == Outcome.ABANDONED.value and message in (None, "silent"),
    )  # fmt: skip


def stops_of(connection: sa.Connection, number: str) -> list[Stop]:
    statement = sa.select(*_STOP_COLUMNS).where(do_not_call.c.number == number).order_by(do_not_call.c.scope)
    return [Stop(*row) for row in connection.execute(statement)]


def refusals_of(connection: sa.Connection, contact_id: int, limit: int) -> list[Refusal]:
    """The latest first."""
    statement = (
        sa.select(*_REFUSAL_COLUMNS).where(refusals.c.contact_id == contact_id)
        .order_by(refusals.c.at.desc()).limit(limit)
    )
    return [Refusal(*row) for row in connection.execute(statement)]


def calls_of(connection: sa.Connection, contact_id: int, limit: int) -> list[tuple[float, str | None, str | None]]:
    """When, the outcome and the disposition of the contact's calls, the latest first."""
    statement = (
        sa.select(calls.c.created_at, calls.c.outcome, calls.c.disposition).where(calls.c.contact_id == contact_id)
        .order_by(calls.c.created_at.desc()).limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(statement)]
