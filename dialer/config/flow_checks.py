"""Checks of the flows against the rest of the configuration."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from dialer.config.configuration import Draft, Loaded
from dialer.config.faults import Fault, near, suggest
from dialer.config.needs import listed, staffed, unknown
from dialer.config.scalars import NAME_PATTERN
from dialer.flows.expressions import Template
from dialer.flows.fields import Loc
from dialer.flows.model import Flow, FlowReference, PromptUse


def flow_faults(draft: Draft) -> Iterator[Fault]:
    yield from _numbers(draft)
    for loaded in draft.flows.values():
        flow, document = loaded.model, loaded.document
        for reference in flow.references():
            yield from _reference(draft, loaded, reference)
        yield from _skills(draft, loaded)
        for prompt in flow.prompts():
            yield from _prompt(draft, loaded, prompt)
        for node in _unreachable(loaded):
            yield Fault(document.place(("nodes", node), key=True), f"no way leads to node `{node}`",
                        "name it in another node, or remove it")
        for loc, wrong, right in flow.faults() if loaded.whole else ():
            yield Fault(document.place(loc), wrong, right)


def _numbers(draft: Draft) -> Iterator[Fault]:
    """A number of ours leads to one flow."""
    holders: dict[str, str] = {}
    for loaded in draft.flows.values():
        flow = loaded.model
        for index, number in enumerate(flow.numbers):
            if number in holders:
                other = "this flow" if holders[number] == flow.flow else f"flow `{holders[number]}`"
                yield Fault(loaded.document.place(("numbers", index)), f"number {number} is already that of {other}",
                            "a number leads to one flow")
            holders.setdefault(number, flow.flow)


def _reference(draft: Draft, loaded: Loaded[Flow], reference: FlowReference) -> Iterator[Fault]:
    document, (loc, kind, name) = loaded.document, reference
    match kind:
        case "client" | "hours":
            yield from unknown(document, loc, kind, name, draft.names[kind])
        case "node":
            yield from unknown(document, loc, kind, name, document.keys("nodes"))
        case "language":
            client = draft.clients.get(loaded.model.client)
            if client is not None and client.whole and name not in client.model.languages:
                yield Fault(document.place(loc), f"`{name}` is not among the languages of `{client.model.client}`",
                            f"one of {listed(client.model.languages)}")


def _skills(draft: Draft, loaded: Loaded[Flow]) -> Iterator[Fault]:
    """Every line has somebody in every language, as far as can be known before a call."""
    lines: dict[Loc, list[Template]] = {}
    for loc, value in loaded.model.leaves():
        if isinstance(value, Template) and loc[-2:-1] == ("skills",):
            lines.setdefault(loc[:-1], []).append(value)
    for loc, skills in lines.items():
        if any(skill.names - {"language"} for skill in skills):
            continue
        for language in loaded.model.languages:
            needed = [skill.render({"language": language}).lower() for skill in skills]
            yield from staffed(draft, loaded.document, loc, needed)


def _unreachable(loaded: Loaded[Flow]) -> Sequence[str]:
    """Nodes that no way leads to. Where the file has faults, or names nodes that there are not, any text that looks
    like a node's name is taken for a way: a misspelt exit is one fault and not two."""
    flow, nodes = loaded.model, loaded.document.value["nodes"]
    dangling = any(kind == "node" and name not in nodes for _, kind, name in flow.references())
    if loaded.whole and not dangling:
        return flow.unreachable()
    ahead, found = [str(flow.start)], set[str]()
    while ahead:
        name = ahead.pop()
        meant = name if name in nodes else near(name, nodes)
        if meant is not None and meant not in found:
            found.add(meant)
            ahead += _texts(nodes[meant])
    return [name for name in nodes if name not in found] if found else []


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str() if re.fullmatch(NAME_PATTERN, value, re.IGNORECASE):
            yield value
        case dict():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)


def _prompt(draft: Draft, loaded: Loaded[Flow], prompt: PromptUse) -> Iterator[Fault]:
    place = loaded.document.place(prompt.loc)
    if prompt.kind == "text":
        absent = _absent(prompt.languages, prompt.given) if loaded.whole else []
        if absent:
            yield Fault(place, f"no text in {listed(absent)}", f"add {', '.join(f'`{one}: ...`' for one in absent)}")
        return
    there = [language for name, language in draft.prompts if name == prompt.name]
    if not there:
        yield Fault(place, f"there is no recording `prompts/{prompt.name}`",
                    suggest(prompt.name, (name for name, _ in draft.prompts), "recordings"))
        return
    absent = _absent(prompt.languages, there)
    if absent:
        files = ", ".join(f"ivr_flows/prompts/{prompt.name}.{language}.wav" for language in absent)
        yield Fault(place, f"recording `prompts/{prompt.name}` is missing in {listed(absent)}", f"add {files}")


def _absent(needed: Sequence[str], given: Sequence[str]) -> list[str]:
    return [language for language in needed if language not in given]
