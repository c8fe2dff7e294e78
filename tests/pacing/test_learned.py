"""What a pacer learnt outlives it: as JSON, with decay, and never so that it fails."""

import json

import pytest

from dialer.campaigns.pacing import Pace, Predictive
from dialer.campaigns.pacing.predictive import HALF_LIFE_S
from dialer.simulation.shift import Shift
from dialer.simulation.world import world


@pytest.fixture(scope="module")
def wise() -> Predictive:
    """An hour at work."""
    here = world("hishort", 6, hours=1.0)
    pacer = Predictive(Pace(ring_s=here.ring_timeout_s, connect_s=here.connect_s))
    Shift(here, pacer, 3).run()
    return pacer


def recalled(wise: Predictive, age_s: float = 0.0, pace: Pace | None = None) -> Predictive:
    pacer = Predictive(pace or Pace(ring_s=22.0))
    pacer.recall(json.loads(json.dumps(wise.learned())), age_s)
    return pacer


def test_another_life_begins_with_what_was_learnt(wise: Predictive):
    cold, again = Predictive(Pace(ring_s=22.0)).outlook(0.0), recalled(wise).outlook(0.0)
    known = wise.outlook(4000.0)
    assert abs(again.share - known.share) < 0.1 < abs(cold.share - known.share)
    assert again.points == known.points != cold.points


def test_what_is_old_counts_less(wise: Predictive):
    learned = wise.learned()
    fresh, old = recalled(wise).learned(), recalled(wise, 10 * HALF_LIFE_S).learned()
    assert sum(old["answers"]["person"]) < 0.01 * sum(learned["answers"]["person"])
    assert abs(sum(fresh["talk"][4:]) - sum(learned["talk"][4:])) < 0.5
    assert old["talk"][0] >= 6.0 - 1e-9
    assert recalled(wise, 10 * HALF_LIFE_S).outlook(0.0).points == recalled(wise).outlook(0.0).points


def test_what_cannot_be_read_leaves_it_cold(wise: Predictive):
    for broken in ({}, {"answers": 3}, {**wise.learned(), "freeing": ["x"]}, {**wise.learned(), "talk": 3}):
        pacer = Predictive(Pace(ring_s=22.0))
        pacer.recall(broken, 0.0)
        assert pacer.outlook(0.0) == Predictive(Pace(ring_s=22.0)).outlook(0.0)


def test_another_budget_leaves_what_was_learnt(wise: Predictive):
    pacer = recalled(wise)
    before = pacer.outlook(0.0)
    pacer.retune(Pace(ring_s=22.0, answered=1000.0, abandoned=60.0))
    assert pacer.outlook(0.0).share == before.share
    assert pacer.outlook(0.0).risk == 0.0 < before.risk


def test_another_ring_time_out_keeps_the_share(wise: Predictive):
    pacer = recalled(wise)
    share = pacer.outlook(0.0).share
    pacer.retune(Pace(ring_s=40.0))
    assert abs(pacer.outlook(0.0).share - share) < 0.05
