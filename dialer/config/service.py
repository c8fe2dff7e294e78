"""`service:` of a client: by which rule its service is reported."""

from typing import Annotated

from pydantic import Field

from dialer.config.scalars import Duration, Model
from dialer.quality.level import Formula
from dialer.quality.service import Rule

Positive = Annotated[Duration, Field(gt=0)]
_STANDARD = Rule()


class Service(Model):
    """How the client's figures of service are counted. Where its contract has a `service_level`, the contract's time
    and formula count."""

    within: Positive = _STANDARD.within_s
    """Of the service level: from queueing to the agent."""
    formula: Formula = _STANDARD.formula
    """Of the service level: `offered`, `answered`, `patient` or `forgiving`."""
    short: Positive = _STANDARD.short_s
    """An answered call that lasts less is a short one."""
    again: Annotated[Duration, Field(gt=0, le=31 * 86_400)] = _STANDARD.again_s
    """A caller who calls again within this was not helped by the call before."""

    @property
    def rule(self) -> Rule:
        return Rule(self.within, self.formula, self.short, self.again)
