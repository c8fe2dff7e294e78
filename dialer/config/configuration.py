"""A whole configuration that passed every check, and the draft it grows from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from dialer.compliance.pack import Pack
from dialer.config.access import Access, Holder
from dialer.config.caller_ids import CallerIds
from dialer.config.campaign import Campaign
from dialer.config.document import Document
from dialer.config.models import Agent, Agents, Client, Hours, Plant
from dialer.config.score_cards import ScoreCard
from dialer.config.test_calls import TestCall
from dialer.flows.model import Flow

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recording:
    """A sound file as it was when the configuration was read."""

    path: Path
    size_bytes: int
    changed_ns: int


Prompts = Mapping[tuple[str, str], Recording]
"""Recorded prompts, `ivr_flows/prompts/NAME.LANGUAGE.wav` by (NAME, language)."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything by name. References between its parts hold; names in `configs/` are safe in paths and labels."""

    root: Path
    plant: Plant
    clients: Mapping[str, Client]
    agents: Mapping[str, Agent]
    hours: Mapping[str, Hours]
    rules: Mapping[str, Pack]
    campaigns: Mapping[str, Campaign]
    flows: Mapping[str, Flow]
    prompts: Prompts
    digest: str
    """Of every file read: equal digests, equal configurations."""
    plant_document: Document = field(repr=False, compare=False)
    """Where the plant's values stand, for a reload's refusal."""
    test_calls: Mapping[str, TestCall] = field(default_factory=dict)
    score_cards: Mapping[str, ScoreCard] = field(default_factory=dict)
    access: tuple[Holder, ...] | None = None
    """Who may use the API beside the operator; None without `configs/access.yaml`."""

    def flow_for(self, number: str) -> Flow | None:
        """The flow that answers this number of ours."""
        return next((flow for flow in self.flows.values() if number in flow.numbers), None)

    def list_path(self, campaign: Campaign) -> Path | None:
        return None if campaign.contacts is None else self.root / "configs" / campaign.contacts

    def list_paths(self, campaign: Campaign) -> Mapping[str, Path]:
        """By the list's name."""
        return {source.name: self.root / "configs" / source.file for source in campaign.sources}

    def caller_id(self, campaign: Campaign) -> str:
        return campaign.caller_id or self.clients[campaign.client].caller_id

    def shown(self, campaign: Campaign) -> CallerIds | None:
        """Numbers in rotation; None where but one is shown."""
        if campaign.caller_ids is not None or campaign.caller_id is not None:
            return campaign.caller_ids
        client = self.clients.get(campaign.client)  # gone with its campaign, whose last calls are on their way
        return client.caller_ids if client is not None else None

    def language(self, campaign: Campaign) -> str:
        return campaign.language or self.clients[campaign.client].languages[0]

    def switch_of(self, agent: str) -> str:
        """An agent's Asterisk: named, or the only one."""
        return self.agents[agent].switch or next(iter(self.plant.switches))


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """A file that could be read. When it has faults, the model is what is left without them, and `whole` is False:
    then nothing may be concluded from what is not there."""

    model: T
    document: Document
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Draft:
    """What could be read so far, for the checks between files."""

    root: Path
    env: Mapping[str, str]
    plant: Loaded[Plant] | None
    agents: Loaded[Agents] | None
    clients: Mapping[str, Loaded[Client]]
    hours: Mapping[str, Loaded[Hours]]
    rules: Mapping[str, Loaded[Pack]]
    campaigns: Mapping[str, Loaded[Campaign]]
    flows: Mapping[str, Loaded[Flow]]
    prompts: Prompts
    names: Mapping[str, frozenset[str]]
    """By kind (client, hours, rules, campaign, flow): every name there is, of faulty files too, so that one fault in a
    file does not make every reference to it another."""
    test_calls: Mapping[str, Loaded[TestCall]] = field(default_factory=dict)
    score_cards: Mapping[str, Loaded[ScoreCard]] = field(default_factory=dict)
    access: Loaded[Access] | None = None
