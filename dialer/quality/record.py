"""One direction of one leg of a call, as it is kept."""

from dataclasses import dataclass
from typing import Literal

from dialer.quality.codecs import Codec
from dialer.quality.figures import Figures
from dialer.quality.streams import Direction

LegOf = Literal["customer", "agent"]


@dataclass(frozen=True, slots=True)
class LegVoice:
    """A customer's leg for the whole call from its answer on, an agent's for one talk. The figures are those of
    `Figures`."""

    call_id: str
    leg: LegOf
    direction: Direction
    """`in`: what comes from that leg, as the switch hears it; `out`: what goes to it, as its far end hears it."""
    started_at: float
    ended_at: float
    client: str
    campaign: str | None
    switch: str
    endpoint: str
    """Of the leg in Asterisk: the trunk, or the agent's phone."""
    agent: str | None
    """Whose leg it is; none for a customer's."""
    codec: str
    """That the figures are rated by."""
    seconds: float
    """Reported on: what came after the leg's last report is unknown."""
    r: float
    """E-model rating (ITU-T G.107), the mean over time; 0 unheard, 93.2 the best."""
    r_worst: float
    """Of the worst interval between two reports."""
    mos: float
    """MOS-CQ of the mean rating, 1 to 4.5."""
    loss: float
    """0..1, the mean over time; 1 where nothing arrived."""
    expected: int
    """Packets, as far as they are known."""
    lost: int
    burst_ratio: float
    """1: lost at random; 2: twice as many in a row (G.107 BurstR)."""
    jitter_s: float
    jitter_worst_s: float
    round_trip_s: float | None
    """None where the far end does not tell."""
    dead_air_s: float
    """Seconds of intervals in which no packet arrived."""


@dataclass(frozen=True, slots=True)
class Whose:
    """To whom a leg's figures belong."""

    call_id: str
    leg: LegOf
    client: str
    campaign: str | None
    switch: str
    endpoint: str
    agent: str | None


def leg_voice(whose: Whose, direction: Direction, codec: Codec, found: Figures) -> LegVoice:
    return LegVoice(
        call_id=whose.call_id, leg=whose.leg, direction=direction, started_at=found.started_at,
        ended_at=found.ended_at, client=whose.client, campaign=whose.campaign, switch=whose.switch,
        endpoint=whose.endpoint, agent=whose.agent, codec=codec.name, seconds=found.seconds, r=found.r,
        r_worst=found.r_worst, mos=found.mos, loss=found.loss, expected=found.expected, lost=found.lost,
        burst_ratio=found.burst_ratio, jitter_s=found.jitter_s, jitter_worst_s=found.jitter_worst_s,
        round_trip_s=found.round_trip_s, dead_air_s=found.dead_air_s,
    )  # fmt: skip
