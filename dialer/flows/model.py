"""A flow as an operator writes it (`ivr_flows/NAME.yaml`), and what can be known of it before a call comes."""

import difflib
from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from dialer.config.recording import RecordingTerms
from dialer.config.scalars import E164, Count, Model, Name
from dialer.config.scalars import Language as Tongue
from dialer.config.simulate import Callers
from dialer.flows.expressions import Expression, Template
from dialer.flows.fields import (
    EVERY,
    HoursName,
    LanguageName,
    Loc,
    NodeName,
    Recorded,
    Spoken,
    VariableName,
    walk,
)
from dialer.flows.node import AnyNode, Node
from dialer.flows.session import BUILT_IN, OUTSIDE

Target = Literal["client", "node", "hours", "language", "skill"]


class FlowReference(NamedTuple):
    """Something that must exist: a client, a node of this flow, hours, a language of the client, a skill."""

    loc: Loc
    kind: Target
    name: str


class PromptUse(NamedTuple):
    """A prompt and the languages it is needed in. `name` is a file's stem (`menu`) or a text in its first language;
    `given` are the languages a text stands there in (a file's are on disk: NAME.LANGUAGE.wav)."""

    loc: Loc
    kind: Literal["text", "file"]
    name: str
    languages: tuple[str, ...]
    given: tuple[str, ...] = ()


class FlowFault(NamedTuple):
    loc: Loc
    wrong: str
    right: str


class Flow(Model):
    """`ivr_flows/NAME.yaml`."""

    flow: Name
    """The file's own name, without `.yaml`."""
    client: Name
    """Whose calls these are: its number is shown, its contract pays."""
    numbers: list[E164] = Field(default_factory=list)
    """Calls to these come to this flow. One that is only used by campaigns has none."""
    languages: Annotated[list[Tongue], Field(min_length=1)]
    """Every text must be there in each; the first is spoken until another is chosen."""
    start: NodeName
    """The first node."""
    nodes: Annotated[dict[Name, AnyNode], Field(min_length=1)]
    """The steps: each is a mapping, and the key that is the name of a kind says which."""
    music: Name = "default"
    """The switch's class of music that is heard while waiting."""
    max_calls: Count | None = None
    """At most so many calls at once; the next is refused for overload."""
    recording: RecordingTerms | None = None
    """Of the talks that its queues lead to; left out, the client's. See [recordings](recordings.md)."""
    simulate: Callers = Callers()
    """The callers of `dialer simulate --inbound`: see [simulation](simulation.md)."""

    def reachable(self) -> set[str]:
        found: set[str] = set()
        ahead = [str(self.start)]
        while ahead:
            name = ahead.pop()
            if name in found or name not in self.nodes:
                continue
            found.add(name)
            ahead += [target for _, target in self.nodes[name].exits()]
        return found

    def unreachable(self) -> list[str]:
        found = self.reachable()
        return [name for name in self.nodes if name not in found]

    def leaves(self) -> Iterator[tuple[Loc, object]]:
        for name, node in self.nodes.items():
            yield from walk(node, ("nodes", name))

    def references(self) -> Iterator[FlowReference]:
        yield FlowReference(("client",), "client", self.client)
        yield FlowReference(("start",), "node", self.start)
        for index, language in enumerate(self.languages):
            yield FlowReference(("languages", index), "language", language)
        for loc, value in self.leaves():
            if isinstance(value, NodeName):
                yield FlowReference(loc, "node", value)
            elif isinstance(value, HoursName):
                yield FlowReference(loc, "hours", value)
            elif isinstance(value, Template) and loc[-2:-1] == ("skills",):
                yield from (FlowReference(loc, "skill", skill) for skill in self._skills(value))

    def _skills(self, skill: Template) -> list[str]:
        """What a skill can come to be: nothing is known where it depends on more than the language."""
        if skill.names - {"language"}:
            return []
        return list(dict.fromkeys(skill.render({"language": language}).lower() for language in self.languages))

    def prompts(self) -> Iterator[PromptUse]:
        for name, node in self.nodes.items():
            for inner, prompt in node.prompts():
                loc, languages = ("nodes", name, *inner), tuple(self.languages)
                if isinstance(prompt, Recorded):
                    yield PromptUse(loc, "file", prompt.stem, languages)
                elif EVERY not in prompt.texts:
                    given = tuple(prompt.texts)
                    yield PromptUse(loc, "text", prompt.texts[given[0]], languages, given)

    def spoken(self) -> Iterator[tuple[str, str]]:
        """Every (language, text) that must be rendered."""
        for node in self.nodes.values():
            for _, prompt in node.prompts():
                if isinstance(prompt, Spoken):
                    for language in self.languages:
                        if text := prompt.text(language):
                            yield language, text

    def faults(self) -> Iterator[FlowFault]:
        """What is wrong within the flow itself, beyond what `references`, `unreachable` and `prompts` tell."""
        assigned = {str(value) for _, value in self.leaves() if isinstance(value, VariableName)}
        known = sorted(assigned | set(BUILT_IN))
        for loc, value in self.leaves():
            if isinstance(value, Expression | Template):
                for name in sorted(value.names):
                    if name not in known and not name.startswith(OUTSIDE):
                        yield FlowFault(loc, f"variable `{name}` is never set", _near(name, known))
            elif isinstance(value, VariableName) and value in BUILT_IN:
                yield FlowFault(loc, f"`{value}` cannot be set", "choose another name")
            elif isinstance(value, LanguageName) and value not in self.languages:
                yield FlowFault(loc, f"`{value}` is not among the flow's languages", _near(value, self.languages))


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"


__all__ = ["Flow", "FlowFault", "FlowReference", "Node", "PromptUse"]
