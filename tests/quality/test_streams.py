"""Intervals from reports: what really happened to the packets, whatever the counters do."""

import random
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.calls.events import Reception, VoiceReported
from dialer.quality.codecs import CODECS
from dialer.quality.figures import figures
from dialer.quality.streams import Interval, Leg, Stream

PER_INTERVAL = 250


@dataclass
class Receiver:
    """What RFC 3550 (A.1, A.3) has a receiver count and report."""

    source: str = "0xa"
    sequence: int = 65_000
    lost: int = 0
    got: int = 0
    before: int = 0
    got_before: int = 0
    first: int | None = None
    highest: int = 0
    counts_cycles: bool = True
    jitter: int = 8
    heard: bool = field(default=False)

    def packet(self, arrives: bool) -> None:
        self.sequence += 1
        if arrives:
            self.first = self.sequence if self.first is None else self.first
            self.highest = self.sequence
            self.got += 1

    def report(self) -> Reception | None:
        if self.first is None:
            return None
        expected = self.highest - self.first + 1
        span, received = expected - self.before, self.got - self.got_before
        self.before, self.got_before = expected, self.got
        fraction = max(0, span - received) * 256 // span if span > 0 else 0
        highest = self.highest % (1 << 32 if self.counts_cycles else 1 << 16)
        return Reception(self.source, fraction, highest, self.jitter)


def run(receiver: Receiver, arrivals: list[list[bool]], stream: Stream, *, tells_sent: bool = True) -> list[Interval]:
    found = []
    for number, packets in enumerate(arrivals, start=1):
        for arrives in packets:
            receiver.packet(arrives)
        sent = len(packets) if tells_sent else None
        interval = stream.report(number * 5.0, receiver.report(), sent, None)
        assert interval is not None
        found.append(interval)
    return found


def good(intervals: int) -> list[list[bool]]:
    return [[True] * PER_INTERVAL] * intervals


def dead(intervals: int) -> list[list[bool]]:
    return [[False] * PER_INTERVAL] * intervals


def random_loss(seed: int, loss: float, intervals: int) -> list[list[bool]]:
    chance = random.Random(seed)
    return [[True] + [chance.random() >= loss for _ in range(PER_INTERVAL - 1)] for _ in range(intervals)]


@settings(max_examples=50)
@given(st.integers(0, 2**32), st.floats(0, 0.5), st.integers(2, 20), st.booleans())
def test_every_packet_after_the_first_report_is_counted_exactly(seed, loss, intervals, counts_cycles):
    arrivals = random_loss(seed, loss, intervals)
    receiver = Receiver(counts_cycles=counts_cycles)  # its sequence wraps within the first intervals
    found = run(receiver, arrivals, Stream(8000, 0.0))
    # An interval's last packets, if lost, are told of by the next.
    flat = [arrives for packets in arrivals[1:] for arrives in packets]
    trailing = next((n for n, arrives in enumerate(reversed(flat)) if arrives), len(flat))
    early = next((n for n, arrives in enumerate(reversed(arrivals[0])) if arrives), 0)
    assert sum(it.lost for it in found[1:]) == flat.count(False) - trailing + early
    assert sum(it.expected for it in found[1:]) == len(flat) - trailing + early
    assert all(0 <= it.loss <= 1 and 0 <= it.lost <= it.expected for it in found)


def test_the_first_report_has_a_fraction_and_no_count():
    (first,) = run(Receiver(), [[True] * 200 + [False] * 49 + [True]], Stream(8000, 0.0))
    assert first.loss == pytest.approx(49 / 250, abs=1 / 256)
    assert (first.expected, first.silent) == (0, False)


@pytest.mark.parametrize("tells_sent", [True, False])
def test_a_path_that_dies_is_silence_and_not_no_loss(tells_sent):
    found = run(Receiver(), good(3) + dead(2) + good(2), Stream(8000, 0.0), tells_sent=tells_sent)
    assert [it.silent for it in found] == [False, False, False, True, True, False, False]
    assert [it.loss for it in found] == [0, 0, 0, 1, 1, 0, 0]
    assert sum(it.lost for it in found) == 2 * PER_INTERVAL  # once, though the next report tells of them again
    assert sum(it.expected for it in found) == 6 * PER_INTERVAL


def test_a_path_that_never_lived():
    found = run(Receiver(), dead(3), Stream(8000, 0.0))
    assert all(it.silent and it.loss == 1 for it in found)
    result = figures(found, CODECS["alaw"])
    assert result is not None
    assert (result.r, result.r_worst, result.mos, result.loss, result.dead_air_s) == (0, 0, 1, 1, 15)


def test_a_sender_that_pauses_has_lost_nothing():
    """Its own count says that it sent nothing; unheard it is all the same."""
    receiver, stream = Receiver(), Stream(8000, 0.0)
    run(receiver, good(2), stream)
    pause = stream.report(15.0, receiver.report(), 0, None)
    assert pause is not None and pause.silent and (pause.expected, pause.lost) == (0, 0)
    for _ in range(PER_INTERVAL):
        receiver.packet(True)
    after = stream.report(20.0, receiver.report(), PER_INTERVAL, None)
    assert after is not None and (after.expected, after.lost) == (PER_INTERVAL, 0)


def test_a_pause_that_was_guessed_to_be_loss_does_not_go_below_what_was_received():
    """Without the sender's count a pause looks like loss; the next report shows that nothing was missing."""
    receiver, stream = Receiver(), Stream(8000, 0.0)
    run(receiver, good(2), stream, tells_sent=False)
    assert (pause := stream.report(15.0, receiver.report(), None, None)) is not None and pause.lost == PER_INTERVAL
    for _ in range(PER_INTERVAL):
        receiver.packet(True)
    after = stream.report(20.0, receiver.report(), None, None)
    assert after is not None and (after.expected, after.lost, after.loss) == (PER_INTERVAL, 0, 0)


@pytest.mark.parametrize("ahead", [-60_000, 0, 700])
def test_a_new_source_is_no_loss(ahead):
    """A re-INVITE, a transfer behind the trunk: another SSRC with another sequence, be it one that would fit."""
    stream, first = Stream(8000, 0.0), Receiver()
    run(first, good(2), stream)
    other = Receiver(source="0xb", sequence=first.sequence + ahead)
    for number, expected in ((3, 0), (4, PER_INTERVAL)):
        for _ in range(PER_INTERVAL):
            other.packet(True)
        interval = stream.report(number * 5.0, other.report(), PER_INTERVAL, None)
        assert interval is not None and (interval.loss, interval.silent) == (0, False)
        assert interval.expected == expected


def test_a_sequence_that_begins_anew_is_no_loss():
    """The same SSRC from a phone that was started again."""
    stream = Stream(8000, 0.0)
    run(Receiver(sequence=40_000), good(2), stream)
    again = Receiver(sequence=5)
    for _ in range(PER_INTERVAL):
        again.packet(True)
    interval = stream.report(15.0, again.report(), PER_INTERVAL, None)
    assert interval is not None and (interval.loss, interval.silent) == (0, False)


def test_a_lost_report_is_part_of_the_next_interval():
    receiver, stream = Receiver(), Stream(8000, 0.0)
    run(receiver, good(2), stream)
    for _ in range(2 * PER_INTERVAL):
        receiver.packet(True)
    interval = stream.report(20.0, receiver.report(), None, None)
    assert interval is not None and (interval.seconds, interval.expected, interval.lost) == (10, 500, 0)


def test_a_report_that_comes_twice_counts_once():
    receiver, stream = Receiver(), Stream(8000, 0.0)
    run(receiver, good(2), stream)
    assert stream.report(10.0, receiver.report(), None, None) is None
    assert stream.report(9.0, receiver.report(), None, None) is None


def test_after_hours_without_a_report_it_speaks_for_a_minute():
    receiver, stream = Receiver(), Stream(8000, 0.0)
    run(receiver, good(1), stream)
    receiver.packet(True)
    interval = stream.report(7200.0, receiver.report(), None, None)
    assert interval is not None and interval.seconds == 60


def test_jitter_is_in_the_codecs_own_clock():
    for clock_hz, seconds in ((8000, 0.001), (48000, 1 / 6000)):
        (interval,) = run(Receiver(jitter=8), good(1), Stream(clock_hz, 0.0))
        assert interval.jitter_s == pytest.approx(seconds)


# -- both directions ----------------------------------------------------------------------------------------------


def reported(by: str, at: float, sent: int | None, heard: Reception | None, trip: float | None = None) -> VoiceReported:
    return VoiceReported("c", at, "trunk", by, sent, heard, trip)  # type: ignore[arg-type]


def test_each_side_reports_what_it_hears():
    leg = Leg(CODECS["alaw"], 0.0)
    far, ours = Receiver(), Receiver(source="0xb")
    for number in range(1, 4):
        for step in range(PER_INTERVAL):
            ours.packet(step % 10 != 5)  # a tenth is lost on the way in
            far.packet(step % 50 != 5)  # a fiftieth on the way out
        at, sent = number * 5.0, number * PER_INTERVAL
        out = leg.report(reported("far_end", at - 1, sent, far.report(), 0.1))
        into = leg.report(reported("switch", at, sent, ours.report()))
    assert out is not None and (out[0], out[1].loss, out[1].round_trip_s) == ("out", pytest.approx(0.02), 0.1)
    assert into is not None and (into[0], into[1].loss, into[1].round_trip_s) == ("in", pytest.approx(0.1), 0.1)


def test_silence_that_the_switch_itself_keeps_is_not_judged():
    leg = Leg(CODECS["alaw"], 0.0)
    assert leg.report(reported("switch", 5.0, None, None)) is not None  # the far end's is
    assert leg.report(reported("far_end", 5.1, 250, None)) is None
    assert leg.report(reported("switch", 10.0, None, None)) is not None
    assert leg.report(reported("far_end", 10.1, 500, None)) is None


def test_what_the_switch_sent_and_nobody_heard_is_judged():
    leg = Leg(CODECS["alaw"], 0.0)
    told = None
    for number in (1, 2, 3):
        leg.report(reported("switch", number * 5.0, number * PER_INTERVAL, None))
        told = leg.report(reported("far_end", number * 5.0 + 0.1, None, None))
    assert told is not None
    direction, interval = told
    assert (direction, interval.silent, interval.lost, interval.loss) == ("out", True, PER_INTERVAL, 1)


def test_a_sender_that_stopped_telling_is_unknown_and_not_still():
    """With the path dead in both directions no sender's report comes: its last count must not be read as a pause."""
    leg, ours = Leg(CODECS["alaw"], 0.0), Receiver()
    for number in (1, 2):
        for _ in range(PER_INTERVAL):
            ours.packet(True)
        leg.report(reported("far_end", number * 5.0 - 1, number * PER_INTERVAL, None))
        leg.report(reported("switch", number * 5.0, None, ours.report()))
    told = leg.report(reported("switch", 15.0, None, ours.report()))
    assert told is not None and told[1].silent and told[1].lost == PER_INTERVAL


def test_a_senders_count_that_begins_anew_is_unknown():
    leg = Leg(CODECS["alaw"], 0.0)
    for at, sent in ((4.0, 5000), (9.0, 10)):
        leg.report(reported("far_end", at, sent, None))
        told = leg.report(reported("switch", at + 1, None, None))
    assert told is not None and told[1].lost == 0


@given(st.lists(st.tuples(
    st.sampled_from(["switch", "far_end"]), st.floats(0, 100), st.none() | st.integers(0, 2**32 - 1),
    st.none() | st.builds(Reception, st.sampled_from(["a", "b"]), st.integers(0, 255), st.integers(0, 2**32 - 1),
                          st.integers(0, 2**32 - 1)),
    st.none() | st.floats(0, 59),
), max_size=30))  # fmt: skip
def test_whatever_is_reported_an_interval_is_possible(reports):
    leg, heard = Leg(CODECS["alaw"], 0.0), {"in": [], "out": []}
    for by, at, sent, reception, trip in reports:
        told = leg.report(reported(by, at, sent, reception, trip))
        if told is not None:
            direction, it = told
            heard[direction].append(it)
            assert it.seconds > 0 and 0 <= it.lost <= it.expected and 0 <= it.loss <= 1
            assert it.loss == 1 if it.silent else it.jitter_s >= 0
    for intervals in heard.values():
        found = figures(intervals, CODECS["alaw"])
        if found is not None:
            assert 0 <= found.r_worst <= found.r + 1e-9 and 1 <= found.mos <= 4.5 and 0 <= found.loss <= 1 + 1e-9
            assert 1 <= found.burst_ratio <= 8 and 0 <= found.dead_air_s <= found.seconds + 1e-9


def test_intervals_are_values():
    interval = Interval(0.0, 5.0, 250, 0, 0.0, 0.0, None, silent=False)
    assert replace(interval, lost=1) != interval and interval.seconds == 5


def test_what_a_silence_was_counted_too_long_is_made_up_for():
    """The sender tells two packets more than the silence had: they are not counted again when others are lost."""
    receiver, stream, found = Receiver(), Stream(8000, 0.0), []
    whole, none = [True] * 100, [False] * 100
    some = [True] * 95 + [False] * 4 + [True]
    for number, (packets, sent) in enumerate([(whole, 100), (none, 102), (whole, 98), (some, 100)], start=1):
        for arrives in packets:
            receiver.packet(arrives)
        found.append(stream.report(number * 5.0, receiver.report(), sent, None))
    assert [it.lost for it in found if it is not None] == [0, 102, 0, 2]
