"""What rules about the next call ask of the store: earlier calls, do-not-call lists, refusals."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

import sqlalchemy as sa

from dialer.calls.outcome import Outcome
from dialer.store import consent, direct
from dialer.store.among import among, some_of
from dialer.store.records import DEBT_FIELD, PREVIEW, Asked, Contact, Known, OpenCall, PastCall, Refusal, Stop
from dialer.store.schema import calls, consents, do_not_call, refusals

_STOP_COLUMNS = tuple(do_not_call.c[f.name] for f in fields(Stop))
_REFUSAL_COLUMNS = tuple(refusals.c[f.name] for f in fields(Refusal) if f.name in refusals.c)
_FOUND_BY = {
    "stops": do_not_call.c.number, "number": calls.c.number, "debt": calls.c.debt, "contact_id": calls.c.contact_id,
    "consents": consents.c.number,
}
Row = Mapping[str, Any]


def _past(these: sa.ColumnElement[bool], bare: bool, of: str) -> sa.Select[Any]:
    """Dials for a client `of` some numbers, debts or contacts, those taken back before they left do not count; and what
    callers are in just now."""
    # By a bare time, where no index has it after the others, all the client's calls since then would be read.
    at = calls.c.created_at if bare and of != "contact_id" else calls.c.created_at + 0.0
    client = calls.c.client + "" if of == "contact_id" else calls.c.client
    return (
        sa.select(
            calls.c.id, calls.c.campaign, calls.c.contact_id, calls.c.created_at, calls.c.over_at,
            calls.c.answered_at, calls.c.joined_at, calls.c.outcome, calls.c.disposition, calls.c.message,
            calls.c.debt, calls.c.number, calls.c.our_number, calls.c.refused, calls.c.node, calls.c.direction,
        )
        .where(
            client == sa.bindparam("client"), these,
            at >= sa.bindparam("since"), calls.c.state != PREVIEW,
            sa.or_(calls.c.outcome.is_(None), sa.and_(
                calls.c.direction == "outbound",
                sa.or_(calls.c.outcome != Outcome.CANCELLED.value, calls.c.dialled_at.is_not(None)))),
        )
    )  # fmt: skip


def _rows_of(what: str, these: sa.ColumnElement[bool], bare: bool) -> sa.Select[Any]:
    if what == "stops":
        return sa.select(*_STOP_COLUMNS).where(these, among(do_not_call.c.scope, "scopes"))
    return consent.valid(these) if what == "consents" else _past(these, bare, what)


@cache
def of_some(what: str) -> sa.Select[Any]:
    """Rows about some numbers, debts or contacts: a list named `what`."""
    return _rows_of(what, among(_FOUND_BY[what], what), bare=True)


@cache
def at_once(whats: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """All of them in one statement, each as a document. One value after the other, and no time that an index begins
    with: until the server counts its rows, it takes all of a client's calls for as few as those to a number."""
    columns = []
    for what in whats:
        one = sa.func.unnest(some_of(_FOUND_BY[what], what)).table_valued("value", name=f"by_{what}").render_derived()
        rows = _rows_of(what, _FOUND_BY[what] == one.c.value, bare=False).offset(sa.literal_column("0"))
        found = rows.lateral(f"of_{what}")
        documents = sa.func.json_agg(sa.literal_column(found.name))
        columns.append(sa.select(documents).select_from(one.join(found, sa.true())).scalar_subquery())
    return direct.text(sa.select(*columns))


def known(connection: sa.Connection, asked: Asked, about: Sequence[Contact]) -> dict[int, Known]:
    """By contact. Each is found by all its numbers, by its debt, and by itself."""
    numbers = {number for contact in about for number in numbers_of(contact)}
    names = {number: number for number in numbers}
    if asked.alias is not None:
        names |= {asked.alias(number): number for number in numbers}
    rows = _rows(connection, asked, _wanted(asked, about, names, numbers))
    if not any(rows.values()):
        return dict.fromkeys((contact.id for contact in about), Known())
    stops, past, given, under_way = _stops(rows, names), _past_calls(rows), _consents(rows), _open_calls(rows)
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
            tuple(one for number in own for one in given.get(number, ())),
            tuple(call for number in own for call in under_way.get(number, ())),
        )
    return found


def _wanted(
    asked: Asked, about: Sequence[Contact], names: Collection[str], numbers: Collection[str],
) -> dict[str, list[Any]]:
    """What is asked for, by what."""
    wanted: dict[str, Collection[Any]] = {"stops": names}
    if asked.since is not None:
        wanted["number"] = numbers
        wanted["debt"] = {debt for contact in about if (debt := contact.fields.get(DEBT_FIELD))}
        wanted["contact_id"] = {contact.id for contact in about if len(contact.numbers) > 1}
    if asked.purpose is not None:
        wanted["consents"] = numbers
    return {what: list(these) for what, these in wanted.items() if these}


def _rows(connection: sa.Connection, asked: Asked, wanted: dict[str, list[Any]]) -> dict[str, Sequence[Row]]:
    scopes = ["global", f"client:{asked.client}", f"campaign:{asked.campaign}"]
    told: dict[str, Any] = {
        "client": asked.client, "since": asked.since, "purpose": asked.purpose, "scopes": scopes}
    if direct.is_postgres(connection):
        statement, constants = at_once(tuple(wanted))
        [documents] = direct.run(connection, statement, constants | told | wanted).rows
        return {what: rows or () for what, rows in zip(wanted, documents, strict=True)}
    return {
        what: [dict(row) for row in connection.execute(of_some(what), told | {what: these}).mappings()]
        for what, these in wanted.items()
    }  # fmt: skip


def numbers_of(contact: Contact) -> tuple[str, ...]:
    """Also one that it is to be called at though no list gave it: a promise may name another."""
    return contact.numbers if contact.number in contact.numbers else (*contact.numbers, contact.number)


def _stops(rows: Mapping[str, Sequence[Row]], names: Mapping[str, str]) -> dict[str, list[Stop]]:
    """By number, under whichever name the lists have it."""
    stops: dict[str, list[Stop]] = defaultdict(list)
    for row in rows["stops"]:
        number = names[row["number"]]
        stops[number].append(Stop(**dict(row) | {"number": number}))
    return stops


def _past_calls(rows: Mapping[str, Sequence[Row]]) -> dict[tuple[str, Any], dict[str, PastCall]]:
    """By what they were looked for (a number, a debt, a contact of several numbers), then by their own ids."""
    found: dict[tuple[str, Any], dict[str, PastCall]] = defaultdict(dict)
    for of in ("number", "debt", "contact_id"):
        for row in rows.get(of, ()):
            if row["direction"] == "outbound":
                found[of, row[of]][row["id"]] = _past_call(row)
    return found


def _open_calls(rows: Mapping[str, Sequence[Row]]) -> dict[str, list[OpenCall]]:
    """By number."""
    found: dict[str, list[OpenCall]] = defaultdict(list)
    for row in rows.get("number", ()):
        if row["outcome"] is None:
            known_at = row["over_at"] if row["over_at"] is not None else row["created_at"]
            call = OpenCall(row["number"], row["node"], known_at, row["answered_at"] is not None)
            found[call.number].append(call)
    return found


def _consents(rows: Mapping[str, Sequence[Row]]) -> dict[str, list[tuple[str, float, float | None]]]:
    """By number: when given, and until when; those that were revoked are not among them."""
    found: dict[str, list[tuple[str, float, float | None]]] = defaultdict(list)
    for row in rows.get("consents", ()):
        found[row["number"]].append((row["number"], row["given_at"], row["until"]))
    return found


def _past_call(row: Row) -> PastCall:
    over_at, outcome = row["over_at"], row["outcome"]
    return PastCall(
        campaign=row["campaign"], contact_id=row["contact_id"], at=row["created_at"],
        over_at=over_at if over_at is not None else row["created_at"],
        answered=row["answered_at"] is not None, talked=row["joined_at"] is not None,
        outcome=None if outcome is None else Outcome(outcome), disposition=row["disposition"], debt=row["debt"],
        silent=outcome == Outcome.ABANDONED.value and row["message"] in (None, "silent"), number=row["number"],
        shown=row["our_number"], refused=bool(row["refused"]),
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
