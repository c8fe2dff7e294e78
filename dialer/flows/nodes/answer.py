from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from dialer.config.scalars import DURATION_PATTERN, parse_duration_s
from dialer.flows.commands import Answer as PickUp
from dialer.flows.commands import Pause, QueueResult, Reply
from dialer.flows.fields import NodeName
from dialer.flows.node import Node
from dialer.flows.session import Session, Turn


def _pause_s(value: Any) -> float:
    return 0.0 if value is None or value is True else parse_duration_s(value)


class Answer(Node):
    """Picks up the call. Nodes that speak do so by themselves: this is for picking up earlier, or for a moment of
    silence so that the first word is heard."""

    answer: Annotated[
        float,
        BeforeValidator(_pause_s),
        WithJsonSchema({"anyOf": [{"type": "string", "pattern": DURATION_PATTERN}, {"enum": [True, None]}]}),
    ]
    """Silence afterwards, as 500ms; `true` for none."""
    next: NodeName | None = None
    """Where the call goes on; left out, it ends."""

    def enter(self, session: Session) -> Turn:
        return session.ask(PickUp())

    def on(self, session: Session, reply: Reply | QueueResult) -> Turn:
        if self.answer and not session.counted("paused"):
            return session.note(paused=1).ask(Pause(self.answer))
        return session.go(self.next)
