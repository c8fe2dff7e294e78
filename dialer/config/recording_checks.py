"""Recording and sampling against the other files."""

from collections.abc import Iterator

from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration, Draft, Loaded
from dialer.config.document import Document
from dialer.config.faults import Fault
from dialer.config.models import Client
from dialer.config.needs import Loc, listed, unknown
from dialer.config.recording import RecordingTerms
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
    for flow in draft.flows.values():
        for loc, terms in of_flow(flow.model):
            yield from _terms(draft, flow.document, loc, terms, flow.model.languages if flow.whole else ())


def _terms(
    draft: Draft, document: Document, loc: Loc, terms: RecordingTerms, spoken: "tuple[str, ...] | list[str]"
) -> Iterator[Fault]:
    if terms.announce and (missing := [language for language in spoken if language not in terms.announce]):
        yield Fault(document.place((*loc, "announce")), f"nothing is said in {listed(missing)}",
                    f"add `{missing[0]}: ...`: every language that is spoken needs it")
    if terms.share:
        yield from _directories(draft, document, loc, None)


def _outbound(draft: Draft, loaded: Loaded[Campaign], terms: RecordingTerms) -> Iterator[Fault]:
    document = loaded.document
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
                    "add `recordings: {read: /var/spool/asterisk/dialer}` to it in configs/plant.yaml")


def _sample(draft: Draft, document: Document, sample: Sample) -> Iterator[Fault]:
    yield from unknown(document, ("sample", "card"), "score card", sample.card, draft.names["card"])


def _dispositions(loaded: Loaded[Campaign], sample: Sample) -> Iterator[Fault]:
    for index, code in enumerate(sample.dispositions or ()):
        yield from unknown(loaded.document, ("sample", "dispositions", index), "disposition", code,
                           loaded.model.dispositions)
