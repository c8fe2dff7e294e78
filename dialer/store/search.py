"""A campaign's due contacts: from which list the next one is taken, in which order, and at which of its numbers."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from dialer.store import bulk, law
from dialer.store.errors import StoreError
from dialer.store.passed import Passed, pass_over
from dialer.store.queries import Transaction, call_row
from dialer.store.reads import CONTACT_COLUMNS, IS_DUE, IS_WAITING, contact_of, lists_of
from dialer.store.records import Asked, CallRecord, Claimed, Contact, ContactState, Known, Refusal, Slot
from dialer.store.schema import calls, contacts

MOST_PASSED_OVER = 200
"""Contacts that one transaction may refuse in search of those it may dial: others wait for the writer."""
MOST_PROMOTED = 200
"""Contacts of each list whose time has come that one claim makes due, where it needs no more."""
_MORE = 100
_LISTS_AT_ONCE = 20

T = TypeVar("T")


class Gate(Protocol):
    """Who may be claimed. Runs on the writer's thread and may run twice: it must be pure."""

    @property
    def asked(self) -> Asked: ...

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        """`held`: an agent is, for this very dial. Asked of the number that would be called; of the contact's others
        where that one is refused."""


Mix = Callable[[Sequence[str], int], str]
"""From which of some lists, which may all have somebody due, the contact for the nth place of a claim is taken. Pure as
well."""


def alphabetical(lists: Sequence[str], _place: int) -> str:
    return min(lists)


_FIRST = (float("-inf"), 0.0, 0)
"""Before every rank."""
NAMED = (
    sa.select(*CONTACT_COLUMNS)
    .where(contacts.c.id == sa.bindparam("contact"), contacts.c.campaign == sa.bindparam("campaign"),
           contacts.c.state.in_(("waiting", "due")))
    .with_for_update(skip_locked=True)
)


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
            .order_by(*order).limit(sa.bindparam(f"limit{one}", type_=sa.Integer))
            .with_for_update(skip_locked=True)  # SQLite needs none: one transaction writes at a time
            .subquery(f"due{one}")
        ) for one in range(lists)
    ))


@cache
def come_in(lists: int) -> sa.CompoundSelect[Any]:
    """Of so many lists those whose time has come, at most `limit` of each."""
    return sa.union_all(*(
        sa.select(
            sa.select(contacts.c.id).where(*_in_list(one), IS_WAITING, contacts.c.next_at <= sa.bindparam("now"))
            .order_by(contacts.c.next_at, contacts.c.rank, contacts.c.id)
            .limit(sa.bindparam("limit", type_=sa.Integer)).with_for_update(skip_locked=True).subquery(f"come{one}")
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


_HOLD = sa.text(
    "SELECT number FROM unnest(CAST(:numbers AS text[])) AS number "
    "WHERE pg_try_advisory_xact_lock(hashtextextended(CAST(:client AS text) || number, 0))"
)


@dataclass(slots=True)
class _Line:
    """One list's due contacts, as far as they were read."""

    name: str
    due: deque[Contact] = field(default_factory=deque)
    last: tuple[float, float, int] = _FIRST
    ended: bool = False


@dataclass(slots=True)
class Search:
    """One campaign's due contacts, list by list and in each by rank, as far as gates let them through."""

    tx: Transaction
    campaign: str
    now: float
    slots: int
    gate: Gate | None
    mix: Mix
    lines: dict[str, _Line] = field(default_factory=dict)
    """The lists that may still have somebody due."""
    known: dict[int, Known] = field(default_factory=dict)
    ours: set[str] = field(default_factory=set)
    """Numbers that no other engine is claiming just now."""
    passed: list[Passed] = field(default_factory=list)
    passed_over: int = 0
    intents: list[tuple[CallRecord, Contact]] = field(default_factory=list)
    taken: dict[int, ContactState] = field(default_factory=dict)
    """Contacts of the intents, and those passed over: how they stood before."""
    numbers: set[str] = field(default_factory=set)
    """Those of the intents."""
    place: int = 0

    def begin(self) -> None:
        lists = self._lists()
        for name, number in self._promote([name for name, counts in lists.items() if counts["waiting"] > 0]).items():
            lists[name]["due"] += number
        self.lines = {name: _Line(name) for name, counts in lists.items() if counts["due"] > 0}

    def _lists(self) -> dict[str, Counter[str]]:
        """Contacts by list and state, with what this batch did before."""
        lists: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for name, counts in lists_of(self.tx.connection, self.campaign).items():
            lists[name].update(counts)
        for (campaign, kind, name), change in (*self.tx.tally.items(), *self.tx.earlier.items()):
            if campaign == self.campaign and kind == "lists":
                in_list, _, state = name.rpartition(":")
                lists[in_list][state] += change
        return lists

    def _promote(self, names: Sequence[str]) -> Counter[str]:
        """Those who have come due since the last look; at most so many of a list, the others at the next one."""
        promoted: Counter[str] = Counter()
        limits = {"in_campaign": self.campaign, "now": self.now, "limit": max(MOST_PROMOTED, self.slots)}
        for some in _some(names):
            where = limits | {f"list{place}": name for place, name in enumerate(some)}
            promoted.update(self.tx.connection.execute(_promoted_in(len(some)), where).scalars())
        for name, number in promoted.items():
            self.tx.count_contacts(self.campaign, name, "waiting", "due", number)
        return promoted

    def _fill(self) -> None:
        """Reads of each list as many as the places left will want of it."""
        names = tuple(self.lines)
        wanted = Counter(self.mix(names, place) for place in range(self.place, max(self.slots, self.place + 1)))
        least = _MORE if self.passed_over else 0
        found: list[Contact] = []
        for some in _some([line for name in wanted if not (line := self.lines[name]).due and not line.ended]):
            found += self._read(some, [max(least, wanted[line.name]) for line in some])
        if found:
            self._learn(found)

    def _read(self, lines: Sequence[_Line], limits: Sequence[int]) -> Sequence[Contact]:
        where: dict[str, Any] = {"in_campaign": self.campaign}
        for place, (line, limit) in enumerate(zip(lines, limits, strict=True)):
            rank, next_at, contact_id = line.last
            where |= {f"list{place}": line.name, f"limit{place}": limit, f"rank{place}": rank,
                      f"next_at{place}": next_at, f"id{place}": contact_id}
        found = [contact_of(row) for row in self.tx.connection.execute(due_in(len(lines)), where).all()]
        for contact in found:
            self.lines[contact.list].due.append(contact)
        for line, limit in zip(lines, limits, strict=True):
            line.ended = len(line.due) < limit
            if line.due:
                last = line.due[-1]
                line.last = (last.rank, last.next_at, last.id)
        return found

    def _learn(self, about: Sequence[Contact]) -> None:
        numbers = [number for contact in about for number in law.numbers_of(contact)]
        self.ours.update(numbers if self.gate is None else hold(self.tx, self.gate.asked, numbers))
        if self.gate is not None:
            self.known |= law.known(self.tx.connection, self.gate.asked, about)

    def named(self, contact_id: int, gate: Gate | None, held: bool, claimed: Claimed) -> Contact | None:
        """That contact, also before it is due, if nobody has it and nothing forbids it."""
        row = self.tx.connection.execute(NAMED, {"contact": contact_id, "campaign": self.campaign}).one_or_none()
        if row is None or contact_id in self.taken:
            return None
        contact = contact_of(row)
        self._learn([contact])
        return self._allowed(contact, gate, held, claimed)

    def next(self, now: float, gate: Gate | None, held: bool, claimed: Claimed) -> Contact | None:
        while (line := self._line()) is not None:
            contact = line.due.popleft()
            if contact.id in self.taken or contact.next_at > now:  # not due for this claim of the batch
                continue
            if (allowed := self._allowed(contact, gate, held, claimed)) is not None:
                self.place += 1
                return allowed
        return None

    def _line(self) -> _Line | None:
        while self.lines:
            line = self.lines[self.mix(tuple(self.lines), self.place)]
            if not line.due and not line.ended and self.passed_over < MOST_PASSED_OVER:
                self._fill()
            if line.due:
                return line
            del self.lines[line.name]
        return None

    def _allowed(self, contact: Contact, gate: Gate | None, held: bool, claimed: Claimed) -> Contact | None:
        """At the number whose turn it is, else at the first of the others that may be called."""
        known = self.known.get(contact.id, Known())
        refusals: dict[str, Refusal] = {}
        untils: list[float | None] = []
        for turn in _from(contact.turn, contact.turns):
            one = contact.at(turn)
            if one.number not in self.ours or one.number in self.numbers:
                return None  # somebody is just about to call it: look again at the next claim
            refusal = None if gate is None else gate(one, known, held)
            if refusal is None:
                claimed.known[contact.id] = known
                self.taken[contact.id] = contact.state
                self.passed += [Passed(contact, tuple(refusals.values()), [])] if refusals else []
                return replace(one, state="claimed")
            refusals[refusal.rule] = min(refusals.get(refusal.rule, refusal), refusal, key=_end)
            untils.append(refusal.until)
        self.taken[contact.id] = contact.state
        self.passed.append(Passed(contact, tuple(refusals.values()), untils))
        self.passed_over += 1
        claimed.refusals += refusals.values()
        return None

    def intend(self, call: CallRecord, slot: Slot, contact: Contact) -> None:
        if (call.id, call.contact_id, call.outcome) != (slot.call_id, contact.id, None):
            raise StoreError(f"the intent of call {slot.call_id} must bear its id, its contact and no outcome")
        self.intents.append((call, contact))
        self.numbers.add(contact.number)

    def write(self) -> None:
        """So that the history of a number knows of these, when the next campaign looks."""
        if self.intents:
            bulk.update(self.tx.connection, contacts, [
                {"id": contact.id, "state": "claimed", "call_id": call.id, "turn": contact.turn}
                for call, contact in self.intents])
            bulk.insert(self.tx.connection, calls, [call_row(call) for call, _ in self.intents])
            before = Counter((contact.list, self.taken[contact.id]) for _, contact in self.intents)
            for (name, state), count in before.items():
                self.tx.count_contacts(self.campaign, name, state, "claimed", count)
        pass_over(self.tx, self.passed)


def hold(tx: Transaction, asked: Asked, numbers: Sequence[str]) -> Sequence[str]:
    """Those of the numbers that no other engine is just about to call for the client: what it does to them in the same
    moment could not be counted yet. Until the transaction ends, none will."""
    if asked.since is None or tx.dialect != "postgresql":
        return numbers
    return list(tx.connection.execute(_HOLD, {"client": asked.client, "numbers": list(numbers)}).scalars())


def _some(these: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many at a time as one statement takes."""
    return (these[start:start + _LISTS_AT_ONCE] for start in range(0, len(these), _LISTS_AT_ONCE))


def _from(turn: int, turns: range) -> Iterator[int]:
    """Every turn once, beginning with this one."""
    return (place % len(turns) for place in range(turn, turn + len(turns)))


def _end(refusal: Refusal) -> float:
    """Of two numbers that one rule refuses, the one that may be called first is why the contact waits no longer."""
    return float("inf") if refusal.until is None else refusal.until
