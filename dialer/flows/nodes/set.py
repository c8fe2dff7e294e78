from typing import Annotated

from pydantic import Field

from dialer.flows.expressions import Expression
from dialer.flows.fields import NodeName, VariableName
from dialer.flows.node import Node
from dialer.flows.session import Session, Turn


class Set(Node):
    """Sets variables, from the first to the last: `set: {tries: tries + 1}`. A text stands in quotes of its own."""

    set: Annotated[dict[VariableName, Expression], Field(min_length=1)]
    """Expressions, by the variable that gets the value."""
    next: NodeName | None = None
    """Where the call goes on; left out, it ends."""

    def enter(self, session: Session) -> Turn:
        for name, expression in self.set.items():
            session = session.let(**{name: expression.evaluate(session.names())})
        return session.go(self.next)
