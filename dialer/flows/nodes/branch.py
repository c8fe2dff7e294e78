from typing import Annotated

from pydantic import Field

from dialer.config.scalars import Model
from dialer.flows.expressions import Expression
from dialer.flows.fields import Loc, NodeName
from dialer.flows.node import Node
from dialer.flows.session import Session, Turn


class Case(Model):
    when: Expression
    """An expression, as `account == "4711" or len(digits) > 3`."""
    to: NodeName


class Branch(Node):
    """Goes to the first case whose expression is true."""

    branch: Annotated[list[Case], Field(min_length=1)]
    """The cases, looked at from the first to the last."""
    otherwise: NodeName | None = None
    """Where the call goes on when none is true; left out, it ends."""

    def enter(self, session: Session) -> Turn:
        names = session.names()
        found = next((case.to for case in self.branch if case.when.evaluate(names)), self.otherwise)
        return session.go(found)

    def label(self, loc: Loc) -> str:
        match loc:
            case ("branch", int(index), *_):
                return self.branch[index].when.source
        return Node.label(self, loc)
