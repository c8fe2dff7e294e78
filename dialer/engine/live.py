"""What the engine keeps of a living call besides the call itself: its switch, its flow, its timer."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dialer.calls.model import Call
from dialer.calls.outcome import Outcome
from dialer.config.campaign import Campaign
from dialer.engine.clock import Timer
from dialer.flows.commands import Command, Directive
from dialer.flows.interpreter import dump
from dialer.flows.model import Flow
from dialer.flows.session import Session
from dialer.store.records import CallRecord, Contact, Message, Talk
from dialer.switch.port import Switch


@dataclass(slots=True)
class Script:
    """The FastAGI side of a call. Its flow stays the one the call began with, whatever is reloaded meanwhile."""

    flow: Flow | None = None
    position: str | None = None
    """Where the flow stood in an earlier life of the engine."""
    session: Session | None = None
    directive: Directive | None = None
    """What the flow asked for last."""
    command: Command | None = None
    """What the switch is executing now."""
    ahead: list[Command] | None = None
    """What is left of a message to a machine, to be run one after the other."""
    asked_at: float = 0.0
    keyed_at: float | None = None
    """When the keys came in that the next command answers."""
    attached: bool = False
    saved: str = ""
    """The node that the flow stands at, as written last."""


@dataclass(slots=True)
class LiveCall:
    call: Call
    switch: Switch
    seed: CallRecord
    """What was known when it began."""
    campaign: Campaign | None = None
    contact: Contact | None = None
    script: Script = field(default_factory=Script)
    timer: Timer | None = None
    last_agent: str | None = None
    judged: bool | None = None
    """Whether its agent found a machine."""
    message: Message | None = None
    agent_needed: bool = False
    """It may ring only while its agent is held for it."""

    @property
    def id(self) -> str:
        return self.call.id

    @property
    def variables(self) -> Mapping[str, str]:
        return self.contact.fields if self.contact else {}

    def record(self, outcome: Outcome | None = None) -> CallRecord:
        """The row as it stands now."""
        call, session = self.call, self.script.session
        settled = outcome is not None
        return replace(
            self.seed,
            state=call.state.value,
            flow=self.script.flow.flow if self.script.flow else self.seed.flow,
            flow_position=dump(session) if session and not settled else self.script.position if not settled else None,
            dialled_at=call.dialled_at,
            ringing_at=call.ringing_at,
            answered_at=call.answered_at,
            queued_at=call.queued_at,
            joined_at=call.joined_at,
            ended_at=call.ended_at,
            agent=call.agent or (call.talks[-1].agent if call.talks else None),
            talk_s=call.talk_s,
            language=session.language if session else self.seed.language,
            outcome=outcome,
            cause=call.cause,
            sip=call.sip,
            hung_up_by=call.hung_up_by if settled else None,
            message=self.message,
            queue=call.request.queue if call.request else self.seed.queue,
        )

    def talks(self) -> tuple[Talk, ...]:
        return tuple(Talk(self.id, talk.agent, talk.started_at, talk.ended_at) for talk in self.call.talks)
