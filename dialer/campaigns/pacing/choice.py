"""The pacer that a campaign asks for."""

from dialer.campaigns.pacing.fixed import Agentless, Manual, Power, Progressive
from dialer.campaigns.pacing.model import Pacer
from dialer.campaigns.pacing.predictive import Predictive
from dialer.config.campaign import Campaign

RATIO = 1.5


def pacer_for(config: Campaign) -> Pacer:
    pacer: Pacer
    match config.mode:
        case "manual":
            pacer = Manual()
        case "preview" | "progressive":
            pacer = Progressive()
        case "power":
            pacer = Power(config.ratio or RATIO)
        case "predictive":
            pacer = Predictive()
        case "agentless":
            pacer = Agentless()
    pacer.reset(config)
    return pacer
