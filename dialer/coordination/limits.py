"""How many channels may be in use and how fast calls may be placed, per switch and per campaign.

`Limits` is the seam: one node keeps its counts here; several nodes will share them through Redis. Every question is
answered at once, without I/O: a shared implementation leases portions of a limit to its node in the background.
Pure: `now` is seconds on any clock that the caller keeps to.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol


class Scope(NamedTuple):
    """What a limit is about."""

    kind: Literal["switch", "campaign"]
    name: str


@dataclass(frozen=True, slots=True)
class Limit:
    """None is no limit."""

    channels: int | None = None
    calls_per_second: float | None = None


class Limits(Protocol):
    def configure(self, limits: Mapping[Scope, Limit]) -> None:
        """Take other limits; what is held stays held."""
        ...

    def acquire(self, holder: str, scopes: Iterable[Scope]) -> Scope | None:
        """A channel for `holder` in all scopes or in none: None when it has them, else the scope that is full.

        A holder has at most one channel in a scope: asking again changes nothing.
        """
        ...

    def hold(self, holder: str, scopes: Iterable[Scope]) -> None:
        """Count a channel that exists already (an adopted call, an agent's leg), even above the limit."""
        ...

    def release(self, holder: str) -> bool:
        """Give back all that `holder` has; False when it had nothing."""
        ...

    def used(self, scope: Scope) -> int: ...

    def free(self, scope: Scope) -> int | None:
        """Channels left, None without a limit. Never negative."""
        ...

    def take(self, scopes: Iterable[Scope], now: float, holder: str = "") -> float:
        """Place one call now? 0.0 when it may go (and is counted in all scopes), else the seconds to wait."""
        ...

    def give_back(self, holders: Iterable[str], now: float) -> None:
        """Calls that were taken and not placed count no more, if that was within RETURNABLE_S: all is then as if they
        had never been taken, but that nothing is made up for which would have gone out meanwhile."""
        ...

    def take_ahead(self, scopes: Iterable[Scope], now: float) -> bool:
        """Place one call now, before its turn if need be: those after it wait for it. False where one went before its
        turn already."""
        ...

    def allowance(self, scope: Scope, now: float) -> int | None:
        """How many calls may be placed just now, None without a limit."""
        ...


BURST_S = 0.1
"""Calls saved up while nothing was placed, as seconds of the rate (at least one call): in any second at most
1.1 × rate + 1 calls go out, and a loop that wakes ten times a second still reaches the rate."""


RETURNABLE_S = 10.0
"""How long a call that was taken is remembered, to be given back: longer than a claim takes."""


class Level(NamedTuple):
    tokens: float
    at: float | None = None

    def filled(self, now: float, rate: float, size: float) -> "Level":
        """A clock that went back fills nothing, and goes on from there."""
        if self.at is None or now <= self.at:
            return Level(self.tokens, now)
        return Level(min(size, self.tokens + (now - self.at) * rate), now)

    def less(self) -> "Level":
        left = self.tokens - 1.0
        return Level(0.0 if -_GRAIN < left < 0.0 else left, self.at)


@dataclass(slots=True)
class Bucket:
    """A token bucket: `rate` calls a second."""

    rate: float
    level: Level
    before: Level
    """As it stood before the first of `taken`."""
    taken: dict[str, float] = field(default_factory=dict)
    """When calls were taken that may be given back, by holder, in their order."""
    nameless: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    def of(cls, rate: float) -> "Bucket":
        full = Level(max(1.0, rate * BURST_S))
        return cls(rate, full, full)

    @property
    def size(self) -> float:
        return max(1.0, self.rate * BURST_S)

    @property
    def tokens(self) -> float:
        return self.level.tokens

    def retune(self, rate: float) -> None:
        """What was taken at another rate is not given back."""
        if rate != self.rate:
            self.rate = rate
            self.level = self.before = Level(min(self.tokens, self.size), self.level.at)
            self.taken.clear()

    def fill(self, now: float) -> None:
        self.level = self.level.filled(now, self.rate, self.size)

    def take(self, now: float, holder: str) -> None:
        """Filled already. Whoever has no name gives nothing back."""
        while self.taken and now - self.taken[first := next(iter(self.taken))] > RETURNABLE_S:
            self.before = self._without_one(self.before, self.taken.pop(first))
        self.level = self.level.less()
        self.taken[holder or f"nobody {next(self.nameless)}"] = now

    def give_back(self, holders: Iterable[str], now: float) -> None:
        """Goes through all that was taken since: a token that would have overflowed the bucket meanwhile is gone, or
        those given back could go out at once, beside those that the time brings."""
        if not [holder for holder in holders if self.taken.pop(holder, None) is not None]:
            return
        level = self.before
        for at in self.taken.values():
            level = self._without_one(level, at)
        self.level = level
        self.fill(now)

    def _without_one(self, level: Level, at: float) -> Level:
        return level.filled(at, self.rate, self.size).less()

    def wait_s(self, now: float) -> float:
        """Seconds until there is a whole token; 0.0 when there is one."""
        self.fill(now)
        lacking = 1.0 - self.tokens
        return lacking / self.rate if lacking > _GRAIN else 0.0


_GRAIN = 1e-9
"""Rounding of the sums of refills: less than this lacks nothing."""


class LocalLimits:
    """The limits of one node, in its memory."""

    def __init__(self, limits: Mapping[Scope, Limit] | None = None) -> None:
        self._limits: dict[Scope, Limit] = {}
        self._buckets: dict[Scope, Bucket] = {}
        self._used: dict[Scope, int] = {}
        self._held: dict[str, set[Scope]] = {}
        self.configure(limits or {})

    def configure(self, limits: Mapping[Scope, Limit]) -> None:
        self._limits = dict(limits)
        kept: dict[Scope, Bucket] = {}
        for scope, limit in limits.items():
            if (rate := limit.calls_per_second) is None:
                continue
            kept[scope] = bucket = self._buckets.get(scope) or Bucket.of(rate)
            bucket.retune(rate)
        self._buckets = kept

    def acquire(self, holder: str, scopes: Iterable[Scope]) -> Scope | None:
        wanted = [scope for scope in dict.fromkeys(scopes) if scope not in self._held.get(holder, ())]
        for scope in wanted:
            if self.free(scope) == 0:
                return scope
        self.hold(holder, wanted)
        return None

    def hold(self, holder: str, scopes: Iterable[Scope]) -> None:
        for scope in scopes:
            held = self._held.setdefault(holder, set())
            if scope not in held:
                held.add(scope)
                self._used[scope] = self._used.get(scope, 0) + 1

    def release(self, holder: str) -> bool:
        scopes = self._held.pop(holder, None)
        for scope in scopes or ():
            self._used[scope] -= 1
            if not self._used[scope]:
                del self._used[scope]
        return scopes is not None

    def used(self, scope: Scope) -> int:
        return self._used.get(scope, 0)

    def free(self, scope: Scope) -> int | None:
        limit = self._limits.get(scope)
        if limit is None or limit.channels is None:
            return None
        return max(0, limit.channels - self.used(scope))

    def take(self, scopes: Iterable[Scope], now: float, holder: str = "") -> float:
        buckets = [bucket for scope in dict.fromkeys(scopes) if (bucket := self._buckets.get(scope))]
        wait_s = max((bucket.wait_s(now) for bucket in buckets), default=0.0)
        if wait_s > 0:
            return wait_s
        for bucket in buckets:
            bucket.take(now, holder)
        return 0.0

    def give_back(self, holders: Iterable[str], now: float) -> None:
        holders = tuple(holders)
        for bucket in self._buckets.values():
            bucket.give_back(holders, now)

    def take_ahead(self, scopes: Iterable[Scope], now: float) -> bool:
        buckets = [bucket for scope in dict.fromkeys(scopes) if (bucket := self._buckets.get(scope))]
        for bucket in buckets:
            bucket.fill(now)
        if any(bucket.tokens < -_GRAIN for bucket in buckets):
            return False
        for bucket in buckets:
            bucket.take(now, "")
        return True

    def allowance(self, scope: Scope, now: float) -> int | None:
        if (bucket := self._buckets.get(scope)) is None:
            return None
        bucket.fill(now)
        return max(0, int(bucket.tokens + _GRAIN))
