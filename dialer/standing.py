"""Whether a campaign dials just now, why not, and when it can again: by its files, the store's last word on it, and the
running engine where one answers. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from dialer.billing.months import month_at
from dialer.campaigns.schedule import is_on, next_on
from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration
from dialer.hours import is_open, next_opening

WORDS: Mapping[str, str] = {
    "no_agent": "no agent with its skills is at work",
    "no_idle_agent": "none of its agents is free",
    "people_waiting": "its free agents go to people who wait on the line",
    "no_free_channel": "no channel is free on the switches that it may dial over",
    "campaign_channels": "its own `limits.channels` are all in use",
    "rate_limit": "its `limits.calls_per_second`, or the switch's, are used up for this second",
    "enough_in_the_air": "enough calls ring for the agents who will be free",
    "abandon_budget": "its budget of abandoned calls is spent: only with an agent held for each dial",
    "share": "its agents' turn is that of the campaigns which share them",
    "nothing_due": "nobody of it is due",
}
"""What the engine's reasons mean, as far as they keep a campaign from dialling."""
_DIALS = ("running", "exhausted")


@dataclass(frozen=True, slots=True)
class Standing:
    told: Sequence[str]
    until: float | None
    """Nobody is dialled before, as far as a clock tells."""


def standing(
    configuration: Configuration, campaign: Campaign, status: str | None, live: Mapping[str, Any] | None, now: float
) -> Standing:
    """`status`: as last stored. `live`: as the engine shows the campaign, empty where it does not; None where no engine
    answers."""
    status = live["status"] if live else status
    told, bounds = [], []
    for line, until in _held_back(configuration, campaign, status, live, now):
        told.append(line)
        bounds += [until] if until is not None else []
    return Standing(told, max(bounds, default=None))


def _held_back(
    configuration: Configuration, campaign: Campaign, status: str | None, live: Mapping[str, Any] | None, now: float
) -> Iterator[tuple[str, float | None]]:
    """Each thing that keeps it from dialling, with the moment when that ends, where there is one."""
    if status not in _DIALS:
        yield _stands(campaign, status, now)
    hours = configuration.hours.get(campaign.hours or "")
    when = datetime.fromtimestamp(now, UTC)
    if hours is not None and not is_open(hours, when):
        opening = next_opening(hours, when)
        at = None if opening is None else opening.timestamp()
        yield f"the campaign's hours `{hours.hours}` are closed{_until(at, hours.timezone)}", at
    mode = live["mode"] if live else campaign.mode
    if mode == "manual":
        yield "the campaign dials nobody by itself (`mode: manual`): an agent does", None
    if live is None and status in _DIALS:
        yield "no engine answers: nobody is dialled while none runs", None
    elif live:
        yield from _at_work(configuration, campaign, live, now)


def _stands(campaign: Campaign, status: str | None, now: float) -> tuple[str, float | None]:
    schedule, line = campaign.schedule, f"the campaign is {status or 'not started yet'}"
    if schedule is None or status not in (None, "paused") or is_on(schedule, now):
        return line, None
    at = next_on(schedule, now)
    return f"{line} by its schedule{_until(at, schedule.timezone)}", at


def _at_work(
    configuration: Configuration, campaign: Campaign, live: Mapping[str, Any], now: float
) -> Iterator[tuple[str, float | None]]:
    reason = live["reason"]
    if live["status"] not in _DIALS or reason in ("closed", "by_hand", "dialling"):
        pass  # said already, or nothing to say
    elif reason == "budget":
        zone = configuration.clients[campaign.client].timezone
        at = datetime.combine(month_at(now, ZoneInfo(zone)).next.first, time(), ZoneInfo(zone)).timestamp()
        yield f"the client's budget of the month is spent (`hard_stop`){_until(at, zone)}, or until it is raised", at
    elif reason in WORDS:
        yield f"the campaign does not dial more just now: {WORDS[reason]}", None
    elif "." in reason or reason.startswith("cap_"):
        yield f"of those who came due last, the rule {reason} refused all", None
    for budget in live["budgets"]:
        if budget["left"] < 1 and budget["abandoned"]:
            rule = f"{budget['rule']} ({budget['window']})"
            yield f"by {rule} no more may be abandoned: {budget['abandoned']:g} of {budget['answered']:g} were", None


def _until(at: float | None, zone: str) -> str:
    if at is None:
        return " for good"
    return f" until {datetime.fromtimestamp(at, ZoneInfo(zone)):%a %Y-%m-%d %H:%M} {zone}"
