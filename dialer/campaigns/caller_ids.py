"""Which number a call shows: the nearest area's; among those the one that people answer, or the least used. Pure.

Answer rates are weighed by Thompson sampling (Thompson 1933): each number draws from the Beta distribution of what is
known of it, and the highest draw is shown. A number that is little known draws high now and then, and so is tried.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dialer.config.caller_ids import CallerIds, ShownNumber
from dialer.store.records import PastCall

DECAY_A_DAY = 0.9
"""What was seen a week ago counts half."""
DAYS = 30
"""What is older counts for nothing."""
LOOK_AGAIN_S = 5.0
"""When dials that are being claimed may have left room for others."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A number's calls so far; weighed by their age but for `today`."""

    today: int = 0
    dials: float = 0.0
    answered: float = 0.0


def weighed(days: Sequence[tuple[int, int, int]]) -> Seen:
    """`days`: (age in days, dials, answered)."""
    kept = [(DECAY_A_DAY**age, dials, answered) for age, dials, answered in days if 0 <= age < DAYS]
    return Seen(
        today=sum(dials for age, dials, _ in days if age == 0),
        dials=sum(weight * dials for weight, dials, _ in kept),
        answered=sum(weight * answered for weight, _, answered in kept),
    )


@dataclass(slots=True)
class Choice:
    """For the calls of one claim. The same call has the same answer, however often it is asked for: a claim may be made
    twice, and its calls are recorded anew when they are dialled."""

    ids: CallerIds
    now: float
    tomorrow: float
    """Epoch seconds: when the client's next day begins."""
    seen: Mapping[str, Seen] = field(default_factory=dict)
    pending: int = 0
    """Dials of the client that are being claimed beside these: any of them may come to show any of the numbers."""
    given: dict[str, str] = field(default_factory=dict)
    """By call: the number it shows."""

    @property
    def reach_days(self) -> int:
        """How far back calls have to be known."""
        return DAYS if self.ids.sticky else 0

    def number_for(self, called: str, past: Sequence[PastCall], call_id: str) -> str | None:
        """None when every number has been shown as often as it may today."""
        number = self.given.get(call_id) or self._chosen(called, past, random.Random(call_id))
        if number is not None:
            self.given[call_id] = number
        return number

    def refused_until(self) -> float | None:
        """None while some number may be shown."""
        if any(self._has_room(shown.number) for shown in self.ids.numbers):
            return None
        most = self.ids.max_per_day or 0
        full = all(self.seen.get(shown.number, Seen()).today >= most for shown in self.ids.numbers)
        return self.tomorrow if full else self.now + LOOK_AGAIN_S

    def _chosen(self, called: str, past: Sequence[PastCall], chance: random.Random) -> str | None:
        ours = {shown.number for shown in self.ids.numbers}
        if self.ids.sticky:
            for call in sorted(past, key=lambda call: call.at, reverse=True):
                if call.number == called and call.shown in ours and self._has_room(call.shown):
                    return call.shown
        for equals in self._by_area(called):
            free = [shown for shown in equals if self._has_room(shown.number)]
            if free:
                return max(free, key=lambda shown: self._worth(shown, chance)).number
        return None

    def _by_area(self, called: str) -> Iterator[list[ShownNumber]]:
        """The numbers with the longest beginning first, those for anywhere, and in the end all: somebody has
        to be shown."""
        fits: dict[int, list[ShownNumber]] = {}
        for shown in self.ids.numbers:
            lengths = [len(area) for area in shown.areas if called.startswith(area)]
            if lengths or not shown.areas:
                fits.setdefault(max(lengths, default=0), []).append(shown)
        for length in sorted(fits, reverse=True):
            yield fits[length]
        yield list(self.ids.numbers)

    def _has_room(self, number: str) -> bool:
        most = self.ids.max_per_day
        return most is None or self._today(number) + self.pending < most

    def _today(self, number: str) -> int:
        given = sum(one == number for one in self.given.values())
        return self.seen.get(number, Seen()).today + given

    def _worth(self, shown: ShownNumber, chance: random.Random) -> float:
        seen = self.seen.get(shown.number, Seen())
        if self.ids.rotate == "least_used":
            return -(self._today(shown.number) + chance.random()) / shown.weight
        return shown.weight * chance.betavariate(1 + seen.answered, 1 + max(0.0, seen.dials - seen.answered))
