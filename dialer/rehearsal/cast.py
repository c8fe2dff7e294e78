"""Who takes part in a rehearsal: agents, contacts, and when it begins."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import phonenumbers

from dialer.campaigns.schedule import next_on
from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration
from dialer.config.models import Agent
from dialer.hours import next_opening
from dialer.rehearsal.exchange import MACHINE_TALK_S
from dialer.store.records import NewContact

SPARE = 1.5
"""Made-up contacts for so many times the dials that the agents could use."""
MOST = 1_000_000


def team(
    configuration: Configuration, campaigns: Sequence[Campaign], size: int, callers: Collection[str] = (),
    blended: int | None = None,
) -> dict[str, Agent]:
    """As many agents with the skills of all these campaigns; on the first switch that all of them dial over. So many
    of them, or all, have the skills that `callers` ask for as well. Raises ValueError."""
    skills = {skill for one in campaigns if one.agents for skill in one.agents.skills}
    allowed = [one.switches or list(configuration.plant.switches) for one in campaigns]
    switch = next((name for name in allowed[0] if all(name in each for each in allowed)), None)
    if switch is None:
        raise ValueError("the campaigns dial over no switch in common: they cannot share agents")
    def of(place: int) -> list[str]:
        both = skills.union(callers) if blended is None or place < blended else skills
        return sorted(both) or ["none"]

    return {f"sim{i:04}": Agent(name=f"Agent {i + 1}", phone=f"sim{i:04}", skills=of(i), switch=switch)
            for i in range(size)}  # fmt: skip


def made_up(campaign: Campaign, count: int, first: int = 0) -> list[NewContact]:
    """Contacts whose numbers follow one another, in the campaign's country. Raises ValueError for more than it has."""
    country = campaign.country or "DE"
    example = phonenumbers.example_number(country)
    digits = str(example.national_number) if example is not None else ""
    width = min(7, max(0, len(digits) - 3))
    if first + count > 10**width:
        raise ValueError(f"{first + count} contacts cannot be made up in {country}: at most {10**width}")
    head = f"+{example.country_code}{digits[:-width]}" if example is not None else "+49301"
    return [NewContact(f"{head}{place:0{width}}") for place in range(first, first + count)]


def enough(campaign: Campaign, agents: int, seconds: float) -> int:
    """So many contacts that the list does not end before the shift."""
    said = campaign.simulate
    if campaign.agents is None:
        return min(MOST, max(1000, int(seconds * (campaign.limits.calls_per_second or 1.0) * SPARE)))
    machines = 0.0 if campaign.machine.detect else said.machine  # an agent has hung up on one in no time
    answered = said.person + machines
    talk_s = (said.person * said.talk + machines * MACHINE_TALK_S) / max(0.02, answered)
    talks = agents * seconds / max(1.0, talk_s + min(said.wrap_up, campaign.agents.wrap_up))
    return min(MOST, max(200, int(SPARE * talks / max(0.02, answered))))


def next_shift(configuration: Configuration, campaign: Campaign, now: datetime) -> datetime:
    """The next working day, nine o'clock by the client's clock, or when the campaign's hours and schedule are on after
    that."""
    zone = ZoneInfo(configuration.clients[campaign.client].timezone)
    day = now.astimezone(zone).date() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    begin = datetime.combine(day, time(9), zone)
    hours = configuration.hours.get(campaign.hours or "")
    opening = (next_opening(hours, begin) if hours is not None else begin) or begin
    on = next_on(campaign.schedule, opening.timestamp()) if campaign.schedule is not None else None
    return datetime.fromtimestamp(on, UTC) if on is not None else opening.astimezone(UTC)


def mode_of(config: Campaign) -> str:
    """Its own, as `modes` are written."""
    return f"power:{config.ratio:g}" if config.mode == "power" and config.ratio is not None else config.mode


def modes(text: str) -> Iterator[str]:
    yield from (mode.strip() for mode in text.split(",") if mode.strip())
