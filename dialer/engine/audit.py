"""Who gave which order: `web/audit_port.AuditTrail`."""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dialer.store.audit import AuditRow
from dialer.store.errors import StoreError
from dialer.web.audit_port import AuditView, Order
from dialer.web.door import parts_of
from dialer.web.port import RefusedError

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)


class EngineAudit:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    def note(self, order: Order) -> None:
        now = self._engine.clock.now()
        row = AuditRow(now, order.who, order.operation, order.named, order.told, order.origin)
        self._engine.store.audit.note(row).add_done_callback(_written)

    async def listed(self, since: float, until: float, by: str | None) -> Sequence[AuditView]:
        try:
            rows = await self._engine.store.audit.found(since, until, by)
        except StoreError as error:
            raise RefusedError(f"the store cannot be read: {error}") from error
        return [AuditView(row.at, *parts_of(row.who), row.operation, row.named, row.told, row.origin) for row in rows]


def _written(done: "asyncio.Future[None]") -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.error("who gave an order could not be stored: %s", error)
