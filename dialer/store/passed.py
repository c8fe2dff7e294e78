"""Contacts passed over: put off, ended or held back, and the rules that did it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields

from dialer.store import bulk
from dialer.store.queries import Transaction
from dialer.store.records import HELD_BACK, Contact, Refusal
from dialer.store.schema import contacts, refusals

_REFUSAL = tuple(f.name for f in fields(Refusal) if f.name in refusals.c)


@dataclass(frozen=True, slots=True)
class Passed:
    """A contact that was refused, at one of its numbers or all of them."""

    contact: Contact
    refusals: Sequence[Refusal]
    untils: Sequence[float | None]
    """Of all its numbers; none when it is called at one of them after all."""


def pass_over(tx: Transaction, passed: Sequence[Passed]) -> None:
    """Not called and not counted: called when the first rule allows, done where none ever does."""
    later, never = [], []
    for one in passed:
        contact, until = one.contact, min((at for at in one.untils if at is not None), default=None)
        if until is not None:
            later.append({"id": contact.id, "state": "waiting", "next_at": until})
            tx.count_contacts(contact.campaign, contact.list, contact.state, "waiting")
        elif one.untils:
            rules = [refusal.rule for refusal in one.refusals]
            after = "held_back" if HELD_BACK in rules else "done"
            never.append({"id": contact.id, "state": after, "result": rules[0]})
            tx.count_contacts(contact.campaign, contact.list, contact.state, after)
    bulk.update(tx.connection, contacts, later)
    bulk.update(tx.connection, contacts, never)
    record_refusals(tx, [refusal for one in passed for refusal in one.refusals])


def record_refusals(tx: Transaction, refused: Sequence[Refusal]) -> None:
    times = Counter((one.contact_id, one.rule) for one in refused)
    latest = {(one.contact_id, one.rule): one for one in refused}
    rows = [{name: getattr(one, name) for name in _REFUSAL} | {"times": times[key]} for key, one in latest.items()]
    bulk.add(tx.connection, refusals, rows, "times")
