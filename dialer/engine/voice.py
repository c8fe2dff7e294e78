"""How calls are heard: the RTCP reports of every leg, cut into calls and talks.

A customer's leg is one stretch, from the answer to the end. An agent's leg is up for the whole shift: of it a stretch
is cut for each talk, from the join to the parting. An interval between two reports belongs to the stretch that has
its middle.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from dialer.calls import events as ev
from dialer.engine.live import LiveCall
from dialer.quality.codecs import ASSUMED, Codec, codec_of
from dialer.quality.figures import figures
from dialer.quality.record import LegOf, LegVoice, Whose, leg_voice
from dialer.quality.streams import Direction, Interval, Leg
from dialer.store.records import CallRecord

if TYPE_CHECKING:
    from dialer.engine.core import Engine

CODEC_EVERY = 6
"""Of the switch's reports on a leg: how often it is asked for the leg's codec. A re-INVITE may have changed it, and
nobody tells."""


@dataclass(slots=True)
class _Stretch:
    call_id: str
    leg: LegOf
    agent: str | None
    switch: str
    began: float
    codec: Codec
    endpoint: str = ""
    heard: dict[Direction, list[Interval]] = field(default_factory=lambda: {"in": [], "out": []})


@dataclass(slots=True)
class _Channel:
    codec: Codec = ASSUMED
    meter: Leg | None = None
    stretch: _Stretch | None = None
    """What is being heard now: of a customer the call, of an agent the talk."""
    reported_at: float = 0.0
    turn: Iterator[int] = field(default_factory=count)


class Voice:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._since = engine.clock.now()
        """Of what a call was before an earlier life of the engine ended nothing is known."""
        self._channels: dict[str, _Channel] = {}
        self._stretches: dict[str, list[_Stretch]] = {}
        """By call."""
        self._talking: dict[str, _Channel] = {}
        """By call: the leg of the agent in it."""

    def introduced(self, event: ev.ScriptStarted) -> None:
        """The dialplan tells a channel's codec."""
        if event.codec:
            self._channels.setdefault(event.channel, _Channel()).codec = codec_of(event.codec)

    def report(self, event: ev.VoiceReported) -> None:
        live = self._engine.calls.get(event.channel)
        if live is None and not self._engine.floor.knows(event.channel):
            self._engine.mystery.voice(event)
            return  # a leg that a flow dialled: its caller's own is reported as well
        channel = self._channels.setdefault(event.channel, _Channel())
        if live is not None and channel.stretch is None:
            if live.call.answered_at is None:
                return  # announcements before the answer are no part of the call
            began = max(live.call.answered_at, self._since)
            channel.stretch = self._begin(live, "customer", None, began, channel.codec)
        if channel.stretch is not None and event.by == "switch" and next(channel.turn) % CODEC_EVERY == 0:
            self._engine.switches[channel.stretch.switch].ask_codec(event.channel)
        channel.reported_at = max(channel.reported_at, event.at)
        if channel.meter is None:
            channel.meter = Leg(channel.codec, channel.stretch.began if channel.stretch else event.at)
        told = channel.meter.report(event)
        if told is not None and channel.stretch is not None:
            self._hear(channel.stretch, event.endpoint, *told)

    def codec_told(self, event: ev.CodecTold) -> None:
        """Another than before: what is heard from now on is another stretch."""
        channel, codec = self._channels.get(event.channel), codec_of(event.codec)
        if channel is None or codec.name == channel.codec.name:
            return
        channel.codec = codec
        if channel.meter is not None:
            channel.meter.change_codec(codec)
        if (old := channel.stretch) is not None:
            began = max(old.began, channel.reported_at)
            channel.stretch = _Stretch(old.call_id, old.leg, old.agent, old.switch, began, codec, old.endpoint)
            self._stretches.setdefault(old.call_id, []).append(channel.stretch)

    def _hear(self, stretch: _Stretch, endpoint: str, direction: Direction, interval: Interval) -> None:
        if (interval.began + interval.ended) / 2 < stretch.began:
            return
        stretch.endpoint = endpoint
        stretch.heard[direction].append(interval)
        self._engine.metrics.voice.interval(stretch.switch, stretch.leg, direction, interval)

    def joined(self, live: LiveCall, agent: str) -> None:
        leg = self._engine.floor.leg_for(live.id)
        if leg is None:
            return
        channel = self._channels.setdefault(leg, _Channel())
        if self._talking.get(live.id) is not channel:  # told twice of a talk that was found in a listing
            self._talking[live.id] = channel
            channel.stretch = self._begin(live, "agent", agent, self._engine.clock.now(), channel.codec)

    def parted(self, call_id: str) -> None:
        """The agent is out of the call, whatever became of the leg."""
        if (channel := self._talking.pop(call_id, None)) is not None:
            channel.stretch = None

    def of_call(self, record: CallRecord) -> list[LegVoice]:
        """What is known of a call that is over: counted here, to be written by the caller."""
        rows = [row for stretch in self._stretches.pop(record.id, ()) for row in _rows(stretch, record)]
        for row in rows:
            self._engine.metrics.voice.rated(row)
        return rows

    def over(self, channel: str) -> None:
        """The channel is gone, and with it its call if it was a customer's."""
        self._channels.pop(channel, None)
        self._stretches.pop(channel, None)
        self.parted(channel)

    def _begin(self, live: LiveCall, leg: LegOf, agent: str | None, began: float, codec: Codec) -> _Stretch:
        stretch = _Stretch(live.id, leg, agent, live.switch.name, began, codec)
        self._stretches.setdefault(live.id, []).append(stretch)
        return stretch


def _rows(stretch: _Stretch, record: CallRecord) -> list[LegVoice]:
    whose = Whose(
        record.id, stretch.leg, record.client, record.campaign, record.switch, stretch.endpoint, stretch.agent
    )
    found = ((direction, figures(heard, stretch.codec)) for direction, heard in stretch.heard.items())
    return [leg_voice(whose, direction, stretch.codec, it) for direction, it in found if it is not None]
