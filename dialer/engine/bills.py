"""What is asked of the engine about money: `web/billing_port.Billing`."""

from collections.abc import Awaitable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from dialer.store.errors import StoreError
from dialer.web.billing_port import FeeView, SaleView
from dialer.web.port import RefusedError, UnknownError

if TYPE_CHECKING:
    from dialer.engine.core import Engine


class EngineBilling:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    def fees(self) -> Sequence[FeeView]:
        return self._engine.fees.views()

    async def record_sale(self, call_id: str, amount: Decimal, sale_id: str | None) -> SaleView:
        sale_id = sale_id or f"{call_id}.1"
        await self._known(call_id)
        if sale_id == call_id:
            raise RefusedError("a sale's id cannot be the call's: that one is what the disposition told")
        await _done(self._engine.store.books.record_sale(sale_id, call_id, self._engine.clock.now(), amount))
        return SaleView(sale_id)

    async def cancel_sale(self, call_id: str, sale_id: str) -> None:
        await self._known(call_id)
        books, now = self._engine.store.books, self._engine.clock.now()
        sold = await books.sale(sale_id)
        if sale_id != call_id and (sold is None or sold.call_id != call_id):
            raise UnknownError(f"call {call_id} has no sale {sale_id}")
        await _done(books.cancel_sale(sale_id, now))

    async def save_score(self, call_id: str, score: Decimal) -> None:
        await self._known(call_id)
        await _done(self._engine.store.books.save_score(call_id, self._engine.clock.now(), score))

    async def _known(self, call_id: str) -> None:
        if await self._engine.store.call(call_id) is None:
            raise UnknownError(f"no call {call_id}")


async def _done(written: Awaitable[None]) -> None:
    try:
        await written
    except StoreError as error:
        raise RefusedError(str(error)) from error
