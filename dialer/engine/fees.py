"""What the month costs each client: held for who asks, held against budgets.

Rating runs in a process of its own (`fee_meter.py`), and what it found is taken here. A budget's alert goes out once a
threshold and month: the store remembers it, also over a restart.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dialer.billing.forecast import Fees as Found
from dialer.billing.months import month_at
from dialer.billing.parties import Budget
from dialer.store.invoices import BudgetAlert
from dialer.web.billing_port import FeeView, ForecastView, MonthBudgetView

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

REMEMBERED_S = 40 * 86_400.0
"""Longer than any month."""


class Fees:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._found: dict[str, Found] = {}
        self._alerts: list[BudgetAlert] = []
        self._pending: set[asyncio.Future[bool]] = set()

    async def inherit(self) -> None:
        """What went out before this engine began: until the first rating is through, it says who may not dial. Raises
        StoreError."""
        self._alerts = list(await self._engine.store.invoices.alerts(self._engine.clock.now() - REMEMBERED_S))

    # -- budgets ------------------------------------------------------------------------------------

    def stops_outbound(self, client: str) -> bool:
        """The fee so far has reached the budget of the month, and the client wants no more calls then."""
        config = self._engine.configuration.clients.get(client)
        if config is None or config.budget is None or config.budget.hard_stop is None:
            return False
        month = self._month(client)
        found = self._found.get(client)
        spent = [alert.net for alert in self._alerts if alert.client == client and alert.month == month]
        if found is not None and found.month == month:
            spent = [found.net]  # also less than before: a cancelled sale, a contract that was put right
        return any(net >= config.budget.month for net in spent)

    def take(self, found: Iterable[Found]) -> None:
        """What rating found; alerts go out, and campaigns that are held back or let go decide anew."""
        engine = self._engine
        for fees in found:
            client = engine.configuration.clients.get(fees.client)
            if client is None:
                continue
            self._found[fees.client] = fees
            if client.budget is not None:
                self._hold_against(client.budget, fees)
        for gone in self._found.keys() - engine.configuration.clients.keys():
            del self._found[gone]
        engine.post(engine.campaigns.kick_all)

    def _hold_against(self, budget: Budget, fees: Found) -> None:
        stop = {Decimal(1)} if budget.hard_stop else set()
        told = {alert.threshold for alert in self._alerts if (alert.client, alert.month) == (fees.client, fees.month)}
        for threshold in sorted({*budget.alert_at, *stop} - told):
            if fees.net >= threshold * budget.month:
                self._alert(BudgetAlert(fees.client, fees.month, threshold, self._engine.clock.now(), fees.net))

    def _alert(self, alert: BudgetAlert) -> None:
        self._alerts.append(alert)
        future = self._engine.store.invoices.alert(alert)
        self._pending.add(future)

        def written(done: "asyncio.Future[bool]") -> None:
            self._pending.discard(done)
            if done.cancelled():
                return
            if (error := done.exception()) is not None:
                self._alerts.remove(alert)  # it goes out at the next rating
                log.error("a budget's alert could not be stored: %s", error)
            elif done.result():
                log.warning("budget: %s of the month's are reached", f"{alert.threshold:.0%}",
                            extra={"client": alert.client, "month": alert.month, "net": str(alert.net)})
                self._engine.metrics.fees.alerted(alert.client)

        future.add_done_callback(written)

    def _month(self, client: str) -> str:
        zone = ZoneInfo(self._engine.configuration.clients[client].timezone)
        return str(month_at(self._engine.clock.now(), zone))

    # -- views --------------------------------------------------------------------------------------

    def views(self) -> Sequence[FeeView]:
        return [self._view(fees) for _, fees in sorted(self._found.items())]

    def _view(self, fees: Found) -> FeeView:
        client = self._engine.configuration.clients.get(fees.client)
        ahead = fees.forecast
        return FeeView(
            fees.client, fees.month, fees.currency, fees.at, format(fees.net, "f"),
            {term: format(amount, "f") for term, amount in fees.terms.items()},
            None if ahead is None else ForecastView(str(ahead.expected), str(ahead.low), str(ahead.high)),
            None if client is None or client.budget is None else self._budget(client.budget, fees),
        )

    def _budget(self, budget: Budget, fees: Found) -> MonthBudgetView:
        told = sorted(float(alert.threshold) for alert in self._alerts
                      if (alert.client, alert.month) == (fees.client, fees.month))
        return MonthBudgetView(str(budget.month), round(float(fees.net / budget.month), 6), tuple(told),
                          self.stops_outbound(fees.client))


