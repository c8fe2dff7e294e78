"""The numbers in rotation at work: what is known of each, kept in the store, and told to the choice of the next."""

import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dialer.calls.outcome import Outcome
from dialer.campaigns.caller_ids import DAYS, Choice, weighed
from dialer.config.campaign import Campaign
from dialer.engine.live import LiveCall
from dialer.store.errors import StoreError
from dialer.store.shown import ShownDay
from dialer.web.person_port import ShownView

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

PEOPLE = (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.LEFT)


@dataclass(slots=True)
class _Client:
    """By number, then by day: (dials, answered)."""

    days: dict[str, dict[date, tuple[int, int]]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, number: str, day: date, dials: int, answered: int) -> None:
        before = self.days[number].get(day, (0, 0))
        self.days[number][day] = before[0] + dials, before[1] + answered


class ShownNumbers:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._clients: dict[str, _Client] = {}

    async def refresh(self) -> None:
        """What this node and others have written. Calls that are not on disk yet are counted again by the next look."""
        configuration = self._engine.configuration
        clients = {campaign.client for campaign in configuration.campaigns.values() if configuration.shown(campaign)}
        for client in clients:
            since = (self._today(client) - timedelta(days=DAYS)).isoformat()
            try:
                rows = await self._engine.store.shown.days(client, since)
            except StoreError as error:
                log.warning("how often numbers were shown is not known: %s", error)
                continue
            fresh, known = _Client(), self._clients.get(client, _Client())
            for row in rows:
                fresh.add(row.number, date.fromisoformat(row.day), row.dials, row.answered)
            for number, days in known.days.items():
                for day, (dials, answered) in days.items():  # never less than is known here: writes may be on their way
                    there = fresh.days[number].get(day, (0, 0))
                    fresh.days[number][day] = max(there[0], dials), max(there[1], answered)
            self._clients[client] = fresh

    def choice(self, config: Campaign) -> Choice | None:
        """For one claim. None: there is but one number to show."""
        ids = self._engine.configuration.shown(config)
        if ids is None:
            return None
        today, zone = self._today(config.client), self._zone(config.client)
        known = self._clients.get(config.client, _Client())
        seen = {
            number: weighed([((today - day).days, *counts) for day, counts in days.items()])
            for number, days in known.days.items()
        }
        tomorrow = datetime.combine(today + timedelta(days=1), time(), zone).timestamp()
        runs = self._engine.campaigns.runs.values()
        pending = sum(run.claiming for run in runs if run.config.client == config.client)
        return Choice(ids, self._engine.clock.now(), tomorrow, seen, pending)

    def view(self, client: str) -> list[ShownView]:
        today, known = self._today(client), self._clients.get(client, _Client())
        return [
            ShownView(number, sum(dials for dials, _ in days.values()), sum(answered for _, answered in days.values()),
                      days.get(today, (0, 0))[0])
            for number, days in sorted(known.days.items())
        ]  # fmt: skip

    def dialled(self, live: LiveCall) -> None:
        self._count(live, dials=1, answered=0)

    def settled(self, live: LiveCall, outcome: Outcome) -> None:
        if outcome in PEOPLE and live.call.plan.direction == "outbound":
            self._count(live, dials=0, answered=1)

    def _count(self, live: LiveCall, dials: int, answered: int) -> None:
        seed = live.seed
        if live.campaign is None or self._engine.configuration.shown(live.campaign) is None:
            return
        day = datetime.fromtimestamp(seed.created_at, self._zone(seed.client)).date()
        self._clients.setdefault(seed.client, _Client()).add(seed.our_number, day, dials, answered)
        self._engine.store.shown.add(ShownDay(seed.client, seed.our_number, day.isoformat(), dials, answered))

    def _zone(self, client: str) -> ZoneInfo:
        found = self._engine.configuration.clients.get(client)
        return ZoneInfo(found.timezone if found is not None else "UTC")

    def _today(self, client: str) -> date:
        return datetime.fromtimestamp(self._engine.clock.now(), UTC).astimezone(self._zone(client)).date()
