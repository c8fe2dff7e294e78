"""A list gone through once more: contacts that are done called again, and a changed filter or order applied to all.

Both go through a campaign by number, a page at a time, so that no claim waits for them. A page may be repeated.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dialer.store.queries import Transaction, one_by_one
from dialer.store.records import WRONG_NUMBER, earlier_tries
from dialer.store.schema import contacts, selections

if TYPE_CHECKING:
    from asyncio import Future

    Ask = Callable[..., Future[Any]]

PAGE = 500

Select = Callable[[Mapping[str, str]], tuple[bool, float]]
"""From a contact's fields: whether it is held back, and its rank. Pure: it runs on the writer's thread."""

_PAGE = (
    sa.select(contacts.c.id, contacts.c.number, contacts.c.list, contacts.c.state, contacts.c.result, contacts.c.rank,
              contacts.c.next_at, contacts.c.tries, contacts.c.fields)
    .where(contacts.c.campaign == sa.bindparam("campaign"), contacts.c.number > sa.bindparam("after"))
    .order_by(contacts.c.number).limit(PAGE).with_for_update()
)
_AGAIN = (
    sa.update(contacts).where(contacts.c.id == sa.bindparam("contact"))
    .values(state="due", next_at=0.0, result=None, turn=0, tries=sa.bindparam("left"))
)
_SELECT = (
    sa.update(contacts).where(contacts.c.id == sa.bindparam("contact"))
    .values(state=sa.bindparam("stands"), rank=sa.bindparam("ranks"), result=None)
)


@one_by_one
def recycle(
    tx: Transaction, campaign: str, results: Collection[str], in_list: str | None, after: str,
) -> tuple[int, str | None]:
    """How many of the page are to be called again, and where the next page begins; None at the end."""
    rows = tx.connection.execute(_PAGE, {"campaign": campaign, "after": after}).all()
    again = [row for row in rows if row.state == "done" and row.result in results and in_list in (None, row.list)]
    if again:
        tx.connection.execute(_AGAIN, [{"contact": row.id, "left": _fresh(row.tries)} for row in again])
    for row in again:
        tx.count_contacts(campaign, row.list, "done", "due")
    return len(again), _next(rows)


def _fresh(tries: Mapping[str, int]) -> dict[str, int]:
    """None counts for the rules any more, all of them for the cap; a wrong number stays wrong."""
    wrong = {key: count for key, count in tries.items() if key.rpartition(":")[2] == WRONG_NUMBER}
    earlier = sum(count for key, count in tries.items() if key not in wrong and not key.startswith("@"))
    return wrong | {earlier_tries(): tries.get(earlier_tries(), 0) + earlier}


@one_by_one
def reselect(tx: Transaction, campaign: str, in_list: str, select: Select, after: str) -> tuple[int, str | None]:
    """How many of the page changed, and where the next one begins; None at the end."""
    rows = tx.connection.execute(_PAGE, {"campaign": campaign, "after": after}).all()
    changed = []
    for row in rows:
        if row.list != in_list or row.state not in ("waiting", "due", "held_back"):
            continue
        held_back, rank = select(row.fields)
        free = row.state if row.state != "held_back" else "waiting" if row.next_at > 0 else "due"
        stands = "held_back" if held_back else free
        if (stands, rank) != (row.state, row.rank):
            changed.append({"contact": row.id, "stands": stands, "ranks": rank})
            if stands != row.state:
                tx.count_contacts(campaign, in_list, row.state, stands)
    if changed:
        tx.connection.execute(_SELECT, changed)
    return len(changed), _next(rows)


def _next(rows: Sequence[Any]) -> str | None:
    return rows[-1].number if len(rows) == PAGE else None


@one_by_one
def selected(tx: Transaction, campaign: str, in_list: str, selection: str) -> None:
    tx.upsert(selections, {"campaign": campaign, "list": in_list, "selection": selection})


def selections_of(connection: sa.Connection, campaign: str) -> dict[str, str]:
    statement = sa.select(selections.c.list, selections.c.selection).where(selections.c.campaign == campaign)
    return dict(connection.execute(statement).all())


class Rounds:
    """`Store.rounds`."""

    def __init__(self, write: "Ask", read: "Ask") -> None:
        self._write = write
        self._read = read

    async def recycle(self, campaign: str, results: Collection[str], in_list: str | None = None) -> int:
        """How many contacts with these results are to be called again, at once and as if for the first time."""
        count, after = 0, ""
        some: int
        next_page: str | None
        while True:
            some, next_page = await self._write(recycle, campaign, results, in_list, after, rows=PAGE)
            count += some
            if next_page is None:
                return count
            after = next_page

    async def reselect(self, campaign: str, in_list: str, selection: str, select: Select) -> int:
        """Applies a filter and an order to a list; `selection` says which, once all of it is done."""
        count, after = 0, ""
        some: int
        next_page: str | None
        while True:
            some, next_page = await self._write(reselect, campaign, in_list, select, after, rows=PAGE)
            count += some
            if next_page is None:
                break
            after = next_page
        await self.stand_by(campaign, in_list, selection)
        return count

    def stand_by(self, campaign: str, in_list: str, selection: str) -> "Future[None]":
        return self._write(selected, campaign, in_list, selection)

    def selections(self, campaign: str) -> "Future[dict[str, str]]":
        """By list, the filter and order that its contacts stand by."""
        return self._read(selections_of, campaign)
