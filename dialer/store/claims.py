"""Contacts taken to be dialled, passed over, and given back."""

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from dialer.store import news
from dialer.store.passed import Passed, pass_over
from dialer.store.passed import record_refusals as record_refusals
from dialer.store.queries import Transaction, one_by_one
from dialer.store.reads import CONTACT_COLUMNS, contact_of
from dialer.store.records import CALLBACK, PREVIEW, Attempt, CallRecord, Claimed, Contact, Known, Refusal, Slot, Stop
from dialer.store.schema import callbacks, calls, contacts, do_not_call
from dialer.store.search import MOST_PASSED_OVER as MOST_PASSED_OVER
from dialer.store.search import Gate as Gate
from dialer.store.search import Mix as Mix
from dialer.store.search import Search
from dialer.store.search import alphabetical as alphabetical

UNDIALLED = ("intended", PREVIEW)
"""States of a call's row that it has before anything leaves for the switch."""
OTHERS_AGAIN_S = 1.0
"""After one of a contact's numbers is forbidden for good at the instant of dialling."""

Intend = Callable[[Slot, Contact, Known], CallRecord]


def claim(
    tx: Transaction, many: Sequence[tuple[str, Sequence[Slot], Intend, float, Gate | None, Mix]],
) -> list[Claimed]:
    results = [Claimed() for _ in many]
    for campaign in dict.fromkeys(campaign for campaign, *_ in many):
        asked = [(one, result) for one, result in zip(many, results, strict=True) if one[0] == campaign]
        search = Search(
            tx, campaign, max(now for (*_, now, _, _), _ in asked), sum(len(slots) for (_, slots, *_), _ in asked),
            next((gate for (*_, gate, _), _ in asked if gate is not None), None), asked[0][0][-1],
        )  # fmt: skip
        if any(slot.contact is None for (_, slots, *_), _ in asked for slot in slots):
            search.begin()
        for (_, slots, intend, now, gate, _), result in asked:
            for slot in slots:
                held = slot.agent is not None
                if slot.contact is not None:
                    contact = search.named(slot.contact, gate, held, result)
                else:
                    contact = search.next(now, gate, held, result)
                if contact is not None:
                    search.intend(intend(slot, contact, result.known[contact.id]), slot, contact)
                    result.append(Attempt(slot.call_id, slot.switch, slot.agent, contact))
        search.write()
    return results


@one_by_one
def release(tx: Transaction, call_ids: Sequence[str]) -> None:
    """Takes back claims whose caller was told that they failed, or is not there any more: nothing was dialled."""
    for call_id in call_ids:
        _take_back(tx, call_id)


def _take_back(tx: Transaction, call_id: str) -> Contact | None:
    """The contact as it is then; None when there is nothing to take back."""
    intent = sa.delete(calls).where(calls.c.id == call_id, calls.c.state.in_(UNDIALLED), calls.c.outcome.is_(None))
    if tx.connection.execute(intent).rowcount == 0:
        return None
    promised = sa.exists().where(callbacks.c.contact_id == contacts.c.id, callbacks.c.call_id == call_id)
    before = sa.case((contacts.c.result.is_not(None), "done"), (promised, CALLBACK), else_="due")
    freed = tx.connection.execute(
        sa.update(contacts).where(contacts.c.call_id == call_id, contacts.c.state == "claimed")
        .values(state=before, call_id=None)
        .returning(*CONTACT_COLUMNS),
    ).one_or_none()
    if freed is None:
        return None
    contact = contact_of(freed)
    tx.count_contacts(contact.campaign, contact.list, "claimed", contact.state)
    return contact


def give_back(tx: Transaction, call_id: str, until: float | None) -> None:
    """Not dialled and not counted; not to be called before `until` (None: as it was)."""
    freed = _take_back(tx, call_id)
    if freed is not None and freed.state == "due" and until is not None:
        pass_over(tx, [Passed(freed, [], [until])])


@one_by_one
def refuse(tx: Transaction, call_id: str, refusal: Refusal) -> None:
    """At the instant of dialling: the intent is taken back."""
    freed = _take_back(tx, call_id)
    if freed is not None and freed.state == CALLBACK:
        refuse_promised(tx, freed, refusal)
    elif freed is not None and freed.state == "due":
        until = refusal.until
        if until is None and len(freed.numbers) > 1:  # the claim that looks again asks about its other numbers
            until = refusal.at + OTHERS_AGAIN_S
        pass_over(tx, [Passed(freed, [refusal], [until])])


def refuse_promised(tx: Transaction, contact: Contact, refusal: Refusal) -> None:
    """A promise that the rules forbid for now is kept as soon as they allow it."""
    record_refusals(tx, [refusal])
    if contact.state != CALLBACK:
        return
    this = sa.update(contacts).where(contacts.c.id == contact.id, contacts.c.state == CALLBACK)
    if refusal.until is not None:
        tx.connection.execute(this.values(next_at=refusal.until))
    elif tx.connection.execute(this.values(state="done", result=refusal.rule)).rowcount:
        tx.count_contacts(contact.campaign, contact.list, CALLBACK, "done")


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
