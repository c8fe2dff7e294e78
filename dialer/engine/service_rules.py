"""By which rule a call's service counts: its client's, of the day on which it began."""

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dialer.config.models import Client
from dialer.quality.service import Rule
from dialer.service_report import rule_of
from dialer.store.records import CallRecord

if TYPE_CHECKING:
    from dialer.engine.core import Engine


class ServiceRules:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._found: dict[str, tuple[Client, date, Rule]] = {}
        """By client, the last one asked for."""

    def of(self, record: CallRecord) -> Rule:
        client = self._engine.configuration.clients.get(record.client)
        if client is None:  # it left the configuration with a call on the way
            return Rule()
        day = datetime.fromtimestamp(record.created_at, ZoneInfo(client.timezone)).date()
        known = self._found.get(record.client)
        if known is None or known[0] is not client or known[1] != day:
            known = self._found[record.client] = (client, day, rule_of(client, day))
        return known[2]
