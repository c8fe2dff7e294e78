"""Draws what each dial comes to, and how long agents talk, wrap up and pause. Everything comes from the seed."""

from dataclasses import dataclass
from math import exp, log, sqrt
from random import Random
from typing import Literal

from dialer.simulation.world import World

Fate = Literal["person", "machine", "failed"]


@dataclass(frozen=True, slots=True)
class Destiny:
    """What would become of a dial, in seconds after it: `rings_s` is None when it never rings."""

    fate: Fate
    rings_s: float | None
    ends_s: float
    """A person or a machine answers, or it fails."""
    known_s: float
    """It is known who answered."""


class People:
    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._dials = Random(f"dials {seed}")
        self._talks = Random(f"talks {seed}")
        self.rota = Random(f"rota {seed}")
        self.speeds = [exp(self.rota.gauss(0.0, world.speed)) for _ in range(world.agents)]

    def dial(self, now: float) -> Destiny:
        world, draw = self._world, self._dials
        delay = draw.uniform(*world.dial_delay_s)
        if world.is_out(now):
            return Destiny("failed", None, delay, delay)
        if draw.random() < world.answers_at(now):
            ring = world.ring_median_s * exp(draw.gauss(0.0, world.ring_sigma))
            return self._picked_up("person", delay, ring, world.detect_person_s)
        kind = draw.random()
        if kind < world.machine:
            at_once = draw.random() < world.machine_at_once
            ring = draw.uniform(0.0, 1.0) if at_once else draw.gauss(world.machine_ring_s, 1.0)
            return self._picked_up("machine", delay, ring, world.detect_machine_s)
        if kind < world.machine + world.no_answer:
            return self._rings_out(delay)
        return Destiny("failed", None, delay, delay)

    def _picked_up(self, fate: Fate, delay: float, ring: float, detect: tuple[float, float]) -> Destiny:
        if ring >= self._world.ring_timeout_s:
            return self._rings_out(delay)
        answered = delay + max(0.0, ring)
        return Destiny(fate, delay, answered, answered + self._dials.uniform(*detect))

    def _rings_out(self, delay: float) -> Destiny:
        end = delay + self._world.ring_timeout_s
        return Destiny("failed", delay, end, end)

    def talk(self, agent: int) -> float:
        world, draw = self._world, self._talks
        mean = world.talk_s * self.speeds[agent]
        if world.talk_shape == "bimodal":
            short = mean / (2 / 3 + 5 / 3)
            mean, spread = (5 * short if draw.random() < 1 / 3 else short), 0.4
        else:
            spread = 2.5 if world.talk_shape == "heavy" else 1.0
        sigma = sqrt(log(1 + spread * spread))
        return mean * exp(draw.gauss(-sigma * sigma / 2, sigma))

    def wrap(self, agent: int) -> float:
        return self._talks.gammavariate(2.0, self._world.wrap_s * self.speeds[agent] / 2)
