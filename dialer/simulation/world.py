"""The people who are called and the agents who talk to them: what they do, how long it takes, what goes wrong.

Times are in seconds, shares 0..1. The figures are those of an ordinary outbound campaign; every one may be replaced.
"""

from dataclasses import dataclass, field
from typing import Literal

TalkShape = Literal["lognormal", "heavy", "bimodal"]


@dataclass(frozen=True, slots=True)
class Jump:
    """People answer `factor` times as often between `at` and `until`."""

    at: float
    until: float
    factor: float


@dataclass(frozen=True, slots=True)
class Outage:
    """Every call fails at the carrier between `at` and `until`."""

    at: float
    until: float


@dataclass(frozen=True, slots=True)
class Exodus:
    """This share of the agents goes at once (after the call in hand) and is back at `until`."""

    at: float
    until: float
    share: float


Disturbance = Jump | Outage | Exodus


@dataclass(frozen=True, slots=True)
class World:
    agents: int = 10
    answer: float = 0.35
    """Share of dials that a person would answer, given for ever to ring."""
    talk_s: float = 180.0
    wrap_s: float = 30.0
    hours: float = 8.0
    talk_shape: TalkShape = "lognormal"
    """lognormal: coefficient of variation 1. heavy: 2.5. bimodal: a third talk long, the others a fifth as long."""
    speed: float = 0.15
    """Spread (of the logarithm) of how long the agents take."""
    ring_median_s: float = 8.0
    ring_sigma: float = 0.45
    ring_timeout_s: float = 22.0
    dial_delay_s: tuple[float, float] = (1.0, 3.0)
    """From the dial to the far end's ringing."""
    machine: float = 0.5
    """Of the dials that no person answers. What is left of these four is congestion."""
    no_answer: float = 0.35
    busy: float = 0.08
    machine_at_once: float = 0.25
    machine_ring_s: float = 16.5
    detect_person_s: tuple[float, float] = (0.4, 1.8)
    detect_machine_s: tuple[float, float] = (1.5, 3.5)
    connect_s: float = 2.0
    """Somebody not with an agent so long after answering is abandoned."""
    clock_from_greeting: bool = False
    """That time begins when it is known to be a person, not when the call is answered."""
    trunks: int | None = None
    """Left out, four for each agent and ten."""
    calls_per_second: float | None = None
    """Left out, a quarter of the agents, at least five."""
    breaks: bool = True
    """Agents come over the first ten minutes, pause, have half an hour for lunch."""
    disturbances: tuple[Disturbance, ...] = field(default=())

    @property
    def lines(self) -> int:
        return 4 * self.agents + 10 if self.trunks is None else self.trunks

    @property
    def rate(self) -> float:
        return max(5.0, self.agents / 4) if self.calls_per_second is None else self.calls_per_second

    def answers_at(self, now: float) -> float:
        """Share of dials placed now that a person would answer."""
        share = self.answer
        for event in self.disturbances:
            if isinstance(event, Jump) and event.at <= now < event.until:
                share *= event.factor
        return min(0.95, share)

    def is_out(self, now: float) -> bool:
        return any(isinstance(event, Outage) and event.at <= now < event.until for event in self.disturbances)


SETTINGS: dict[str, tuple[float, float, float]] = {
    "base": (0.35, 180.0, 30.0),
    "lowshort": (0.20, 60.0, 15.0),
    "hishort": (0.60, 60.0, 15.0),
}
"""Answer share, talk and wrap-up seconds."""

def _disturbances(variant: str, shift_s: float) -> tuple[Disturbance, ...]:
    """They come at the same part of a shift, however long it is."""
    match variant:
        case "jump":
            return (Jump(0.3125 * shift_s, 0.625 * shift_s, 2.25),)
        case "exodus":
            return (Exodus(0.375 * shift_s, 0.5625 * shift_s, 0.4),)
        case "outage":
            return (Outage(0.375 * shift_s, 0.375 * shift_s + 600.0),)
    return ()


VARIANTS = ("none", "jump", "exodus", "outage", "heavy", "bimodal", "tight")


def world(setting: str, agents: int, variant: str = "none", hours: float = 8.0) -> World:
    """One of the bench's worlds. Raises KeyError for an unknown name."""
    answer, talk_s, wrap_s = SETTINGS[setting]
    if variant not in VARIANTS:
        raise KeyError(variant)
    if variant == "heavy":
        return World(agents, answer, talk_s, wrap_s, hours, "heavy")
    if variant == "bimodal":
        return World(agents, answer, talk_s, wrap_s, hours, "bimodal")
    if variant == "tight":
        return World(agents, answer, talk_s, wrap_s, hours, trunks=agents + agents // 2 + 2)
    return World(agents, answer, talk_s, wrap_s, hours, disturbances=_disturbances(variant, 3600 * hours))
