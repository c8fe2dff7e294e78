"""What rules about the next call ask of the store: earlier calls, do-not-call lists, refusals."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from functools import cache
from typing import Any

import sqlalchemy as sa

from dialer.calls.outcome import Outcome
from dialer.store import consent
from dialer.store.among import among
from dialer.store.records import DEBT_FIELD, PREVIEW, Asked, Contact, Known, PastCall, Refusal, Stop
from dialer.store.schema import calls, do_not_call, refusals

_STOP_COLUMNS = tuple(do_not_call.c[f.name] for f in fields(Stop))
_REFUSAL_COLUMNS = tuple(refusals.c[f.name] for f in fields(Refusal) if f.name in refusals.c)


@cache
def _past(of: str) -> sa.Select[Any]:
    """Dials for a client `of` some numbers, debts or contacts; those taken back before they left do not count."""
    # The index of contacts has no more columns: by a bare time, SQLite would read all the client's calls since then.
    at = calls.c.created_at + 0.0 if of == "contact_id" else calls.c.created_at
    client = calls.c.client + "" if of == "contact_id" else calls.c.client
    return (
        sa.select(
            calls.c.id, calls.c.campaign, calls.c.contact_id, calls.c.created_at, calls.c.over_at,
            calls.c.answered_at, calls.c.joined_at, calls.c.outcome, calls.c.disposition, calls.c.message,
            calls.c.debt, calls.c.number, calls.c.our_number,
        )
        .where(
            client == sa.bindparam("client"), among(calls.c[of], "these"),
            at >= sa.bindparam("since"), calls.c.direction == "outbound", calls.c.state != PREVIEW,
            sa.or_(calls.c.outcome.is_(None), calls.c.outcome != Outcome.CANCELLED.value,
                   calls.c.dialled_at.is_not(None)),
        )
    )  # fmt: skip


_STOPS = (
    sa.select(*_STOP_COLUMNS)
    .where(among(do_not_call.c.number, "numbers"), among(do_not_call.c.scope, "scopes"))
)  # fmt: skip


def known(connection: sa.Connection, asked: Asked, about: Sequence[Contact]) -> dict[int, Known]:
    """By contact. Each is found by all its numbers, by its debt, and by itself."""
    numbers = {number for contact in about for number in numbers_of(contact)}
    stops = _stops(connection, asked, numbers)
    past = _past_calls(connection, asked, about, numbers) if asked.since is not None else {}
    consents = consent.valid(connection, asked.client, asked.purpose, numbers) if asked.purpose is not None else {}
    found = {}
    for contact in about:
        own = numbers_of(contact)
        debt = contact.fields.get(DEBT_FIELD)
        calls_of_it = [
            *(call for number in own for call in past.get(("number", number), {}).items()),
            *past.get(("debt", debt), {}).items(), *past.get(("contact_id", contact.id), {}).items(),
        ]  # fmt: skip
        found[contact.id] = Known(
            tuple(sorted(dict(calls_of_it).values(), key=lambda call: call.at)),
            tuple(stop for number in own for stop in stops.get(number, ())),
            tuple(given for number in own for given in consents.get(number, ())),
        )
    return found


def numbers_of(contact: Contact) -> tuple[str, ...]:
    """Also one that it is to be called at though no list gave it: a promise may name another."""
    return contact.numbers if contact.number in contact.numbers else (*contact.numbers, contact.number)


def _stops(connection: sa.Connection, asked: Asked, numbers: Collection[str]) -> dict[str, list[Stop]]:
    """By number, under whichever name the lists have it."""
    names = {number: number for number in numbers}
    if asked.alias is not None:
        names |= {asked.alias(number): number for number in numbers}
    scopes = ["global", f"client:{asked.client}", f"campaign:{asked.campaign}"]
    stops: dict[str, list[Stop]] = defaultdict(list)
    for row in connection.execute(_STOPS, {"numbers": list(names), "scopes": scopes}):
        stop = Stop(*row)
        stops[names[stop.number]].append(replace(stop, number=names[stop.number]))
    return stops


def _past_calls(
    connection: sa.Connection, asked: Asked, about: Sequence[Contact], numbers: Collection[str],
) -> dict[tuple[str, Any], dict[str, PastCall]]:
    """By what they were looked for (a number, a debt, a contact of several numbers), then by their own ids."""
    debts = {debt for contact in about if (debt := contact.fields.get(DEBT_FIELD))}
    several = {contact.id for contact in about if len(contact.numbers) > 1}
    found: dict[tuple[str, Any], dict[str, PastCall]] = defaultdict(dict)
    for of, these in (("number", numbers), ("debt", debts), ("contact_id", several)):
        if not these:
            continue
        named = {"client": asked.client, "since": asked.since, "these": list(these)}
        for row in connection.execute(_past(of), named).mappings():
            found[of, row[of]][row["id"]] = _past_call(row)
    return found


def _past_call(row: sa.RowMapping) -> PastCall:
    over_at, outcome = row["over_at"], row["outcome"]
    return PastCall(
        campaign=row["campaign"], contact_id=row["contact_id"], at=row["created_at"],
        over_at=over_at if over_at is not None else row["created_at"],
        answered=row["answered_at"] is not None, talked=row["joined_at"] is not None,
        outcome=None if outcome is None else Outcome(outcome), disposition=row["disposition"], debt=row["debt"],
        silent=outcome == Outcome.ABANDONED.value and row["message"] in (None, "silent"), number=row["number"],
        shown=row["our_number"],
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
