"""Flows on their scripts: the pure interpreter is given what happened and says what the switch shall do next."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dialer.calls import events as ev
from dialer.coordination.limits import Scope
from dialer.engine.live import LiveCall
from dialer.flows.commands import Collect, Command, Dial, Directive, End, Hold, Play, QueueRequest, QueueResult, Reply
from dialer.flows.interpreter import FAULTS, advance, restore, resume, start
from dialer.flows.model import Flow
from dialer.flows.session import CallFacts, Session, World

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)


class Scripts:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._worlds: dict[str, World] = {}

    def forget_worlds(self) -> None:
        """The configuration changed: calls that begin from now on see the new one."""
        self._worlds = {}

    # -- events of the FastAGI side -----------------------------------------------------------------

    def attached(self, live: LiveCall) -> None:
        live.script.attached = True
        live.script.command = None
        self.forget(live)

    def detached(self, live: LiveCall) -> None:
        live.script.attached = False
        live.script.command = None

    def replied(self, live: LiveCall, event: ev.ScriptReplied) -> None:
        script = live.script
        if script.command is not None:
            self._engine.metrics.script_command(type(script.command).__name__.lower(), event.at - script.asked_at)
        script.command = None
        script.keyed_at = event.at if event.reply.digits else None
        self.forget(live)

    def forget(self, live: LiveCall) -> None:
        """A leg that the flow dialled is over, as far as we can tell."""
        self._engine.limits.release(_second_leg(live))

    def follow_reply(self, live: LiveCall, event: ev.ScriptReplied) -> None:
        """The flow's command is done; or an announcement before the queue, at which the flow goes on."""
        script = live.script
        if self._engine.recordings.answered(live, event):
            if script.session is not None and script.directive is not None:
                self._follow(live, script.session, script.directive)
            return
        if not self._engine.machines.goes_on(live, event) and live.script.session is not None:
            self._advance(live, event.reply)

    # -- effects of the call machine ----------------------------------------------------------------

    def run_flow(self, live: LiveCall, result: QueueResult | None) -> None:
        script = live.script
        if script.flow is None:
            self._engine.post(ev.FlowEnded(live.id, self._engine.clock.now(), 16))
            return
        if script.session is None:
            script.session = self._restored(live, script.flow)
        now = self._engine.clock.now()
        if script.session is None:
            self._follow(live, *start(script.flow, self._facts(live), now, self._world(live.switch.name)))
        elif result is not None:
            self._follow(live, *advance(script.session, result, now))
        else:
            self._follow(live, *resume(script.session, now))

    def hold(self, live: LiveCall, most_s: float, music: str) -> None:
        if not isinstance(live.script.command, Hold):
            self.order(live, Hold(most_s, music))


    # -- how ----------------------------------------------------------------------------------------

    def _facts(self, live: LiveCall) -> CallFacts:
        inbound = live.call.plan.direction == "inbound"
        return CallFacts(
            caller=live.seed.number if inbound else live.seed.our_number,
            dialled=live.seed.our_number if inbound else live.seed.number,
            client=live.seed.client,
            language=live.seed.language,
            variables=live.variables,
            answered=live.call.answered_at is not None,
        )

    def _restored(self, live: LiveCall, flow: Flow) -> Session | None:
        """Where an earlier life of the engine left the call."""
        if live.script.position is None:
            return None
        try:
            return restore(flow, live.script.position, self._world(live.switch.name))
        except ValueError:
            log.exception("where a call stood cannot be read; its flow begins anew", extra={"call": live.id})
            return None

    def _advance(self, live: LiveCall, reply: Reply) -> None:
        session = live.script.session
        assert session is not None
        self._follow(live, *advance(session, reply, self._engine.clock.now()))

    def _follow(self, live: LiveCall, session: Session, directive: Directive) -> None:
        """Do what the flow asks; a full queue is answered at once, and the flow asked again."""
        now = self._engine.clock.now()
        while isinstance(directive, QueueRequest):
            refused = self._engine.floor.refuses(live, directive)
            if refused is None:
                break
            session, directive = advance(session, QueueResult(refused), now)
        script = live.script
        if session.marks != live.call.marks:
            self._engine.abandoned.marked(live, session.marks - live.call.marks)
            self._engine.post(ev.FlowMarked(live.id, now, frozenset(session.marks)))
        script.session, script.directive, script.position = session, directive, None
        if session.node != script.saved and not isinstance(directive, End):
            script.saved = session.node
            self._engine.store.save_call(live.record())  # so that it goes on here after a crash
        match directive:
            case QueueRequest() if self._engine.recordings.announces(live):
                pass
            case QueueRequest():
                self._engine.post(ev.QueueAsked(live.id, now, directive))
            case End():
                if directive.reason in FAULTS:
                    self._engine.metrics.impossible(f"flow_{directive.reason}")
                    log.error(
                        "flow %s went wrong at node %s: %s",
                        session.flow.flow,
                        session.node,
                        directive.reason,
                        extra={"call": live.id},
                    )
                self._engine.post(ev.FlowEnded(live.id, now, directive.cause))
            case _:
                self.order(live, directive)

    def order(self, live: LiveCall, command: Command) -> None:
        """Without a script the command waits for the dialplan to bring the channel back (`ScriptStarted`)."""
        script = live.script
        if not script.attached:
            return
        if script.command is not None:
            self._engine.metrics.impossible("script_busy")
            log.error("a command for a script that is busy with another", extra={"call": live.id})
            live.switch.hangup(live.id)
            return
        script.command, script.asked_at = command, self._engine.clock.now()
        if script.keyed_at is not None and isinstance(command, Play | Collect):
            self._engine.metrics.digit_to_prompt(script.asked_at - script.keyed_at)
        script.keyed_at = None
        if isinstance(command, Dial) and self._full(live):
            self._engine.post(ev.ScriptReplied(live.id, script.asked_at, Reply("congestion")))
            return
        live.switch.run(live.id, command)

    def _full(self, live: LiveCall) -> bool:
        """A dialled leg is one more channel on the switch."""
        return self._engine.limits.acquire(_second_leg(live), [Scope("switch", live.switch.name)]) is not None

    def _world(self, switch: str) -> World:
        if (world := self._worlds.get(switch)) is None:
            configuration = self._engine.configuration
            caller_ids: Mapping[str, str] = {name: c.caller_id for name, c in configuration.clients.items()}
            world = World(configuration.hours, self._engine.sounds[switch].files_for, caller_ids)
            self._worlds[switch] = world
        return world


def _second_leg(live: LiveCall) -> str:
    """The name under which a leg that the flow dials is counted."""
    return f"{live.id}/dial"
