from dialer.flows.fields import NodeName
from dialer.flows.node import Node
from dialer.flows.session import Session, Turn


class Goto(Node):
    """Goes on elsewhere."""

    goto: NodeName
    """The node."""

    def enter(self, session: Session) -> Turn:
        return session.go(self.goto)
