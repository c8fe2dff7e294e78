"""AMI events as facts about calls. Header names of events stand only here."""

import math
from collections.abc import Callable, Mapping

from dialer.calls.events import (
    Answered,
    Bridged,
    ChannelEvent,
    ChannelSeen,
    Digit,
    HungUp,
    OriginateFailed,
    Ringing,
    Unbridged,
    VoiceReported,
)
from dialer.switch.wire import Headers

Translate = Callable[[Headers, float], ChannelEvent | VoiceReported | None]

ORIGINATE = "originate:"
"""An Originate's ActionID is this and its channel's id: OriginateResponse names the channel only when it got
as far as having one (Uniqueid is `<null>` otherwise), but it always carries the ActionID."""

_ORIGINATE_REASONS = {
    "0": "failure", "1": "hung_up", "2": "no_answer", "3": "no_answer", "5": "busy", "8": "congestion",
}


def at(headers: Headers, now: float) -> float:
    """The switch's own time where `timestampevents=yes` gives it, else `now`. Epoch seconds."""
    try:
        stamp = float(headers["timestamp"])
    except (KeyError, ValueError):
        return now
    return stamp if math.isfinite(stamp) else now


def number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _own(headers: Headers) -> str | None:
    """The channel's id; None for channels that are nobody's call: the far half of a Local pair, and the
    stand-ins Asterisk makes while it moves a channel from its script into a bridge."""
    name = headers.get("channel", "")
    if name.startswith(("Surrogate/", "AsyncGoto/")) or name.endswith((";2", "<ZOMBIE>")):
        return None
    return headers.get("uniqueid") or None


def newstate(headers: Headers, now: float) -> ChannelEvent | None:
    channel = _own(headers)
    if channel is None:
        return None
    match headers.get("channelstatedesc"):
        case "Ringing":
            return Ringing(channel, at(headers, now))
        case "Up":
            return Answered(channel, at(headers, now))
    return None


def hangup(headers: Headers, now: float) -> ChannelEvent | None:
    """TechCause is the far end's SIP status, or where we hung up ourselves, what Asterisk makes of our cause (480
    for a ring time-out, 486 for 17); Asterisk 16 has none."""
    channel = _own(headers)
    if channel is None:
        return None
    return HungUp(
        channel,
        at(headers, now),
        cause=number(headers.get("cause", "")) or 0,
        text=headers.get("cause-txt", ""),
        sip=sip_status(headers.get("techcause", "")),
    )


def sip_status(tech_cause: str) -> int | None:
    """486 from `SIP 486 Busy Here`; None where there is no three-digit status."""
    for word in tech_cause.split():
        if len(word) == 3 and (status := number(word)):
            return status
    return None


def originate_response(headers: Headers, now: float) -> ChannelEvent | None:
    """Asterisk 22 sends it just before the Hangup that has the cause, for every refusal and for a ring time-out;
    without any Hangup when there never was a channel (an endpoint that does not exist). Only the ring time-out
    has a reason of its own (3): busy, 404 and 503 are all 0."""
    action = headers.get("actionid", "")
    if headers.get("response") != "Failure" or not action.startswith(ORIGINATE):
        return None
    reason = headers.get("reason", "")
    return OriginateFailed(
        action.removeprefix(ORIGINATE), at(headers, now), _ORIGINATE_REASONS.get(reason, f"reason {reason}")
    )


def bridge_enter(headers: Headers, now: float) -> ChannelEvent | None:
    channel = _own(headers)
    return Bridged(channel, at(headers, now), headers.get("bridgeuniqueid", "")) if channel else None


def bridge_leave(headers: Headers, now: float) -> ChannelEvent | None:
    channel = _own(headers)
    return Unbridged(channel, at(headers, now), headers.get("bridgeuniqueid", "")) if channel else None


def dtmf_end(headers: Headers, now: float) -> ChannelEvent | None:
    channel = _own(headers)
    if channel is None or headers.get("direction") != "Received":
        return None
    digit = headers.get("digit", "")
    return Digit(channel, at(headers, now), digit) if len(digit) == 1 else None


TRANSLATE: Mapping[str, Translate] = {
    "Newstate": newstate,
    "Hangup": hangup,
    "OriginateResponse": originate_response,
    "BridgeEnter": bridge_enter,
    "BridgeLeave": bridge_leave,
    "DTMFEnd": dtmf_end,
}


def channel_seen(headers: Headers) -> ChannelSeen | None:
    """One CoreShowChannel of a listing."""
    channel = _own(headers)
    if channel is None:
        return None
    return ChannelSeen(
        channel=channel,
        name=headers.get("channel", ""),
        state=headers.get("channelstatedesc", "").lower(),
        bridge=headers.get("bridgeid", ""),
        context=headers.get("context", ""),
        caller=headers.get("calleridnum", ""),
        dialled=headers.get("exten", ""),
        seconds=_seconds(headers.get("duration", "")),
    )


def _seconds(duration: str) -> float:
    """3723.0 from `01:02:03`; 0 for what is no duration."""
    seconds = 0.0
    for part in duration.split(":"):
        if (value := number(part)) is None:
            return 0.0
        seconds = seconds * 60 + value
    return seconds
