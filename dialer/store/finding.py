"""A campaign's contacts as a claim finds them: those whose time has come are made due, the next due ones are read.

SQLite is asked for so many lists in one text. PostgreSQL, where a statement costs more than its rows, is asked for all
of them at once, and holds the numbers that it finds in the same statement.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa

from dialer.store import bulk, direct
from dialer.store.queries import call_row, columns_of
from dialer.store.reads import CONTACT_COLUMNS, IS_DUE, IS_WAITING, contact_of, lists_of
from dialer.store.records import CallRecord, Contact
from dialer.store.schema import calls, contacts
from dialer.store.starts import FIRST, Place

_LISTS_AT_ONCE = 20
_ROUND = (200, 1_000, 10_000)
MOST_READ = _ROUND[-1]
"""Of one list at once."""

T = TypeVar("T")
Lists = dict[str, Counter[str]]
"""Contacts by list and state."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many of a list's due contacts (at most MOST_READ), after a certain place (rank, next_at, id) in it."""

    list: str
    limit: int
    after: Place = FIRST


def _in_list(number: int) -> tuple[sa.ColumnElement[bool], ...]:
    return contacts.c.campaign == sa.bindparam("in_campaign"), contacts.c.list == sa.bindparam(f"list{number}")


@cache
def due_in(lists: int) -> sa.CompoundSelect[Any]:
    """The next due contacts of so many lists, at most `limitN` of the Nth, after a certain place in it."""
    order = contacts.c.rank, contacts.c.next_at, contacts.c.id
    return sa.union_all(*(
        sa.select(
            sa.select(*CONTACT_COLUMNS).where(
                *_in_list(one), IS_DUE,
                sa.tuple_(*order) > sa.tuple_(*(
                    sa.bindparam(f"{column.name}{one}", type_=column.type) for column in order)))
            .order_by(*order).limit(sa.bindparam(f"limit{one}", type_=sa.Integer)).subquery(f"due{one}")
        ) for one in range(lists)
    ))


@cache
def come_in(lists: int) -> sa.CompoundSelect[Any]:
    """Of so many lists those whose time has come, at most `limit` of each."""
    return sa.union_all(*(
        sa.select(
            sa.select(contacts.c.id).where(*_in_list(one), IS_WAITING, contacts.c.next_at <= sa.bindparam("now"))
            .order_by(contacts.c.next_at, contacts.c.rank, contacts.c.id)
            .limit(sa.bindparam("limit", type_=sa.Integer)).subquery(f"come{one}")
        ) for one in range(lists)
    ))


@cache
def _promoted_in(lists: int) -> sa.Executable:
    """Makes them due; the list of each."""
    come = come_in(lists).cte("come")
    return (
        sa.update(contacts).where(contacts.c.id.in_(sa.select(come.c.id))).values(state="due")
        .returning(contacts.c.list)
    )


HELD = "pg_try_advisory_xact_lock(hashtextextended(%(client)s::text || {}, 0))"
"""That no other engine is just about to call the number for the client, until the transaction ends. Null without a
client: nothing is held."""
_HOLD = f"SELECT number FROM unnest(%(numbers)s::text[]) AS number WHERE {HELD.format('number')}"
_CONTACT = ", ".join(column.name for column in CONTACT_COLUMNS)
COME = """
WITH listed AS MATERIALIZED (
  SELECT name, count FROM tallies WHERE campaign = %(campaign)s AND kind = 'lists'
), come AS (
  SELECT one.id FROM (
    SELECT left(name, -8) AS list FROM listed WHERE right(name, 8) = ':waiting' AND count > 0
    UNION SELECT json_array_elements_text(%(more)s::json)
  ) AS of CROSS JOIN (SELECT %(now)s::float8 AS now OFFSET 0) AS at CROSS JOIN LATERAL (
    SELECT id FROM contacts
    WHERE campaign = %(campaign)s AND list = of.list AND state = 'waiting' AND next_at <= at.now
    ORDER BY next_at, rank, id LIMIT {most} FOR UPDATE SKIP LOCKED
  ) AS one
), made AS (
  UPDATE contacts SET state = 'due' WHERE id = ANY (ARRAY(SELECT id FROM come)) RETURNING list
)
SELECT name, count, false FROM listed UNION ALL SELECT list, count(*), true FROM made GROUP BY list
"""
# Each list by itself: its rows in the order of their index, and no others. A limit that the planner is not told is a
# tenth of the list to it, and it would sort: it is told a round one, of which no more is read than is wanted.
DUE = f"""
SELECT due.*, {HELD.format("due.number")},
  CASE WHEN due.others IS NOT NULL
  THEN ARRAY(SELECT one FROM json_array_elements_text(due.others) AS one WHERE {HELD.format("one")}) END
FROM json_to_recordset(%(wanted)s::json) AS of(list text, most integer, rank float8, next_at float8, id bigint)
CROSS JOIN LATERAL (
  SELECT first.* FROM (
    SELECT {_CONTACT} FROM contacts
    WHERE campaign = %(campaign)s AND list = of.list AND state = 'due'
      AND (rank, next_at, id) > (of.rank, of.next_at, of.id)
    ORDER BY rank, next_at, id LIMIT {{most}} FOR UPDATE SKIP LOCKED
  ) AS first LIMIT of.most
) AS due
"""


def hold(connection: sa.Connection, client: str | None, numbers: Sequence[str]) -> Sequence[str]:
    """Those of the numbers that no other engine is just about to call for the client: what it does to them in the same
    moment could not be counted yet. Until the transaction ends, none will."""
    if client is None or not direct.is_postgres(connection):
        return numbers
    return [number for number, in direct.run(connection, _HOLD, {"client": client, "numbers": list(numbers)}).rows]


def come(
    connection: sa.Connection, campaign: str, now: float, most: int, changed: Mapping[str, Counter[str]],
) -> tuple[Lists, Counter[str]]:
    """Makes those due whose time has come, of a list at most (about) so many. Contacts by list and state before that,
    with what this transaction has `changed`; and how many of each list came."""
    if direct.is_postgres(connection):
        more = [name for name, counts in changed.items() if counts["waiting"] > 0]
        told = {"campaign": campaign, "now": now, "more": bulk.document(more)}
        rows = direct.run(connection, COME.format(most=_round(most)), told).rows
        stored = [(name, count) for name, count, made in rows if not made]
        return _lists(stored, changed), Counter({name: count for name, count, made in rows if made})
    lists = _lists([
        (f"{name}:{state}", count) for name, counts in lists_of(connection, campaign).items()
        for state, count in counts.items()], changed)
    came: Counter[str] = Counter()
    for some in _some([name for name, counts in lists.items() if counts["waiting"] > 0]):
        where = {"in_campaign": campaign, "now": now, "limit": most}
        where |= {f"list{place}": name for place, name in enumerate(some)}
        came.update(connection.execute(_promoted_in(len(some)), where).scalars())
    return lists, came


def _lists(stored: Sequence[tuple[str, int]], changed: Mapping[str, Counter[str]]) -> Lists:
    lists: Lists = defaultdict(Counter)
    for name, count in stored:
        in_list, _, state = name.rpartition(":")
        lists[in_list][state] += count
    for in_list, counts in changed.items():
        lists[in_list].update(counts)
    return lists


def read(
    connection: sa.Connection, campaign: str, client: str | None, wanted: Sequence[Wanted],
) -> tuple[list[Contact], list[str]]:
    """List by list, each in its order; and those of their numbers that are held for the client."""
    if direct.is_postgres(connection):
        return _read_held(connection, campaign, client, wanted)
    found: list[Contact] = []
    for some in _some(wanted):
        where: dict[str, Any] = {"in_campaign": campaign}
        for place, one in enumerate(some):
            rank, next_at, contact_id = one.after
            where |= {f"list{place}": one.list, f"limit{place}": one.limit, f"rank{place}": rank,
                      f"next_at{place}": next_at, f"id{place}": contact_id}
        found += map(contact_of, connection.execute(due_in(len(some)), where))
    return found, [number for contact in found for number in contact.numbers or (contact.number,)]


def _read_held(
    connection: sa.Connection, campaign: str, client: str | None, wanted: Sequence[Wanted],
) -> tuple[list[Contact], list[str]]:
    lists = [
        {"list": one.list, "most": one.limit, "rank": repr(one.after[0]),  # a document has no infinite numbers
         "next_at": one.after[1], "id": one.after[2]} for one in wanted]  # fmt: skip
    where = {"campaign": campaign, "client": client, "wanted": bulk.document(lists)}
    found: list[Contact] = []
    ours: list[str] = []
    due = DUE.format(most=_round(max(one.limit for one in wanted)))
    for *row, held, others in direct.run(connection, due, where).rows:
        contact = contact_of(row)
        found.append(contact)
        if client is None:
            ours += contact.numbers or (contact.number,)
            continue
        first = contact.numbers[0] if contact.numbers else contact.number
        ours += [*([first] if held else []), *(others or ())]
    return found, ours


def take(connection: sa.Connection, intents: Sequence[tuple[CallRecord, Contact]]) -> None:
    """The contacts are claimed, and their calls written."""
    if direct.is_postgres(connection):
        each, same = columns_of([call for call, _ in intents])
        each |= {"turn": [contact.turn for _, contact in intents]}
        direct.run(connection, taking(tuple(each), tuple(same)), each | same)
        return
    bulk.update(connection, contacts, [
        {"id": contact.id, "state": "claimed", "call_id": call.id, "turn": contact.turn} for call, contact in intents])
    bulk.insert(connection, calls, [call_row(call) for call, _ in intents])


@cache
def taking(each: tuple[str, ...], same: tuple[str, ...]) -> str:
    """With a list of each call's values, and with the values that are the same for all."""
    types = {column.name: column.type.compile(direct.DIALECT) for column in calls.c} | {"turn": "INTEGER"}
    columns = [name for name in each if name != "turn"]
    return f"""
WITH new AS (
  SELECT * FROM unnest({", ".join(f"%({name})s::{types[name]}[]" for name in each)}) AS new ({", ".join(each)})
), taken AS (
  UPDATE contacts SET state = 'claimed', call_id = new.id, turn = new.turn FROM new
  WHERE contacts.id = ANY (ARRAY(SELECT contact_id FROM new)) AND contacts.id = new.contact_id
)
INSERT INTO calls ({", ".join((*columns, *same))})
SELECT {", ".join((*columns, *(f"%({name})s::{types[name]}" for name in same)))} FROM new
"""


def _round(most: int) -> int:
    return next((number for number in _ROUND if number >= most), MOST_READ)


def _some(these: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many at a time as one statement takes."""
    return (these[start:start + _LISTS_AT_ONCE] for start in range(0, len(these), _LISTS_AT_ONCE))
