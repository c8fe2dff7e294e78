"""Contacts that rules have refused, asked about again because the rules have changed: a page of the campaign at a time,
so that no claim waits for a list of a million."""

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dialer.store.queries import Transaction, one_by_one
from dialer.store.schema import contacts, refusals

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable

    Ask = Callable[..., Future[Any]]

PAGE = 2000

_IN_PAGE = (contacts.c.campaign == sa.bindparam("in_campaign"), contacts.c.number > sa.bindparam("after"),
            sa.or_(sa.bindparam("last", type_=sa.String).is_(None), contacts.c.number <= sa.bindparam("last")))
_LAST = (
    sa.select(contacts.c.number).where(*_IN_PAGE[:2]).order_by(contacts.c.number)
    .offset(sa.bindparam("most", type_=sa.Integer)).limit(1)
)
_REFUSED = refusals.c.contact_id == contacts.c.id
_PUT_OFF = (
    sa.update(contacts)
    .where(*_IN_PAGE, contacts.c.state.in_(("waiting", "callback")), contacts.c.next_at > sa.bindparam("now"),
           sa.exists().where(_REFUSED, refusals.c.until == contacts.c.next_at))
    .values(next_at=sa.bindparam("now"))
    .execution_options(preserve_rowcount=True, synchronize_session=False)
)
_ENDED = (
    sa.update(contacts)
    .where(*_IN_PAGE, contacts.c.state == "done",
           sa.exists().where(_REFUSED, refusals.c.until.is_(None), refusals.c.rule == contacts.c.result,
                             refusals.c.rule.not_like("do_not_call.%")))
    .values(state="waiting", next_at=sa.bindparam("now"), result=None)
    .returning(contacts.c.list)
)


@one_by_one
def reprieve(tx: Transaction, campaign: str, now: float, after: str) -> tuple[int, str | None]:
    """How many of the page are due again, and where the next page begins; None at the end. A contact that a do-not-call
    list ended stays so: no rule of a file put it there."""
    where: dict[str, Any] = {"in_campaign": campaign, "after": after}
    last: str | None = tx.connection.execute(_LAST, where | {"most": PAGE - 1}).scalar()
    where |= {"last": last, "now": now}
    count: int = tx.connection.execute(_PUT_OFF, where).rowcount
    for in_list in tx.connection.execute(_ENDED, where).scalars().all():
        tx.count_contacts(campaign, in_list, "done", "waiting")
        count += 1
    return count, last


class Reprieves:
    """`Store.reprieves`."""

    def __init__(self, write: "Ask") -> None:
        self._write = write

    async def grant(self, campaign: str, now: float) -> int:
        """Whom a rule put off or ended is due at once; how many. The gate is asked about each again."""
        count = 0
        after: str | None = ""
        while after is not None:
            some: int
            some, after = await self._write(reprieve, campaign, now, after, rows=PAGE)
            count += some
        return count
