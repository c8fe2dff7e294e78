"""RTCPSent and RTCPReceived as facts. Only the first report block is read: a telephone call has one source a side.

Asterisk 22's `SSRC` in RTCPReceived is the high word of the NTP time (seen), and is not used; its MES rates a leg on
which nothing arrives at 88 (seen), and is not used either.
"""

from collections.abc import Mapping
from typing import Literal

from dialer.calls.events import Reception, VoiceReported
from dialer.switch.events import Translate, at
from dialer.switch.wire import Headers


def rtcp_sent(headers: Headers, now: float) -> VoiceReported | None:
    """The switch's own report: how it hears the far end."""
    return _reported(headers, now, "switch")


def rtcp_received(headers: Headers, now: float) -> VoiceReported | None:
    """The far end's report: how it hears the switch."""
    return _reported(headers, now, "far_end")


def _reported(headers: Headers, now: float, by: Literal["switch", "far_end"]) -> VoiceReported | None:
    channel = headers.get("uniqueid")
    if not channel:
        return None
    return VoiceReported(
        channel=channel,
        at=at(headers, now),
        endpoint=headers.get("channel", "").partition("/")[2].rpartition("-")[0],
        by=by,
        sent=_count(headers.get("sentpackets", "")),
        heard=_reception(headers),
        round_trip_s=_round_trip_s(headers),
    )


def _reception(headers: Headers) -> Reception | None:
    source = headers.get("report0sourcessrc", "")
    fraction, highest, cycles, jitter = (
        _count(headers.get(f"report0{name}", ""))
        for name in ("fractionlost", "highestsequence", "sequencenumbercycles", "iajitter")
    )
    if headers.get("reportcount") == "0" or not source or fraction is None or highest is None:
        return None
    return Reception(source, min(fraction, 255), ((cycles or 0) & 0xFFFF) << 16 | highest & 0xFFFF, jitter or 0)


def _round_trip_s(headers: Headers) -> float | None:
    """None where the report answers none of ours (LSR 0). Below a tenth of a millisecond Asterisk writes 0."""
    if _count(headers.get("report0lsr", "")) in (None, 0):
        return None
    try:
        seconds = float(headers["rtt"])
    except (KeyError, ValueError):
        return None
    return seconds if 0 <= seconds < 60 else None


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else None


TRANSLATE_RTCP: Mapping[str, Translate] = {"RTCPSent": rtcp_sent, "RTCPReceived": rtcp_received}
