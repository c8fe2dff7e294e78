"""What the web layer, the board and the CLI may ask of the running engine. `service.py` implements it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from dialer.store.records import CampaignTotals, NewContact
from dialer.web.audit_port import AuditTrail
from dialer.web.billing_port import Billing
from dialer.web.desk_port import Callbacks, Desks, DetectionView, PacingView, PreviewView, Steering, Wish
from dialer.web.mystery_port import TestCallDesk
from dialer.web.owner_port import Owners
from dialer.web.person_port import Persons
from dialer.web.quality_port import Quality
from dialer.web.recording_port import RecordingDesk

AgentVerb = Literal["login", "ready", "pause", "logout", "hangup", "end_wrap_up", "pause_recording", "resume_recording"]
CampaignVerb = Literal["start", "pause", "drain", "stop"]


class RefusedError(Exception):
    """A request that the present state does not allow; the text says why and what would be possible."""


class UnknownError(KeyError):
    """No agent, campaign, call or contact of that name."""


@dataclass(frozen=True, slots=True)
class AgentView:
    id: str
    name: str
    state: str
    """logged_out, calling, idle, reserved, talking, wrap_up or paused."""
    since: float
    """Epoch seconds the state began."""
    skills: tuple[str, ...]
    switch: str | None
    call_id: str | None
    client: str | None
    """Of the call in hand: what the agent must say when answering."""
    campaign: str | None
    number: str | None
    fields: Mapping[str, str]
    """The contact's own fields, for the desktop."""
    reason: str | None
    """Of a pause."""
    preview: PreviewView | None = None
    """The contact shown before it is called, while the agent is reserved for it."""
    recording: str | None = None
    """Of the talk at hand: on, paused, or null."""


@dataclass(frozen=True, slots=True)
class CallView:
    id: str
    direction: str
    state: str
    client: str
    campaign: str | None
    number: str
    """Masked."""
    agent: str | None
    since: float


@dataclass(frozen=True, slots=True)
class BudgetView:
    """How many people may still be abandoned, by one rule within one window."""

    rule: str
    """`own`, a group's name, or a country pack's: `us.tsr`."""
    window: str
    """`30d`, `100 answered`."""
    answered: float
    abandoned: float
    """By the rule's own definition, with what it estimates."""
    most: float
    """A share, 0..1; of the last so many answered, a number of calls."""
    left: float
    """Calls; below 0 when too many were abandoned."""
    binding: bool
    """False for a target that is no limit in law."""


@dataclass(frozen=True, slots=True)
class CampaignView:
    id: str
    client: str
    status: str
    """stopped, running, paused, draining or exhausted."""
    reason: str
    """Why it dials as many as it does just now (the pacing decision's reason)."""
    dialling: int
    """Attempts in the air, not yet answered."""
    talking: int
    totals: CampaignTotals
    """From the store, at most a few seconds old."""
    mode: str = ""
    overrides: Mapping[str, object] = field(default_factory=dict)
    """By key, what was changed while it ran and counts in place of the file."""
    budgets: Sequence[BudgetView] = ()
    detection: DetectionView | None = None
    """Of answering machines, where the campaign looks for them."""
    lasts_s: float | None = None
    """How long the contacts left last as they were used up of late; null while nobody knows."""
    running_low: bool = False
    """Fewer are left, or for a shorter time, than the campaign's `alert_below`."""
    pacing: PacingView | None = None
    """None without agents."""


@dataclass(frozen=True, slots=True)
class QueueView:
    id: str
    waiting: int
    longest_wait_s: float


@dataclass(frozen=True, slots=True)
class Health:
    """`switches`: by name, `up` or why not. `store`: `up` or why not."""

    switches: Mapping[str, str]
    store: str
    draining: bool
    warnings: Sequence[str] = ()
    """What calls go on without, and somebody ought to see to."""

    @property
    def ok(self) -> bool:
        return self.store == "up" and all(state == "up" for state in self.switches.values())


@dataclass(frozen=True, slots=True)
class LiveTotals:
    """Counts since the engine started, for the board and the metrics."""

    offered: int
    answered: int
    connected: int
    abandoned: int
    by_outcome: Mapping[str, int]


class Control(Protocol):
    @property
    def desks(self) -> Desks: ...

    @property
    def billing(self) -> Billing: ...

    @property
    def quality(self) -> Quality: ...

    @property
    def test_calls(self) -> TestCallDesk: ...

    @property
    def recordings(self) -> RecordingDesk: ...

    @property
    def callbacks(self) -> Callbacks: ...

    @property
    def persons(self) -> Persons: ...

    @property
    def steering(self) -> Steering: ...

    @property
    def owners(self) -> Owners: ...

    @property
    def audit(self) -> AuditTrail: ...

    def agent(self, agent: str) -> AgentView:
        """Raises UnknownError."""
        ...

    def agents(self) -> Sequence[AgentView]: ...
    def calls(self) -> Sequence[CallView]: ...
    def campaigns(self) -> Sequence[CampaignView]: ...
    def queues(self) -> Sequence[QueueView]: ...
    def totals(self) -> LiveTotals: ...
    def health(self) -> Health: ...

    async def command_agent(self, agent: str, verb: AgentVerb, reason: str = "") -> AgentView:
        """Raises UnknownError, RefusedError."""
        ...

    async def command_campaign(self, campaign: str, verb: CampaignVerb) -> CampaignView: ...

    async def hang_up(self, call_id: str) -> None: ...

    async def dispose(
        self, agent: str, disposition: str, call_id: str | None = None, wish: Wish | None = None
    ) -> None:
        """What came of the agent's present call, or of the last one in wrap-up; the code must be one of the
        campaign's. Ends wrap-up."""
        ...

    async def add_contact(self, campaign: str, contact: NewContact) -> int: ...

    async def stop_calling(self, scope: str, number: str, source: str, until: float | None) -> None:
        """Puts a number on a do-not-call list: `global`, `client:NAME` or `campaign:NAME`. In force when this returns,
        also for what is already queued."""
        ...

    async def reload(self) -> Sequence[str]:
        """Take the changed configuration, or refuse it whole: the faults as `file:line:column: ...` lines."""
        ...

    async def import_list(
        self, campaign: str, path: str, progress: Callable[[int, int], None] | None = None, name: str | None = None
    ) -> Mapping[str, int]:
        """Import a file on the engine's host into the list `name`: counts of `imported`, `known`, `duplicates`,
        `rejected`.
        `progress(bytes_done, bytes_total)` may be called from any thread."""
        ...
