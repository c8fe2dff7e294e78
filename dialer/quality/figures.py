"""What a stretch of a leg comes to: R, MOS, loss, jitter, round trip and silence of one direction."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from dialer.quality import emodel
from dialer.quality.codecs import Codec
from dialer.quality.streams import Interval

MOST_BURST = 8.0
FEWEST_FOR_BURST = 8
"""Intervals with packets, below which bursts cannot be told from chance."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Means are over time: each interval weighs as long as it lasted."""

    started_at: float
    ended_at: float
    seconds: float
    """Reported on; the last seconds of a leg, after its last report, are unknown."""
    r: float
    """E-model rating (ITU-T G.107), the mean over time; 0 unheard, 93.2 the best."""
    r_worst: float
    """Of the worst interval between two reports."""
    mos: float
    """MOS-CQ of the mean rating, 1 to 4.5."""
    loss: float
    """0..1, the mean over time; 1 where nothing arrived."""
    expected: int
    """Packets, as far as they are known."""
    lost: int
    burst_ratio: float
    """1: lost at random; 2: twice as many in a row as at random (G.107 BurstR)."""
    jitter_s: float
    jitter_worst_s: float
    round_trip_s: float | None
    """None: the far end does not tell."""
    dead_air_s: float
    """Seconds of intervals in which no packet arrived."""


def figures(intervals: Sequence[Interval], codec: Codec) -> Figures | None:
    """None when there was no report."""
    seconds = sum(interval.seconds for interval in intervals)
    if not seconds:
        return None
    burst_ratio = bursts(intervals)
    ratings = [rated(interval, burst_ratio, codec) for interval in intervals]
    r = sum(rating * it.seconds for rating, it in zip(ratings, intervals, strict=True)) / seconds
    heard = [interval for interval in intervals if not interval.silent]
    heard_s = sum(interval.seconds for interval in heard)
    trips = [interval.round_trip_s for interval in intervals if interval.round_trip_s is not None]
    return Figures(
        started_at=min(interval.began for interval in intervals),
        ended_at=max(interval.ended for interval in intervals),
        seconds=seconds,
        r=r,
        r_worst=min(ratings),
        mos=emodel.mos(r),
        loss=sum(interval.loss * interval.seconds for interval in intervals) / seconds,
        expected=sum(interval.expected for interval in intervals),
        lost=sum(interval.lost for interval in intervals),
        burst_ratio=burst_ratio,
        jitter_s=sum(interval.jitter_s * interval.seconds for interval in heard) / heard_s if heard else 0.0,
        jitter_worst_s=max((interval.jitter_s for interval in heard), default=0.0),
        round_trip_s=sum(trips) / len(trips) if trips else None,
        dead_air_s=seconds - heard_s,
    )


def rated(interval: Interval, burst_ratio: float, codec: Codec) -> float:
    """R of one interval; 0 when nothing was heard."""
    if interval.silent:
        return emodel.DEAD
    return emodel.rating(interval.loss, burst_ratio, delay_s(interval, codec), codec)


def delay_s(interval: Interval, codec: Codec) -> float:
    """From mouth to ear, over this leg: half the round trip, a packet's sound, the codec's look ahead, and a jitter
    buffer of twice the jitter (an assumption: RTCP does not tell it). An unknown round trip counts as none."""
    return (interval.round_trip_s or 0.0) / 2 + codec.frame_s + codec.lookahead_s + 2 * interval.jitter_s


def bursts(intervals: Sequence[Interval]) -> float:
    """BurstR, estimated from how much the losses of neighbouring intervals differ.

    With losses that come and go as a chain of two states, whose mean run is BurstR times that of chance, the number
    lost in an interval varies 2 BurstR - 1 times as much as at random. Neighbours are compared, so that a loss
    that slowly grows is not taken for bursts; and only an excess of twice its own error (sqrt(3/n)) counts.
    """
    heard = [interval for interval in intervals if interval.expected and not interval.silent]
    expected = sum(interval.expected for interval in heard)
    p = sum(interval.lost for interval in heard) / expected if expected else 0.0
    if len(heard) < FEWEST_FOR_BURST or not 0 < p < 1:
        return 1.0
    pairs = list(pairwise(heard))
    found = sum(((a.lost - a.expected * p) - (b.lost - b.expected * p)) ** 2 for a, b in pairs)
    excess = found / sum(p * (1 - p) * (a.expected + b.expected) for a, b in pairs)
    if excess <= 1 + 2 * sqrt(3 / len(pairs)):
        return 1.0
    return min(MOST_BURST, (excess + 1) / 2)
