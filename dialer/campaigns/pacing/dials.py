"""The dials as the pacer knows them: in the air, answered by somebody or something, live and without an agent.

What drives a pacer may tell things late, twice, out of order or not at all, and its ring time-out may be another than
the one configured. So each dial ends once; a person of whom nothing was told before counts all the same; and a dial
of which nothing more is heard is given up in time, but not forgotten.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass

from dialer.campaigns.pacing.model import EventKind

LATE_S = 20.0
"""So long after the latest end ever seen a dial of which nothing was heard is given up."""
SLACK_S = 4.0
"""The same where the driver counts fewer in the air than we do."""
LONGEST_S = 120.0
"""No dial is in the air longer, whatever the driver counts."""
DETECTION_S, WAIT_S = 8.0, 10.0
"""So long after its beginning a detection is given up, or a wait."""
TAKING_S = 3.0
"""A call to be taken back that is in the air after this is to be counted on again."""
AGAIN_S, OVER_S = 10.0, 600.0
"""A dial that is over may be placed again after this, and is told of again in vain until that."""
MOST_SILENT = 2_000
TELLING = 20
"""A driver that told of so many connections and of nobody lost does not tell of those lost."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person answered: seconds after the dial, and seconds after it until known to be one; None: not known."""

    after: float | None = None
    known: float = 0.0


@dataclass(frozen=True, slots=True)
class Nobody:
    """No person: seconds after the dial until it failed, or a machine picked up that took so long to know."""

    after: float
    detection: float | None = None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """We ended a dial that nobody had answered, so many seconds after it was placed."""

    after: float


@dataclass(frozen=True, slots=True)
class Lost:
    """A person was let go, so many seconds after being known to be one; None: not known."""

    waited: float | None


Fact = Person | Nobody | TakenBack | Lost


class Dials:
    def __init__(self, ring_s: float) -> None:
        self._longest = ring_s
        """The latest end of a dial that was told."""
        self.air: dict[str, float] = {}
        """Those that nobody has answered, and since when."""
        self.ringing: dict[str, float] = {}
        self.detecting: dict[str, tuple[float, float]] = {}
        """Answered by somebody or something: seconds after the dial, and since when."""
        self.waiting: dict[str, float] = {}
        """Live, without an agent, and since when."""
        self.taken: dict[str, float] = {}
        """In the air, and when we asked to have them taken back."""
        self._silent: dict[str, float] = {}
        """Placed then, and given up: nothing was heard of them."""
        self._over: dict[str, float] = {}
        """What has ended or was given up, and when."""
        self._unheard: dict[str, float] = {}
        """Live then, and given up: neither an agent nor a loss was told."""
        self._counted = False
        """The driver says how many are in the air."""
        self._connected, self._lost = 0, 0
        self._owed = 0.0
        """Losses that were likely not told, less those counted."""

    def retime(self, ring_s: float) -> None:
        """Another ring time-out."""
        self._longest = max(ring_s, self._longest)

    # -- what is told -------------------------------------------------------------------------------

    def on_event(self, now: float, kind: EventKind, dial: str) -> Iterator[Fact]:
        """Follow the dial, and say what is known now. What is told twice changes nothing the second time."""
        match kind:
            case "placed":
                self._placed(now, dial)
            case "ringing":
                if dial in self.air:
                    self.ringing.setdefault(dial, now)
            case "answered":
                self._picked_up(now, dial)
            case "live":
                yield from self._live(now, dial)
            case "connected":
                yield from self._live(now, dial)
                self._connected += 1
                self.served(now, dial)
            case "abandoned":
                yield from self._live(now, dial)
                yield from self._let_go(now, dial)
            case "machine" | "failed":
                yield from self._nobody(now, dial, kind == "machine")
            case "ended":
                yield from self._nobody(now, dial, False)

    def served(self, now: float, dial: str) -> None:
        """It has its agent."""
        self._unheard.pop(dial, None)
        if self.waiting.pop(dial, None) is not None:
            self._over[dial] = now

    def _placed(self, now: float, dial: str) -> None:
        if dial in self.air or dial in self.detecting or dial in self.waiting:
            return
        over = self._over.get(dial)
        if over is None or now - over >= AGAIN_S:
            self._over.pop(dial, None)
            self._silent.pop(dial, None)
            self.air[dial] = now

    def _picked_up(self, now: float, dial: str) -> None:
        placed = self._off(now, dial)
        if placed is not None:
            self.detecting[dial] = (now - placed, now)

    def _off(self, now: float, dial: str) -> float | None:
        """It is not in the air any more: since when it was."""
        placed = self.air.pop(dial, None)
        if placed is None:
            placed = self._silent.pop(dial, None)
        if placed is not None and dial not in self.taken:
            self._longest = min(LONGEST_S, max(now - placed, self._longest))
        self.ringing.pop(dial, None)
        self.taken.pop(dial, None)
        return placed

    def _live(self, now: float, dial: str) -> Iterator[Fact]:
        self._picked_up(now, dial)
        picked = self.detecting.pop(dial, None)
        if picked is not None:
            after, since = picked
            yield Person(after, now - since)
        elif dial in self.waiting or dial in self._over or dial in self._unheard:
            return
        else:
            yield Person()
        self.waiting[dial] = now

    def _let_go(self, now: float, dial: str) -> Iterator[Fact]:
        since = self.waiting.pop(dial, None)
        if since is not None or self._unheard.pop(dial, None) is not None:
            self._over[dial] = now
            self._lost += 1
            yield Lost(None if since is None else now - since)

    def _nobody(self, now: float, dial: str, machine: bool) -> Iterator[Fact]:
        taken = dial in self.taken
        placed, picked = self._off(now, dial), self.detecting.pop(dial, None)
        self.waiting.pop(dial, None)
        self._unheard.pop(dial, None)
        self._over[dial] = now
        if placed is not None and taken and not machine:
            yield TakenBack(now - placed)
        elif picked is not None:
            yield Nobody(picked[0], now - picked[1])
        elif placed is not None:
            yield Nobody(now - placed, 0.0 if machine else None)

    # -- as time passes -----------------------------------------------------------------------------

    def take_back(self, now: float, dials: Iterable[str]) -> None:
        """They are asked to be taken back."""
        self.taken.update((dial, now) for dial in dials)

    def placed_at(self, now: float, among: Container[str] | None = None) -> Iterable[float]:
        """When those in the air (`among` these) were placed, without those just taken back."""
        taken = {dial for dial, asked in self.taken.items() if now - asked < TAKING_S}
        if among is not None:
            return [placed for dial, placed in self.air.items() if dial in among and dial not in taken]
        return [placed for dial, placed in self.air.items() if dial not in taken] if taken else self.air.values()

    def untold(self, in_the_air: int) -> int:
        """Of so many in the air, those that we know nothing of."""
        return max(0, in_the_air - len(self.air) - len(self._silent))

    def give_up(self, now: float, in_the_air: int, taken: Callable[[], bool] = lambda: False) -> Iterator[Fact]:
        """Drop what must be over though its end was not told, while the driver counts so many in the air. `taken`: an
        agent went to work without a word, who is not asked for again."""
        self._counted = self._counted or in_the_air > 0
        missing = len(self.air) - in_the_air
        while self.air:
            dial, placed = next(iter(self.air.items()))
            age = now - placed
            if age <= self._longest + (SLACK_S if self._counted and missing > 0 else LATE_S):
                break
            if self._counted and missing <= 0 and age <= LONGEST_S:
                break
            missing -= 1
            yield from self._silence(now, dial)
        for dial, (_, since) in list(self.detecting.items()):
            if now - since > DETECTION_S:
                del self.detecting[dial]
        for dial, since in list(self.waiting.items()):
            if now - since > WAIT_S:
                del self.waiting[dial]
                self._unheard[dial] = now
                yield from self._unknown(now, dial, taken)
        _older_than(now - OVER_S, self._over)
        _older_than(now - OVER_S, self._unheard)

    def _unknown(self, now: float, dial: str, taken: Callable[[], bool]) -> Iterator[Fact]:
        """Neither an agent nor a loss was told of somebody live. Where losses are told, those not told are as likely
        losses as the others; where none ever was, it is one if no agent can have taken the call."""
        if self._connected < TELLING:
            return
        if self._lost:
            self._owed += self._lost / (self._lost + self._connected)
            if self._owed >= 1:
                self._owed -= 1
                yield Lost(None)
        else:
            del self._unheard[dial]
            self._over[dial] = now
            if not taken():
                yield Lost(None)

    def _silence(self, now: float, dial: str) -> Iterator[Fact]:
        taken = dial in self.taken
        placed = self.air.pop(dial)
        self.ringing.pop(dial, None)
        self.taken.pop(dial, None)
        self._silent[dial] = placed
        if len(self._silent) > MOST_SILENT:
            del self._silent[next(iter(self._silent))]
        if not taken:
            yield Nobody(now - placed)


def _older_than(at: float, times: dict[str, float]) -> None:
    """Drop them: the oldest come first."""
    while times:
        dial, since = next(iter(times.items()))
        if since > at:
            break
        del times[dial]
