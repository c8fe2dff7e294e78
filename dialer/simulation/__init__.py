"""Shifts in virtual time: the same pacers as in the engine, at work on simulated people."""

from dialer.simulation.bench import PACERS, compare, simulate
from dialer.simulation.shift import Shift
from dialer.simulation.tally import Figures
from dialer.simulation.world import World, world

__all__ = ["PACERS", "Figures", "Shift", "World", "compare", "simulate", "world"]
