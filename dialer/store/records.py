"""Rows as the engine hands them over and gets them back. Times are epoch seconds (the switch's clock), None when it
did not come to that; durations are seconds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from dialer.calls.outcome import Outcome

PEOPLE_S = 600.0
"""Seconds in which answered attempts are counted together."""
Direction = Literal["inbound", "outbound"]
DEBT_FIELD = "debt"
"""Of a contact: what it is called about, where that is a debt."""
Message = Literal["begun", "heard", "opted_out", "silent"]
"""What an abandoned person heard of the message: hung up in it, all of it, pressed the key in it, nothing."""
ContactState = Literal["waiting", "due", "claimed", "done", "callback", "held_back"]
"""To be called later, or now; being called; not to be called again; promised a call; left out by its list's filter."""
HELD_BACK: Final = "held_back"
"""The rule of a refusal by a list's filter: whoever it holds back may match again."""


CALLBACK: Final = "callback"
"""State of a contact that was promised a call: no list takes it."""
PREVIEW = "preview"
"""State of a call's row while an agent looks at the contact: claimed, and not yet to be dialled."""


@dataclass(frozen=True, slots=True)
class Contact:
    id: int
    campaign: str
    number: str
    """E.164: the one to call now."""
    fields: Mapping[str, str]
    state: ContactState
    attempts: int
    tries: Mapping[str, int]
    """Attempts so far, by `tried_as` and by `in_part`."""
    next_at: float
    """Not to be called before."""
    result: str | None = None
    """Why it is done: an outcome, a disposition or `cancelled`."""
    numbers: tuple[str, ...] = ()
    """All of the contact's, when there are several; the first identifies it in its campaign."""
    turn: int = 0
    """Which of them `number` is."""
    list: str = ""
    """The list it came with; empty when it was put in by itself."""
    rank: float = 0.0
    """The smallest is called first, within its list."""
    timezone: str | None = None
    """What its list says of where the person is (IANA)."""


    @property
    def turns(self) -> range:
        """Of its numbers."""
        return range(max(1, len(self.numbers)))

    def at(self, turn: int) -> "Contact":
        """To be called at another of its numbers."""
        return self if turn == self.turn or not self.numbers else replace(self, turn=turn, number=self.numbers[turn])


def tried_as(turn: int, reason: str) -> str:
    """What attempts at one of a contact's numbers are counted under: `busy`; `1:busy` at the second number."""
    return f"{turn}:{reason}" if turn else reason


WRONG_NUMBER: Final = Outcome.INVALID_NUMBER.value
"""What a number is counted under that nobody needs to call again: it does not exist, or it is another person's."""


def earlier_tries() -> str:
    """What attempts are counted under that were made before the contact was recycled."""
    return "@"


def in_part(part: str) -> str:
    """What attempts in a part of the day are counted under."""
    return f"@{part}"


@dataclass(frozen=True, slots=True)
class NewContact:
    number: str
    fields: Mapping[str, str] = field(default_factory=dict)
    next_at: float = 0.0
    """0: at once."""
    others: tuple[str, ...] = ()
    """Further numbers, in the order in which they are tried."""
    list: str = ""
    rank: float = 0.0
    timezone: str | None = None
    held_back: bool = False
    """Its list's filter leaves it out."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one dial: the id the channel will have, the switch it will leave by, the agent held for it."""

    call_id: str
    switch: str
    agent: str | None = None
    contact: int | None = None
    """For this one only, also before it is due."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A contact claimed and an intent on disk."""

    call_id: str
    switch: str
    agent: str | None
    contact: Contact


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One customer channel, inbound or outbound. Inserted when it is intended or arrives, final when settled."""

    id: str
    direction: Direction
    node: str
    switch: str
    client: str
    number: str
    """The customer's: dialled (outbound) or calling (inbound; as received, at most 64 characters)."""
    our_number: str
    """The number dialled by the caller, or the caller ID shown."""
    created_at: float
    campaign: str | None = None
    contact_id: int | None = None
    flow: str | None = None
    flow_position: str | None = None
    """JSON of where the flow stood, for adoption after a crash."""
    state: str = "intended"
    dialled_at: float | None = None
    ringing_at: float | None = None
    answered_at: float | None = None
    queued_at: float | None = None
    joined_at: float | None = None
    """First joined to an agent."""
    ended_at: float | None = None
    agent: str | None = None
    talk_s: float = 0.0
    language: str | None = None
    outcome: Outcome | None = None
    cause: int | None = None
    sip: int | None = None
    hung_up_by: str | None = None
    """customer, agent, system or network."""
    disposition: str | None = None
    message: Message | None = None
    """None: none was begun."""
    debt: str | None = None
    """The contact's field `debt`."""
    queue: str | None = None
    """It waited in, the last one; of a campaign's call, the campaign."""
    agent_needed: bool | None = None
    """It may ring only while `agent` is held for it."""


@dataclass(frozen=True, slots=True)
class ContactVerdict:
    """What settling an attempt does to its contact."""

    contact_id: int
    state: Literal["waiting", "done", "callback"]
    next_at: float = 0.0
    reason: str = ""
    """What is counted, as `tried_as` writes it; empty for an attempt that does not count."""
    turn: int = 0
    """Which of its numbers is next."""
    result: str = ""
    """Of one that is done; left out, `reason`."""
    part: str = ""
    """The part of the day that the attempt fell in, where those are counted."""


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation of a call with an agent."""

    call_id: str
    agent: str
    started_at: float
    ended_at: float


@dataclass(frozen=True, slots=True)
class AgentSpan:
    """A stretch of an agent's time in one state: idle, reserved, talking, wrap_up, paused."""

    agent: str
    state: str
    started_at: float
    ended_at: float
    call_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AgentSession:
    """A logged-in agent's leg, kept for adoption after a crash."""

    agent: str
    channel: str
    switch: str
    logged_in_at: float
    state: str
    """The last state written: ready or paused."""


@dataclass(frozen=True, slots=True)
class PastCall:
    """An earlier dial, as far as rules about the next one ask."""

    campaign: str
    contact_id: int
    at: float
    """When it was intended."""
    over_at: float
    """When it ended, or the last time known of it."""
    answered: bool
    talked: bool
    """With an agent."""
    outcome: Outcome | None
    disposition: str | None
    debt: str | None
    """The contact's field `debt`."""
    silent: bool = False
    """Answered by a person who heard nobody, not even the message."""
    number: str = ""
    """Dialled."""
    shown: str = ""
    """Our number that was shown."""
    refused: bool = False
    """Its disposition meant, when it was given, that the person did not want the call."""


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call with a person that was not over, as far as the store knew."""

    number: str
    node: str
    """Whose engine it is."""
    known_at: float
    """When it was answered; before that, dialled or begun."""
    answered: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """An entry of a do-not-call list."""

    scope: str
    """`global`, `client:NAME` or `campaign:NAME`."""
    number: str
    source: str
    """Who said so: `agent anna`, `api`, `cli`, a file."""
    at: float
    until: float | None = None
    """Holds until then; None for ever."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's word that a client may call for a purpose."""

    client: str
    number: str
    purpose: str
    given_at: float
    until: float | None
    revoked_at: float | None
    source: str
    """Who recorded it, or the list it came with."""
    proof: str
    """What shows it, in words: `form 4711`, `recording of 2026-03-01`."""
    digest: str | None = None
    """SHA-256 of the file that shows it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be known of contacts before they are claimed."""

    client: str
    campaign: str
    since: float | None = None
    """How far back their calls; None: not at all."""
    purpose: str | None = None
    """Of consents; None: none is needed."""
    alias: Callable[[str], str] | None = None
    """Under what name do-not-call lists have a number that was erased."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a contact when it is about to be claimed."""

    past: tuple[PastCall, ...] = ()
    """Dials for the client at its numbers, about its debt, or of the contact itself."""
    stops: tuple[Stop, ...] = ()
    """Of all its numbers."""
    consents: tuple[tuple[str, float, float | None], ...] = ()
    """Number, given and until: neither over nor revoked when it was asked."""
    open: tuple[OpenCall, ...] = ()
    """With the client, at its numbers, either way, so far as earlier calls were asked for."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A contact passed over, and the rule that did it. Of each rule the latest is kept, and how often it was."""

    contact_id: int
    at: float
    rule: str
    until: float | None
    """Not to be called before; None: the contact is done."""
    text: str
    needs_agent: bool = False
    """An agent held for the dial would make it lawful now."""


class Claimed(list[Attempt]):
    """The answer to `Store.claim`: the attempts, what was known of their contacts, and who was passed over."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[int, Known] = {}
        """By contact."""
        self.refusals: list[Refusal] = []


@dataclass(frozen=True, slots=True)
class Picked:
    """The answer to a request for one certain contact. Without an attempt: the rule that forbids the call, or (no
    refusal either) the contact is in another call, or there is none such any more."""

    attempt: Attempt | None = None
    known: Known = Known()
    refusal: Refusal | None = None
    promised: bool = False
    """The contact was promised a call."""


@dataclass(frozen=True, slots=True)
class Override:
    """A value of a campaign in place of its file's; both as JSON."""

    campaign: str
    key: str
    """With a dot between its parts: `limits.channels`."""
    value: str
    was: str
    """What the file said when it was set: as soon as it says something else, the file counts again."""
    at: float


@dataclass(frozen=True, slots=True)
class CampaignTotals:
    """Where a campaign stands, from the store."""

    campaign: str
    contacts: Mapping[str, int]
    """By state."""
    outcomes: Mapping[str, int]
    """Attempts by outcome."""
    next_due_at: float | None
    """When the earliest due contact may be called."""
    lists: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Contacts by list and state."""
