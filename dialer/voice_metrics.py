"""What Prometheus sees of voice; `metrics.py` registers it. `direction`: `in` is what comes from a leg as the switch
hears it, `out` what goes to it as its far end says that it hears it."""

from collections.abc import Callable
from typing import Protocol

from dialer.quality.record import LegOf, LegVoice
from dialer.quality.streams import Direction, Interval

_R = (50.0, 60.0, 70.0, 80.0, 90.0)
"""ITU-T G.109: below 50 not recommended, then nearly all, many, some users dissatisfied, satisfied, very satisfied."""
_MOS = (2.58, 3.1, 3.6, 4.03, 4.34)
"""The same bounds (G.107 Table B.1)."""
_LOSS = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.999)
_JITTER = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
_TRIP = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)


class Family(Protocol):
    def inc(self, *labels: str, by: float = 1) -> None: ...
    def observe(self, seconds: float, *labels: str) -> None: ...


class VoiceMetrics:
    def __init__(self, counter: Callable[..., Family], histogram: Callable[..., Family]) -> None:
        whose, leg = ("client", "switch", "leg", "direction"), ("switch", "leg", "direction")
        told = "of a leg (customer: its call, agent: one talk; client is empty there)"
        self._r = histogram("dialer_voice_r_factor", f"Mean E-model rating {told}; 0 unheard to 93.", _R, *whose)
        self._mos = histogram("dialer_voice_mos", f"MOS-CQ {told}, 1 to 4.5.", _MOS, *whose)
        self._loss = histogram(
            "dialer_voice_loss_ratio", "Packets lost between two RTCP reports; 1 where none came.", _LOSS, *leg
        )
        self._jitter = histogram("dialer_voice_jitter_seconds", "Jitter between arrivals, by RTCP.", _JITTER, *leg)
        self._trip = histogram("dialer_voice_round_trip_seconds", "To the leg's far end and back, by RTCP.", _TRIP,
                               "switch", "leg")  # fmt: skip
        self._dead = counter("dialer_voice_dead_air_seconds", "Time in which no packet came through.", *leg)

    def interval(self, switch: str, leg: LegOf, direction: Direction, it: Interval) -> None:
        """One from report to report, of a call or talk."""
        self._loss.observe(it.loss, switch, leg, direction)
        if it.silent:
            self._dead.inc(switch, leg, direction, by=it.seconds)
        else:
            self._jitter.observe(it.jitter_s, switch, leg, direction)
        if it.round_trip_s is not None and direction == "out":
            self._trip.observe(it.round_trip_s, switch, leg)

    def rated(self, row: LegVoice) -> None:
        """A leg's direction, once its call is settled."""
        labels = (row.client if row.leg == "customer" else "", row.switch, row.leg, row.direction)
        self._r.observe(row.r, *labels)
        self._mos.observe(row.mos, *labels)
