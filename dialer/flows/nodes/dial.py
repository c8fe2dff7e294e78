import re
from typing import ClassVar, Literal

from dialer.config.scalars import E164, E164_PATTERN, Duration
from dialer.flows.commands import Dial as CallNumber
from dialer.flows.commands import QueueResult, Reply
from dialer.flows.expressions import Template
from dialer.flows.fields import NodeName
from dialer.flows.node import Node
from dialer.flows.session import Session, Turn


class Dial(Node):
    """Calls a number over the trunk and joins it to the caller. After the talk the call goes on at `next`. Exits that
    are not given end the call with the network's own cause."""

    acted: ClassVar[tuple[str, ...]] = ("next", "busy", "no_answer")
    final: ClassVar[tuple[str, ...]] = ("next",)

    dial: Template
    """The number, with + and country code; may hold `${...}`."""
    caller_id: Literal["client", "caller"] | E164 = "client"
    """What the called person sees: the client's number, the caller's (where it is a number at all), or this one."""
    ring: Duration = 30.0
    """How long it may ring."""
    next: NodeName | None = None
    """Where the call goes on after the talk; left out, it ends."""
    busy: NodeName | None = None
    no_answer: NodeName | None = None
    failed: NodeName | None = None
    """When the network or the number is at fault."""

    def enter(self, session: Session) -> Turn:
        number = self.dial.render(session.names())
        if not re.fullmatch(E164_PATTERN, number):
            return session.go(self.failed, cause=28, reason="invalid_number")
        return session.ask(CallNumber(number, self._caller_id(session), self.ring))

    def on(self, session: Session, reply: Reply | QueueResult) -> Turn:
        match reply.status:
            case "answered" | "done" | "cancelled":
                marked = session.mark("forwarded") if reply.status == "answered" else session
                return marked.go(self.next, reason=f"dial_{reply.status}")
            case "busy":
                return session.go(self.busy, cause=17, reason="dial_busy")
            case "no_answer":
                return session.go(self.no_answer, cause=19, reason="dial_no_answer")
            case _:
                return session.mark("trunk_fault").go(self.failed, cause=34, reason="dial_failed")

    def _caller_id(self, session: Session) -> str:
        own = session.world.caller_ids.get(session.flow.client, "")
        if self.caller_id == "client":
            return own
        if self.caller_id == "caller":
            caller = session.facts.caller
            return caller if re.fullmatch(r"\+?[0-9]{3,15}", caller) else own
        return self.caller_id
