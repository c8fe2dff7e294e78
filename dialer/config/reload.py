"""What a changed configuration changes, and what may not change while calls are up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dialer.config.configuration import Configuration
from dialer.config.document import Document
from dialer.config.faults import ConfigError, Fault
from dialer.flows.model import Flow

_RESTART = ("node", "store", "web", "fastagi", "audiosocket")
_SWITCH_RESTART = ("ami", "dial", "dial_agent", "sounds")
"""`channels` and `calls_per_second` of a switch may change; the rest is who it is."""
_LIVE = ("speech", "drain", "language")


@dataclass(frozen=True, slots=True)
class Difference:
    """Names of one kind of part."""

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def __str__(self) -> str:
        parts = (("added", self.added), ("removed", self.removed), ("changed", self.changed))
        return ", ".join(f"{word} {' '.join(sorted(names))}" for word, names in parts if names)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a reload takes over. A flow is among the changed when one of its recordings is."""

    clients: Difference
    agents: Difference
    hours: Difference
    rules: Difference
    campaigns: Difference
    flows: Difference
    switches: frozenset[str]
    """Those whose limits changed."""
    plant: frozenset[str]
    """`speech`, `drain`, `language`."""
    access: Difference = Difference()

    def __bool__(self) -> bool:
        return any(self.lines())

    def __str__(self) -> str:
        return "; ".join(self.lines()) or "nothing changed"

    def lines(self) -> list[str]:
        """For logs and people: `campaigns: added acme_spring`."""
        kinds = ("clients", "agents", "hours", "rules", "campaigns", "flows", "access")
        found = [f"{kind}: {getattr(self, kind)}" for kind in kinds if getattr(self, kind)]
        found += [f"switches: limits of {' '.join(sorted(self.switches))}"] if self.switches else []
        return found + ([f"plant: {' '.join(sorted(self.plant))}"] if self.plant else [])


def changes(old: Configuration, new: Configuration) -> Changes:
    """Raises ConfigError, with places in the new plant file, when something changed that needs a restart."""
    faults = list(_refused(old, new))
    if faults:
        raise ConfigError(faults)
    return Changes(
        clients=_difference(old.clients, new.clients),
        agents=_difference(old.agents, new.agents),
        hours=_difference(old.hours, new.hours),
        rules=_difference(old.rules, new.rules),
        campaigns=_difference(old.campaigns, new.campaigns),
        flows=_difference(_with_recordings(old), _with_recordings(new)),
        switches=frozenset(
            name for name, switch in new.plant.switches.items() if switch != old.plant.switches[name]
        ),
        plant=frozenset(key for key in _LIVE if getattr(old.plant, key) != getattr(new.plant, key)),
        access=_difference(*({holder.name: holder for holder in one.access or ()} for one in (old, new))),
    )


def _refused(old: Configuration, new: Configuration) -> Iterator[Fault]:
    document = new.plant_document
    for key in _RESTART:
        if getattr(old.plant, key) != getattr(new.plant, key):
            yield _fault(document, (key,), f"`{key}` changed")
    before, after = old.plant.switches, new.plant.switches
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield _fault(document, ("switches",), f"switch `{name}` is gone")
        elif name not in before:
            yield _fault(document, ("switches", name), f"switch `{name}` is new")
        else:
            for key in _SWITCH_RESTART:
                if getattr(before[name], key) != getattr(after[name], key):
                    yield _fault(document, ("switches", name, key), f"`{key}` of switch `{name}` changed")


def _fault(document: Document, loc: tuple[str, ...], wrong: str) -> Fault:
    return Fault(document.place(loc, key=True), wrong, "that needs a restart: take it back, or restart the engine")


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    return Difference(
        added=frozenset(new.keys() - old.keys()),
        removed=frozenset(old.keys() - new.keys()),
        changed=frozenset(name for name in old.keys() & new.keys() if old[name] != new[name]),
    )


def _with_recordings(configuration: Configuration) -> dict[str, tuple[Any, ...]]:
    return {
        name: (flow, tuple((key, configuration.prompts.get(key)) for key in _recordings(flow)))
        for name, flow in configuration.flows.items()
    }


def _recordings(flow: Flow) -> list[tuple[str, str]]:
    return [
        (prompt.name, language)
        for prompt in flow.prompts() if prompt.kind == "file" for language in prompt.languages
    ]
