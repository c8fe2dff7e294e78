"""Talks that are recorded: who is told of it, what the switch is ordered, what is written of it.

The row is on its way to the disk before the switch hears of it; what became of the file, `recording_keeper.py` finds.
"""

import asyncio
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dialer.agents.model import State as AgentStates
from dialer.calls import events as ev
from dialer.calls.model import State
from dialer.config.recording import RecordingTerms
from dialer.engine.live import LiveCall
from dialer.flows.commands import Collect, Play
from dialer.flows.fields import Spoken
from dialer.flows.nodes.queue import Queue
from dialer.quality.mystery import drawn
from dialer.store.recordings import RecordingRow
from dialer.switch.port import RecordOrder
from dialer.web.port import RefusedError

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

AGREE_S, OBJECT_S = 5.0, 3.0
ANSWER_S = 5.0
"""How long the switch may take to say that it paused."""
ADOPT_S = 60.0
"""After a start: how long a call may take to be found again before its recording counts as over."""


@dataclass(slots=True)
class _Running:
    row: RecordingRow
    paused: bool = False
    asked: "asyncio.Future[None] | None" = None
    """Somebody waits for the switch to pause, or to go on."""


class Recordings:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._began = engine.clock.now()
        self._running: dict[str, _Running] = {}
        """By call."""
        self._told: dict[str, RecordingTerms | None] = {}
        """By call: what was announced and the caller goes along with; None: with nothing."""
        self._asking: dict[str, RecordingTerms] = {}
        """By call: what is being announced."""
        self._inherited: dict[str, RecordingRow] = {}
        self._unstopped: dict[str, str] = {}
        """Channels whose recordings may go on though their talks are over, and their switches."""

    # -- who is told --------------------------------------------------------------------------------

    def _terms(self, live: LiveCall) -> RecordingTerms | None:
        """What holds for the call's talk, where the draw is for it."""
        client = self._engine.configuration.clients.get(live.seed.client)
        found: RecordingTerms | None = None
        if live.seed.direction == "outbound":
            found = live.campaign.recording if live.campaign is not None else None
        elif live.script.flow is not None:
            session, flow = live.script.session, live.script.flow
            node = flow.nodes.get(session.node) if session is not None else None
            found = (node.queue.recording if isinstance(node, Queue) else None) or flow.recording
        found = found or (client.recording if client is not None else None)
        if found is None or drawn("recording", live.id) >= found.share:
            return None
        return found

    def announces(self, live: LiveCall) -> bool:
        """A flow is about to queue: whether the caller has to be told of the recording first, which then is done."""
        if live.seed.direction == "outbound":
            return False
        terms, session = self._terms(live), live.script.session
        if terms is None or not terms.announce or session is None:
            return False
        if live.id in self._told and self._told[live.id] in (None, terms):
            return False
        sounds = self._engine.sounds[live.switch.name].files_for(Spoken(terms.announce), session.language)
        self._asking[live.id] = terms
        keyed = terms.agree or terms.object
        wait_s = AGREE_S if terms.agree else OBJECT_S
        self._engine.scripts.order(
            live, Collect(sounds, most=1, first_s=wait_s, finish="") if keyed else Play(sounds)
        )
        return True

    def answered(self, live: LiveCall, event: ev.ScriptReplied) -> bool:
        """Whether the reply was of an announcement, which is over."""
        terms = self._asking.pop(live.id, None)
        if terms is None:
            return False
        agreed = event.reply.digits == (terms.agree or "")  # any other key has cut the announcement short
        self._told[live.id] = terms if agreed and event.reply.status != "failed" else None
        return True

    def _goes_along(self, live: LiveCall, terms: RecordingTerms) -> bool:
        if live.id not in self._told:
            return terms.told_otherwise
        told = self._told[live.id]
        return told is not None and (told == terms or terms.told_otherwise)

    # -- talks --------------------------------------------------------------------------------------

    def inherit(self, rows: Iterable[RecordingRow]) -> None:
        """Those that an earlier life began and saw no end of."""
        self._inherited = {row.call_id: row for row in rows if row.ended_at is None}

    def joined(self, live: LiveCall, agent: str) -> None:
        """The talk begins; or it was found going on, and is heard of again."""
        running = self._running.get(live.id)
        if running is not None and running.row.agent == agent:
            return
        inherited = self._inherited.pop(live.id, None)
        if inherited is not None and inherited.agent != agent:
            self._end_inherited(inherited)
        elif inherited is not None:
            paused = bool(inherited.pauses) and inherited.pauses[-1][1] is None
            self._running[live.id] = _Running(inherited, paused)
            if paused:  # going on may have been obeyed, and not written
                self._order(live.switch.name, RecordOrder(live.id, "mute"))
            return
        terms = self._terms(live)
        if terms is None or not self._goes_along(live, terms):
            return
        engine = self._engine
        directory = engine.configuration.plant.switches[live.switch.name].recordings
        if directory is None:
            return
        if live.call.talks:  # the end of the talk before may not have come through
            self._order(live.switch.name, RecordOrder(live.id, "stop"))
        row = self._row(live, agent, terms)
        self._running[live.id] = _Running(row)
        engine.store.recordings.save(row)
        engine.metrics.recordings.began(row.client, row.campaign)
        base = directory.seen_as or str((engine.configuration.root / directory.read).resolve())
        self._order(live.switch.name, RecordOrder(live.id, "start", f"{base.rstrip('/')}/{row.file}", terms.sound))

    def _row(self, live: LiveCall, agent: str, terms: RecordingTerms) -> RecordingRow:
        """Its name tells the call, and no number."""
        now, record = self._engine.clock.now(), live.record()
        name = f"{re.sub('[^A-Za-z0-9._-]', '_', live.id)}-{round(now * 1000):x}"
        return RecordingRow(
            name, live.id, record.node, record.switch, record.client, record.campaign,
            record.queue, agent, f"{record.client}/{datetime.fromtimestamp(now, UTC):%Y-%m-%d}/{name}.raw",
            terms.sound, now, now + terms.keep,
        )  # fmt: skip

    def parted(self, live: LiveCall) -> None:
        """The talk is over."""
        self._end(live.id, gone=live.call.state is State.SETTLED)

    def over(self, channel: str) -> None:
        """The channel is gone, and the recording with it."""
        self._told.pop(channel, None)
        self._asking.pop(channel, None)
        self._unstopped.pop(channel, None)
        self._end(channel, gone=True)

    def _end(self, call_id: str, *, gone: bool) -> None:
        running = self._running.pop(call_id, None)
        if running is None:
            return
        now = self._engine.clock.now()
        row = replace(running.row, ended_at=now, pauses=_closed(running.row, now))
        self._engine.store.recordings.save(row)
        _answer(running.asked, "the talk is over")
        if not gone:
            self._unstopped[call_id] = row.switch
            self._order(row.switch, RecordOrder(call_id, "stop"))

    def _order(self, switch: str, order: RecordOrder) -> None:
        self._engine.switches[switch].record(order)

    # -- what the switch says -----------------------------------------------------------------------

    def news(self, event: ev.RecordingTold) -> None:
        running = self._running.get(event.channel)
        match event.verb:
            case "stop":
                if not event.lost and event.fault != "no link":
                    self._unstopped.pop(event.channel, None)
            case "start" if event.lost:
                pass  # it may have been obeyed, and is ended as any other
            case "start" if event.fault and running is not None and event.file.endswith(running.row.file):
                log.warning("a talk could not be recorded: %s", event.fault, extra={"call": event.channel})
                del self._running[event.channel]
                now = self._engine.clock.now()
                self._engine.store.recordings.save(replace(running.row, ended_at=now, fault="not_started"))
                self._engine.metrics.recordings.ended(running.row.client, running.row.campaign, "not_started")
            case "mute" | "unmute" if running is not None:
                self._muted(running, event)

    def _muted(self, running: _Running, event: ev.RecordingTold) -> None:
        asked, running.asked = running.asked, None
        if event.fault:
            ends = event.verb == "mute" or event.lost  # better no recording than one of a card's number
            if ends:
                self._end(event.channel, gone=False)
            ended = "; the recording was ended" if ends else ""
            _answer(asked, f"the switch refused: {event.fault}{ended}")
            return
        paused = event.verb == "mute"
        if paused is not running.paused:
            row, now = running.row, event.at
            running.paused = paused
            running.row = replace(row, pauses=(*row.pauses, (now, None)) if paused else _closed(row, now))
        # Only what is on disk is known after a crash.
        saved = self._engine.store.recordings.save(running.row)
        saved.add_done_callback(lambda done: _answer(asked, "done, but not written" if done.exception() else ""))

    # -- what agents ask ----------------------------------------------------------------------------

    def state(self, call_id: str | None) -> str | None:
        """on, paused, or None."""
        running = self._running.get(call_id or "")
        return None if running is None else "paused" if running.paused else "on"

    def pause(self, agent: str, paused: bool) -> "asyncio.Future[None]":
        """Silence from now on, or no more: done when the future is. Raises RefusedError, KeyError for an unknown
        agent."""
        state = self._engine.floor.desk.state(agent)
        running = self._running.get(state.call_id or "")
        if running is None or state.state is not AgentStates.TALKING:
            raise RefusedError("nothing is recorded: the agent is in no talk, or it is not one that is")
        if running.asked is not None:
            raise RefusedError("the switch has not answered yet; ask again")
        running.asked = asyncio.get_running_loop().create_future()
        self._order(running.row.switch, RecordOrder(running.row.call_id, "mute" if paused else "unmute"))
        return running.asked

    async def paused(self, agent: str, paused: bool) -> None:
        """As `pause`, and waits for the switch."""
        asked = self.pause(agent, paused)
        try:
            async with asyncio.timeout(ANSWER_S):
                await asyncio.shield(asked)
        except TimeoutError:
            raise RefusedError("the switch does not answer: nobody knows whether it is paused") from None

    # -- once a second ------------------------------------------------------------------------------

    def tick(self) -> None:
        engine, now = self._engine, self._engine.clock.now()
        for channel, switch in list(self._unstopped.items()):
            if channel not in engine.calls:
                del self._unstopped[channel]
            elif channel not in self._running and engine.switches[switch].up:
                self._order(switch, RecordOrder(channel, "stop"))
        settled = engine.reconciler.settled and now - self._began > ADOPT_S
        for row in list(self._inherited.values()):
            live = engine.calls.get(row.call_id)
            if settled or (live is not None and live.call.state is not State.TALKING):
                self._end_inherited(self._inherited.pop(row.call_id))

    def _end_inherited(self, row: RecordingRow) -> None:
        """Its talk was over before the engine found the call."""
        now = self._engine.clock.now()
        self._engine.store.recordings.save(replace(row, ended_at=now, pauses=_closed(row, now)))
        if row.call_id in self._engine.calls:
            self._unstopped[row.call_id] = row.switch
            self._order(row.switch, RecordOrder(row.call_id, "stop"))


def _closed(row: RecordingRow, now: float) -> tuple[tuple[float | None, ...], ...]:
    """Its pauses, the last of them over."""
    pauses = tuple(tuple(pause) for pause in row.pauses)
    return (*pauses[:-1], (pauses[-1][0], now)) if pauses and pauses[-1][1] is None else pauses


def _answer(asked: "asyncio.Future[None] | None", fault: str) -> None:
    """Whoever asked may have gone away."""
    if asked is None or asked.done():
        return
    if fault:
        asked.set_exception(RefusedError(fault))
        asked.exception()  # a key on the phone waits for no answer
    else:
        asked.set_result(None)
