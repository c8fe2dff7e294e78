"""Orders as AMI actions. Each raises UnsafeValueError for a value that must not reach the wire.

Channels are named by their Uniqueid, which Bridge, Hangup and Redirect take as well as names (seen on Asterisk 22).
"""

from typing import Any

from dialer.switch import checks, notes
from dialer.switch.events import ORIGINATE
from dialer.switch.port import OriginateOrder, RecordOrder
from dialer.switch.wire import UnsafeValueError

Action = dict[str, Any]
"""Header names and values; a list is a header that occurs several times."""

CONTEXT = "dialer"


def originate_action(order: OriginateOrder) -> Action:
    """Answered at once with its acceptance; the failure of what was accepted is an OriginateResponse."""
    if not 0 < order.ring_s <= 600:
        raise UnsafeValueError(f"{order.ring_s} s is no ring time")
    return {
        "Action": "Originate",
        "ActionID": ORIGINATE + order.channel,
        "Async": "true",
        "ChannelId": checks.channel(order.channel),
        "Channel": checks.endpoint(order.endpoint),
        "Context": CONTEXT,
        "Exten": checks.word(order.exten),
        "Priority": "1",
        "Timeout": str(round(order.ring_s * 1000)),
        "CallerID": checks.caller_id(order.caller_id),
        "EarlyMedia": "false",
        "Variable": [checks.variable(name, value) for name, value in order.variables.items()],
    }


def bridge_action(one: str, other: str) -> Action:
    """Takes both out of whatever they run. Refused with `Channel1 does not exist` when one is gone."""
    return {"Action": "Bridge", "Channel1": checks.channel(one), "Channel2": checks.channel(other), "Tone": "no"}


def joined_action(channel: str, at: float) -> Action:
    """Goes out before the bridge, which itself leaves no time on the channel."""
    return {"Action": "Setvar", "Channel": checks.channel(channel), "Variable": notes.JOINED, "Value": f"{at:.3f}"}


def living_action(channel: str) -> Action:
    return {"Action": "Getvar", "Channel": checks.channel(channel), "Variable": notes.ON_CHANNEL}


def ended_action(channel: str, family: str, action_id: str) -> Action:
    return {"Action": "DBGet", "Family": family, "Key": checks.channel(channel), "ActionID": action_id}


def forget_action(channel: str, ended_at: float) -> Action:
    return {"Action": "DBDel", "Family": notes.family(ended_at), "Key": checks.channel(channel)}


def codec_action(name: str) -> Action:
    return {"Action": "Getvar", "Channel": checks.channel(name), "Variable": "CHANNEL(audionativeformat)"}


def hangup_action(channel: str, cause: int) -> Action:
    if not 0 < cause < 128:
        raise UnsafeValueError(f"{cause} is no Q.850 cause")
    return {"Action": "Hangup", "Channel": checks.channel(channel), "Cause": str(cause)}


def redirect_action(channel: str, exten: str) -> Action:
    """To the first priority of an extension in our context; ends the channel's bridge or script."""
    return {
        "Action": "Redirect",
        "Channel": checks.channel(channel),
        "Context": CONTEXT,
        "Exten": checks.word(exten),
        "Priority": "1",
    }


def record_action(order: RecordOrder) -> Action:
    """MixMonitor and its kin. `b`: nothing but what is said in a bridge. `D`: interleaved, which wants `.raw`."""
    channel = checks.channel(order.channel)
    match order.verb:
        case "start":
            file = checks.sound(order.file)
            sides = {
                "mixed": {"File": file, "Options": "b"},
                "stereo": {"File": file, "Options": "bD"},
                "agent": {"Options": f"bt({file})"},
            }[order.sound]
            return {"Action": "MixMonitor", "Channel": channel, **sides}
        case "stop":
            return {"Action": "StopMixMonitor", "Channel": channel}
        case "mute" | "unmute":
            state = "1" if order.verb == "mute" else "0"
            return {"Action": "MixMonitorMute", "Channel": channel, "Direction": "both", "State": state}
