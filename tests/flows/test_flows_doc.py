"""The examples in docs/flows.md hold."""

import textwrap
from pathlib import Path
from zoneinfo import ZoneInfo

from flow_samples import WORLD

from dialer.config.document import parse
from dialer.flows.expressions import Expression
from dialer.flows.model import Flow
from dialer.flows.node import kinds
from dialer.flows.offline import FlowTests, bare_world, run

PAGE = (Path(__file__).parents[2] / "docs" / "flows.md").read_text()


def blocks(begins: str) -> list[str]:
    """The indented examples that begin so."""
    parts = PAGE.split("\n\n")
    return [textwrap.dedent(part) for part in parts if part.startswith("    " + begins)]


def test_the_flow_and_its_test() -> None:
    written, tried = blocks("flow: acme_support")
    flow = Flow.model_validate(parse(written.encode(), "flows.md").value)
    assert list(flow.faults()) == []
    assert flow.unreachable() == []
    tests = FlowTests.model_validate(parse(tried.encode(), "flows.md").value)
    world = bare_world(WORLD.calendars, WORLD.caller_ids)
    assert run(tests.tests[0], flow, world, ZoneInfo("Europe/Berlin")) == []


def test_the_expressions() -> None:
    (examples,) = blocks("tries >= 3")
    for line in examples.strip().splitlines():
        assert Expression(line).names


def test_every_kind_is_named() -> None:
    assert [kind for kind in kinds() if f"`{kind}`" not in PAGE] == []
