"""Contacts taken to be dialled, passed over, and given back."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any, Protocol

import sqlalchemy as sa

from dialer.store import law, news
from dialer.store.errors import StoreError
from dialer.store.queries import Transaction, call_row, insert_into, one_by_one
from dialer.store.reads import CONTACT_COLUMNS, contact_of
from dialer.store.records import PREVIEW, Asked, Attempt, CallRecord, Claimed, Contact, Known, Refusal, Slot, Stop
from dialer.store.schema import calls, contacts, do_not_call, refusals

MOST_PASSED_OVER = 200
"""Contacts that one transaction may refuse in search of those it may dial: others wait for the writer."""
_MORE = 100
UNDIALLED = ("intended", PREVIEW)
"""States of a call's row that it has before anything leaves for the switch."""

Intend = Callable[[Slot, Contact, Known], CallRecord]


class Gate(Protocol):
    """Who may be claimed. Runs on the writer's thread and may run twice: it must be pure."""

    @property
    def asked(self) -> Asked: ...

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        """`held`: an agent is, for this very dial."""


DUE = (
    sa.select(*CONTACT_COLUMNS)
    .where(contacts.c.campaign == sa.bindparam("campaign"), contacts.c.state == "due",
           contacts.c.next_at <= sa.bindparam("now"))
    .order_by(contacts.c.next_at, contacts.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
    .with_for_update(skip_locked=True)  # SQLite needs none: one transaction writes at a time
)
_NAMED = (
    sa.select(*CONTACT_COLUMNS)
    .where(contacts.c.id == sa.bindparam("contact"), contacts.c.campaign == sa.bindparam("campaign"),
           contacts.c.state == "due")
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    sa.update(contacts).where(contacts.c.id == sa.bindparam("contact"))
    .values(state="claimed", call_id=sa.bindparam("call"))
)
_INTEND = calls.insert()
_PUT_OFF = sa.update(contacts).where(contacts.c.id == sa.bindparam("contact")).values(next_at=sa.bindparam("until"))
_END = (
    sa.update(contacts).where(contacts.c.id == sa.bindparam("contact"))
    .values(state="done", result=sa.bindparam("rule"))
)
_REFUSAL = tuple(f.name for f in fields(Refusal) if f.name in refusals.c)


@dataclass(slots=True)
class _Search:
    """One campaign's due contacts, those due longest first, as far as gates let them through."""

    tx: Transaction
    campaign: str
    now: float
    limit: int
    gate: Gate | None
    due: deque[Contact] = field(default_factory=deque)
    known: dict[int, Known] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    intents: list[dict[str, Any]] = field(default_factory=list)
    passed: set[int] = field(default_factory=set)
    """Contacts refused: whatever the gate says of when, nobody is asked about twice."""

    def fetch(self) -> None:
        rows = self.tx.connection.execute(DUE, {"campaign": self.campaign, "now": self.now, "limit": self.limit})
        self.due.extend(contact_of(row) for row in rows.all())
        self.known = self.look(self.due)

    def look(self, asked_about: Sequence[Contact]) -> dict[int, Known]:
        if self.gate is None or not asked_about:
            return {}
        return law.known(self.tx.connection, self.gate.asked, asked_about)

    def named(self, contact_id: int, gate: Gate | None, held: bool, claimed: Claimed) -> Contact | None:
        """That contact, if nobody has it and nothing forbids it."""
        row = self.tx.connection.execute(_NAMED, {"contact": contact_id, "campaign": self.campaign}).one_or_none()
        if row is None or any(intent["contact_id"] == contact_id for intent in self.intents):
            return None
        contact = contact_of(row)
        known = self.look([contact]).get(contact.id, Known())
        return contact if self.passes(contact, known, gate, held, claimed) else None

    def passes(self, contact: Contact, known: Known, gate: Gate | None, held: bool, claimed: Claimed) -> bool:
        if gate is None or (refusal := gate(contact, known, held)) is None:
            claimed.known[contact.id] = known
            return True
        self.passed.add(contact.id)
        self.refused.append(refusal)
        claimed.refusals.append(refusal)
        return False

    def next(self, now: float, gate: Gate | None, held: bool, claimed: Claimed) -> Contact | None:
        while True:
            if not self.due and self.refused and len(self.passed) < MOST_PASSED_OVER:
                self.write()
                self.limit = max(self.limit, _MORE)
                self.fetch()
            if not self.due or self.due[0].next_at > now:
                return None
            contact = self.due.popleft()
            if contact.id in self.passed or any(intent["contact_id"] == contact.id for intent in self.intents):
                continue
            if self.passes(contact, self.known.get(contact.id, Known()), gate, held, claimed):
                return contact

    def intend(self, call: CallRecord, slot: Slot, contact: Contact) -> None:
        if (call.id, call.contact_id, call.outcome) != (slot.call_id, contact.id, None):
            raise StoreError(f"the intent of call {slot.call_id} must bear its id, its contact and no outcome")
        self.intents.append(call_row(call))

    def write(self) -> None:
        """So that a next look finds others, and the history of a number knows of these."""
        if self.intents:
            self.tx.connection.execute(_CLAIM, [{"contact": r["contact_id"], "call": r["id"]} for r in self.intents])
            self.tx.connection.execute(_INTEND, self.intents)
            self.tx.count_contacts(self.campaign, "due", "claimed", len(self.intents))
        _pass_over(self.tx, self.campaign, self.refused)
        self.intents, self.refused = [], []


def claim(
    tx: Transaction, many: Sequence[tuple[str, Sequence[Slot], Intend, float, Gate | None]],
) -> list[Claimed]:
    results = [Claimed() for _ in many]
    for campaign in dict.fromkeys(campaign for campaign, *_ in many):
        asked = [(one, result) for one, result in zip(many, results, strict=True) if one[0] == campaign]
        search = _Search(
            tx, campaign, max(now for (*_, now, _), _ in asked), sum(len(slots) for (_, slots, *_), _ in asked),
            next((gate for (*_, gate), _ in asked if gate is not None), None),
        )  # fmt: skip
        search.fetch()
        for (_, slots, intend, now, gate), result in asked:
            for slot in slots:
                held = slot.agent is not None
                if slot.contact is not None:
                    contact = search.named(slot.contact, gate, held, result)
                else:
                    contact = search.next(now, gate, held, result)
                if contact is not None:
                    contact = replace(contact, state="claimed")
                    search.intend(intend(slot, contact, result.known[contact.id]), slot, contact)
                    result.append(Attempt(slot.call_id, slot.switch, slot.agent, contact))
        search.write()
    return results


def _pass_over(tx: Transaction, campaign: str, refused: Sequence[Refusal]) -> None:
    """Not called and not counted: due again when the rule allows, or done."""
    later = [{"contact": one.contact_id, "until": one.until} for one in refused if one.until is not None]
    never = [{"contact": one.contact_id, "rule": one.rule} for one in refused if one.until is None]
    if later:
        tx.connection.execute(_PUT_OFF, later)
    if never:
        tx.connection.execute(_END, never)
        tx.count_contacts(campaign, "due", "done", len(never))
    record_refusals(tx, refused)


def record_refusals(tx: Transaction, refused: Sequence[Refusal]) -> None:
    rows = [{name: getattr(one, name) for name in _REFUSAL} | {"times": 1} for one in refused]
    if rows:
        tx.connection.execute(_again(tx.dialect), rows)


@cache
def _again(dialect: str) -> Any:
    new = insert_into(dialect, refusals)
    update = {name: new.excluded[name] for name in ("at", "until", "text")} | {"times": refusals.c.times + 1}
    return new.on_conflict_do_update(index_elements=list(refusals.primary_key), set_=update)


@one_by_one
def release(tx: Transaction, call_ids: Sequence[str]) -> None:
    """Takes back claims whose caller was told that they failed, or is not there any more: nothing was dialled."""
    for call_id in call_ids:
        _take_back(tx, call_id)


def _take_back(tx: Transaction, call_id: str) -> Any:
    """The contact's campaign and state, or None when there is nothing to take back."""
    intent = sa.delete(calls).where(calls.c.id == call_id, calls.c.state.in_(UNDIALLED), calls.c.outcome.is_(None))
    if tx.connection.execute(intent).rowcount == 0:
        return None
    freed = tx.connection.execute(
        sa.update(contacts).where(contacts.c.call_id == call_id, contacts.c.state == "claimed")
        .values(state=sa.case((contacts.c.result.is_(None), "due"), else_="done"), call_id=None)
        .returning(contacts.c.campaign, contacts.c.state, contacts.c.id),
    ).one_or_none()
    if freed is not None:
        tx.count_contacts(freed.campaign, "claimed", freed.state)
    return freed


def give_back(tx: Transaction, call_id: str, until: float | None) -> None:
    """Not dialled and not counted; not to be called before `until` (None: as it was)."""
    freed = _take_back(tx, call_id)
    if freed is not None and freed.state == "due" and until is not None:
        tx.connection.execute(_PUT_OFF, [{"contact": freed.id, "until": until}])


@one_by_one
def refuse(tx: Transaction, call_id: str, refusal: Refusal) -> None:
    """At the instant of dialling: the intent is taken back."""
    freed = _take_back(tx, call_id)
    if freed is not None and freed.state == "due":
        _pass_over(tx, freed.campaign, [refusal])


@one_by_one
def add_stops(tx: Transaction, stops: Sequence[Stop]) -> None:
    for stop in stops:
        tx.upsert(do_not_call, {"number": stop.number, "scope": stop.scope, "source": stop.source, "at": stop.at,
                                "until": stop.until})
        news.tell(tx.connection, stop)


@one_by_one
def remove_stop(tx: Transaction, scope: str, number: str) -> bool:
    gone = sa.delete(do_not_call).where(do_not_call.c.scope == scope, do_not_call.c.number == number)
    return tx.connection.execute(gone).rowcount > 0
