from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from dialer.config.scalars import Model, Name
from dialer.flows.node import Node
from dialer.flows.session import Session, Turn


class Ending(Model):
    cause: Annotated[int, Field(ge=1, le=127, strict=True)] = 16
    """Q.850: 16 normal, 17 busy, 34 no circuit, 42 congestion. A caller hears it only if nothing was said before."""
    reason: Name = "hangup"
    """For logs and counts."""


def _plain(value: Any) -> Any:
    return {} if value is None or value is True else value


class Hangup(Node):
    """Ends the call."""

    hangup: Annotated[Ending, BeforeValidator(_plain, json_schema_input_type=Ending | bool | None)]

    def enter(self, session: Session) -> Turn:
        return session.end(self.hangup.cause, self.hangup.reason)
