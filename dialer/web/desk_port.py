"""What an agent's desktop may ask of the engine beyond its phone: contacts shown, numbers dialled by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dialer.web.port import AgentView, CampaignView


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


@dataclass(frozen=True, slots=True)
class DetectionView:
    """What agents found of the machines that they were given to see, in the last 90 days."""

    samples: int
    people: int
    """Of these: taken for machines, and people."""
    rate: float | None
    low: float
    """Of the rate's 95 % interval."""
    high: float
    missed: float | None
    """Of the calls that agents had as people's: machines."""


@dataclass(frozen=True, slots=True)
class PacingView:
    """What the pacer reckons with."""

    answer_ratio: float
    """Share of dials that a person answers, as learnt."""
    talk_s: float
    """Mean, as learnt."""
    wrap_up_s: float
    risk: float
    """The chance of a loss at which it dials once more; 0: its budget is spent."""
    idle: int
    """Agents free for the campaign."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for with a disposition: to be called again."""

    at: float
    """Epoch seconds."""
    personal: bool
    """By the same agent."""
    number: str | None = None
    """Left out, the contact's own."""


@dataclass(frozen=True, slots=True)
class CallbackView:
    contact: int
    campaign: str
    at: float
    """Epoch seconds."""
    agent: str | None
    """Who is to make it; none: any agent of the campaign."""
    number: str
    """Masked."""
    made_by: str
    made_at: float


class Callbacks(Protocol):
    """Every method raises UnknownError for what is not there, RefusedError with the next lawful time."""

    async def listed(self, campaign: str) -> Sequence[CallbackView]:
        """The earliest first."""
        ...

    async def move(self, campaign: str, contact: int, at: float | None, to: str | None) -> None:
        """Another time, another agent (`anyone`: any); None: as it is."""
        ...

    async def cancel(self, campaign: str, contact: int) -> None:
        """The contact is done."""
        ...


class Steering(Protocol):
    """Campaigns changed while they run. Raises UnknownError, RefusedError."""

    async def change(self, campaign: str, values: Mapping[str, object]) -> "CampaignView":
        """By key (`mode`, `limits.channels`), in place of what the file says, until the file says something new."""
        ...

    async def reset(self, campaign: str) -> "CampaignView":
        """As the file has it."""
        ...

    async def recycle(self, campaign: str, results: Sequence[str], in_list: str | None) -> int:
        """Contacts that are done with one of these results are called again, as if for the first time: how many."""
        ...


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
