"""What else takes agents, and what is about to end: the pacer dials less."""

from dataclasses import replace

import pytest

from dialer.campaigns.pacing import IdleAgent, Predictive, Snapshot
from dialer.campaigns.pacing.claims import claims

TEAM = tuple(IdleAgent(f"a{i}", "ast1") for i in range(6))
STATE = Snapshot(idle=TEAM, free={"ast1": 100})


def dialled(state: Snapshot) -> int:
    return len(Predictive().decide(0.0, state).places)


@pytest.mark.parametrize("due", [-30.0, 0.0, 3.0])
def test_an_agent_who_is_promised_to_a_callback_is_not_dialled_for(due: float) -> None:
    fewer = dialled(replace(STATE, callbacks=(due,) * 3))
    assert fewer == dialled(replace(STATE, idle=TEAM[:3]))
    assert 0 < fewer < dialled(STATE)
    assert dialled(replace(STATE, callbacks=(due,) * 6)) == 0


def test_a_callback_that_is_far_away_takes_nobody_now() -> None:
    assert dialled(replace(STATE, callbacks=(600.0,) * 6)) == dialled(STATE)


def test_callers_who_are_expected_take_agents_too() -> None:
    assert dialled(replace(STATE, inbound_per_s=0.5)) < dialled(STATE)


def test_callers_are_as_many_as_their_rate_says() -> None:
    [(parts, row)] = claims(Snapshot(inbound_per_s=0.3), [4.0, 10.0])
    assert [parts * chance for chance in row] == pytest.approx([1.2, 3.0])
    assert all(0 <= chance <= 0.5 for chance in row)


def test_nothing_is_dialled_that_would_be_answered_after_the_close() -> None:
    decision = Predictive().decide(0.0, replace(STATE, closes_in_s=4.0))
    assert decision.places == () and decision.reason == "nothing_due"
    assert dialled(replace(STATE, closes_in_s=120.0)) == dialled(STATE)


def test_no_more_is_dialled_than_there_are_contacts() -> None:
    assert dialled(replace(STATE, contacts_left=2)) == 2
    assert dialled(replace(STATE, contacts_left=0)) == 0
