"""What service a client, campaign, queue or agent had, from the store, by the rule of the client's contract."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dialer.bookkeeping import agreement_of
from dialer.config.configuration import Configuration
from dialer.config.models import Client
from dialer.quality.service import Rule, figures
from dialer.store.service import Scope, Whose
from dialer.store.store import Store
from dialer.web.quality_port import ServiceView


class NotKnownError(LookupError):
    """There is nobody of that name."""


def client_of(configuration: Configuration, whose: Whose, name: str) -> Client | None:
    """Whose contract and clock hold; None where several clients may be meant. Raises NotKnownError."""
    known = {"client": configuration.clients, "campaign": configuration.campaigns, "agent": configuration.agents}
    if whose in known and name not in known[whose]:
        raise NotKnownError(f"there is no {whose} `{name}`")
    if whose == "client":
        return configuration.clients[name]
    if whose == "campaign":
        return configuration.clients[configuration.campaigns[name].client]
    return None


def rule_of(client: Client | None, day: date) -> Rule:
    """The client's, with the contract's service level of that day, where it has one."""
    if client is None:
        return Rule()
    agreement = agreement_of(client)
    version = agreement.at(datetime.combine(day, time(12), agreement.zone).timestamp())
    level = version.service_level if version is not None else None
    rule = client.service.rule
    return rule if level is None else replace(rule, within_s=level.within, formula=level.formula)


async def service_report(
    store: Store, configuration: Configuration, whose: Whose, name: str, first: date | None, last: date | None,
    now: float, within_s: float | None = None, zone: str | None = None,
) -> ServiceView:
    """Days, the last included; left out, today, and the first for the last. `within_s` and `zone`: in place of the
    contract's and the client's. Raises NotKnownError, StoreError; ValueError for a last day before the first."""
    client = client_of(configuration, whose, name)
    info = ZoneInfo(zone or (client.timezone if client is not None else "UTC"))
    first = first or last or datetime.fromtimestamp(now, info).date()
    last = last or first
    if last < first:
        raise ValueError(f"{last} is before {first}")
    rule = rule_of(client, first)
    if within_s is not None:
        rule = replace(rule, within_s=within_s)
    since = datetime.combine(first, time(), info).timestamp()
    until = datetime.combine(last + timedelta(days=1), time(), info).timestamp()
    tally, beside = await store.service.read(Scope(whose, name, since, until), rule, now)
    found = figures(tally, beside)
    return ServiceView(whose, name, str(first), str(last), info.key, tally.calls, beside.tests, found)
