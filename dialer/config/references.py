"""Checks between the files: what one names, another must have."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from zoneinfo import ZoneInfo, available_timezones

from phonenumbers import SUPPORTED_REGIONS

from dialer.config.campaign import Campaign
from dialer.config.configuration import Draft, Loaded
from dialer.config.contract_checks import contract_faults
from dialer.config.document import Document
from dialer.config.faults import Fault, near
from dialer.config.flow_checks import flow_faults
from dialer.config.list_checks import list_faults, retry_faults
from dialer.config.machine_checks import machine_faults
from dialer.config.needs import first, listed, staffed, switch_names, texts, unknown
from dialer.config.recording_checks import recording_faults
from dialer.config.rule_checks import rule_faults
from dialer.config.test_call_checks import test_call_faults

SHORTEST_RING_S = 5.0
LONGEST_RING_S = 120.0


def check(draft: Draft) -> Iterator[Fault]:
    yield from _plant(draft)
    yield from _agents(draft)
    yield from _clients_and_hours(draft)
    for campaign in draft.campaigns.values():
        yield from _campaign(draft, campaign)
    yield from rule_faults(draft)
    yield from contract_faults(draft)
    yield from flow_faults(draft)
    yield from test_call_faults(draft)
    yield from recording_faults(draft)


def _plant(draft: Draft) -> Iterator[Fault]:
    if draft.plant is None:
        return
    plant, document = draft.plant.model, draft.plant.document
    web = plant.web
    keyless = draft.access is None and not draft.env.get(web.token_env)
    if not _is_loopback(web.listen.host) and keyless:
        yield Fault(document.place(("web", "listen", "host")),
                    f"listens on `{web.listen.host}`, where others can reach it, without a token",
                    f"set the environment variable {web.token_env}, or listen on 127.0.0.1")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _agents(draft: Draft) -> Iterator[Fault]:
    if draft.agents is None:
        return
    document = draft.agents.document
    switches = set(switch_names(draft))
    phones: dict[tuple[str | None, str], str] = {}
    for name, agent in draft.agents.model.agents.items():
        loc = ("agents", name)
        if agent.switch is not None:
            if switches:
                yield from unknown(document, (*loc, "switch"), "switch", agent.switch, switches)
        elif len(switches) > 1 and draft.agents.whole:
            yield Fault(document.place(loc, key=True), f"agent `{name}` does not say on which switch its phone is",
                        f"add `switch:` with one of {listed(switches)}")
        holder = phones.setdefault((agent.switch, agent.phone), name)
        if holder != name:
            yield Fault(document.place((*loc, "phone")), f"phone `{agent.phone}` is also that of agent `{holder}`",
                        "every agent needs a phone of its own")


def _clients_and_hours(draft: Draft) -> Iterator[Fault]:
    timed: list[tuple[str, Document, tuple[str, ...]]] = [
        *((client.model.timezone, client.document, ()) for client in draft.clients.values()),
        *((hours.model.timezone, hours.document, ()) for hours in draft.hours.values()),
        *((schedule.timezone, one.document, ("schedule",)) for one in draft.campaigns.values()
          if (schedule := one.model.schedule) is not None),
    ]
    for zone, document, within in timed:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            close = near(zone, available_timezones())
            yield Fault(document.place((*within, "timezone")), f"there is no time zone `{zone}`",
                        f"did you mean `{close}`?" if close else "write an IANA name: Europe/Berlin")


def _campaign(draft: Draft, loaded: Loaded[Campaign]) -> Iterator[Fault]:
    campaign, document = loaded.model, loaded.document
    yield from unknown(document, ("client",), "client", campaign.client, draft.names["client"])
    if campaign.hours is not None:
        yield from unknown(document, ("hours",), "hours", campaign.hours, draft.names["hours"])
    if campaign.flow is not None:
        yield from unknown(document, ("flow",), "flow", campaign.flow, draft.names["flow"])
        yield from _flow_of_same_client(draft, loaded)
    if switches := switch_names(draft):
        for index, switch in enumerate(campaign.switches or ()):
            yield from unknown(document, ("switches", index), "switch", switch, switches)
    if campaign.agents is not None:
        yield from staffed(draft, document, ("agents", "skills"), campaign.agents.skills, campaign.switches)
    yield from _languages(draft, loaded)
    yield from machine_faults(draft, loaded)
    yield from _list(draft, loaded)
    yield from _sanity(loaded)
    if loaded.whole:
        client = draft.clients.get(campaign.client)
        yield from mode_faults(loaded, client.model.languages if client is not None and client.whole else ())


def _flow_of_same_client(draft: Draft, loaded: Loaded[Campaign]) -> Iterator[Fault]:
    flow = draft.flows.get(loaded.model.flow or "")
    if flow is None or loaded.model.client not in draft.names["client"]:
        return
    if flow.model.client != loaded.model.client:
        yield Fault(loaded.document.place(("flow",)),
                    f"flow `{flow.model.flow}` belongs to client `{flow.model.client}`",
                    f"name a flow of `{loaded.model.client}`")


def _languages(draft: Draft, loaded: Loaded[Campaign]) -> Iterator[Fault]:
    campaign, document = loaded.model, loaded.document
    client = draft.clients.get(campaign.client)
    if client is None or not client.whole:
        return
    spoken = client.model.languages
    if campaign.language is not None and campaign.language not in spoken:
        yield Fault(document.place(("language",)),
                    f"`{campaign.language}` is not among the languages of `{campaign.client}`",
                    f"one of {listed(spoken)}")
    for language in campaign.abandon.message:
        if language not in spoken:
            yield Fault(document.place(("abandon", "message", language), key=True),
                        f"`{language}` is not among the languages of `{campaign.client}`",
                        f"one of {listed(spoken)}")
    language = campaign.language or spoken[0]
    if loaded.whole and campaign.abandon.message and language not in campaign.abandon.message:
        yield Fault(document.place(("abandon", "message")),
                    f"no message in the campaign's language `{language}`", f"add `{language}: ...`")


def _list(draft: Draft, loaded: Loaded[Campaign]) -> Iterator[Fault]:
    campaign, document = loaded.model, loaded.document
    yield from list_faults(draft, loaded)
    if campaign.country is not None and campaign.country not in SUPPORTED_REGIONS:
        yield Fault(document.place(("country",)), f"there is no country `{campaign.country}`",
                    "write the two letters of ISO 3166: DE, GB")


def mode_faults(loaded: Loaded[Campaign], spoken: Sequence[str] = ()) -> Iterator[Fault]:
    """What of a campaign does not go with its mode. `spoken`: its client's languages, for the advice."""
    campaign, document = loaded.model, loaded.document
    if campaign.mode == "agentless":
        if campaign.flow is None:
            yield Fault(document.place(("mode",)), "an agentless campaign without a flow has nothing to say",
                        "add `flow:` with what an answered person hears")
        if campaign.agents is not None:
            yield Fault(document.place(("agents",), key=True), "an agentless campaign has no agents",
                        "leave `agents` out, or choose another mode")
        if campaign.dispositions:
            yield Fault(document.place(("dispositions",), key=True), "nobody gives dispositions without agents",
                        "leave `dispositions` out")
    elif campaign.agents is None:
        yield Fault(document.place(("mode",), key=True), f"a {campaign.mode} campaign needs agents",
                    "add `agents: {skills: [...]}`")
    if campaign.ratio is not None and campaign.mode != "power":
        yield Fault(document.place(("ratio",), key=True), f"a {campaign.mode} campaign has no fixed ratio",
                    "leave `ratio` out, or choose `mode: power`")
    if campaign.mode in ("power", "predictive") and not campaign.abandon.message:
        yield Fault(document.place(("mode",)),
                    f"a {campaign.mode} campaign will abandon some people, and has nothing to say to them",
                    f"add `abandon: {{message: {texts([campaign.language or first(spoken)])}}}` with who called")
    if "machine" in campaign.retry and not campaign.machine.detect:
        yield Fault(document.place(("retry", "machine"), key=True), "machines are not detected, so never retried",
                    "add `machine: {detect: true}`, or leave this rule out")


def _sanity(loaded: Loaded[Campaign]) -> Iterator[Fault]:
    campaign, document = loaded.model, loaded.document
    if not SHORTEST_RING_S <= campaign.ring_timeout <= LONGEST_RING_S:
        yield Fault(document.place(("ring_timeout",)), f"rings for {campaign.ring_timeout:g} s",
                    f"between {SHORTEST_RING_S:g}s and {LONGEST_RING_S:g}s")
    yield from retry_faults(loaded)
