"""`dialer flow graph` and `dialer flow test`: they read the configuration. Exit codes: 0 fine, 1 a test failed, 2 bad
configuration or usage."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from dialer.config.configuration import Configuration
from dialer.config.document import read
from dialer.config.explain import explain
from dialer.config.faults import ConfigError, Fault, suggest
from dialer.config.loader import load
from dialer.flows.graph import dot, mermaid, warnings
from dialer.flows.offline import FlowTests, bare_world, run


def draw(root: Path, plant: Path | None, name: str, form: Literal["dot", "mermaid"] = "dot") -> int:
    """Print the drawing of a flow; what looks wrong in it goes to stderr."""
    try:
        flows = load(root, os.environ, plant).flows
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    flow = flows.get(name)
    if flow is None:
        print(f"no flow `{name}`; {suggest(name, flows, 'flows')}", file=sys.stderr)
        return 2
    print(dot(flow) if form == "dot" else mermaid(flow), end="")
    for warning in warnings(flow):
        print(f"warning: {warning}", file=sys.stderr)
    return 0


def run_tests(root: Path, plant: Path | None = None) -> int:
    """Run every test in `ivr_flows/tests/`."""
    try:
        configuration = load(root, os.environ, plant)
        files = list(_files(root, configuration))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    failed = passed = 0
    for path, tests in files:
        for name, wrong in _results(tests, configuration):
            failed, passed = failed + bool(wrong), passed + (not wrong)
            print(f"{'FAILED' if wrong else 'ok    '} {path.name}: {name}")
            for line in wrong:
                print(f"         {line}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _files(root: Path, configuration: Configuration) -> Iterator[tuple[Path, FlowTests]]:
    """Raises ConfigError with every fault of every file."""
    faults: list[Fault] = []
    found: list[tuple[Path, FlowTests]] = []
    for path in sorted((root / "ivr_flows" / "tests").glob("*.yaml")):
        document = read(path)
        faults += document.faults
        if document.faults:
            continue
        try:
            tests = FlowTests.model_validate(document.value)
        except ValidationError as error:
            faults += explain(error, FlowTests, document)
            continue
        if tests.flow not in configuration.flows:
            faults.append(Fault(document.place(("flow",)), f"no flow `{tests.flow}`",
                                suggest(tests.flow, configuration.flows, "flows")))
        found.append((path, tests))
    if faults:
        raise ConfigError(faults)
    yield from found


def _results(tests: FlowTests, configuration: Configuration) -> Iterator[tuple[str, list[str]]]:
    flow = configuration.flows[tests.flow]
    clients = configuration.clients
    world = bare_world(configuration.hours, {name: client.caller_id for name, client in clients.items()})
    zone = ZoneInfo(clients[flow.client].timezone)
    for one in tests.tests:
        yield one.test, run(one, flow, world, zone)
