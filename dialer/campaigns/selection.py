"""Who of a list is called, and who first: the list's `where` and `order` over a contact's fields. Pure."""

from collections.abc import Mapping

from dialer.config.lists import ContactList
from dialer.flows.expressions import MOST_NUMBER, as_number

FIRST = float(-MOST_NUMBER * 2)
"""The rank of a contact that goes before all that `order` ranks."""
LAST = float(MOST_NUMBER * 2)
"""The rank of a contact for which `order` gives no number."""


def selected(source: ContactList, fields: Mapping[str, str]) -> tuple[bool, float]:
    """Whether the contact is held back, and its rank: the smallest is called first."""
    held_back = source.where is not None and source.where.evaluate(fields) is not True
    if source.order is None:
        return held_back, 0.0
    rank = as_number(source.order.evaluate(fields))
    return held_back, LAST if rank is None else float(rank)
