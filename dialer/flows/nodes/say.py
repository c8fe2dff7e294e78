from dialer.flows.commands import Play as PlaySounds
from dialer.flows.commands import QueueResult, Reply
from dialer.flows.fields import NodeName, Spoken
from dialer.flows.node import Node
from dialer.flows.session import Session, Turn


class Say(Node):
    """Speaks a text."""

    say: Spoken
    next: NodeName | None = None
    """Where the call goes on; left out, it ends."""

    def enter(self, session: Session) -> Turn:
        return session.ask(PlaySounds(session.sound(self.say)))

    def on(self, session: Session, reply: Reply | QueueResult) -> Turn:
        """A sound that the switch could not play does not stop the call."""
        return session.go(self.next)
