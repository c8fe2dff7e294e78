"""Where each list's due contacts begin. PostgreSQL's index keeps those that were claimed until it is cleaned up, by
default after a fifth of the table: a claim from the list's beginning would pass over all of them.

Whatever makes a contact due, in this engine or another one, counts it in the same transaction. So a start holds for as
long as the list has as many due contacts as it was left with; and no longer than LOOK_S, or than somebody is found
behind it, for what changed without a change of the count (a new order; one contact more, another one less).
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from dialer.store import direct
from dialer.store.records import Contact

LOOK_S = 60.0
Place = tuple[float, float, int]
"""In a list: rank, next_at, id."""
FIRST: Place = (float("-inf"), 0.0, 0)
"""Before every rank."""


@dataclass(frozen=True, slots=True)
class Start:
    """All due contacts stand after `place`."""

    place: Place
    due: int
    looked_at: float
    """When the list was last read from its beginning (monotonic)."""


def place_of(contact: Contact) -> Place:
    return contact.rank, contact.next_at, contact.id


class Starts:
    """By campaign and list. Kept with the connection: lost with it, and unused on SQLite, which keeps nothing."""

    def __init__(self, connection: sa.Connection) -> None:
        known = connection.info.setdefault("starts", {}) if direct.is_postgres(connection) else {}
        self._known: dict[tuple[str, str], Start] = known

    def of(self, campaign: str, name: str, due: int) -> Start:
        now = time.monotonic()
        start = self._known.get((campaign, name))
        if start is None or start.due != due or now - start.looked_at > LOOK_S:
            return Start(FIRST, due, now)
        return start

    def keep(self, campaign: str, name: str, start: Start) -> None:
        self._known[campaign, name] = start


def after(start: Start, due: int, read: Sequence[Contact], gone: Collection[int], ended: bool) -> Start:
    """With so many due yet; `read` in order from the start on, of whom the `gone` are due no more. `ended`: they were
    all there are behind the start, so that whoever else is due stands before it."""
    if ended and due > sum(contact.id not in gone for contact in read):
        return Start(FIRST, due, start.looked_at)
    place = start.place
    for contact in read:
        if contact.id not in gone:
            break
        place = place_of(contact)
    return Start(place, due, start.looked_at)
