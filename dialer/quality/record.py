"""One direction of one leg of a call, as it is kept."""

from dataclasses import asdict, dataclass
from typing import Literal

from dialer.quality.codecs import Codec
from dialer.quality.figures import Figures
from dialer.quality.streams import Direction

LegOf = Literal["customer", "agent"]


@dataclass(frozen=True, slots=True)
class LegVoice(Figures):
    """A customer's leg for the whole call from its answer on, an agent's for one talk: its figures, and whose they
    are."""

    call_id: str
    leg: LegOf
    direction: Direction
    """`in`: what comes from that leg, as the switch hears it; `out`: what goes to it, as its far end hears it."""
    client: str
    campaign: str | None
    switch: str
    endpoint: str
    """Of the leg in Asterisk: the trunk, or the agent's phone."""
    agent: str | None
    """Whose leg it is; none for a customer's."""
    codec: str
    """That the figures are rated by."""


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
    return LegVoice(**asdict(found), **asdict(whose), direction=direction, codec=codec.name)
