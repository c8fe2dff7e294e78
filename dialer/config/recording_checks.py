"""Recording and sampling against the other files."""

import math
from collections.abc import Iterator
from typing import Any

from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration, Draft, Loaded
from dialer.config.document import Document
from dialer.config.faults import Fault
from dialer.config.models import Client
from dialer.config.needs import Loc, listed, texts, unknown
from dialer.config.recording import DAY_S, RecordingTerms
from dialer.config.score_cards import Sample
from dialer.flows.model import Flow
from dialer.flows.nodes.queue import Queue


def of_flow(flow: Flow) -> Iterator[tuple[Loc, RecordingTerms]]:
    if flow.recording is not None:
        yield ("recording",), flow.recording
    for name, node in flow.nodes.items():
        if isinstance(node, Queue) and node.queue.recording is not None:
            yield ("nodes", name, "queue", "recording"), node.queue.recording


def all_terms(configuration: Configuration) -> Iterator[RecordingTerms]:
    owners: list[Client | Campaign] = [*configuration.clients.values(), *configuration.campaigns.values()]
    yield from (owner.recording for owner in owners if owner.recording is not None)
    for flow in configuration.flows.values():
        yield from (terms for _, terms in of_flow(flow))


def recording_faults(draft: Draft) -> Iterator[Fault]:
    for client in draft.clients.values():
        if client.model.recording is not None:
            spoken = client.model.languages if client.whole else ()
            yield from _terms(draft, client.document, ("recording",), client.model.recording, spoken)
        if client.model.sample is not None:
            yield from _sample(draft, client.document, client.model.sample)
    for campaign in draft.campaigns.values():
        if campaign.model.recording is not None:
            yield from _outbound(draft, campaign, campaign.model.recording)
        if campaign.model.sample is not None:
            yield from _sample(draft, campaign.document, campaign.model.sample)
            yield from _dispositions(campaign, campaign.model.sample)
    yield from _sampled(draft)
    yield from _kept(draft)
    for flow in draft.flows.values():
        for loc, terms in of_flow(flow.model):
            yield from _terms(draft, flow.document, loc, terms, flow.model.languages if flow.whole else ())


def _terms(
    draft: Draft, document: Document, loc: Loc, terms: RecordingTerms, spoken: "tuple[str, ...] | list[str]"
) -> Iterator[Fault]:
    if (terms.agree or terms.object) and not terms.announce:
        yield Fault(document.place(loc, key=True), "a key, and nobody is told of it",
                    f"add `announce: {texts(spoken)}` to it")
    elif terms.share and not (terms.announce or terms.told_otherwise):
        yield Fault(document.place(loc, key=True), "nobody would know of it",
                    f"add `announce: {texts(spoken)}` to it, or `consent: true` where customers have agreed otherwise, "
                    "or record `sound: agent`")
    if terms.announce and (missing := [language for language in spoken if language not in terms.announce]):
        yield Fault(document.place((*loc, "announce")), f"nothing is said in {listed(missing)}",
                    f"add `{missing[0]}: ...`: every language that is spoken needs it")
    if terms.share:
        yield from _directories(draft, document, loc, None)


def _outbound(draft: Draft, loaded: Loaded[Campaign], terms: RecordingTerms) -> Iterator[Fault]:
    document = loaded.document
    if (terms.agree or terms.object) and not terms.announce:
        yield Fault(document.place(("recording",), key=True), "a key, and nobody is told of it",
                    "leave it out: outbound there is no announcement")
    if terms.share and not terms.told_otherwise:
        yield Fault(document.place(("recording",), key=True), "a called person is not told by an announcement",
                    "add `consent: true` where the persons called have agreed, or record `sound: agent`")
    if terms.share:
        yield from _directories(draft, document, ("recording",), loaded.model.switches)


def _directories(draft: Draft, document: Document, loc: Loc, names: list[str] | None) -> Iterator[Fault]:
    """Every switch that may record needs to know where to."""
    if draft.plant is None or not draft.plant.whole:
        return
    switches = draft.plant.model.switches
    lacking = [name for name in names or switches if name in switches and switches[name].recordings is None]
    if lacking:
        yield Fault(document.place(loc, key=True), f"switch {listed(lacking)} has no place for recordings",
                    "add `recordings: {read: /var/lib/dialer/talks}` to it in configs/plant.yaml")


def _sampled(draft: Draft) -> Iterator[Fault]:
    """A sample needs something to be drawn from."""
    flows, campaigns = draft.flows.values(), draft.campaigns.values()
    files: list[Loaded[Any]] = [*draft.clients.values(), *flows, *campaigns]
    if not all(one.whole for one in files):
        return
    recorded = {client for client, loaded in draft.clients.items() if _records(loaded.model.recording)}
    by_flows = {one.model.client for one in flows if any(_records(terms) for _, terms in of_flow(one.model))}
    own = {one.model.campaign for one in campaigns if _records(one.model.recording)}
    by_campaigns = {one.model.client for one in campaigns if one.model.campaign in own}
    for name, client in draft.clients.items():
        if client.model.sample is not None and name not in recorded | by_flows | by_campaigns:
            yield _unrecorded(client.document)
    for campaign in campaigns:
        of, whose = campaign.model, draft.clients.get(campaign.model.client)
        by_client = of.recording is None and whose is not None and _records(whose.model.recording, outbound=True)
        if of.sample is not None and not (of.campaign in own or by_client or of.client in by_flows):
            yield _unrecorded(campaign.document)


def _records(terms: RecordingTerms | None, outbound: bool = False) -> bool:
    return terms is not None and terms.share > 0 and (terms.told_otherwise or not outbound)


def _unrecorded(document: Document) -> Fault:
    return Fault(document.place(("sample",), key=True), "nothing is recorded that could be drawn",
                 "add `recording: {...}`, or leave `sample` out")


def _kept(draft: Draft) -> Iterator[Fault]:
    """What is gone before its part of the sample is over is not drawn: the sample would be of the last days alone."""
    for name, client in draft.clients.items():
        if client.model.sample is not None:
            yield from _too_short(client.document, ("recording",), client.model.recording, client.model.sample)
            for flow in (flow for flow in draft.flows.values() if flow.model.client == name):
                for loc, terms in of_flow(flow.model):
                    yield from _too_short(flow.document, loc, terms, client.model.sample)
    for campaign in draft.campaigns.values():
        whose = draft.clients.get(campaign.model.client)
        sample = campaign.model.sample or (whose.model.sample if whose is not None else None)
        if sample is not None:
            yield from _too_short(campaign.document, ("recording",), campaign.model.recording, sample)


def _too_short(document: Document, loc: Loc, terms: RecordingTerms | None, sample: Sample) -> Iterator[Fault]:
    days = math.ceil({"week": 7, "month": 31}[sample.per] / sample.per_agent)
    if terms is not None and terms.share and terms.keep < days * DAY_S:
        yield Fault(document.place((*loc, "keep")), "it is deleted before the sample is drawn from it",
                    f"`{days}d` or longer, and the time to listen to it: a part of the {sample.per} is over by then")


def _sample(draft: Draft, document: Document, sample: Sample) -> Iterator[Fault]:
    yield from unknown(document, ("sample", "card"), "score card", sample.card, draft.names["card"])


def _dispositions(loaded: Loaded[Campaign], sample: Sample) -> Iterator[Fault]:
    for index, code in enumerate(sample.dispositions or ()):
        yield from unknown(loaded.document, ("sample", "dispositions", index), "disposition", code,
                           loaded.model.dispositions)
