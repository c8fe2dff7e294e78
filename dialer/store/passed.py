"""Contacts passed over: put off, ended or held back, and the rules that did it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import sqlalchemy as sa

from dialer.store.queries import Transaction, insert_into
from dialer.store.records import HELD_BACK, Contact, Refusal
from dialer.store.schema import contacts, refusals

_PUT_OFF = (
    sa.update(contacts).where(contacts.c.id == sa.bindparam("contact"))
    .values(state="waiting", next_at=sa.bindparam("until"))
)
_END = (
    sa.update(contacts).where(contacts.c.id == sa.bindparam("contact"))
    .values(state=sa.bindparam("now_is"), result=sa.bindparam("rule"))
)
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
            later.append({"contact": contact.id, "until": until})
            tx.count_contacts(contact.campaign, contact.list, contact.state, "waiting")
        elif one.untils:
            rules = [refusal.rule for refusal in one.refusals]
            after = "held_back" if HELD_BACK in rules else "done"
            never.append({"contact": contact.id, "rule": rules[0], "now_is": after})
            tx.count_contacts(contact.campaign, contact.list, contact.state, after)
    if later:
        tx.connection.execute(_PUT_OFF, later)
    if never:
        tx.connection.execute(_END, never)
    record_refusals(tx, [refusal for one in passed for refusal in one.refusals])


def record_refusals(tx: Transaction, refused: Sequence[Refusal]) -> None:
    rows = [{name: getattr(one, name) for name in _REFUSAL} | {"times": 1} for one in refused]
    if rows:
        tx.connection.execute(_again(tx.dialect), rows)


@cache
def _again(dialect: str) -> Any:
    new = insert_into(dialect, refusals)
    update = {name: new.excluded[name] for name in ("at", "until", "text")} | {"times": refusals.c.times + 1}
    return new.on_conflict_do_update(index_elements=list(refusals.primary_key), set_=update)
