"""A campaign in virtual time: the engine itself decides, so what holds for it must be seen here as well."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dialer.cli import app
from dialer.config.loader import load
from dialer.rehearsal import cast
from dialer.rehearsal.outcome import Rehearsed
from dialer.rehearsal.population import Stated
from dialer.rehearsal.run import Part, Shift, in_mode, rehearse
from dialer.rehearsal.staff import usual_day
from dialer.store.records import AgentSpan, ContactVerdict
from dialer.store.store import Store

BEGAN_AT = datetime(2026, 11, 16, 8, tzinfo=UTC).timestamp()
FILES = {
    "configs/plant.yaml": {"switches": {"main": {"channels": 200, "calls_per_second": 20}},
                           "store": {"url": "sqlite:///var/past.db"}},
    "configs/clients/acme.yaml": {
        "client": "acme", "name": "Acme", "caller_id": "+493023125001", "languages": ["en"],
        "timezone": "Europe/Berlin",
    },
    "configs/agents.yaml": {"agents": {"ada": {"name": "Ada", "phone": "ada", "skills": ["sales"]}}},
    "configs/hours/morning.yaml": {
        "hours": "morning", "timezone": "Europe/Berlin", "open": [{"days": ["mon"], "from": "08:00", "to": "09:20"}],
    },
    "configs/campaigns/calls.yaml": {
        "campaign": "calls", "client": "acme", "rules": [], "country": "DE",
        "agents": {"skills": ["sales"], "wrap_up": "120s"}, "machine": {"detect": True},
        "abandon": {"message": {"en": "Sorry."}}, "retry": {"busy": {"after": "5m", "times": 2}},
        "dispositions": {"sale": {}}, "simulate": {"talk": "60s", "wrap_up": "10s", "dispositions": {"sale": "50%"}},
    },
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, document in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(json.dumps(document))
    (tmp_path / "ivr_flows").mkdir()
    return tmp_path


def shift(root: Path, mode: str = "progressive", *, agents: int = 4, seconds: float = 1800.0, seed: int = 1,
          contacts: int | None = None, began_at: float = BEGAN_AT) -> Shift:  # fmt: skip
    configuration = load(root, {})
    campaign = configuration.campaigns["calls"]
    team = cast.team(configuration, [campaign], agents)
    people = cast.made_up(campaign, contacts or cast.enough(campaign, agents, seconds))
    part = Part("calls", mode, people, Stated(campaign.simulate, seed))
    return Shift(configuration, team, usual_day(team, seconds, seed), [part], began_at, seconds)


def test_the_same_seed_gives_the_same_shift(root: Path) -> None:
    once, again = (rehearse(shift(root, "predictive", seconds=600.0)) for _ in range(2))
    assert once.account == again.account
    assert [call.id for call in once.calls] == [call.id for call in again.calls]
    assert rehearse(shift(root, "predictive", seconds=600.0, seed=2)).account != once.account


def test_every_mode_meets_the_same_people(root: Path) -> None:
    met: dict[str, set[str]] = {}
    for mode in ("progressive", "power:2"):
        first: dict[str, str] = {}
        over = [call for call in rehearse(shift(root, mode, seconds=600.0)).calls if call.outcome is not None]
        for call in over:
            kind = "person" if call.outcome in ("answered", "abandoned", "left") else str(call.outcome)
            first.setdefault(call.number, kind)
        for number, kind in first.items():
            met.setdefault(number, set()).add(kind)
    assert {len(kinds) for kinds in met.values()} == {1}
    assert len(set.union(*met.values())) > 3


def test_one_to_one_loses_nobody_and_dialling_ahead_wastes_less_time(root: Path) -> None:
    progressive = rehearse(shift(root, agents=6, seconds=1800.0)).account
    ahead = rehearse(shift(root, "predictive", agents=6, seconds=1800.0)).account
    assert progressive.abandoned == 0
    assert ahead.occupancy > progressive.occupancy + 0.05
    assert progressive.contacts_tried < ahead.contacts_tried <= ahead.contacts


def test_a_list_runs_dry(root: Path) -> None:
    done = rehearse(shift(root, contacts=20))
    assert (done.account.penetration, done.reason) == (1.0, "exhausted")
    assert done.account.contacts_done == 20
    assert done.account.attempts >= 20, "who was busy was called again"


def test_made_up_contacts_last_where_machines_reach_agents_too(root: Path) -> None:
    file = root / "configs/campaigns/calls.yaml"
    people = {"person": "28%", "machine": "45%", "talk": "4m", "wrap_up": "30s", "dispositions": {"sale": "50%"}}
    file.write_text(json.dumps(json.loads(file.read_text()) | {"machine": {"detect": False}, "simulate": people}))
    done = rehearse(shift(root, agents=10, seconds=3600.0))
    assert done.reason != "exhausted" and done.account.contacts_tried < done.account.contacts


def test_the_campaigns_own_list(root: Path) -> None:
    file = root / "configs/campaigns/calls.yaml"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"list": "people.csv"}))
    (root / "configs/people.csv").write_text("number\n+493023125801\n+493023125802\nnonsense\n")
    (row,) = json.loads(simulate(root, "--agents", "2", "--hours", "0.3", "--own-lists", "--json").stdout)
    assert (row["contacts"], row["penetration"]) == (2, 1.0)
    assert sorted(path.name for path in (root / "configs").glob("people*")) == ["people.csv"], "nothing is left there"
    assert "not both" in simulate(root, "--own-lists", "--contacts", "5", code=2).output


def test_hours_hold(root: Path) -> None:
    file = root / "configs/campaigns/calls.yaml"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"hours": "morning"}))
    done = rehearse(shift(root, seconds=3600.0))  # 09:00 to 10:00 in Berlin; open until 09:20
    assert done.reason == "closed"
    assert 0 < max(call.created_at for call in done.calls) - BEGAN_AT < 1200


def test_modes_that_cannot_be_rehearsed_are_refused(root: Path) -> None:
    campaign = load(root, {}).campaigns["calls"]
    for mode in ("agentless", "clever", "power:many", "power:9", "progressive:2"):
        with pytest.raises(ValueError, match=mode.partition(":")[2] or mode):
            in_mode(campaign, mode)


# -- the command


def simulate(root: Path, *options: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["simulate", "calls", "--root", str(root), *options])
    assert result.exit_code == code, result.output
    return result


def test_modes_side_by_side(root: Path) -> None:
    said = simulate(root, "--agents", "3", "--hours", "0.3", "--compare", "progressive,power:2", "--seeds", "2",
                    "--agent-hour", "20", "--json")  # fmt: skip
    rows = json.loads(said.stdout)
    assert [row["mode"] for row in rows] == ["progressive", "progressive", "power:2", "power:2"]
    assert all(row["cost"] == pytest.approx(3 * 0.3 * 20, abs=0.1) for row in rows)
    table = simulate(root, "--agents", "3", "--hours", "0.3").stdout
    assert "abandoned, %" in table and "progressive" in table


def test_what_nobody_said_costs_is_not_told_as_nothing(root: Path) -> None:
    (row,) = json.loads(simulate(root, "--agents", "1", "--hours", "0.1", "--json").stdout)
    assert (row["cost"], row["fee"]) == (None, None)
    table = simulate(root, "--agents", "1", "--hours", "0.1").stdout
    assert "cost" not in table and "fee" not in table and "line minutes" in table
    costs = simulate(root, "--agents", "1", "--hours", "0.1", "--line-minute", "0.01").stdout
    assert "cost, EUR" in costs and "fee" not in costs


def test_plots_are_written(root: Path, tmp_path: Path) -> None:
    files = ("--plot", str(tmp_path / "a.png"), "--plot", str(tmp_path / "a.svg"))
    simulate(root, "--agents", "2", "--hours", "0.2", *files)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "a.svg").read_text()
    assert "a .png or an .svg" in simulate(root, "--hours", "0.1", "--plot", "a.pdf", code=2).output


def test_what_is_asked_wrongly_is_said(root: Path) -> None:
    assert "there are calls" in CliRunner().invoke(app, ["simulate", "none", "--root", str(root)]).output
    assert "no time" in simulate(root, "--start", "tomorrow", code=2).output
    assert "no calls of calls" in simulate(root, "--learn", "3", code=2).output
    assert "leave" in simulate(root, "--replay", "2026-11-16", "--learn", "3", code=2).output


def ended_spans(done: Rehearsed) -> list[AgentSpan]:
    """As if what is in hand at the end had no call."""
    over = {call.id for call in done.calls if call.outcome is not None}
    return [span if span.call_id in over else replace(span, call_id=None) for span in done.spans]


def keep_past(root: Path, done: Rehearsed) -> None:
    """As the day before of the store."""

    async def keep() -> None:
        (root / "var").mkdir()
        store, configuration = Store.open(f"sqlite:///{root}/var/past.db"), load(root, {})
        for name, part in (done.parts or {"calls": done}).items():
            await store.add_contacts(name, cast.made_up(configuration.campaigns[name], part.account.contacts))
        for call in (call for call in done.calls if call.outcome is not None):
            store.save_call(call)
            await store.settle(call, ContactVerdict(call.contact_id or 0, "done", reason="x"))
        for span in ended_spans(done):
            await store.save_span(span)
        await store.close()

    asyncio.run(keep())


@pytest.fixture
def past(root: Path) -> Rehearsed:
    """A day in the store, made by a rehearsal."""
    done = rehearse(shift(root, seconds=2400.0))
    keep_past(root, done)
    return done


def test_a_past_day_goes_as_it_went(root: Path, past: Rehearsed) -> None:
    again, really = json.loads(simulate(root, "--replay", "2026-11-16", "--json").stdout)
    assert really["mode"] == "that day"
    assert really["occupancy"] == pytest.approx(past.account.occupancy, abs=0.01)  # but for what was in hand at the end
    over = [call for call in past.calls if call.outcome is not None]
    assert really["attempts"] == len(over)
    assert really["answered"] == sum(call.answered_at is not None and call.outcome != "machine" for call in over)
    assert again["occupancy"] == pytest.approx(really["occupancy"], abs=0.03)
    assert again["answered"] == pytest.approx(really["answered"], abs=0.1 * really["answered"])


def test_people_are_as_before(root: Path, past: Rehearsed) -> None:
    days = int((datetime.now(UTC).timestamp() - BEGAN_AT) / 86_400) + 2
    said = simulate(root, "--learn", str(days), "--agents", "4", "--hours", "0.5", "--json")
    (row,) = json.loads(said.stdout)
    assert row["answered"] / row["attempts"] == pytest.approx(past.account.answered / past.account.attempts, abs=0.12)
