"""A switch without calls: what the engine orders happens to simulated people, and is reported as Asterisk would."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from dialer.calls import events as ev
from dialer.engine.clock import Clock, Timer
from dialer.flows.commands import Answer, Collect, Command, Dial, Hangup, Hold, Pause, Play, Reply
from dialer.rehearsal.callers import Caller
from dialer.rehearsal.population import Fate, People
from dialer.switch.port import NOTHING, OriginateOrder, RecordOrder

LINK_S = 0.003
"""From an order to the first news of it, and for every other trifle."""
PHONE_S = 0.5
"""An agent's phone picks up."""
SOUND_S = 4.0
"""What a prompt takes to be heard."""
MACHINE_TALK_S = 6.0
"""An agent who has got a machine hangs up after so long."""
KEY_S = 1.0
"""A caller who has heard the question presses a key."""
CAUSES: dict[str, tuple[int, int | None]] = {
    "busy": (17, 486), "congestion": (34, 503), "invalid": (1, 404), "no_answer": (19, 480),
}  # fmt: skip
"""Q.850 and SIP, as Asterisk tells them."""


@dataclass(slots=True)
class Line:
    """A channel."""

    id: str
    kind: Literal["outbound", "agent", "inbound"]
    who: str
    """The number dialled, the phone, or the number we were called at."""
    campaign: str = ""
    dial: int = 0
    """The number's how-manieth this is."""
    fate: Fate | None = None
    caller: Caller | None = None
    keys: Iterator[str] = field(default_factory=lambda: iter(()))
    """What the caller is yet to press."""
    detect: bool = False
    up: bool = False
    scripted: bool = False
    peer: str = ""
    """The channel it is bridged with."""
    bridge: str = ""
    spoken_to: bool = False
    """By an agent, or a prompt: the person goes on listening."""
    timers: list[Timer] = field(default_factory=list)
    patience: Timer | None = None


class Exchange:
    """Implements `switch.port.Switch`. `campaign_of(channel)` says whose dial it is, `talk_over(phone)` is told when
    an agent's talk ends."""

    up = True

    def __init__(
        self, name: str, clock: Clock, zone: ZoneInfo, people: People, post: Callable[[Any], None],
        campaign_of: Callable[[str], str], talk_over: Callable[[str], None],
    ) -> None:
        self._name, self._clock, self._zone = name, clock, zone
        self._people, self._post, self._campaign_of, self._talk_over = people, post, campaign_of, talk_over
        self._lines: dict[str, Line] = {}
        self._dials: dict[tuple[str, str], int] = {}
        self._bridges = itertools.count(1)

    @property
    def name(self) -> str:
        return self._name

    def _later(self, line: Line, seconds: float, do: Callable[..., None], *args: Any) -> None:
        line.timers.append(self._clock.call_later(seconds, do, *args))

    def _tell(self, event: ev.SwitchEvent) -> None:
        self._clock.call_later(LINK_S, self._post, event)

    # -- orders -------------------------------------------------------------------------------------

    def originate(self, order: OriginateOrder) -> None:
        who = _called(order.endpoint)
        line = self._lines[order.channel] = Line(order.channel, "agent" if order.exten == "agent" else "outbound", who)
        if line.kind == "agent":
            self._later(line, PHONE_S, self._answer, line)
            return
        line.campaign = self._campaign_of(line.id)
        line.dial = self._dials[line.campaign, who] = self._dials.get((line.campaign, who), 0) + 1
        hour = datetime.fromtimestamp(self._clock.now(), self._zone).hour
        fate = line.fate = self._people(line.campaign).fate(who, line.dial, hour)
        line.detect = "DIALER_DETECT" in order.variables
        if fate.rings_s is not None:
            self._later(line, fate.rings_s, self._ring, line)
        if fate.ends_s is None or fate.ends_s >= order.ring_s:  # Asterisk gives it up
            self._later(line, order.ring_s, self._end, line, *CAUSES["no_answer"])
        elif fate.kind in ("person", "machine"):
            self._later(line, fate.ends_s, self._answer, line)
        else:
            self._later(line, fate.ends_s, self._end, line, *CAUSES[fate.kind])

    def call_in(self, channel: str, caller: Caller) -> None:
        """A caller reaches one of our numbers."""
        line = self._lines[channel] = Line(channel, "inbound", caller.dialled, caller=caller, keys=iter(caller.keys))
        self._start_script(line)

    def hangup(self, channel: str, cause: int = 16) -> None:
        if (line := self._lines.get(channel)) is not None:
            self._end(line, cause)

    def bridge(self, customer: str, agent: str) -> None:
        caller, leg = self._lines.get(customer), self._lines.get(agent)
        if caller is None or leg is None or not (caller.up and leg.up):
            blame: Literal["customer", "agent"] = "customer" if caller is None else "agent"
            self._tell(ev.JoinFailed(customer, self._clock.now(), "no such channel", agent, blame))
            return
        name, now = f"b{next(self._bridges)}", self._clock.now()
        caller.peer, leg.peer = leg.id, caller.id
        for line in (caller, leg):
            line.bridge, line.spoken_to = name, True
            if line.scripted:
                line.scripted = False
                self._tell(ev.ScriptEnded(line.id, now))
            self._tell(ev.Bridged(line.id, now, name))
        self._later(caller, self._talk_s(caller, leg.who), self._end, caller, 16)

    def park_agent(self, channel: str) -> None:
        leg = self._lines.get(channel)
        caller = self._lines.get(leg.peer) if leg is not None else None
        self._part(leg)
        if caller is not None:
            self._start_script(caller)

    def record(self, order: RecordOrder) -> None:
        """Nobody listens to the simulated."""

    def run(self, channel: str, command: Command) -> None:
        line = self._lines.get(channel)
        if line is None or not line.scripted:
            return
        match command:
            case Hangup(cause):
                self._later(line, LINK_S, self._end, line, cause)
            case Play(sounds):
                line.spoken_to = True
                self._reply(line, SOUND_S * len(sounds))
            case Answer():
                line.up = True
                self._tell(ev.Answered(line.id, self._clock.now()))
                self._reply(line, 2 * LINK_S)
            case Collect(sounds, _, first_s):
                line.spoken_to = True
                keys = next(line.keys, "")
                self._reply(line, SOUND_S * len(sounds) + (KEY_S if keys else first_s), digits=keys)
            case Dial() if line.caller is not None:
                line.up = line.spoken_to = True
                self._tell(ev.Bridged(line.id, self._clock.now(), f"b{next(self._bridges)}"))
                self._reply(line, line.caller.talk_s, "answered")
            case Hold(most_s):
                self._wait(line)
                self._reply(line, most_s, "expired")
            case Pause(seconds):
                self._reply(line, seconds)
            case _:
                self._reply(line, LINK_S)

    def leave_script(self, channel: str) -> None:
        if (line := self._lines.get(channel)) is not None:
            line.scripted = False

    def ask_codec(self, channel: str) -> None:
        """Nobody hears anything here."""

    def forget(self, channel: str, ended_at: float) -> None:
        """Nothing is kept here."""

    def list_channels(self, about: Mapping[str, float] = NOTHING) -> None:
        now = self._clock.now()
        seen = tuple(
            ev.ChannelSeen(line.id, line.id, "up" if line.up else "ringing", line.bridge, "dialer", "", "", 1.0)
            for line in self._lines.values()
        )
        self._tell(ev.ChannelsListed(self._name, now, now, seen, dict.fromkeys(about)))

    # -- what comes of them -------------------------------------------------------------------------

    def _ring(self, line: Line) -> None:
        self._post(ev.Ringing(line.id, self._clock.now()))

    def _answer(self, line: Line) -> None:
        line.up = True
        self._post(ev.Answered(line.id, self._clock.now()))
        wait_s = line.fate.detect_s if line.fate is not None and line.detect else LINK_S
        self._later(line, wait_s, self._start_script, line)
        self._wait(line)

    def _wait(self, line: Line) -> None:
        """Nobody speaks to the person from now on."""
        line.spoken_to = False
        if line.patience is not None:
            line.patience.cancel()
        patience_s = None
        if line.caller is not None:
            patience_s = line.caller.patience_s
        elif line.fate is not None and line.fate.kind == "person":
            patience_s = self._people(line.campaign).patience_s(line.who, line.dial)
        if patience_s is not None:
            line.patience = self._clock.call_later(patience_s, self._tire, line)
            line.timers.append(line.patience)

    def _tire(self, line: Line) -> None:
        if not line.spoken_to:
            self._end(line, 16)

    def _start_script(self, line: Line) -> None:
        line.scripted = True
        by: ev.AnsweredBy = "unknown"
        if line.detect and line.fate is not None:
            by = "machine" if line.fate.kind == "machine" else "person"
        caller = line.caller.number if line.caller else line.who if line.kind == "agent" else ""
        self._post(ev.ScriptStarted(line.id, self._clock.now(), self._name, line.kind, line.id, line.who, caller, by))

    def _reply(
        self, line: Line, seconds: float, status: Literal["done", "expired", "answered"] = "done", digits: str = "",
    ) -> None:
        def reply() -> None:
            if line.scripted and not line.bridge:
                self._post(ev.ScriptReplied(line.id, self._clock.now(), Reply(status, digits)))

        self._later(line, seconds, reply)

    def _talk_s(self, line: Line, agent: str) -> float:
        if line.fate is not None and line.fate.kind == "machine":
            return MACHINE_TALK_S
        if line.caller is not None:
            return line.caller.talk_s
        return self._people(line.campaign).talk_s(line.who, line.dial, agent)

    def _part(self, line: Line | None) -> None:
        """Its bridge is over, for both who were in it."""
        if line is None or not line.bridge:
            return
        now = self._clock.now()
        for one in (line, self._lines[line.peer]):
            self._tell(ev.Unbridged(one.id, now, one.bridge))
            if one.kind == "agent":
                self._clock.call_later(LINK_S, self._talk_over, one.who)
            for timer in one.timers:
                timer.cancel()
            one.timers.clear()
            one.bridge = ""

    def _end(self, line: Line, cause: int, sip: int | None = None) -> None:
        if self._lines.get(line.id) is not line:
            return
        self._part(line)
        del self._lines[line.id]
        for timer in line.timers:
            timer.cancel()
        now = self._clock.now()
        if line.scripted:
            self._tell(ev.ScriptEnded(line.id, now))
        self._tell(ev.HungUp(line.id, now, cause, sip=sip))


def _called(endpoint: str) -> str:
    """The number or the phone in a dial string: PJSIP/+4930…@trunk, PJSIP/agent01."""
    found = re.search(r"/([^/@;]+)(?:@|$|;)", endpoint)
    return found.group(1) if found else endpoint


