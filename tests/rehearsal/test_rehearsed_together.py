"""Several campaigns on the same agents: each mode of theirs, pictures, and a past day of them again."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_rehearsal import BEGAN_AT, keep_past, root  # noqa: F401
from test_rehearsed_ways import simulate, write

from dialer.config.loader import load
from dialer.rehearsal.outcome import Rehearsed
from dialer.rehearsal.planner import OWN, Asked, Planner
from dialer.rehearsal.run import rehearse
from dialer.store.store import Store


def together(root: Path, seconds: float = 1200.0, mode: str = OWN) -> Rehearsed:  # noqa: F811
    configuration = load(root, {})
    asked = Asked([configuration.campaigns[name] for name in ("calls", "hot")], 5, seconds)
    planner = Planner(configuration, asked, lambda: Store.open("sqlite://"))
    planner.plan("2026-11-16T09:00", None)
    return rehearse(planner.shift(mode, 1))


def test_modes_of_several_campaigns_side_by_side(root: Path) -> None:  # noqa: F811
    write(root, "hot", priority=10, mode="power", ratio=2)
    written = simulate(root, "calls", "hot", "--agents", "4", "--hours", "0.1", "--compare", "own,progressive",
                       "--json")  # fmt: skip
    own, progressive = json.loads(written)
    assert (own["mode"], progressive["mode"]) == ("own", "progressive")
    assert {name: part["mode"] for name, part in own["campaigns"].items()} == {"calls": "progressive", "hot": "power:2"}
    assert {part["mode"] for part in progressive["campaigns"].values()} == {"progressive"}
    for row in (own, progressive):
        assert row["attempts"] == sum(part["attempts"] for part in row["campaigns"].values())
    table = simulate(root, "calls", "hot", "--agents", "2", "--hours", "0.1", "--compare", "own,progressive")
    assert table.index("own") < table.index("\nprogressive") and table.count("calls") >= 2


def test_a_campaign_without_agents_keeps_its_mode(root: Path) -> None:  # noqa: F811
    (root / "ivr_flows/tape.yaml").write_text(json.dumps({
        "flow": "tape", "client": "acme", "languages": ["en"], "start": "bye", "nodes": {"bye": {"hangup": {}}}}))
    document = json.loads((root / "configs/campaigns/calls.yaml").read_text())
    document |= {"campaign": "tapes", "mode": "agentless", "flow": "tape", "limits": {"calls_per_second": 1}}
    for key in ("agents", "dispositions", "simulate"):
        del document[key]
    (root / "configs/campaigns/tapes.yaml").write_text(json.dumps(document))
    (row,) = json.loads(simulate(root, "calls", "tapes", "--agents", "2", "--hours", "0.1", "--compare", "power:2",
                                 "--json"))  # fmt: skip
    assert {name: part["mode"] for name, part in row["campaigns"].items()} == {"calls": "power:2", "tapes": "agentless"}


def test_pictures_of_several_campaigns(root: Path, tmp_path: Path) -> None:  # noqa: F811
    write(root, "hot")
    simulate(root, "calls", "hot", "--agents", "2", "--hours", "0.1", "--compare", "own,progressive",
             "--plot", str(tmp_path / "a.svg"))  # fmt: skip
    assert (tmp_path / "a-progressive.svg").exists()
    drawn = (tmp_path / "a-own.svg").read_text()
    assert all(word in drawn for word in ("talk: calls", "talk: hot", "hot, since the beginning", "CET", "limit 3 %"))


def test_each_has_its_own_lists(root: Path) -> None:  # noqa: F811
    """A number that two campaigns have is another dial in each."""
    for name in ("calls", "hot"):
        write(root, name, list=f"{name}.csv")
    (root / "configs/calls.csv").write_text("number\n+493023125801\n+493023125802\n")
    (root / "configs/hot.csv").write_text("number\n+493023125801\n")
    (row,) = json.loads(simulate(root, "calls", "hot", "--agents", "3", "--hours", "0.2", "--own-lists", "--json"))
    assert {name: part["contacts"] for name, part in row["campaigns"].items()} == {"calls": 2, "hot": 1}
    assert row["penetration"] == 1.0


def test_a_client_pays_for_all_its_campaigns(root: Path) -> None:  # noqa: F811
    write(root, "hot")
    client = root / "configs/clients/acme.yaml"
    contract = [{"from": "2026-01-01", "monthly": 900.0, "outbound": {"per_attempt": 0.25}}]
    client.write_text(json.dumps(json.loads(client.read_text()) | {"currency": "EUR", "contract": contract}))
    done = together(root, 600.0)
    assert sum(part.fees["acme"] for part in done.parts.values()) == done.fees["acme"]
    over = sum(call.state == "settled" and call.outcome != "cancelled" for call in done.calls)
    assert float(done.fees["acme"]) == pytest.approx(0.25 * over)


@pytest.fixture
def past(root: Path) -> Rehearsed:  # noqa: F811
    """A day of both campaigns in the store."""
    write(root, "hot", simulate={"person": 0.6, "machine": 0.2, "talk": "20s"})
    done = together(root, 2400.0)
    keep_past(root, done)
    return done


def test_a_past_day_of_several_campaigns_goes_as_it_went(root: Path, past: Rehearsed) -> None:  # noqa: F811
    again, really = json.loads(simulate(root, "calls", "hot", "--replay", "2026-11-16", "--json"))
    assert really["mode"] == "that day" and set(really["campaigns"]) == {"calls", "hot"}
    assert again["agents"] == really["agents"] == 5
    assert really["occupancy"] == pytest.approx(past.account.occupancy, abs=0.03)  # but for what was in hand
    assert again["occupancy"] == pytest.approx(really["occupancy"], abs=0.06)
    for name in ("calls", "hot"):
        ours, theirs = again["campaigns"][name]["answered"], really["campaigns"][name]["answered"]
        assert ours == pytest.approx(theirs, abs=max(3, 0.15 * theirs))


def test_people_of_each_are_as_before(root: Path, past: Rehearsed) -> None:  # noqa: F811
    days = int((datetime.now(UTC).timestamp() - BEGAN_AT) / 86_400) + 2
    (row,) = json.loads(simulate(root, "calls", "hot", "--learn", str(days), "--hours", "0.2", "--json"))
    rate = {name: part["answered"] / part["attempts"] for name, part in row["campaigns"].items()}
    assert rate["hot"] > rate["calls"] + 0.1, "each is learnt from its own calls"
