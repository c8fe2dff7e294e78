from datetime import UTC, datetime

from dialer.flows.fields import HoursName, NodeName
from dialer.flows.node import Node
from dialer.flows.session import Session, Turn
from dialer.hours import is_open


class Hours(Node):
    """Goes by the time of day. A call that comes outside the hours is counted as `closed`."""

    hours: HoursName
    """The name of a file in configs/hours/."""
    open: NodeName
    """Where the call goes on within the hours."""
    closed: NodeName | None = None
    """Where it goes on outside them; left out, it ends unanswered."""

    def enter(self, session: Session) -> Turn:
        calendar = session.world.calendars.get(self.hours)
        if calendar is None:
            return session.end(41, "no_hours")
        if is_open(calendar, datetime.fromtimestamp(session.now, UTC)):
            return session.go(self.open)
        return session.mark("closed").go(self.closed, reason="closed")
