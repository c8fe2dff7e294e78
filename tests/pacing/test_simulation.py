"""A short version of the tables in docs/pacing.md, and what every shift must keep to."""

from dataclasses import replace
from random import Random

import pytest

from dialer.campaigns.pacing import Decision, EventKind, Pace, Predictive, Progressive, Snapshot
from dialer.simulation import PACERS, Shift, simulate, world
from dialer.simulation.bench import pacer
from dialer.simulation.world import VARIANTS

SHORT = replace(world("hishort", 10), hours=2.0)


class Watched(Predictive):
    """Notes where a decision oversteps what the world has."""

    def __init__(self, pace: Pace) -> None:
        super().__init__(pace)
        self.at_work: set[str] = set()
        self.faults: list[str] = []

    def on_event(self, now: float, kind: EventKind, dial: str | None, agent: str | None, value: float = 0.0) -> None:
        super().on_event(now, kind, dial, agent, value)
        if agent is not None:
            (self.at_work.discard if kind == "left" else self.at_work.add)(agent)

    def decide(self, now: float, state: Snapshot) -> Decision:
        decision = super().decide(now, state)
        if len(decision.places) > sum(state.free.values()):
            self.faults.append(f"{now}: more than channels")
        if state.rate is not None and len(decision.places) > state.rate:
            self.faults.append(f"{now}: faster than the rate")
        if decision.places and not self.at_work:
            self.faults.append(f"{now}: nobody is at work")
        return decision


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_shift_oversteps_its_limits(variant: str) -> None:
    watched = Watched(Pace(ring_s=22.0))
    figures = Shift(world("hishort", 6, variant, hours=1.5), watched, 1).run().figures()
    assert watched.faults == []
    assert figures.answers > 100
    assert figures.abandoned < 0.06  # a short shift of a few agents: some losses more or less


def test_predicting_is_worth_it_and_lawful() -> None:
    ours, one_each = simulate(SHORT, "predictive", 1), simulate(SHORT, "progressive", 1)
    assert one_each.abandoned < 0.005
    assert ours.occupancy > one_each.occupancy + 0.03
    assert ours.abandoned <= 0.034  # two hours, some 600 people: within one loss or two of the law's share
    assert ours.wait_p90_s < one_each.wait_p90_s


def test_progressive_agrees_with_arithmetic() -> None:
    """A dial takes 17.2 s when it fails, 11.9 s when a person answers: at 60 %, 23.4 s between two calls."""
    shift = Shift(replace(SHORT, breaks=False, agents=40), Progressive(), 2)
    waits = shift.run().waits
    assert sum(waits) / len(waits) == pytest.approx(23.4, abs=1.0)


def test_the_same_seed_is_the_same_shift() -> None:
    first, second = (simulate(replace(SHORT, hours=0.5), "predictive", 7) for _ in range(2))
    assert (first.dials, first.answers, first.occupancy) == (second.dials, second.answers, second.occupancy)


@pytest.mark.parametrize("name", [*PACERS, "power:2"])
def test_every_pacer_gets_through_a_shift(name: str) -> None:
    figures = simulate(replace(SHORT, hours=1.0), name, 1)
    assert figures.answers > 50 and 0.3 < figures.occupancy < 1


def test_too_many_dials_are_paid_for_in_people() -> None:
    assert simulate(SHORT, "power:3", 1).abandoned > 0.1


def test_when_the_carrier_is_back_there_is_no_flood() -> None:
    outage = replace(world("hishort", 12, "outage", hours=2.0), breaks=False)
    figures = simulate(outage, "predictive", 1)
    assert figures.worst_half_hour <= 0.09
    assert figures.abandoned <= 0.034


def test_a_pacer_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="there is no pacer 'magic'"):
        pacer("magic", SHORT, 1)


class Deaf(Predictive):
    """Hears only the least, some of it twice, and now and then nothing."""

    def __init__(self, pace: Pace) -> None:
        super().__init__(pace)
        self._draw = Random(1)

    def on_event(self, now: float, kind: EventKind, dial: str | None, agent: str | None, value: float = 0.0) -> None:
        if kind in ("answered", "ringing", "live", "machine", "wrap_up") or self._draw.random() < 0.01:
            heard: EventKind | None = "failed" if kind == "machine" else None
        else:
            heard = kind
        for _ in range(1 + (self._draw.random() < 0.1)):
            if heard is not None:
                super().on_event(now, heard, dial, agent, value)


def test_it_paces_by_the_least_that_it_must_be_told() -> None:
    deaf = Deaf(Pace(ring_s=22.0))
    figures = Shift(replace(SHORT, hours=3.0), deaf, 1, tick_s=1.0).run().figures()
    assert figures.abandoned < 0.045
    assert figures.occupancy > simulate(replace(SHORT, hours=3.0), "progressive", 1).occupancy
