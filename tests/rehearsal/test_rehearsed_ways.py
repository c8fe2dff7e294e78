"""Rehearsals with agents who look before they call, with several campaigns at once, and with people who do not wait."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_rehearsal import root, shift  # noqa: F401
from typer.testing import CliRunner

from dialer.cli import app
from dialer.rehearsal.run import rehearse

CALLS = "configs/campaigns/calls.yaml"


def write(root: Path, name: str, **changes: Any) -> None:  # noqa: F811
    document = json.loads((root / CALLS).read_text())
    for key, value in changes.items():
        document[key] = {**document.get(key, {}), **value} if isinstance(value, dict) else value
    (root / f"configs/campaigns/{name}.yaml").write_text(json.dumps(document | {"campaign": name}))


def simulate(root: Path, *words: str, code: int = 0) -> str:  # noqa: F811
    done = CliRunner().invoke(app, ["simulate", *words, "--root", str(root)])
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.output


@pytest.mark.parametrize("mode", ["preview", "manual"])
def test_agents_look_at_a_contact_before_they_call_it(root: Path, mode: str) -> None:  # noqa: F811
    write(root, "calls", simulate={"think": "20s"}, preview={"time": "10m"})
    slow = rehearse(shift(root, mode, agents=3, seconds=900.0)).account
    write(root, "calls", simulate={"think": "1s"})
    quick = rehearse(shift(root, mode, agents=3, seconds=900.0)).account
    assert slow.abandoned == quick.abandoned == 0
    assert 15 < slow.attempts < 0.85 * quick.attempts
    assert slow.contacts_tried > 15, "one after another"


def test_the_time_of_a_preview_ends_the_thinking(root: Path) -> None:  # noqa: F811
    write(root, "calls", simulate={"think": "20m"}, preview={"time": "5s"})
    assert rehearse(shift(root, "preview", agents=3, seconds=600.0)).account.attempts > 10


def test_people_do_not_wait_for_ever(root: Path) -> None:  # noqa: F811
    """In a power campaign that promises an agent only after a minute."""
    waits = {"abandon": {"connect_within": "60s"}}
    write(root, "calls", **waits)
    patient = rehearse(shift(root, "power:4", agents=3, seconds=600.0)).account
    write(root, "calls", simulate={"patience": "5s"}, **waits)
    hasty = rehearse(shift(root, "power:4", agents=3, seconds=600.0)).account
    assert patient.outcomes.get("left", 0) == 0
    assert hasty.outcomes["left"] > 3
    assert hasty.talk_minutes_per_hour < patient.talk_minutes_per_hour


def test_several_campaigns_share_the_agents(root: Path) -> None:  # noqa: F811
    write(root, "hot", priority=10)
    (together,) = json.loads(simulate(root, "calls", "hot", "--agents", "4", "--hours", "0.2", "--json"))
    parts = together["campaigns"]
    assert together["mode"] == "together" and together["agents"] == 4 and set(parts) == {"calls", "hot"}
    for key in ("attempts", "answered", "connected", "contacts"):
        assert together[key] == parts["calls"][key] + parts["hot"][key]
    assert parts["hot"]["connected"] > parts["calls"]["connected"], "it goes before"
    assert "occupancy" not in parts["hot"]
    table = simulate(root, "calls", "hot", "--agents", "2", "--hours", "0.1")
    assert all(word in table for word in ("together", "calls", "hot"))


def test_who_dials_nobody_is_told_why(root: Path) -> None:  # noqa: F811
    write(root, "calls", hours="morning")
    day = ["simulate", "calls", "--hours", "0.1", "--root", str(root), "--start"]
    assert "nobody was dialled, held back by closed" in CliRunner().invoke(app, [*day, "2026-11-23T12:00"]).stderr
    assert "nobody was dialled" not in CliRunner().invoke(app, [*day, "2026-11-23T09:00"]).stderr


def test_no_number_is_of_two_campaigns_and_each_has_its_people(root: Path) -> None:  # noqa: F811
    write(root, "deaf", simulate={"person": 0.0, "machine": 0.0, "busy": 1.0, "congestion": 0.0})
    (together,) = json.loads(
        simulate(root, "calls", "deaf", "--agents", "3", "--hours", "0.2", "--contacts", "60", "--json"))
    parts = together["campaigns"]
    assert set(parts["deaf"]["outcomes"]) == {"busy"} and parts["calls"]["answered"] > 0
    assert (parts["deaf"]["contacts"], parts["calls"]["contacts"]) == (60, 60)


def test_what_agents_dial_by_hand_is_no_list(root: Path) -> None:  # noqa: F811
    assert "there is no campaign none" in simulate(root, "calls", "none", code=2)
    by_hand = shift(root, "manual", seconds=60.0)
    with pytest.raises(ValueError, match="leave --own-lists out"):
        rehearse(replace(by_hand, parts=[replace(by_hand.parts[0], contacts=None)]))
