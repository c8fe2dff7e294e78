"""One certain contact taken to be dialled: by hand, as promised, or after an agent has looked at it."""

from dataclasses import asdict, replace

import sqlalchemy as sa

from dialer.store import claims, law, reads
from dialer.store.claims import Gate, Intend
from dialer.store.desk_records import Skip
from dialer.store.finding import hold
from dialer.store.queries import Transaction, add_contacts, call_row, one_by_one
from dialer.store.records import (
    CALLBACK,
    Attempt,
    Contact,
    ContactState,
    NewContact,
    Picked,
    Slot,
)
from dialer.store.schema import callbacks, calls, contacts, preview_skips
from dialer.store.search import holds_for

BY_HAND = "by_hand"
"""Why a contact is done that came to be when its number was dialled by hand: no list has it."""


@one_by_one
def pick(
    tx: Transaction, campaign: str, who: int | str, slot: Slot, intend: Intend, now: float, gate: Gate,
    state: ContactState | None, number: str | None,
) -> Picked:
    """`who`: a contact's id, or a number, which becomes a contact if it is none. Whatever it is waiting for, it is
    taken, unless it is in a call, or not in the `state` that is asked for."""
    contact = _found(tx, campaign, who)
    if contact is None or (state is not None and contact.state != state and contact.state != "claimed"):
        return Picked()
    if number is not None:  # promised for another number: its own ones are known by `numbers`
        contact = replace(contact, number=number, numbers=contact.numbers or (contact.number,))
    if not hold(tx.connection, holds_for(gate.asked), [contact.number]):
        return Picked()
    known = law.known(tx.connection, gate.asked, [contact])[contact.id]
    if (refusal := gate(contact, known, slot.agent is not None)) is not None:
        if state == CALLBACK:
            claims.refuse_promised(tx, contact, refusal)
        else:  # a promise is for another minute, and stands
            claims.record_refusals(tx, [refusal])
        return Picked(known=known, refusal=refusal)
    taken = (
        sa.update(contacts).where(contacts.c.id == contact.id)
        .where(sa.or_(contacts.c.state != "claimed", contacts.c.call_id == slot.call_id))
        .values(state="claimed", call_id=slot.call_id, result=None)
    )  # fmt: skip
    if tx.connection.execute(taken).rowcount == 0:
        return Picked(known=known)
    tx.count_contacts(campaign, contact.list, contact.state, "claimed")
    if contact.state == CALLBACK:
        this = sa.update(callbacks).where(callbacks.c.contact_id == contact.id)
        tx.connection.execute(this.values(call_id=slot.call_id))
    tx.insert_new(calls, [call_row(intend(slot, contact, known))])
    attempt = Attempt(slot.call_id, slot.switch, slot.agent, replace(contact, state="claimed"))
    return Picked(attempt, known, promised=contact.state == CALLBACK)


def _found(tx: Transaction, campaign: str, who: int | str) -> Contact | None:
    if isinstance(who, int):
        contact = reads.contact(tx.connection, who)
        return contact if contact is not None and contact.campaign == campaign else None
    contact = reads.contact_by_number(tx.connection, campaign, who)
    if contact is None:
        add_contacts(tx, [(campaign, [NewContact(who, {"source": BY_HAND})])])
        contact = reads.contact_by_number(tx.connection, campaign, who)
        assert contact is not None
        tx.connection.execute(sa.update(contacts).where(contacts.c.id == contact.id)
                              .values(state="done", result=BY_HAND))  # fmt: skip
        tx.count_contacts(campaign, contact.list, contact.state, "done")
        contact = replace(contact, state="done", result=BY_HAND)
    return contact


@one_by_one
def begin(tx: Transaction, call_id: str, contact: Contact, slot: Slot, now: float, gate: Gate) -> Picked:
    """A contact that was shown is to be dialled now, if the rules still allow it; else its claim is taken back."""
    if not hold(tx.connection, holds_for(gate.asked), [contact.number]):
        claims.give_back(tx, call_id, None)
        return Picked()
    known = law.known(tx.connection, gate.asked, [contact])[contact.id]
    if (refusal := gate(contact, known, slot.agent is not None)) is not None:
        claims.refuse(tx, [(call_id, refusal)])
        return Picked(known=known, refusal=refusal)
    begun = (
        sa.update(calls)
        .where(calls.c.id == call_id, calls.c.state.in_(claims.UNDIALLED), calls.c.outcome.is_(None))
        .values(state="intended", created_at=now, over_at=now)
    )
    if tx.connection.execute(begun).rowcount == 0:
        return Picked(known=known)
    return Picked(Attempt(call_id, slot.switch, slot.agent, contact), known)


@one_by_one
def put_back(tx: Transaction, call_id: str, until: float | None, skip: Skip | None) -> None:
    """A claim given up before the dial, the contact not to be called before `until` (None: as it was)."""
    if skip is not None:
        tx.insert_new(preview_skips, [asdict(skip)])
    claims.give_back(tx, call_id, until)


def skips_since(connection: sa.Connection, since: float) -> list[Skip]:
    columns = [preview_skips.c[name] for name in ("agent", "at", "campaign", "contact_id", "reason")]
    rows = connection.execute(sa.select(*columns).where(preview_skips.c.at >= since).order_by(preview_skips.c.at))
    return [Skip(*row) for row in rows]


