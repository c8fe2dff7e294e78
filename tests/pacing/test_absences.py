"""When agents who are away are back: as others were before."""

import json

import pytest

from dialer.campaigns.pacing import Pace, Predictive, Snapshot
from dialer.campaigns.pacing.absences import LONGEST_S, Absences

SOON = [5.0, 10.0]


def after_pauses(count: int, seconds: float = 300.0) -> Absences:
    absences = Absences()
    for i in range(count):
        absences.left(i * 1000.0, f"a{i}")
        absences.back(i * 1000.0 + seconds, f"a{i}")
    return absences


def soon(absences: Absences, elapsed: float) -> list[float]:
    """The chances of one who has been away for so long."""
    absences.left(1e6, "now")
    rows = absences.returning(1e6 + elapsed, SOON)
    return rows[0][1] if rows else [0.0, 0.0]


def test_pauses_end_as_pauses_did():
    assert soon(after_pauses(27), 292.0) == [0.0, pytest.approx(0.9)]
    assert soon(after_pauses(27), 150.0) == [0.0, 0.0]
    assert soon(after_pauses(27), 310.0) == [0.0, 0.0]


def test_who_never_saw_a_pause_expects_nobody():
    assert soon(Absences(), 292.0) == [0.0, 0.0]


def test_those_who_stay_away_make_it_doubtful():
    absences = after_pauses(9)
    for i in range(12):
        absences.left(0.0, f"gone{i}")
    away = 1e6 + 292.0
    assert absences.returning(away, SOON) == []  # they left long ago, and are forgotten
    absences = after_pauses(9)
    for i in range(12):
        absences.left(1e6 - 3600.0, f"gone{i}")
    assert soon(absences, 292.0)[1] == pytest.approx(9 / 24)


def test_what_is_told_twice_counts_once():
    absences = after_pauses(1)
    absences.back(5000.0, "a0")
    absences.left(6000.0, "b")
    absences.left(6100.0, "b")
    absences.back(6300.0, "b")
    assert absences.learned() == [300.0, 300.0]
    absences.left(7000.0, "c")
    absences.back(7000.0 + LONGEST_S, "c")
    assert absences.learned() == [300.0, 300.0]


def test_another_life_knows_the_pauses():
    again = Absences()
    again.recall(json.loads(json.dumps(after_pauses(250).learned())))
    assert len(again.learned()) == 200
    assert soon(again, 292.0)[1] > 0.95


def paused(pauses: int) -> int:
    """How many are dialled while one agent talks and the other has been away for 296 s."""
    pacer, at = Predictive(Pace(ring_s=22.0, answered=1_000.0, abandoned=15.0)), 0.0
    for _ in range(pauses):
        pacer.on_event(at, "idle", None, "a1")
        pacer.on_event(at + 1.0, "left", None, "a1")
        at += 301.0
    pacer.on_event(at, "idle", None, "a1")
    pacer.on_event(at, "left", None, "a1")
    pacer.on_event(at + 295.0, "connected", None, "a2")
    return len(pacer.decide(at + 296.0, Snapshot(free={"ast1": 50})).places)


def test_for_one_who_is_soon_back_is_dialled():
    assert paused(100) > 0 == paused(0)
