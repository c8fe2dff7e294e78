"""Feature codes keyed on an agent's nailed-up leg: `*` and a digit. Pure; `at` is seconds on any one clock."""

from typing import Literal

Verb = Literal["ready", "pause", "hangup", "end_wrap_up", "logout", "pause_recording", "resume_recording"]

CODES: dict[str, Verb] = {
    "1": "ready", "2": "pause", "3": "hangup", "4": "end_wrap_up", "5": "pause_recording", "6": "resume_recording",
    "0": "logout",
}  # fmt: skip
BETWEEN_KEYS_S = 3.0
"""A `*` is forgotten when the digit does not follow within this time."""


class Keys:
    """Gathers the keys of every leg. One `*` a leg is all that is remembered: nothing can be flooded."""

    def __init__(self) -> None:
        self._stars: dict[str, float] = {}

    def press(self, channel: str, digit: str, at: float) -> Verb | None:
        """The verb that this key completes, if any."""
        if digit == "*":
            self._stars[channel] = at
            return None
        star = self._stars.pop(channel, None)
        if star is None or at - star > BETWEEN_KEYS_S:
            return None
        return CODES.get(digit)

    def forget(self, channel: str) -> None:
        """The leg is gone."""
        self._stars.pop(channel, None)
