"""Test calls against the other files."""

from collections.abc import Iterator

from dialer.config.configuration import Draft, Loaded
from dialer.config.document import Document
from dialer.config.faults import Fault, suggest
from dialer.config.needs import listed, switch_names, unknown
from dialer.config.test_calls import TestCall
from dialer.flows.fields import Recorded
from dialer.flows.model import Flow
from dialer.flows.nodes.queue import Queue

LONGEST_KEY_S = 1.0
"""More than a key takes, with the silence after it."""
INBOUND = {"answered", "abandoned", "failed", "lost", "self_served", "left", "forwarded", "closed", "overloaded"}
"""Outcomes that a call to one of our numbers may have."""


def test_call_faults(draft: Draft) -> Iterator[Fault]:
    for loaded in draft.test_calls.values():
        yield from _faults(draft, loaded)


def _faults(draft: Draft, loaded: Loaded[TestCall]) -> Iterator[Fault]:
    test, document = loaded.model, loaded.document
    yield from unknown(document, ("client",), "client", test.client, draft.names["client"])
    switches = set(switch_names(draft))
    if test.switch is not None and switches:
        yield from unknown(document, ("switch",), "switch", test.switch, switches)
    elif len(switches) > 1 and loaded.whole:
        yield Fault(document.place(("test",), key=True), "does not say over which switch it is placed",
                    f"add `switch:` with one of {listed(switches)}")
    flow = next((one.model for one in draft.flows.values() if test.number in one.model.numbers), None)
    whole = all(one.whole for one in draft.flows.values()) and len(draft.flows) == len(draft.names["flow"])
    if flow is None and whole:
        yield Fault(document.place(("number",)), f"no flow answers `{test.number}`",
                    f"dial one of the numbers of `{test.client}`: a test call has to come back")
    elif flow is not None and flow.client != test.client and {flow.client, test.client} <= draft.names["client"]:
        yield Fault(document.place(("number",)), f"`{test.number}` is a number of client `{flow.client}`",
                    f"dial one of the numbers of `{test.client}`")
    yield from _expected(draft, loaded, flow if whole and flow is not None and flow.client == test.client else None)
    expected = test.expect.model_dump(exclude_none=True)
    for rule in test.weights:
        if rule not in expected:
            yield Fault(document.place(("weights", rule), key=True), f"`{rule}` has a weight, and is not expected",
                        f"add it to `expect`, or leave it out; expected: {listed(expected)}")
    yield from _said(draft, loaded)
    yield from _heard(draft, loaded, flow)


def _expected(draft: Draft, loaded: Loaded[TestCall], flow: Flow | None) -> Iterator[Fault]:
    """What cannot come about, for there is nothing of that name."""
    expect, document = loaded.model.expect, loaded.document
    if flow is not None:
        for key, known in (("node", set(flow.nodes)), ("queue", set(_queues(flow))),
                           ("language", set(flow.languages))):
            if (name := getattr(expect, key)) is not None:
                yield from unknown(document, ("expect", key), key, name, known)
    if expect.outcome is not None:
        yield from unknown(document, ("expect", "outcome"), "outcome", expect.outcome, INBOUND)
    if expect.agent_skill is not None:
        yield from _skilled(draft, document, expect.agent_skill)


def _skilled(draft: Draft, document: Document, skill: str) -> Iterator[Fault]:
    if draft.agents is not None and draft.agents.whole:
        known = {one for agent in draft.agents.model.agents.values() for one in agent.skills}
        if skill not in known:
            yield Fault(document.place(("expect", "agent_skill")), f"no agent has the skill `{skill}`",
                        suggest(skill, known, "skills"))


def _queues(flow: Flow) -> Iterator[str]:
    return (node.queue.name or f"{flow.flow}_{name}" for name, node in flow.nodes.items() if isinstance(node, Queue))


def _said(draft: Draft, loaded: Loaded[TestCall]) -> Iterator[Fault]:
    """A recording that its own side plays must be there, in the language that it speaks."""
    test, document = loaded.model, loaded.document
    client = draft.clients.get(test.client)
    if client is None:
        return
    language = test.speaks(client.model.languages[0])
    for index, step in enumerate(test.script):
        if isinstance(step.say, Recorded) and (step.say.stem, language) not in draft.prompts:
            yield Fault(document.place(("script", index, "say")), f"there is no {step.say.name}.{language}.wav",
                        f"record it as ivr_flows/{step.say.name}.{language}.wav")


def _heard(draft: Draft, loaded: Loaded[TestCall], flow: Flow | None) -> Iterator[Fault]:
    test, document = loaded.model, loaded.document
    wanted = test.expect.hears or ()
    if wanted and draft.plant is not None and draft.plant.whole:
        switches = draft.plant.model.switches
        name = test.switch or next(iter(switches))
        if name in switches and switches[name].recordings is None:
            yield Fault(document.place(("expect", "hears"), key=True), f"nothing can be recorded over switch `{name}`",
                        "add `recordings: {read: /var/lib/dialer/talks}` to it in plant.yaml")
    lasts_s = _lasts_s(test)
    for index, heard in enumerate(wanted):
        at = ("expect", "hears", index)
        if lasts_s is not None and heard.from_ >= lasts_s:
            yield Fault(document.place((*at, "from")), f"by then it has hung up, {lasts_s:g} s after the answer",
                        "listen earlier, or have it stay longer: `stays`")
        if heard.prompt is None or flow is None:
            continue
        if heard.language is not None and heard.language not in flow.languages:
            yield from unknown(document, (*at, "language"), "language", heard.language, flow.languages)
        elif heard.prompt.startswith("prompts/"):
            stem = heard.prompt.removeprefix("prompts/")
            if stem not in {name for name, _ in draft.prompts}:
                yield Fault(document.place((*at, "prompt")), f"there is no recording `{stem}`",
                            suggest(stem, (name for name, _ in draft.prompts), "recordings"))
        elif heard.prompt not in flow.nodes:
            yield from unknown(document, (*at, "prompt"), "node", heard.prompt, flow.nodes)
        elif next(flow.nodes[heard.prompt].prompts(), None) is None:
            yield Fault(document.place((*at, "prompt")), f"node `{heard.prompt}` says nothing",
                        f"name one that does: {listed(_speaking(flow))}")


def _lasts_s(test: TestCall) -> float | None:
    """From the answer to its own hang-up, at the longest; None where it says something, which lasts as it lasts."""
    if any(step.say is not None for step in test.script):
        return None
    keys = sum(len(step.press or "") for step in test.script)
    return sum(step.wait or 0.0 for step in test.script) + keys * LONGEST_KEY_S + test.stays


def _speaking(flow: Flow) -> list[str]:
    return [name for name, node in flow.nodes.items() if next(node.prompts(), None) is not None]
