from dialer.flows.commands import Play as PlaySounds
from dialer.flows.commands import QueueResult, Reply
from dialer.flows.fields import NodeName, Recorded
from dialer.flows.node import Node
from dialer.flows.session import Session, Turn


class Play(Node):
    """Plays a recorded prompt."""

    play: Recorded
    next: NodeName | None = None
    """Where the call goes on; left out, it ends."""

    def enter(self, session: Session) -> Turn:
        return session.ask(PlaySounds(session.sound(self.play)))

    def on(self, session: Session, reply: Reply | QueueResult) -> Turn:
        return session.go(self.next)
