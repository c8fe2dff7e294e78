"""Abandon budgets as laws and contracts write them: several windows at once, each with its own definition.

A window counts what was told of it: people who talked with an agent, people abandoned, answers hung up as machines.
What it allows comes out as how much less may be risked; the tightest of a campaign's windows decides. Windows may be
shared: those of a group of campaigns count for all of them.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, inf
from typing import Literal

Kind = Literal["talked", "abandoned", "machine"]
"""Talked with an agent; answered and had none in time; hung up as a machine."""

PARTS = 60
"""A window forgets in so many parts, each when all of it is past: never too early."""
LONG_S = 21_600.0
"""From here on a window is held to its share; within shorter ones a count of few is not."""
CREDIT, CREDIT_ANSWERS = 3.0, 200.0
"""Losses lent at a cold start, paid back over so many answers: nobody can lose a thirtieth of a call."""
STEEP = 1.2
"""How much (in the logarithm of the risk) each loss less than wanted in hand holds back."""
WANTED = 0.5
"""Losses of a share to have in hand within a long window: what steers to it keeps about so much."""
STOP = -1.5
"""Losses in hand of a share at which nothing is risked any more."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One window, and what counts in it."""

    name: str
    """Of its rule, as operators read it: `us.tsr`, `own.1h`."""
    most: float
    """A share, 0..1, of the answered; with `answers`, a number of calls."""
    seconds: float | None = None
    answers: int | None = None
    """The last so many answered; with neither, `seconds` is needed."""
    of: Literal["answered_by_person", "answered"] = "answered_by_person"
    """`answered`: machines count among the answered."""
    false_positives: bool = False
    """People taken for machines and hung up, as estimated, count as abandoned."""
    machines_among_lost: bool = False
    """Of the abandoned some were machines, in proportion to those that agents were given (Ofcom: D' = D (1 − AM/(H +
    AM)))."""
    binding: bool = True
    """False: a target, no limit in law."""

    @property
    def window(self) -> str:
        """`30d`, `1h`, `100 answered`."""
        if self.answers is not None:
            return f"{self.answers} answered"
        seconds = self.seconds or 0.0
        for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
            if seconds >= size and seconds % size == 0:
                return f"{seconds / size:g}{unit}"
        return f"{seconds:g}s"


@dataclass(slots=True, eq=False)
class Estimates:
    """What nobody counts of one campaign's calls: shares, 0..1."""

    false_positives: float = 0.0
    """Of the answers hung up as machines, those that were people."""
    machines: float = 0.0
    """Of the calls that agents were given, those that were machines."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a window stands, for people to read."""

    rule: str
    window: str
    answered: float
    abandoned: float
    """By its own definition, estimates included."""
    most: float
    """A share, or a number of calls."""
    left: float
    """How many more may be abandoned just now; below 0: too many were."""
    binding: bool


Counts = defaultdict[tuple[Kind, Estimates], float]
"""By what came of them, and by what is estimated of the campaign whose calls they are."""


@dataclass(slots=True)
class _Part:
    at: float
    counts: Counts = field(default_factory=lambda: defaultdict(float))


class Window:
    """What one limit has counted, of one campaign or of several."""

    def __init__(self, limit: Limit, estimates: Estimates) -> None:
        """`estimates`: of calls of which nothing else is said."""
        self.limit = limit
        self._estimates = estimates
        self._parts: deque[_Part] = deque()
        self._sum: Counts = defaultdict(float)
        self._part_s = limit.seconds / PARTS if limit.seconds is not None else inf

    def add(self, at: float, kind: Kind, count: float = 1.0, of: Estimates | None = None) -> None:
        """In about the order in which it happens; what comes late counts as if it came with the latest. `of`: what is
        estimated of the campaign's calls."""
        parts, answers = self._parts, self.limit.answers
        full = answers is not None and parts and self._answered(parts[-1].counts) >= answers / PARTS
        if not parts or full or at >= parts[-1].at + self._part_s:
            parts.append(_Part(max(at, parts[-1].at) if parts else at))
        parts[-1].counts[kind, of or self._estimates] += count
        self._sum[kind, of or self._estimates] += count

    def _answered(self, counts: Counts) -> float:
        machines = self.limit.of == "answered"
        return sum(count for (kind, _), count in counts.items() if machines or kind != "machine")

    def _forget(self, now: float) -> None:
        limit, parts = self.limit, self._parts
        while parts:
            if limit.answers is not None:
                if self._answered(self._sum) - self._answered(parts[0].counts) < limit.answers:
                    return
            elif parts[0].at + self._part_s > now - (limit.seconds or 0.0):
                return
            for key, count in parts.popleft().counts.items():
                self._sum[key] -= count

    def standing(self, now: float) -> Standing:
        self._forget(now)
        limit, answered, lost = self.limit, 0.0, 0.0
        for (kind, unknown), count in self._sum.items():
            if kind == "talked":
                answered += count
                continue
            people = count
            if kind == "machine":
                people = unknown.false_positives * count if limit.false_positives else 0.0
                answered += count - people if limit.of == "answered" else 0.0
            elif limit.machines_among_lost:
                people = count * (1 - unknown.machines)
            lost += people
            answered += people
        left = limit.most - lost if limit.answers is not None else limit.most * answered - lost
        return Standing(limit.name, limit.window, answered, lost, limit.most, left, limit.binding)

    def strain(self, now: float) -> float | None:
        """How much to hold back, in the logarithm of the risk, 0 or below; None: risk nothing."""
        stands = self.standing(now)
        if self.limit.answers is not None:
            return -STEEP * max(0.0, 2.0 - stands.left) if stands.left >= 1.0 else None
        if (self.limit.seconds or 0.0) >= LONG_S:
            left = stands.left + CREDIT * exp(-stands.answered / CREDIT_ANSWERS)
            return -STEEP * max(0.0, WANTED - left) if left > STOP else None
        left = max(stands.left + 0.5, 1.0 - stands.abandoned)
        return -STEEP * max(0.0, 1.0 - left) if left > STOP else None


@dataclass(slots=True)
class Windows:
    """All that hold for one campaign; some of them may be in others' as well."""

    windows: list[Window] = field(default_factory=list)

    def allowed(self, now: float, risk: float) -> float:
        """What is left of a risk, 0..1: 0 when any of the windows is spent."""
        strains = [window.strain(now) for window in self.windows]
        held = [strain for strain in strains if strain is not None]
        return risk * exp(min(held, default=0.0)) if len(held) == len(strains) else 0.0

    def standings(self, now: float) -> Sequence[Standing]:
        return [window.standing(now) for window in self.windows]
