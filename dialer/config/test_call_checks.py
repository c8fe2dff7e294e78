"""Test calls against the other files."""

from collections.abc import Iterator

from dialer.config.configuration import Draft, Loaded
from dialer.config.faults import Fault
from dialer.config.needs import listed, switch_names, unknown
from dialer.config.test_calls import TestCall


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
    if flow is not None and test.expect.node is not None and test.expect.node not in flow.nodes:
        yield from unknown(document, ("expect", "node"), "node", test.expect.node, flow.nodes)
    expected = test.expect.model_dump(exclude_none=True)
    for rule in test.weights:
        if rule not in expected:
            yield Fault(document.place(("weights", rule), key=True), f"`{rule}` has a weight, and is not expected",
                        f"add it to `expect`, or leave it out; expected: {listed(expected)}")
