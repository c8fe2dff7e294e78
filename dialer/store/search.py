"""A campaign's due contacts: from which list the next one is taken, in which order, and at which of its numbers."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import sqlalchemy as sa

from dialer.store import finding, law
from dialer.store.errors import StoreError
from dialer.store.passed import Passed, pass_over
from dialer.store.queries import Transaction
from dialer.store.reads import CONTACT_COLUMNS, claimed, contact_of
from dialer.store.records import Asked, CallRecord, Claimed, Contact, ContactState, Known, Refusal, Slot
from dialer.store.schema import contacts
from dialer.store.starts import Place, Start, Starts, after, place_of

MOST_PASSED_OVER = 200
"""Contacts that one transaction may refuse in search of those it may dial: others wait for the writer."""
MOST_HELD = 2_000
"""Numbers that a campaign's claims in one transaction read, however many are asked for: each takes a lock of
PostgreSQL's, which has some 6,400 for all engines together by default."""
MOST_PROMOTED = 200
"""Contacts of each list whose time has come that one claim makes due, where it needs no more."""
MOST_SHUT = 4_000
"""As many as it may put off because nobody is called where they are: that is told at a glance."""
_MORE = 100
_MANY = 1_000
_NOTHING = Known()


class Gate(Protocol):
    """Who may be claimed. Runs on the writer's thread and may run twice: it must be pure."""

    @property
    def asked(self) -> Asked: ...

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        """`held`: an agent is, for this very dial. Asked of the number that would be called; of the contact's others
        where that one is refused."""


@runtime_checkable
class Clocked(Protocol):
    """A gate that can tell by the hour."""

    def shut(self, contact: Contact) -> Refusal | None:
        """Nobody is called there now; asked of each number, without anything known of it. None: ask further."""


Mix = Callable[[Sequence[str], int], str]
"""From which of some lists, which may all have somebody due, the contact for the nth place of a claim is taken. Pure as
well."""


def alphabetical(lists: Sequence[str], _place: int) -> str:
    return min(lists)


NAMED = (
    sa.select(*CONTACT_COLUMNS)
    .where(contacts.c.id == sa.bindparam("contact"), contacts.c.campaign == sa.bindparam("campaign"),
           contacts.c.state.in_(("waiting", "due")))
    .with_for_update(skip_locked=True)
)


@dataclass(slots=True)
class _Line:
    """One list's due contacts, as far as they were read."""

    name: str
    start: Start
    last: Place
    due: deque[Contact] = field(default_factory=deque)
    read: list[Contact] = field(default_factory=list)
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
    begun: list[tuple[_Line, int]] = field(default_factory=list)
    """All that had, and how many before this batch."""
    known: dict[int, Known] = field(default_factory=dict)
    ours: set[str] = field(default_factory=set)
    """Numbers that no other engine is claiming just now."""
    passed: list[Passed] = field(default_factory=list)
    passed_over: int = 0
    shut: list[Refusal] = field(default_factory=list)
    """Of contacts that are where nobody is called now."""
    reported: int = 0
    """How many of those the claims of this batch have been told of."""
    intents: list[tuple[CallRecord, Contact]] = field(default_factory=list)
    taken: dict[int, ContactState] = field(default_factory=dict)
    """Contacts of the intents, and those passed over: how they stood before."""
    numbers: set[str] = field(default_factory=set)
    """Those of the intents."""
    place: int = 0

    def begin(self) -> None:
        lists, came = finding.come(
            self.tx.connection, self.campaign, self.now, max(MOST_PROMOTED, self.slots), self._changed())
        for name, number in came.items():
            self.tx.count_contacts(self.campaign, name, "waiting", "due", number)
        starts = Starts(self.tx.connection)
        for name, counts in lists.items():
            if (count := counts["due"] + came[name]) > 0:
                start = starts.of(self.campaign, name, count)
                self.lines[name] = _Line(name, start, start.place)
        self.begun = [(line, line.start.due - self._counted(line)) for line in self.lines.values()]

    def _counted(self, line: _Line) -> int:
        """What this batch changed of the list's due contacts."""
        return self.tx.tally[self.campaign, "lists", f"{line.name}:due"]

    def _changed(self) -> dict[str, Counter[str]]:
        """What this batch did before to contacts, by list and state."""
        changed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for (campaign, kind, name), change in (*self.tx.tally.items(), *self.tx.earlier.items()):
            if campaign == self.campaign and kind == "lists":
                in_list, _, state = name.rpartition(":")
                changed[in_list][state] += change
        return changed

    def _fill(self) -> None:
        """Reads of each list as many as the places left will want of it."""
        names = tuple(self.lines)
        end = min(max(self.slots, self.place + 1), self.place + MOST_HELD)
        wanted = Counter(self.mix(names, place) for place in range(self.place, end))
        least = _MANY if self.shut else _MORE if self.passed_over else 0
        lines = [line for name in wanted if not (line := self.lines[name]).due and not line.ended]
        if lines:
            limits = [min(max(least, wanted[line.name]), finding.MOST_READ) for line in lines]
            self._read([finding.Wanted(line.name, limit, line.last) for line, limit in zip(lines, limits, strict=True)])

    def _read(self, wanted: Sequence[finding.Wanted]) -> None:
        """Whom it puts off at a glance is not held for the client: there may be many."""
        client = None if self.shut else self._holds_for()
        found, ours = finding.read(self.tx.connection, self.campaign, client, wanted)
        count = Counter(contact.list for contact in found)
        for one in wanted:
            self.lines[one.list].ended = count[one.list] < one.limit
        glance = self.gate.shut if isinstance(self.gate, Clocked) else None
        some: list[Contact] = []
        for contact in found:
            line = self.lines[contact.list]
            if self.shut and len(line.due) >= _MORE:  # the next ones are read when they are wanted
                line.ended = False
                continue
            line.read.append(contact)
            line.last = place_of(contact)
            if glance is None or not self._is_shut(contact, glance):
                line.due.append(contact)
                some.append(contact)
        if client != self._holds_for():
            numbers = [number for contact in some for number in law.numbers_of(contact)]
            ours = list(finding.hold(self.tx.connection, self._holds_for(), numbers))
        self.ours.update(ours)
        self._learn(some)

    def _is_shut(self, contact: Contact, glance: Callable[[Contact], Refusal | None]) -> bool:
        """Put off then: nobody is called at any of its numbers."""
        refusals = [glance(contact.at(turn)) for turn in contact.turns]
        shut = [refusal for refusal in refusals if refusal is not None and refusal.until is not None]
        if len(shut) < len(refusals):
            return False
        self.taken[contact.id] = contact.state
        self.passed.append(Passed(contact, shut[:1], [refusal.until for refusal in shut]))
        self.shut.append(shut[0])
        return True

    def _holds_for(self) -> str | None:
        return None if self.gate is None else holds_for(self.gate.asked)

    def _learn(self, about: Sequence[Contact]) -> None:
        if about and self.gate is not None:
            self.known |= law.known(self.tx.connection, self.gate.asked, about)

    def named(self, contact_id: int, gate: Gate | None, held: bool, told: Claimed) -> Contact | None:
        """That contact, also before it is due, if nobody has it and nothing forbids it."""
        row = self.tx.connection.execute(NAMED, {"contact": contact_id, "campaign": self.campaign}).one_or_none()
        if row is None or contact_id in self.taken:
            return None
        contact = contact_of(row)
        self.ours.update(finding.hold(self.tx.connection, self._holds_for(), law.numbers_of(contact)))
        self._learn([contact])
        return self._allowed(contact, gate, held, told)

    def next(self, now: float, gate: Gate | None, held: bool, told: Claimed) -> Contact | None:
        while (line := self._line()) is not None:
            self._tell(told)
            contact = line.due.popleft()
            if contact.id in self.taken or contact.next_at > now:  # not due for this claim of the batch
                continue
            if (allowed := self._allowed(contact, gate, held, told)) is not None:
                self.place += 1
                return allowed
        self._tell(told)
        return None

    def _tell(self, told: Claimed) -> None:
        told.refusals += self.shut[self.reported:]
        self.reported = len(self.shut)

    def _line(self) -> _Line | None:
        while self.lines:
            line = self.lines[self.mix(tuple(self.lines), self.place)]
            while not line.due and not line.ended and self._may_look():
                self._fill()
            if line.due:
                return line
            del self.lines[line.name]
        return None

    def _may_look(self) -> bool:
        few = self.passed_over < MOST_PASSED_OVER and len(self.ours) < MOST_HELD
        return few and len(self.shut) < MOST_SHUT

    def _allowed(self, contact: Contact, gate: Gate | None, held: bool, told: Claimed) -> Contact | None:
        """At the number whose turn it is, else at the first of the others that may be called."""
        known = self.known.get(contact.id, _NOTHING)
        refusals: dict[str, Refusal] = {}
        untils: list[float | None] = []
        for turn in _from(contact.turn, contact.turns):
            one = contact.at(turn)
            if one.number not in self.ours or one.number in self.numbers:
                return None  # somebody is just about to call it: look again at the next claim
            refusal = None if gate is None else gate(one, known, held)
            if refusal is None:
                told.known[contact.id] = known
                self.taken[contact.id] = contact.state
                self.passed += [Passed(contact, tuple(refusals.values()), [])] if refusals else []
                return claimed(one)
            refusals[refusal.rule] = min(refusals.get(refusal.rule, refusal), refusal, key=_end)
            untils.append(refusal.until)
        self.taken[contact.id] = contact.state
        self.passed.append(Passed(contact, tuple(refusals.values()), untils))
        self.passed_over += 1
        told.refusals += refusals.values()
        return None

    def intend(self, call: CallRecord, slot: Slot, contact: Contact) -> None:
        if (call.id, call.contact_id, call.outcome) != (slot.call_id, contact.id, None):
            raise StoreError(f"the intent of call {slot.call_id} must bear its id, its contact and no outcome")
        self.intents.append((call, contact))
        self.numbers.add(contact.number)

    def write(self) -> None:
        """So that the history of a number knows of these, when the next campaign looks."""
        if self.intents:
            finding.take(self.tx.connection, self.intents)
            before = Counter((contact.list, self.taken[contact.id]) for _, contact in self.intents)
            for (name, state), count in before.items():
                self.tx.count_contacts(self.campaign, name, state, "claimed", count)
        pass_over(self.tx, self.passed)
        starts = Starts(self.tx.connection)
        for line, count in self.begun:
            start = after(line.start, count + self._counted(line), line.read, self.taken, line.ended)
            starts.keep(self.campaign, line.name, start)


def holds_for(asked: Asked) -> str | None:
    """The client whose other engines are kept from the same numbers: where rules ask about earlier calls."""
    return asked.client if asked.since is not None else None


def _from(turn: int, turns: range) -> Iterator[int]:
    """Every turn once, beginning with this one."""
    return (place % len(turns) for place in range(turn, turn + len(turns)))


def _end(refusal: Refusal) -> float:
    """Of two numbers that one rule refuses, the one that may be called first is why the contact waits no longer."""
    return float("inf") if refusal.until is None else refusal.until
