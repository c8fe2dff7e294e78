"""Which campaigns run out of contacts, and when: told once in the log, and all the time to the API and the metrics."""

import logging
from typing import TYPE_CHECKING

from dialer.campaigns.exhaustion import Pace, is_low, left
from dialer.store.records import CampaignTotals

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)


class Exhaustion:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._paces: dict[str, Pace] = {}
        self._low: dict[str, bool] = {}
        self._lasts: dict[str, float | None] = {}

    def note(self, totals: CampaignTotals) -> None:
        """The campaign's totals as they were just read."""
        name, run = totals.campaign, self._engine.campaigns.runs.get(totals.campaign)
        if run is None:
            return
        pace = self._paces.setdefault(name, Pace())
        pace.note(self._engine.clock.now(), totals.contacts.get("done", 0))
        lasts = self._lasts[name] = pace.lasts_s(totals.contacts)
        low = is_low(run.config.alert_below, totals.contacts, lasts)
        if low and not self._low.get(name):
            how_long = "" if lasts is None else f", for {lasts / 60:.0f} minutes"
            log.warning("%d contacts are left%s", left(totals.contacts), how_long, extra={"campaign": name})
        self._low[name] = low

    def lasts_s(self, campaign: str) -> float | None:
        return self._lasts.get(campaign)

    def is_low(self, campaign: str) -> bool:
        return self._low.get(campaign, False)
