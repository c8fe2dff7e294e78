"""Checks on country packs, and on what campaigns ask of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from phonenumbers import SUPPORTED_REGIONS

from dialer.compliance.holding import STRICT, holding
from dialer.compliance.pack import Pack
from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration, Draft, Loaded
from dialer.config.faults import Fault
from dialer.config.needs import first, listed, unknown

AHEAD = ("power", "predictive")
"""Modes that call more people than there are agents free."""


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
        if campaign.whole:
            yield from key_faults(campaign, {name: loaded.model for name, loaded in draft.rules.items()})


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


def key_faults(loaded: Loaded[Campaign], packs: Mapping[str, Pack]) -> Iterator[Fault]:
    """Where packs that hold for certain want a key in the message of abandoned calls."""
    campaign, document = loaded.model, loaded.document
    named = [packs[name] for name in campaign.rules or () if name in packs]
    if lacking := _without_key(campaign, named):
        yield Fault(document.place(("abandon", "message"), key=True), _want_key(lacking),
                    'add `opt_out: {key: "9"}` to `abandon`, and say it in the message')


def _without_key(campaign: Campaign, packs: Iterable[Pack]) -> list[str]:
    """The packs that want one of a campaign which has none."""
    if campaign.mode not in AHEAD or campaign.abandon.opt_out is not None:
        return []
    wanted = ((pack.rules, pack.opt_out.purposes) for pack in packs if pack.opt_out is not None)
    return [name for name, purposes in wanted if purposes is None or campaign.purpose in purposes]


def _want_key(packs: Sequence[str]) -> str:
    return f"{listed(packs)} want{'s' if len(packs) == 1 else ''} a key in the message of abandoned calls"


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


def _may_hold(configuration: Configuration, campaign: Campaign) -> list[Pack]:
    """Of a campaign that names none: where its numbers' country is known, that country's."""
    found = holding(None, configuration.rules) if campaign.rules is None else ()
    return [pack for pack, reach in found if campaign.country is None or reach.covers(campaign.country)]


def warnings(configuration: Configuration) -> Iterator[str]:
    """What is allowed, and ought to be somebody's decision."""
    for name, campaign in configuration.campaigns.items():
        if campaign.rules == []:
            yield f"campaign `{name}` goes by no country's rules (`rules: []`): the operator answers for that"
        if lacking := _without_key(campaign, _may_hold(configuration, campaign)):
            yield f"campaign `{name}`: {_want_key(lacking)}; add `abandon: {{opt_out: {{key: \"9\"}}}}`"
    taken = {number for flow in configuration.flows.values() for number in flow.numbers}
    rotations = [(f"campaign `{name}`", campaign.caller_ids) for name, campaign in configuration.campaigns.items()]
    rotations += [(f"client `{name}`", client.caller_ids) for name, client in configuration.clients.items()]
    for whose, ids in rotations:
        for shown in ids.numbers if ids is not None else ():
            if shown.number not in taken:
                yield f"{whose} shows {shown.number}, but no flow answers those who call it back"
