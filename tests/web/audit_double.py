"""Who gave which order, for tests of the edge."""

from collections.abc import Sequence

from dialer.web.audit_port import AuditView, Order
from dialer.web.door import parts_of


class Trail:
    def __init__(self) -> None:
        self.orders: list[Order] = []

    def note(self, order: Order) -> None:
        self.orders.append(order)

    async def listed(self, since: float, until: float, by: str | None) -> Sequence[AuditView]:
        return [AuditView(since, *parts_of(one.who), one.operation, one.named, one.told, one.origin)
                for one in self.orders if by in (None, *parts_of(one.who))]
