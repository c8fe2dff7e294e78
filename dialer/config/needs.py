"""Checks that several files need: a name must exist, skills must be somebody's."""

from collections.abc import Iterable, Iterator, Sequence

from dialer.config.configuration import Draft
from dialer.config.document import Document
from dialer.config.faults import Fault, suggest
from dialer.config.models import Agent

Loc = Sequence[str | int]


def unknown(document: Document, loc: Loc, kind: str, name: str, known: Iterable[str]) -> Iterator[Fault]:
    names = set(known)
    if name not in names:
        many = kind in ("hours", "rules")
        wrong = f"there are no {kind} `{name}`" if many else f"there is no {kind} `{name}`"
        yield Fault(document.place(loc), wrong, suggest(name, names, kind if many else f"{kind}s"))


def switch_names(draft: Draft) -> list[str]:
    """Empty when they are not known for certain."""
    return list(draft.plant.model.switches) if draft.plant and draft.plant.whole else []


def staffed(
    draft: Draft, document: Document, loc: Loc, skills: Sequence[str], switches: Sequence[str] | None = None
) -> Iterator[Fault]:
    """Somebody must have all of these skills, on one of the switches."""
    if draft.agents is None or not draft.agents.whole:
        return
    everyone = draft.agents.model.agents.values()
    known = {skill for agent in everyone for skill in agent.skills}
    missing = [(index, skill) for index, skill in enumerate(skills) if skill not in known]
    for index, skill in missing:
        yield Fault(document.place((*loc, index)), f"no agent has the skill `{skill}`",
                    suggest(skill, known, "skills"))
    if not missing and not any(_fits(agent, skills, switches) for agent in everyone):
        where = f" on {listed(switches)}" if switches else ""
        yield Fault(document.place(loc), f"no agent{where} has all the skills {listed(skills)}",
                    "give them to an agent, or ask for fewer")


def _fits(agent: Agent, skills: Sequence[str], switches: Sequence[str] | None) -> bool:
    on_switch = switches is None or agent.switch is None or agent.switch in switches
    return on_switch and set(skills) <= set(agent.skills)


def texts(languages: Sequence[str]) -> str:
    """What to write where something is said: `{de: ..., en: ...}`."""
    return "{" + ", ".join(f"{language}: ..." for language in languages or [first(languages)]) + "}"


def first(languages: Sequence[str]) -> str:
    """A client's own language, where it is known."""
    return languages[0] if languages else "en"


def listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
