"""How a call was, for the API: from the store, so that it is the same after a restart."""

from datetime import date
from typing import TYPE_CHECKING

from dialer.service_report import NotKnownError, service_report
from dialer.store.errors import StoreError
from dialer.store.records import CallRecord
from dialer.web.port import RefusedError, UnknownError
from dialer.web.quality_port import CallQuality, ServiceView, Whose

if TYPE_CHECKING:
    from dialer.engine.core import Engine


class EngineQuality:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    async def of_call(self, call_id: str) -> CallQuality:
        store = self._engine.store
        try:
            record, legs = await store.call(call_id), await store.voice.of_call(call_id)
        except StoreError as error:
            raise RefusedError(f"the store cannot be read: {error}") from error
        if record is None:
            raise UnknownError(f"no call {call_id}")
        return CallQuality(
            call_id=record.id,
            outcome=record.outcome.value if record.outcome is not None else None,
            hung_up_by=record.hung_up_by,
            post_dial_delay_s=post_dial_delay_s(record),
            dead_air_s=max((leg.dead_air_s for leg in legs), default=None),
            legs=tuple(legs),
        )

    async def service(
        self, whose: Whose, name: str, first: date | None, last: date | None, within_s: float | None
    ) -> ServiceView:
        engine = self._engine
        try:
            return await service_report(
                engine.store, engine.configuration, whose, name, first, last, engine.clock.now(), within_s
            )
        except NotKnownError as error:
            raise UnknownError(str(error)) from error
        except StoreError as error:
            raise RefusedError(f"the store cannot be read: {error}") from error
        except ValueError as error:
            raise RefusedError(str(error)) from error


def post_dial_delay_s(record: CallRecord) -> float | None:
    heard_at = record.ringing_at if record.ringing_at is not None else record.answered_at
    if record.dialled_at is None or heard_at is None:
        return None
    return max(0.0, heard_at - record.dialled_at)
