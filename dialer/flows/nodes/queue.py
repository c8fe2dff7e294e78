from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from dialer.config.recording import RecordingTerms
from dialer.config.scalars import Count, Duration, Model, Name
from dialer.flows.commands import QueueRequest, QueueResult, Reply
from dialer.flows.expressions import Template
from dialer.flows.fields import NodeName
from dialer.flows.node import Node
from dialer.flows.session import Session, Turn

URGENT = 10
MOST_LOST = 5
"""How often a caller is put back into the line, before everybody else, because the agent's leg dropped."""


class Line(Model):
    skills: Annotated[list[Template], Field(min_length=1)]
    """All of them are needed; `${language}` is the caller's."""
    name: Name | None = None
    """Left out, the flow's and the node's name."""
    priority: Annotated[int, Field(ge=0, le=URGENT, strict=True)] = 0
    """0 is normal, 10 urgent; among equals the longest waiting is first."""
    max_wait: Duration = 600.0
    """The longest wait."""
    max_waiting: Count | None = None
    """How many may wait at once; left out, any number."""
    music: Name | None = None
    """Left out, the flow's."""
    wrap_up: Duration = 30.0
    """How long the agent's after-call work may last."""
    recording: RecordingTerms | None = None
    """Of the talks that this queue leads to; left out, the flow's."""


class Queue(Node):
    """Waits for an agent. After the talk the call goes on at `next`. A call that is refused (`full`, `timeout`,
    `no_agents`; `overflow` stands for those that are not given) is counted as overload."""

    acted: ClassVar[tuple[str, ...]] = ("next", "full", "timeout", "no_agents", "overflow")
    final: ClassVar[tuple[str, ...]] = ("next",)

    queue: Line
    """Who is waited for, and how."""
    next: NodeName | None = None
    """Where the call goes on after the talk; left out, it ends."""
    full: NodeName | None = None
    """When `max_waiting` are waiting already."""
    timeout: NodeName | None = None
    """After `max_wait`."""
    no_agents: NodeName | None = None
    """When nobody with the skills is logged in."""
    overflow: NodeName | None = None
    """In place of `full`, `timeout` and `no_agents` where they are left out; without any the call ends."""

    def ends(self) -> Iterator[str]:
        covered = {"full", "timeout", "no_agents"} if self.overflow else {"overflow"}
        if self.queue.max_waiting is None:
            covered.add("full")
        return (name for name in Node.ends(self) if name not in covered)

    def enter(self, session: Session) -> Turn:
        line, names, lost = self.queue, session.names(), session.counted("lost")
        return session.ask(QueueRequest(
            queue=line.name or f"{session.flow.flow}_{session.node}",
            skills=tuple(dict.fromkeys(skill.render(names).lower() for skill in line.skills)),
            priority=URGENT + lost if lost else line.priority,
            max_wait_s=line.max_wait,
            max_waiting=line.max_waiting,
            music=line.music or session.flow.music,
            wrap_up_s=line.wrap_up,
        ))

    def on(self, session: Session, reply: Reply | QueueResult) -> Turn:
        status = reply.status if isinstance(reply, QueueResult) else "expired"
        match status:
            case "talked":
                return session.mark("served").go(self.next, reason="talked")
            case "agent_lost" if session.counted("lost") < MOST_LOST:
                return self.enter(session.note(lost=session.counted("lost") + 1))
            case "full":
                refused = self.full
            case "no_agents":
                refused = self.no_agents
            case _:
                refused = self.timeout
        return session.mark("overloaded").go(refused or self.overflow, cause=17, reason=f"queue_{status}")
