"""Where one call stands in its flow: plain, frozen, passed from step to step.

A node is given a Session and gives back a Turn: the changed session, and either what to ask of the call next or
the node to go on with. `session.ask(...)`, `session.go(...)` and `session.end(...)` make one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from dialer.config.models import Hours
from dialer.flows.commands import Command, Directive, End, QueueRequest
from dialer.flows.expressions import Value, as_text
from dialer.flows.fields import Recorded, Spoken

if TYPE_CHECKING:
    from dialer.flows.model import Flow

Mark = Literal[
    "closed", "overloaded", "forwarded", "trunk_fault", "served",
    "do_not_call_client", "do_not_call_campaign", "do_not_call_global",
]  # fmt: skip
Awaits = Literal["entry", "answer", "reply", "agent", "nothing"]
"""What the next `advance` brings: nothing was asked yet, the call is being picked up, a command or a queue was asked,
or the flow is over."""
BUILT_IN = ("caller", "dialled", "client", "flow", "language", "digits")
"""Variables that every flow has; `digits` are the keys of the last answered question."""
OUTSIDE = "contact."
"""What the engine gives along (a contact's fields) is read as `contact.NAME`."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is known of a call when its flow starts. `answered`: it is up already (outbound).
    `language`: of the campaign; None takes the flow's first. `variables`: a contact's fields."""

    caller: str
    dialled: str
    client: str
    language: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    answered: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """What flows see of the configuration, for one switch.

    `sounds` gives the sound files of a prompt in a language as that switch is told them (`Sounds.files_for`).
    `caller_ids` holds each client's own number.
    """

    calendars: Mapping[str, Hours]
    sounds: Callable[[Spoken | Recorded, str], tuple[str, ...]]
    caller_ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Go:
    node: str


Turn = tuple["Session", Directive | Go]


@dataclass(frozen=True, slots=True)
class Session:
    """One call in one flow. `now` is epoch seconds of the step at hand.

    `marks` tell the call's outcome apart: `closed` (reached a closed hours node), `overloaded` (a queue was full,
    empty of agents or too slow), `forwarded` (talked with a dialled number), `trunk_fault` (a dial failed in the
    network), `served` (talked with an agent). Several may be set; the engine weighs them. `do_not_call_...`: whose list
    the customer went on.
    """

    flow: "Flow"
    world: World
    facts: CallFacts
    node: str
    now: float
    language: str
    awaits: Awaits = "entry"
    answered: bool = False
    steps: int = 0
    """Nodes entered since the caller last did something."""
    variables: Mapping[str, Value] = field(default_factory=dict)
    memory: Mapping[str, Value] = field(default_factory=dict)
    """What the node at hand noted; forgotten when it is left."""
    marks: frozenset[Mark] = frozenset()
    path: tuple[str, ...] = ()
    """Nodes entered in the last step, for logs and tests."""

    def names(self) -> dict[str, Value]:
        """Every variable an expression may read."""
        facts = self.facts
        outside = {OUTSIDE + name: value for name, value in facts.variables.items()}
        return {
            "digits": "", **outside, **self.variables, "caller": facts.caller, "dialled": facts.dialled,
            "client": facts.client, "flow": self.flow.flow, "language": self.language,
        }

    def let(self, **values: Value) -> "Session":
        return replace(self, variables={**self.variables, **values})

    def note(self, **values: Value) -> "Session":
        return replace(self, memory={**self.memory, **values})

    def noted(self, name: str) -> str:
        return as_text(self.memory.get(name, ""))

    def counted(self, name: str) -> int:
        value = self.memory.get(name, 0)
        return value if isinstance(value, int) else 0

    def mark(self, mark: Mark) -> "Session":
        return replace(self, marks=self.marks | {mark})

    def speak(self, language: str) -> "Session":
        return replace(self, language=language)

    def sound(self, *prompts: Spoken | Recorded | None) -> tuple[str, ...]:
        """The sound files of these prompts, in the caller's language."""
        return tuple(file for prompt in prompts if prompt for file in self.world.sounds(prompt, self.language))

    def ask(self, directive: Command | QueueRequest) -> Turn:
        return self, directive

    def go(self, node: str | None, cause: int = 16, reason: str = "no_exit") -> Turn:
        """To that node; where none is named the call ends with `cause` (Q.850)."""
        return (self, Go(node)) if node else self.end(cause, reason)

    def end(self, cause: int = 16, reason: str = "done") -> Turn:
        return self, End(cause, reason)
