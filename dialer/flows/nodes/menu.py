from typing import Annotated, ClassVar

from pydantic import Field

from dialer.config.scalars import Duration
from dialer.flows.commands import Collect, QueueResult, Reply
from dialer.flows.fields import Keys, NodeName, Prompt
from dialer.flows.node import Node
from dialer.flows.session import Session, Turn


class Menu(Node):
    """Lets the caller choose by a key. Silence or a key that is no choice repeats it `retries` times, then the
    call goes on at `otherwise`."""

    acted: ClassVar[tuple[str, ...]] = ("choices",)

    menu: Prompt
    """What is said."""
    choices: Annotated[dict[Keys, NodeName], Field(min_length=1)]
    """Where each key leads: digits, `*` and `#`; several are pressed one after another."""
    retries: Annotated[int, Field(ge=0, le=10, strict=True)] = 2
    """How often it is repeated."""
    timeout: Duration = 5.0
    """How long to wait for a key after the prompt."""
    invalid: Prompt | None = None
    """Said after a key that is no choice."""
    otherwise: NodeName | None = None
    """Where the call goes on without a choice; left out, it ends."""

    def enter(self, session: Session) -> Turn:
        return session.ask(self._question(session.sound(self.menu)))

    def on(self, session: Session, reply: Reply | QueueResult) -> Turn:
        keys = reply.digits if isinstance(reply, Reply) else ""
        if keys in self.choices:
            return session.let(digits=keys).go(self.choices[keys])
        asked = session.counted("asked") + 1
        if asked > self.retries:
            return session.go(self.otherwise, reason="no_choice")
        wrong = self.invalid if keys else None
        return session.note(asked=asked).ask(self._question(session.sound(wrong, self.menu)))

    def _question(self, sounds: tuple[str, ...]) -> Collect:
        most = max(len(keys) for keys in self.choices)
        finish = "#" if most > 1 and not any("#" in keys for keys in self.choices) else ""
        return Collect(sounds, most=most, first_s=self.timeout, between_s=min(self.timeout, 3.0), finish=finish)
