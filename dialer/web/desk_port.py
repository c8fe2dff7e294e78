"""What an agent's desktop may ask of the engine beyond its phone: contacts shown, numbers dialled by hand."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dialer.web.port import AgentView


@dataclass(frozen=True, slots=True)
class PreviewView:
    """A contact that the agent looks at before it is called; who it is stands in the agent's own `number`, `fields`,
    `campaign` and `client`."""

    until: float
    """Epoch seconds."""
    then: str
    """What happens then: `dial` or `skip`."""
    skips_left: int | None
    """None: any number."""


class Desks(Protocol):
    """Every method raises UnknownError for an unknown agent, RefusedError with what would be possible."""

    async def dial(self, agent: str, campaign: str, number: str) -> "AgentView":
        """The agent calls a number by hand. The rules are asked first; the contact is made when there is none."""
        ...

    async def accept(self, agent: str) -> "AgentView":
        """The contact shown is called now."""
        ...

    async def skip(self, agent: str, reason: str) -> "AgentView":
        """The contact shown is not called now."""
        ...
