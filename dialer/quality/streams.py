"""How a leg is heard, interval by interval, from RTCP's reports (RFC 3550 §6.4).

A report tells the fraction lost since the report before and the highest sequence number: of both, and only of what
changed between two reports, an interval is made. Its cumulative loss is not looked at: it says nothing of when, and
starts anew with a source. Where nothing arrives RTCP reports that nothing was lost (nothing was expected either,
seen on Asterisk 22): here that is an interval of silence.
"""

from dataclasses import dataclass
from typing import Literal

from dialer.calls.events import Reception, VoiceReported
from dialer.quality.codecs import Codec

Direction = Literal["in", "out"]
"""`in`: the far end's sound as the switch hears it; `out`: the switch's sound as the far end says that it hears it."""

LONGEST_S = 60.0
"""Reports that are farther apart (a lost link) speak for no more than this."""
_PACKETS_PER_S = 1000
"""More is no advance but a sequence that began anew."""


@dataclass(frozen=True, slots=True)
class Interval:
    """From one report to the next. Times are epoch seconds."""

    began: float
    ended: float
    expected: int
    """Packets; 0 where that is unknown (a source's first report)."""
    lost: int
    loss: float
    """0..1; 1 in silence."""
    jitter_s: float
    round_trip_s: float | None
    silent: bool
    """Nothing arrived at all."""

    @property
    def seconds(self) -> float:
        return self.ended - self.began


class Stream:
    """One direction of a leg."""

    def __init__(self, clock_hz: int, began: float) -> None:
        self._clock_hz = clock_hz
        self._at = began
        self._last: Reception | None = None
        self._rate = 0.0
        """Packets a second when something was last heard."""
        self._missed = 0
        """Packets counted as lost in the silence that now lasts: the sequence number will tell of them again."""

    def change_clock(self, hz: int) -> None:
        """Another codec from now on."""
        self._clock_hz = hz

    def report(
        self, at: float, heard: Reception | None, sent: int | None, round_trip_s: float | None,
    ) -> Interval | None:
        """`sent`: packets sent to this listener since its report before, None if unknown. None for a report that
        comes twice."""
        began, self._at = max(self._at, at - LONGEST_S), max(self._at, at)
        if at <= began:
            return None
        before, self._last = self._last, heard or self._last
        seconds = at - began
        same = heard is not None and before is not None and heard.source == before.source
        advance = _advance(before.highest, heard.highest, seconds) if same and heard and before else None
        if heard is None or advance == 0:
            expected = lost = sent if sent is not None else round(self._rate * seconds)
            self._missed += lost
            return Interval(began, at, expected, lost, 1.0, 0.0, round_trip_s, silent=True)
        jitter_s = heard.jitter / self._clock_hz
        if advance is None:
            self._missed = 0
            return Interval(began, at, 0, 0, heard.fraction / 256, jitter_s, round_trip_s, silent=False)
        lost = _lost(heard.fraction, advance)
        received = advance - lost
        expected = max(received, advance - self._missed, 1)
        # The sender's count may run ahead of the sequence: what was counted too much is made up for by later losses.
        self._missed = max(0, self._missed - lost)
        lost, self._rate = expected - received, expected / seconds
        return Interval(began, at, expected, lost, lost / expected, jitter_s, round_trip_s, silent=False)


def _advance(before: int, now: int, seconds: float) -> int | None:
    """How far the sequence went on, over the wrap of 32 bits, or of 16 with reporters that count no cycles. None where
    it began anew."""
    most = int(_PACKETS_PER_S * (seconds + 1))
    for bits in (32, 16):
        step = (now - before) % (1 << bits)
        if step <= most:
            return step
    return None


def _lost(fraction: int, expected: int) -> int:
    """RTCP rounds the fraction down to 256ths. Up to 256 packets the number is exact (the default of 5 s has 250)."""
    if expected <= 256:
        return -(-fraction * expected // 256)
    return min(expected, round((fraction + 0.5) * expected / 256)) if fraction else 0


class Leg:
    """Both directions of a leg, from the reports of both sides."""

    def __init__(self, codec: Codec, began: float) -> None:
        self._in, self._out = Stream(codec.clock_hz, began), Stream(codec.clock_hz, began)
        self._switch, self._far_end = _Sender(), _Sender()
        self._round_trip_s: float | None = None

    def change_codec(self, codec: Codec) -> None:
        for stream in (self._in, self._out):
            stream.change_clock(codec.clock_hz)

    def report(self, event: VoiceReported) -> tuple[Direction, Interval] | None:
        if event.by == "switch":
            self._switch.tell(event.sent)
            sent = self._far_end.since()
            interval = self._in.report(event.at, event.heard, sent, self._round_trip_s)
            return None if interval is None else ("in", interval)
        self._far_end.tell(event.sent)
        self._round_trip_s = event.round_trip_s if event.round_trip_s is not None else self._round_trip_s
        sent = self._switch.since()
        interval = self._out.report(event.at, event.heard, sent, self._round_trip_s)
        # What the switch did not send cannot be heard: with nothing to play, a flow is silent by design.
        if interval is None or (interval.silent and not sent):
            return None
        return "out", interval


class _Sender:
    """How many packets a side has sent, as it tells in its reports."""

    def __init__(self) -> None:
        self._told: int | None = None
        self._asked: int | None = None

    def tell(self, packets: int | None) -> None:
        self._told = packets if packets is not None else self._told

    def since(self) -> int | None:
        """Sent since this was asked last; None where nothing new was told, or the sender began anew."""
        told, before = self._told, self._asked
        if told is None:
            return None
        self._told, self._asked = None, told
        if before is None:
            return None
        step = (told - before) % (1 << 32)
        return step if step < 1 << 24 else None
