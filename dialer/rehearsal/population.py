"""The people who are called: what becomes of each dial, how long they talk, how long the agents write it up.

A contact's fate at its n-th dial depends on the seed, the number and n alone: every way of dialling meets the same
people. Times are in seconds, shares 0..1.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from random import Random
from typing import Literal, NamedTuple, Protocol

from dialer.config.simulate import Simulate

Kind = Literal["person", "machine", "no_answer", "busy", "congestion", "invalid"]
SPEED = 0.15
"""Spread (of the logarithm) of how long the agents take."""


@dataclass(frozen=True, slots=True)
class Fate:
    """Seconds are from the dial; `rings_s` is None when it never rings, `ends_s` is None when it rings for ever."""

    kind: Kind
    rings_s: float | None
    ends_s: float | None
    """Somebody picks up, or the network says why not."""
    detect_s: float = 0.0
    """How long detection takes to tell a person from a machine, where it is asked to."""


class Promised(NamedTuple):
    """A call that an agent promises."""

    ahead_s: float
    personal: bool
    """By the same agent; else by anyone."""


class Population(Protocol):
    def fate(self, number: str, dial: int, hour: int) -> Fate:
        """Of the number's `dial`-th dial, counted from 1, in that hour of the day."""
        ...

    def talk_s(self, number: str, dial: int, agent: str) -> float: ...

    def patience_s(self, number: str, dial: int) -> float | None:
        """How long the person who answers waits to be spoken to; None: as long as it takes."""
        ...

    def think_s(self, agent: str, number: str) -> float:
        """How long the agent looks at the contact before calling it."""
        ...

    def wrap_up_s(self, agent: str, talk: int) -> float:
        """After the agent's `talk`-th talk."""
        ...

    def disposition(self, number: str, dial: int) -> str | None:
        """What the agent says came of the talk."""
        ...

    def promise(self, number: str, dial: int) -> Promised:
        """What the person asks for, where that is to be called again."""
        ...


People = Callable[[str], Population]
"""By campaign."""


class Stated:
    """As the campaign's `simulate:` says."""

    def __init__(self, said: Simulate, seed: int) -> None:
        self._said, self._seed = said, seed
        self._speeds: dict[str, float] = {}

    def _draw(self, *what: object) -> Random:
        return Random("/".join(map(str, (self._seed, *what))))

    def fate(self, number: str, dial: int, hour: int) -> Fate:
        said, draw = self._said, self._draw("dial", number, dial)
        kind = draw.choices(
            ("person", "machine", "busy", "congestion", "invalid", "no_answer"),
            (said.person, said.machine, said.busy, said.congestion, said.invalid, said.no_answer),
        )[0]
        delay = draw.uniform(*said.dial_delay)
        match kind:
            case "person":
                ring = said.ring * exp(draw.gauss(0.0, said.ring_spread))
                return Fate(kind, delay, delay + ring, draw.uniform(*said.detect_person))
            case "machine":
                ring = draw.uniform(0.0, 1.0) if draw.random() < said.machine_at_once else draw.gauss(
                    said.machine_ring, 1.0)
                return Fate(kind, delay, delay + max(0.0, ring), draw.uniform(*said.detect_machine))
            case "no_answer":
                return Fate(kind, delay, None)
        return Fate(kind, None, delay)  # type: ignore[arg-type]

    def talk_s(self, number: str, dial: int, agent: str) -> float:
        spread = self._said.talk_spread
        sigma = sqrt(log(1 + spread * spread))
        draw = self._draw("talk", number, dial)
        return self._said.talk * self._speed(agent) * exp(draw.gauss(-sigma * sigma / 2, sigma))

    def patience_s(self, number: str, dial: int) -> float | None:
        return patience_of(self._said, self._draw("patience", number, dial))

    def think_s(self, agent: str, number: str) -> float:
        return about(self._said.think * self._speed(agent), self._draw("think", agent, number))

    def wrap_up_s(self, agent: str, talk: int) -> float:
        return about(self._said.wrap_up * self._speed(agent), self._draw("wrap", agent, talk))

    def _speed(self, agent: str) -> float:
        if agent not in self._speeds:
            self._speeds[agent] = exp(self._draw("speed", agent).gauss(0.0, SPEED))
        return self._speeds[agent]

    def disposition(self, number: str, dial: int) -> str | None:
        return said_of(self._said.dispositions, self._draw("said", number, dial))

    def promise(self, number: str, dial: int) -> Promised:
        return promise_of(self._said, self._draw("promise", number, dial))


def about(mean_s: float, draw: Random) -> float:
    """Erlang of two stages; 0 where nothing is to take time."""
    return draw.gammavariate(2.0, mean_s / 2) if mean_s > 0 else 0.0


def promise_of(said: Simulate, draw: Random) -> Promised:
    return Promised(draw.uniform(*said.callback_after), draw.random() < said.callback_personal)


def patience_of(said: Simulate, draw: Random) -> float | None:
    """Exponential, as in Erlang's A."""
    return draw.expovariate(1 / said.patience) if said.patience else said.patience


def said_of(shares: Mapping[str, float], draw: Random) -> str | None:
    at = draw.random()
    for code, share in shares.items():
        if (at := at - share) < 0:
            return code
    return None


class Own(NamedTuple):
    fate: Fate
    talk_s: float | None
    disposition: str | None


@dataclass(frozen=True, slots=True)
class Samples:
    """What happened before, to be drawn from."""

    fates: Mapping[int, Sequence[Fate]]
    """By hour of the day, in the called people's or the plant's zone: whichever `fate` is asked with."""
    talks: Sequence[float]
    wrap_ups: Sequence[float]
    dispositions: Mapping[str, float]
    """Share of the talks, by code."""
    own: Mapping[tuple[str, int], Own]
    """What became of the very dial, by number and dial: for a replay."""


FEWEST = 50
"""An hour with fewer dials than this is drawn from the whole day."""


class Observed:
    """As it was before: whole dials are drawn, so that what goes together stays together. What the store does not tell,
    patience and time to think, is as `said`."""

    def __init__(self, samples: Samples, seed: int, said: Simulate | None = None) -> None:
        self._samples, self._seed, self._said = samples, seed, said or Simulate()
        self._all = [fate for fates in samples.fates.values() for fate in fates]

    def _draw(self, *what: object) -> Random:
        return Random("/".join(map(str, (self._seed, *what))))

    def fate(self, number: str, dial: int, hour: int) -> Fate:
        if (own := self._samples.own.get((number, dial))) is not None:
            return own.fate
        fates = self._samples.fates.get(hour, ())
        return self._draw("dial", number, dial).choice(fates if len(fates) >= FEWEST else self._all)

    def talk_s(self, number: str, dial: int, agent: str) -> float:
        own = self._samples.own.get((number, dial))
        if own is not None and own.talk_s is not None:
            return own.talk_s
        return self._draw("talk", number, dial).choice(self._samples.talks)

    def patience_s(self, number: str, dial: int) -> float | None:
        return patience_of(self._said, self._draw("patience", number, dial))

    def think_s(self, agent: str, number: str) -> float:
        return about(self._said.think, self._draw("think", agent, number))

    def wrap_up_s(self, agent: str, talk: int) -> float:
        wraps = self._samples.wrap_ups
        return self._draw("wrap", agent, talk).choice(wraps) if wraps else 0.0

    def disposition(self, number: str, dial: int) -> str | None:
        if (own := self._samples.own.get((number, dial))) is not None:
            return own.disposition
        return said_of(self._samples.dispositions, self._draw("said", number, dial))

    def promise(self, number: str, dial: int) -> Promised:
        return promise_of(self._said, self._draw("promise", number, dial))
