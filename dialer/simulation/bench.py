"""Runs pacers through shifts and prints what they came to, beside one another."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dialer.campaigns.pacing import Pace, Pacer, Power, Predictive, Progressive
from dialer.simulation.peers import AdaptiveLevel, Resimulation, Unconditional, WindowController
from dialer.simulation.shift import Shift
from dialer.simulation.tally import Figures
from dialer.simulation.world import World


def _predictive(world: World, seed: int) -> Pacer:
    return Predictive(Pace(ring_s=world.ring_timeout_s, connect_s=world.connect_s))


def _patient(world: World, seed: int) -> Pacer:
    """Never takes a ringing call back."""
    return Predictive(Pace(ring_s=world.ring_timeout_s, connect_s=world.connect_s, take_back_s=None))


PACERS: dict[str, Callable[[World, int], Pacer]] = {
    "progressive": lambda world, seed: Progressive(),
    "adaptive-level": lambda world, seed: AdaptiveLevel(),
    "adaptive-level-hard": lambda world, seed: AdaptiveLevel(hard_limit=True),
    "unconditional": lambda world, seed: Unconditional(),
    "unconditional-by-answers": lambda world, seed: Unconditional(by_answers=True),
    "window-controller": lambda world, seed: WindowController(),
    "resimulation": lambda world, seed: Resimulation(seed),
    "predictive": _predictive,
    "predictive-patient": _patient,
}
"""By name. `power:2.5` is a fixed ratio of dials for each idle agent."""


def pacer(name: str, world: World, seed: int) -> Pacer:
    """Raises ValueError for a name that is none."""
    if name.startswith("power:"):
        return Power(float(name.removeprefix("power:")))
    if name not in PACERS:
        raise ValueError(f"there is no pacer {name!r}; there are {', '.join(PACERS)} and power:RATIO")
    return PACERS[name](world, seed)


def simulate(world: World, name: str = "predictive", seed: int = 1) -> Figures:
    """One shift of this world under the pacer of that name. The same seed gives the same people."""
    return Shift(world, pacer(name, world, seed), seed).run().figures()


@dataclass(frozen=True, slots=True)
class Row:
    """One pacer in one world, over all seeds."""

    pacer: str
    shifts: tuple[Figures, ...]

    def mean(self, figure: str) -> float:
        return sum(float(getattr(shift, figure)) for shift in self.shifts) / len(self.shifts)

    def worst(self, figure: str) -> float:
        return max(float(getattr(shift, figure)) for shift in self.shifts)


def compare(world: World, names: Iterable[str], seeds: Sequence[int]) -> Iterable[Row]:
    for name in names:
        yield Row(name, tuple(simulate(world, name, seed) for seed in seeds))


HEAD = (
    "pacer                     occupancy  abandoned  (worst seed)  worst ½h  start   talk min/h  wait p50    p90   "
    "dials/answer  decision"
)


def line(row: Row) -> str:
    percent = {name: 100 * row.mean(name) for name in ("occupancy", "abandoned")}
    worst = {name: 100 * row.worst(name) for name in ("abandoned", "worst_half_hour", "worst_start")}
    return (
        f"{row.pacer:<25} {percent['occupancy']:8.2f} % {percent['abandoned']:8.2f} % {worst['abandoned']:11.2f} %"
        f" {worst['worst_half_hour']:8.1f}% {worst['worst_start']:6.1f}% {row.mean('talk_minutes_per_hour'):11.1f}"
        f" {row.mean('wait_p50_s'):8.1f}s {row.mean('wait_p90_s'):5.1f}s"
        f" {row.mean('dials') / max(1.0, row.mean('answers')):12.2f} {row.mean('decide_mean_ms'):7.2f}ms"
    )
