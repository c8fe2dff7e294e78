"""What may stand in an order to Asterisk. Its dialplan evaluates `$ { } [ ] ( ) , & ^ | " \\` and its wire CR and
LF, so each value is matched against what it may be, not searched for what it may not."""

import re

from dialer.switch.wire import UnsafeValueError

_ENDPOINT = re.compile(r"[A-Za-z][A-Za-z0-9]*/[A-Za-z0-9_.+*#@:/=?;-]{1,200}")
_CHANNEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,149}")
_NUMBER = re.compile(r"\+?[A-Za-z0-9*#_.-]{1,64}")
_SOUND = re.compile(r"[A-Za-z0-9_./+-]{1,400}")
_CALLER_ID = re.compile(r'(?:"[^"\\$&{}\[\]()\x00-\x1f\x7f]{0,80}" ?)?<?[+A-Za-z0-9*#_.-]{0,64}>?')
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")
_VALUE = re.compile(r'[^"\\,$&{}\[\]()|^\x00-\x1f\x7f]*')
_WORD = re.compile(r"[A-Za-z0-9_-]{1,79}")
_KEYS = re.compile(r"[0-9*#A-D]*")


def _checked(pattern: re.Pattern[str], what: str, value: str) -> str:
    if not pattern.fullmatch(value):
        raise UnsafeValueError(f"{value[:80]!r} is no {what}")
    return value


def endpoint(value: str) -> str:
    """`PJSIP/+49305550100@trunk`."""
    return _checked(_ENDPOINT, "dial string", value)


def channel(value: str) -> str:
    """A channel's id. (AMI Hangup takes `/.../` as a pattern over every channel: never let one through.)"""
    return _checked(_CHANNEL, "channel", value)


def number(value: str) -> str:
    return _checked(_NUMBER, "number", value)


def sound(value: str) -> str:
    """A sound's path without its ending."""
    if ".." in value:
        raise UnsafeValueError(f"{value[:80]!r} leads out of its directory")
    return _checked(_SOUND, "sound", value)


def caller_id(value: str) -> str:
    """`+49305550100` or `"Name" <+49305550100>`, or nothing."""
    return _checked(_CALLER_ID, "caller ID", value)


def variable(name: str, value: str) -> str:
    """`NAME=value`. (A name such as SHELL(x) would be a function that Asterisk writes to.)"""
    return f"{_checked(_VARIABLE, 'variable name', name)}={_checked(_VALUE, f'value of {name}', value)}"


def word(value: str) -> str:
    """An extension, a language, a class of music."""
    return _checked(_WORD, "name", value)


def keys(value: str) -> str:
    return _checked(_KEYS, "set of keys", value)
