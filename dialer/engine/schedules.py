"""Campaigns that start and pause by their schedules.

A change of the schedule counts when it is younger than the campaign's last change of status: who pauses by hand has a
pause until the next window begins, who starts out of the hours until the next one ends, and what the engine slept
through is made up for. A campaign that was stopped stays so until somebody starts it.
"""

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dialer.campaigns.schedule import DAYS, is_on, last_change, next_change
from dialer.config.schedule import Schedule
from dialer.engine.run import Run, Status
from dialer.hours import closes_in

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

SCHEDULE = "schedule"
GOING = ("running", "exhausted")
SEEN_S = DAYS * 86_400.0
"""How far back changes are found."""
SHUT_S = 60.0
"""How far ahead the end of opening hours is looked for: about as long as it rings."""


class Schedules:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._since: dict[str, float] = {}
        """By campaign: when its status last changed, as far back as the store tells. Only these are looked after."""
        self._looked: dict[str, tuple[Schedule, int]] = {}
        """By campaign: the minute in which nothing was to be done."""

    def begin(self, name: str, saved: tuple[str, float] | None) -> str:
        """What a campaign with a schedule begins with: as it was when the engine stopped, and what came since."""
        schedule, now = self._engine.campaigns.runs[name].config.schedule, self._engine.clock.now()
        assert schedule is not None
        self._since[name] = now
        if saved is None:
            return "running" if is_on(schedule, now) else "paused"
        status, since = saved
        if since < now - SEEN_S and status in GOING and last_change(schedule, now) is None and not is_on(schedule, now):
            return "paused"  # its end was slept through, and is too long ago to be found
        return self._wanted(schedule, status, since, now) or status

    def noted(self, name: str) -> None:
        """Its status has changed just now, whoever did it."""
        self._since[name] = self._engine.clock.now()
        self._looked.pop(name, None)

    def tick(self) -> None:
        now = self._engine.clock.now()
        for name, run in self._engine.campaigns.runs.items():
            schedule = run.config.schedule
            if schedule is None or name not in self._since:
                continue
            looked = (schedule, int(now // 60))
            if self._looked.get(name) == looked:
                continue
            wanted = self._wanted(schedule, run.status, self._since[name], now)
            self._looked[name] = looked
            if wanted is not None and not (wanted == "running" and self._engine.draining):
                self._engine.campaigns.set_status(name, wanted)
                run.reason = SCHEDULE if wanted == "paused" else run.reason
                log.info("by its schedule: %s", wanted, extra={"campaign": name})

    def _wanted(self, schedule: Schedule, status: str, since: float, now: float) -> Status | None:
        """The status that the schedule asks for; None: as it is."""
        if status in ("stopped", "draining"):
            return None
        change = last_change(schedule, now)
        if change is None or change.at <= since:
            return None
        if change.on:
            return "running" if status in ("paused", "exhausted") else None
        return "paused" if status in GOING else None

    def closes_in(self, run: Run, now: float) -> float | None:
        """Seconds until the schedule pauses the campaign or its hours close, whichever is first; None: not within an
        hour by a schedule, nor within a minute by hours."""
        bounds = [bound for bound in (self._pauses_in(run, now), self._shuts_in(run, now)) if bound is not None]
        return min(bounds, default=None)

    def _shuts_in(self, run: Run, now: float) -> float | None:
        hours = self._engine.configuration.hours.get(run.config.hours or "")
        return None if hours is None else closes_in(hours, datetime.fromtimestamp(now, UTC), SHUT_S)

    def _pauses_in(self, run: Run, now: float) -> float | None:
        if run.config.schedule is None:
            return None
        change = next_change(run.config.schedule, now) if is_on(run.config.schedule, now) else None
        return change.at - now if change is not None and change.at - now <= 3600.0 else None
