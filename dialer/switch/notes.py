"""What the dialplan keeps of a customer's channel, for an engine that was away: of who answered from the answer on, of
a caller from the beginning; on the channel while it lives, then, by its hang-up handler, in Asterisk's own database.
That one outlives a restart of Asterisk, and a crash but for its last second.

Ended channels stand under `dialer/PLACE`, by id, until the engine takes them out. PLACE is a digit that changes every
27.8 hours, so that what nobody took out can be swept away without looking at it.
"""

import math
import re

from dialer.calls.events import HungUp, Notes
from dialer.switch.events import number, sip_status

JOINED = "DIALER_JOINED"
"""When the engine last asked for a bridge; set by it, on the clock of the switch."""
ON_CHANNEL = "EVAL(|${CDR(answer,u)}|${DIALER_BY}|${DIALER_JOINED}|${DIALER_PARTED}|||)"
"""As the hang-up handler writes it, with nothing of the end."""
_FIELDS = 8
_PLACE_S = 100_000
_PLACES = 10
_KEPT = 5
"""Places that are not swept: nearly five days and the running one."""
_TIME = re.compile(r"\d{1,12}(\.\d{1,9})?")


def family(at: float) -> str:
    """Where what ended then stands."""
    return f"dialer/{int(at // _PLACE_S) % _PLACES}"


def families(since: float, now: float) -> list[str]:
    """Where what ended in between may stand; of what is longer ago, nothing is kept."""
    since = max(since, now - _KEPT * _PLACE_S)
    return list(dict.fromkeys(family(at * _PLACE_S) for at in range(int(since // _PLACE_S), int(now // _PLACE_S) + 1)))


def swept(now: float) -> list[str]:
    kept = set(families(0.0, now)) | {family(now + _PLACE_S)}
    return [place for at in range(_PLACES) if (place := family(at * _PLACE_S)) not in kept]


def read(channel: str, text: str) -> Notes | None:
    """None for what is no note."""
    fields = text.split("|")
    if len(fields) != _FIELDS:
        return None
    ended, answered, by, joined, parted, dialled, cause, tech = fields
    at = _time(ended)
    return Notes(
        answered_at=_time(answered),
        answered_by="person" if by == "person" else "machine" if by == "machine" else "unknown",
        joined_at=_time(joined),
        parted_at=_time(parted),
        forwarded=dialled == "ANSWER",
        ended=None if at is None else HungUp(channel, at, number(cause) or 0, sip=sip_status(tech)),
    )


def _time(text: str) -> float | None:
    """Zero is Asterisk's word for never."""
    at = float(text) if _TIME.fullmatch(text) else 0.0
    return at if at > 0.0 and math.isfinite(at) else None
