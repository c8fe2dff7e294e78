"""Whatever happens, and however little of it the engine hears: once it is told the truth, every attempt is settled
exactly once, everything is given back, and nobody was dialled twice on a guess."""

import logging
import random

import pytest
from engine_rig import AGENTS, CAMPAIGN, SURVEYED, SWITCH, Rig
from street import Street

from dialer.coordination.limits import Scope

CONTACTS = 12
STEPS = 600


@pytest.mark.parametrize("seed", range(24))
async def test_a_storm_leaves_nothing_behind(rig: Rig, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    street = Street(rig, random.Random(seed))
    for campaign in (CAMPAIGN, SURVEYED):
        await rig.contacts(CONTACTS, campaign)
    street.begin()
    for _ in range(STEPS):
        await street.act()
    await street.calm_down()

    settled_once(rig)
    given_back(rig, street)
    counted(rig)
    assert [record.getMessage() for record in caplog.records] == []


def settled_once(rig: Rig) -> None:
    assert len(rig.engine.calls) == 0
    assert rig.row("SELECT count(*) FROM calls WHERE outcome IS NULL") == 0
    assert {call: times for call, times in rig.store.settled.items() if times != 1} == {}
    assert rig.row("SELECT count(*) FROM calls") == len(rig.store.settled)


def given_back(rig: Rig, street: Street) -> None:
    desk, limits = rig.engine.floor.desk, rig.engine.limits
    states = {agent: desk.state(agent).state.value for agent in AGENTS}
    assert set(states.values()) <= {"logged_out", "idle", "paused"}, states
    assert desk.waiting() == 0
    logged_in = {desk.state(agent).channel for agent in AGENTS} - {None}
    assert set(street.channels) == logged_in, "channels that nobody holds are left"
    assert limits.used(Scope("switch", SWITCH)) == len(logged_in)
    assert [limits.used(Scope("campaign", name)) for name in (CAMPAIGN, SURVEYED)] == [0, 0]
    assert [(len(run.calls), len(run.in_the_air)) for run in rig.engine.campaigns.runs.values()] == [(0, 0)] * 2
    sessions = {channel for (channel,) in rig.rows("SELECT channel FROM agent_sessions")}
    assert sessions == logged_in, "what would be adopted after a crash"


def counted(rig: Rig) -> None:
    for campaign in (CAMPAIGN, SURVEYED):
        states = dict(rig.rows("SELECT state, count(*) FROM contacts WHERE campaign = ? GROUP BY 1", campaign))
        assert set(states) <= {"waiting", "due", "done"} and sum(states.values()) == CONTACTS
        tally = "SELECT name, count FROM tallies WHERE campaign = ? AND kind = ? AND count <> 0"
        assert dict(rig.rows(tally, campaign, "contacts")) == states
        outcomes = dict(rig.rows("SELECT outcome, count(*) FROM calls WHERE campaign = ? GROUP BY 1", campaign))
        assert dict(rig.rows(tally, campaign, "outcomes")) == outcomes
        attempts = rig.row("SELECT coalesce(sum(attempts), 0) FROM contacts WHERE campaign = ?", campaign)
        assert attempts == sum(outcomes.values())
    twice = """SELECT contact_id FROM calls WHERE outcome NOT IN ('cancelled', 'busy') AND contact_id IS NOT NULL
               GROUP BY 1 HAVING count(*) > 1"""
    assert rig.rows(twice) == [], "no rule calls these again"
