"""The examples of docs/billing.md, computed by hand there."""

import re
from pathlib import Path

import pytest
from billing_facts import example, shown

from dialer.billing.rating import rate
from dialer.billing.terms import Contract

PAGE = (Path(__file__).parents[2] / "docs" / "billing.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```\n\n\| term .*?\n\|[-|]+\n(.*?)\n(?:\n|$)", PAGE + "\n", re.DOTALL)


@pytest.mark.parametrize(("given", "table"), EXAMPLES)
def test_example(given: str, table: str) -> None:
    rows = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in table.splitlines()]
    assert [shown(entry) for entry in rate(*example(given))] == rows


def test_every_example_is_read_and_every_term_has_one() -> None:
    assert len(EXAMPLES) == PAGE.count("```yaml") == PAGE.count("| term |")
    terms = set(Contract.model_fields) - {"from_", "holidays", "round"}
    written = "".join(given for given, _ in EXAMPLES)
    assert {term for term in terms if f" {term}:" not in written} == set()
