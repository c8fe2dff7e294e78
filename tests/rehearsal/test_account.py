"""What a shift came to, computed by hand here; and a past day taken apart."""

from zoneinfo import ZoneInfo

import pytest

from dialer.calls.outcome import Outcome
from dialer.rehearsal.account import account, waits_of
from dialer.rehearsal.past import fate_of, samples_of, steps_of
from dialer.rehearsal.population import Observed
from dialer.store.records import AgentSpan, CallRecord

BERLIN = ZoneInfo("Europe/Berlin")


def call(place: int, outcome: Outcome, at: float = 0.0, **changes: object) -> CallRecord:
    times = {"dialled_at": at, "ringing_at": at + 2.0, "ended_at": at + 30.0} | changes
    return CallRecord(
        id=f"c{place}", direction="outbound", node="n", switch="main", client="acme", number=f"+4930{place:05}",
        our_number="+49301", created_at=at, campaign="calls", contact_id=place, outcome=outcome, **times,  # type: ignore[arg-type]
    )  # fmt: skip


def span(agent: str, state: str, start: float, end: float, call_id: str | None = None) -> AgentSpan:
    return AgentSpan(agent, state, start, end, call_id)


def test_shares_of_time_and_of_people() -> None:
    calls = [
        call(1, Outcome.ANSWERED, answered_at=8.0, joined_at=9.0, ended_at=69.0),
        call(2, Outcome.ABANDONED, answered_at=8.0, ended_at=14.0),
        call(3, Outcome.NO_ANSWER), call(3, Outcome.CANCELLED, at=40.0),
    ]  # fmt: skip
    spans = [span("ada", "idle", 0, 9), span("ada", "talking", 9, 69), span("ada", "wrap_up", 69, 79),
             span("ada", "paused", 79, 100)]  # fmt: skip
    done = account(calls, spans, 0.5, contacts=4, contacts_done=1)
    assert done.occupancy == pytest.approx(70 / 79)
    assert done.talk_minutes_per_hour == pytest.approx(60 * 60 / 79)
    assert (done.answered, done.connected, done.attempts) == (2, 1, 3)
    assert (done.abandoned, done.penetration) == (0.5, 0.75)
    assert done.line_minutes == pytest.approx((61 + 6) / 60)
    assert done.worst_half_hour == 0.0, "two people are too few to be judged"
    assert done.agent_hours == pytest.approx(79 / 3600) and done.logged_in_hours == pytest.approx(100 / 3600)


def test_the_worst_half_hour_is_any_half_hour() -> None:
    people = [call(i, Outcome.ANSWERED, answered_at=1000.0 + 10 * i) for i in range(30)]
    people += [call(90 + i, Outcome.ABANDONED, answered_at=2790.0 + i) for i in range(5)]
    worst = account(people, [], 1.0, 1, 1, ended_at=4000.0).worst_half_hour
    assert worst == pytest.approx(5 / 20), "fewer than twenty are not judged"
    assert account(people, [], 1.0, 1, 1).worst_half_hour == pytest.approx(5 / 35), "no half hour goes beyond the end"


def test_a_wait_is_what_came_before_a_talk() -> None:
    spans = [
        span("a", "idle", 0, 5), span("a", "reserved", 5, 8), span("a", "idle", 8, 10), span("a", "talking", 10, 20),
        span("b", "idle", 0, 7), span("b", "paused", 7, 9), span("b", "idle", 9, 10), span("b", "talking", 10, 11),
    ]  # fmt: skip
    assert sorted(waits_of(spans)) == [(10, 1.0), (10, 10.0)]


def test_a_dial_is_what_it_was() -> None:
    answered = fate_of(call(1, Outcome.ANSWERED, answered_at=9.0, joined_at=10.5))
    assert answered is not None
    assert (answered.kind, answered.rings_s, answered.ends_s, answered.detect_s) == ("person", 2.0, 9.0, 1.5)
    silent = fate_of(call(2, Outcome.NO_ANSWER))
    assert silent is not None and (silent.kind, silent.ends_s) == ("no_answer", None)
    busy = fate_of(call(3, Outcome.BUSY, ringing_at=None, ended_at=1.0))
    assert busy is not None and (busy.kind, busy.ends_s) == ("busy", 1.0)
    assert fate_of(call(4, Outcome.CANCELLED)) is None


def test_a_replay_gives_each_number_its_own_fate() -> None:
    calls = [call(1, Outcome.BUSY), call(1, Outcome.ANSWERED, at=60.0, answered_at=65.0, talk_s=33.0),
             call(2, Outcome.MACHINE, answered_at=5.0)]  # fmt: skip
    people = Observed(samples_of(calls, [span("a", "wrap_up", 0, 4, "c1")], BERLIN, replay=True), 1)
    assert [people.fate("+493000001", dial, 0).kind for dial in (1, 2)] == ["busy", "person"]
    assert people.talk_s("+493000001", 2, "a") == 33.0
    assert people.fate("+493000002", 1, 0).kind == "machine"
    assert people.wrap_up_s("a", 1) == 4.0
    with pytest.raises(ValueError, match="nobody talked"):
        samples_of(calls[:1], [], BERLIN)


def test_a_day_of_an_agent_as_steps() -> None:
    spans = [span("a", "paused", 100, 103), span("a", "idle", 103, 110), span("a", "talking", 110, 150, "c1"),
             span("a", "idle", 150, 160), span("a", "talking", 160, 190, "of another campaign"),
             span("a", "idle", 190, 200), span("a", "idle", 300, 310)]  # fmt: skip
    steps = steps_of(spans, [call(1, Outcome.ANSWERED)], 100.0)
    assert [(step.at, step.verb) for step in steps] == [
        (0.0, "login"), (3.0, "ready"), (60.0, "pause"), (90.0, "ready"), (100.0, "logout"),
        (199.0, "login"), (200.0, "ready"), (210.0, "logout"),
    ]  # fmt: skip
