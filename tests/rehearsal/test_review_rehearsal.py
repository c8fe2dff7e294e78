"""Rehearsals of what does not go by the book: promised calls, times that are none."""

import json
from pathlib import Path

import pytest
from test_rehearsal import root, shift, simulate  # noqa: F401

from dialer.rehearsal.run import rehearse


def test_agents_whose_talks_end_in_a_promise_go_on(root: Path) -> None:  # noqa: F811
    """When to call again a simulated person does not say: the agent is through with it, and not a whole limit late."""
    file = root / "configs/campaigns/calls.yaml"
    written = json.loads(file.read_text())
    written |= {"dispositions": {"later": {"callback": True}},
                "simulate": written["simulate"] | {"dispositions": {"later": "100%"}}}
    file.write_text(json.dumps(written))
    done = rehearse(shift(root, seconds=900.0))
    wraps = [span.ended_at - span.started_at for span in done.spans if span.state == "wrap_up"]
    assert len(wraps) > 5
    assert sum(wraps) / len(wraps) < 60, "the limit is 120 s, writing it up takes 10"


@pytest.mark.parametrize("start", ["0001-01-01", "9999-12-31T23:59", "2026-11-23T09:00+05:00"])
def test_a_time_that_cannot_be_meant_is_refused(root: Path, start: str) -> None:  # noqa: F811
    said = simulate(root, "--agents", "1", "--hours", "0.1", "--start", start, code=2).output
    assert "is no time on the client's clock" in said
