"""What of a campaign may be changed while it runs, beside its file: checked as in the file, kept until the file says
something new. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field

from dialer.compliance.pack import Pack
from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration, Loaded
from dialer.config.document import Document
from dialer.config.models import PerSecond
from dialer.config.modes import Mode
from dialer.config.references import mode_faults
from dialer.config.rule_checks import key_faults
from dialer.config.scalars import Count, Model, Rate
from dialer.store.records import Override

Values = Mapping[str, Any]
"""By key, a dot between its parts: `mode`, `limits.channels`."""


class LimitsChange(Model):
    channels: Count | None = None
    """`null`: no limit."""
    calls_per_second: PerSecond | None = None


class AbandonChange(Model):
    max: Rate


class Changes(Model):
    """Only what stands here is changed."""

    mode: Mode | None = None
    ratio: Annotated[float, Field(ge=1, le=5)] | None = None
    limits: LimitsChange | None = None
    abandon: AbandonChange | None = None
    share: Annotated[float, Field(gt=0, le=1000)] | None = None
    priority: Annotated[int, Field(strict=True, ge=-100, le=100)] | None = None

    def values(self) -> dict[str, Any]:
        return dict(_flat(self.model_dump(exclude_unset=True)))


KEYS = ("mode", "ratio", "limits.channels", "limits.calls_per_second", "abandon.max", "share", "priority")
_MAY_BE_NONE = {"ratio", "limits.channels", "limits.calls_per_second"}


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def value_of(campaign: Campaign, key: str) -> str:
    """As JSON."""
    value: Any = campaign
    for part in key.split("."):
        value = getattr(value, part)
    return json.dumps(value)


def changed(campaign: Campaign, values: Values) -> Campaign:
    update: dict[str, Any] = {key: value for key, value in values.items() if "." not in key}
    if update.get("mode", "power") != "power":
        update.setdefault("ratio", None)  # the file's belongs to the file's mode
    for part in ("limits", "abandon"):
        inner = {key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{part}.")}
        if inner:
            update[part] = getattr(campaign, part).model_copy(update=inner)
    return campaign.model_copy(update=update)


def faults(
    campaign: Campaign, values: Values, spoken: Sequence[str] = (), packs: Mapping[str, Pack] = MappingProxyType({}),
) -> list[str]:
    """What is wrong with the campaign as it would be, and what would be right. `spoken`: its client's languages."""
    empty = [key for key, value in values.items() if value is None and key not in _MAY_BE_NONE]
    if empty:
        return [f"`{key}` cannot be nothing; reset it to have the file's value" for key in empty]
    loaded = Loaded(changed(campaign, values), Document(campaign.campaign, None))
    found = (*mode_faults(loaded, spoken), *key_faults(loaded, packs))
    return [f"{fault.wrong}; {fault.right}" for fault in found]


def applied(configuration: Configuration, overrides: Mapping[str, Mapping[str, Override]]) -> Configuration:
    """The configuration as it is in force."""
    campaigns = {
        name: changed(campaign, {key: json.loads(one.value) for key, one in overrides[name].items()})
        if overrides.get(name) else campaign
        for name, campaign in configuration.campaigns.items()
    }  # fmt: skip
    return replace(configuration, campaigns=campaigns)


def stale(configuration: Configuration, overrides: Mapping[str, Mapping[str, Override]]) -> list[Override]:
    """Those whose campaign is gone, whose file says something new, or with which the campaign would be wrong."""
    found: list[Override] = []
    for name, by_key in overrides.items():
        campaign = configuration.campaigns.get(name)
        if campaign is None:
            found += by_key.values()
            continue
        old = [one for key, one in by_key.items() if value_of(campaign, key) != one.was]
        kept = {key: json.loads(one.value) for key, one in by_key.items() if one not in old}
        found += by_key.values() if faults(campaign, kept, packs=configuration.rules) else old
    return found
