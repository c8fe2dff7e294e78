"""Checks on country packs, and on what campaigns ask of them."""

from collections.abc import Iterator

from phonenumbers import SUPPORTED_REGIONS

from dialer.compliance.holding import STRICT, holding
from dialer.compliance.pack import Pack
from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration, Draft, Loaded
from dialer.config.faults import Fault
from dialer.config.needs import first, listed, unknown


def rule_faults(draft: Draft) -> Iterator[Fault]:
    held: dict[str, str] = {}
    for name, loaded in draft.rules.items():
        for index, country in enumerate(loaded.model.countries):
            place = loaded.document.place(("countries", index))
            if country not in SUPPORTED_REGIONS:
                yield Fault(place, f"there is no country `{country}`", "write the two letters of ISO 3166: DE, GB")
            elif (holder := held.setdefault(country, name)) != name:
                yield Fault(place, f"`{country}` is also a country of `{holder}`", "a country belongs to one pack")
    for campaign in draft.campaigns.values():
        yield from _campaign(draft, campaign)
        yield from _opt_out(draft, campaign)


def _campaign(draft: Draft, loaded: Loaded[Campaign]) -> Iterator[Fault]:
    campaign, document = loaded.model, loaded.document
    if campaign.abandon.clock == "greeting" and not campaign.machine.detect:
        yield Fault(document.place(("abandon", "clock")), "nobody listens for the end of the greeting",
                    "add `machine: {detect: true}`, or write `clock: answer`")
    if campaign.rules is None:
        if loaded.whole and STRICT not in draft.names["rules"]:
            yield Fault(document.place(()), "goes by the rules of each number's country, but there is no "
                        "configs/rules/strict.yaml for countries without",
                        "add that file, or say `rules: [...]`")
        return
    for index, name in enumerate(campaign.rules):
        yield from unknown(document, ("rules", index), "rules", name, draft.names["rules"])
        if (pack := draft.rules.get(name)) is None:
            continue
        if campaign.ring_timeout < pack.model.least_ring:
            yield Fault(document.place(("ring_timeout",)), f"`{name}` lets it ring longer",
                        f"at least {pack.model.least_ring:g}s")
        for rule in pack.model.abandon.values():
            if campaign.abandon.connect_within > rule.connect_within:
                yield Fault(document.place(("abandon", "connect_within")), f"`{name}` calls that abandoned",
                            f"at most {rule.connect_within:g}s")
            if campaign.abandon.clock == "greeting" and rule.counted_from == "answer":
                yield Fault(document.place(("abandon", "clock")), f"`{name}` counts from the answer",
                            "write `clock: answer`, or leave it out")


def _opt_out(draft: Draft, loaded: Loaded[Campaign]) -> Iterator[Fault]:
    campaign, document = loaded.model, loaded.document
    opt_out, client = campaign.abandon.opt_out, draft.clients.get(campaign.client)
    if opt_out is None:
        return
    place = ("abandon", "opt_out")
    spoken = client.model.languages if client is not None and client.whole else ()
    if loaded.whole and not campaign.abandon.message:
        yield Fault(document.place(place, key=True), "a key, but no message that says so",
                    f"add `message: {{{campaign.language or first(spoken)}: ... {opt_out.key} ...}}` that says it")
    if not spoken:
        return
    for language in opt_out.confirm:
        if language not in spoken:
            yield Fault(document.place((*place, "confirm", language), key=True),
                        f"`{language}` is not among the languages of `{campaign.client}`", f"one of {listed(spoken)}")
    language = campaign.language or spoken[0]
    if loaded.whole and opt_out.confirm and language not in opt_out.confirm:
        yield Fault(document.place((*place, "confirm")), f"no text in the campaign's language `{language}`",
                    f"add `{language}: ...`")


def _packs(configuration: Configuration, campaign: Campaign) -> list[Pack]:
    """Those that hold for numbers of the country of its lists."""
    return [pack for pack, reach in holding(campaign.rules, configuration.rules) if reach.covers(campaign.country)]


def warnings(configuration: Configuration) -> Iterator[str]:
    """What is allowed, and ought to be somebody's decision."""
    for name, campaign in configuration.campaigns.items():
        if campaign.rules == []:
            yield f"campaign `{name}` goes by no country's rules (`rules: []`): the operator answers for that"
        if campaign.mode in ("power", "predictive") and campaign.abandon.opt_out is None:
            for pack in _packs(configuration, campaign):
                if pack.opt_out:
                    yield (f"campaign `{name}`: `{pack.rules}` wants a key in the message of abandoned calls; add "
                           "`abandon: {opt_out: {key: \"9\"}}`")
    taken = {number for flow in configuration.flows.values() for number in flow.numbers}
    rotations = [(f"campaign `{name}`", campaign.caller_ids) for name, campaign in configuration.campaigns.items()]
    rotations += [(f"client `{name}`", client.caller_ids) for name, client in configuration.clients.items()]
    for whose, ids in rotations:
        for shown in ids.numbers if ids is not None else ():
            if shown.number not in taken:
                yield f"{whose} shows {shown.number}, but no flow answers those who call it back"
