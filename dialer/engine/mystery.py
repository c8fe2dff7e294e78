"""Test calls: placed over the trunk into the client's own number, found again where they come in, scored at the end.

What comes in is a call like any other, with nothing on it that an agent could see. That it is a test is known here,
and in a table of its own.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dialer.calls import events as ev
from dialer.calls.outcome import Outcome
from dialer.config.test_calls import MOST_SCRIPT_S, TestCall
from dialer.coordination.limits import Scope
from dialer.engine.ears import Ears
from dialer.engine.live import LiveCall
from dialer.quality.codecs import ASSUMED
from dialer.quality.figures import figures
from dialer.quality.heard import Ruling
from dialer.quality.mystery import Came, by_rules, deeds, drawn, due, judge, same_caller, score
from dialer.quality.record import LegVoice
from dialer.quality.streams import Direction, Interval, Leg
from dialer.store.records import CallRecord
from dialer.store.test_calls import TestCallRow, TestCard
from dialer.switch.port import OriginateOrder

if TYPE_CHECKING:
    from asyncio import Future

    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

SPARE_S = 60.0
"""How much longer than its script a test call may take before its end counts as unseen."""
LATE_S = 300.0
"""What the engine slept through, or had no room or link for, is made up for within this, and then left out."""
BACK_S = 3600.0
"""A clock that goes back by less brings no moment back."""
STORED_S = 10.0
"""How long the store may take to write that it is placed."""
CROSSING_S = 5.0
"""How much later than the end of its own side it may be told that it came in: that comes over another socket."""


@dataclass(slots=True)
class _Placed:
    test: TestCall
    row: TestCallRow
    came: Came | None = None
    over: bool = False
    """Its own side."""
    meter: Leg | None = None
    intervals: dict[Direction, list[Interval]] = field(default_factory=lambda: {"in": [], "out": []})

    def mos(self) -> float | None:
        """Of its own side, the worse direction."""
        found = [figures(intervals, ASSUMED) for intervals in self.intervals.values()]
        return min((one.mos for one in found if one is not None), default=None)


class Mystery:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._looked = engine.clock.now() - LATE_S
        self._last: dict[str, float] = {}
        """By test: its last moment, or when an earlier life of the engine placed it last, of late."""
        self._waiting: list[tuple[float, str]] = []
        """Moments that have come, and no call was placed yet."""
        self._placed: dict[str, _Placed] = {}
        """By their own channels."""
        self._came: dict[str, _Placed] = {}
        """By the calls that they came in as."""
        self.ears = Ears(engine)

    def knows(self, channel: str) -> bool:
        return channel in self._placed

    def is_test(self, call_id: str) -> bool:
        """Of a call that came in, until it is settled."""
        return call_id in self._came

    def inherit(self, late: Iterable[TestCallRow], unfinished: Iterable[TestCallRow]) -> None:
        """Those that an earlier life placed of late: a moment is not made up for twice. And those of this node that it
        saw no end of: they stay test calls, wherever they are by now."""
        engine, now = self._engine, self._engine.clock.now()
        self._last = {row.test: row.placed_at for row in late}
        for row in unfinished:
            test = engine.configuration.test_calls.get(row.test)
            if test is None or row.switch not in engine.switches or now - row.placed_at > _most_s(test):
                engine.store.test_calls.save(replace(row, ended_at=now, fault="lost"))
                continue
            self._placed[row.id] = placed = _Placed(test, row)
            engine.limits.hold(row.id, [Scope("switch", row.switch)])
            if row.call_id is not None:
                self._came[row.call_id] = placed

    # -- placing ------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Places those whose moment has come."""
        engine, now = self._engine, self._engine.clock.now()
        for placed in list(self._placed.values()):
            self._look_after(placed, now)
        since, self._looked = max(self._looked, now - LATE_S), now
        for test in engine.configuration.test_calls.values():
            if test.times is None:
                continue
            zone = ZoneInfo(engine.configuration.clients[test.client].timezone)
            for at in due(test.test, test.times, since, now, zone):
                if not 0 <= self._last.get(test.test, float("-inf")) - at < BACK_S:
                    self._last[test.test] = at
                    self._waiting.append((at, test.test))
        waiting, self._waiting = self._waiting, []
        for at, name in waiting:
            wanted = engine.configuration.test_calls.get(name)
            if wanted is None:  # taken out meanwhile
                continue
            if now - at > LATE_S:
                log.warning("a test call could not be placed", extra={"test": name})
            elif self.place(wanted) is None:
                self._waiting.append((at, name))

    def _look_after(self, placed: _Placed, now: float) -> None:
        """What no event will end."""
        row, engine = placed.row, self._engine
        if not placed.over and now - row.placed_at > _most_s(placed.test):
            engine.switches[row.switch].hangup(row.id)
            self._over(placed, now, "lost")
        elif row.call_id is not None and placed.over and row.call_id not in engine.calls and engine.reconciler.settled:
            self._came.pop(row.call_id, None)  # it was over before the engine was back
            placed.row = replace(row, fault="lost")
            self._end(placed)
        elif row.call_id is None and placed.over and not 0 <= now - (row.ended_at or now) < CROSSING_S:
            placed.row = replace(row, fault=row.fault or "did_not_arrive")
            self._end(placed)

    def listed(self, listing: ev.ChannelsListed, living: Mapping[str, ev.ChannelSeen], certain_before: float) -> None:
        """Its answer or its end may have gone by while the link was down."""
        for placed in list(self._placed.values()):
            row, seen = placed.row, living.get(placed.row.id)
            if row.switch != listing.switch or placed.over:
                continue
            if seen is None and row.placed_at < certain_before:
                self._over(placed, listing.at, "lost")
            elif seen is not None and seen.state == "up" and row.answered_at is None:
                placed.row = replace(row, answered_at=listing.at)

    def place(self, test: TestCall) -> str | None:
        """Its id; None while the engine shuts down, or the switch has no room, no link, or its rate is used up."""
        engine, now = self._engine, self._engine.clock.now()
        name = test.switch or next(iter(engine.configuration.plant.switches))
        switch = engine.switches[name]
        if engine.draining or not switch.up or not engine.reconciler.knows(name):
            return None
        channel, scopes = engine.ids.call(), [Scope("switch", name)]
        if engine.limits.acquire(channel, scopes) is not None:
            return None
        if not engine.limits.take_ahead(scopes, now):
            engine.limits.release(channel)
            return None
        shown = test.caller_ids[int(drawn(channel) * len(test.caller_ids))]
        node = engine.configuration.plant.node
        row = TestCallRow(channel, test.test, test.client, node, name, test.number, shown, now)
        self._placed[channel] = placed = _Placed(test, row)
        variables = {"DIALER_STAYS": str(max(1, round(test.stays))), **self._script(test, name)}
        if (file := self.ears.file_for(test, channel, name)) is not None:
            variables["DIALER_HEARD"] = file
        dial = engine.configuration.plant.switches[name].dial.format(number=test.number)
        order = OriginateOrder(channel, dial, shown, test.ring_timeout, "test", variables)
        # Only one that is on disk is known for a test after a crash.
        saved = engine.store.test_calls.save(row)
        saved.add_done_callback(lambda done: engine.post(lambda: self._originate(placed, order, done.exception())))
        return channel

    def _originate(self, placed: _Placed, order: OriginateOrder, fault: BaseException | None) -> None:
        now = self._engine.clock.now()
        if fault is None and not placed.over and now - placed.row.placed_at < STORED_S:
            self._engine.switches[placed.row.switch].originate(order)
        else:
            self._over(placed, now, "not_placed")

    def _script(self, test: TestCall, switch: str) -> Mapping[str, str]:
        """What its own side does, as variables of the dialplan's `test`."""
        language = test.speaks(self._engine.configuration.clients[test.client].languages[0])
        found: dict[str, str] = {}
        for step, deed in enumerate(deeds(test.script), 1):
            if isinstance(deed, int):
                found[f"DIALER_WAIT_{step}"] = str(deed)
            elif isinstance(deed, str):
                found[f"DIALER_KEYS_{step}"] = deed
            else:
                [found[f"DIALER_SAY_{step}"]] = self._engine.sounds[switch].files_for(deed, language)
            found["DIALER_STEPS"] = str(step)
        return found

    def event(self, event: ev.CallEvent) -> None:
        """Of its own channel."""
        placed = self._placed[event.channel]
        match event:
            case ev.Ringing(at=at):
                placed.row = replace(placed.row, rang_at=placed.row.rang_at or at)
            case ev.Answered(at=at):
                placed.row = replace(placed.row, answered_at=placed.row.answered_at or at)
            case ev.OriginateFailed(sent=False):
                self._over(placed, event.at, "not_placed")
            case ev.HungUp(at=at, cause=cause):
                placed.row = replace(placed.row, cause=cause, mos=placed.mos())
                self._over(placed, at, None if placed.row.answered_at is not None else "unanswered")

    def voice(self, event: ev.VoiceReported) -> None:
        """Of its own channel: how it hears, and is heard."""
        placed = self._placed.get(event.channel)
        if placed is None or placed.row.answered_at is None:
            return
        if placed.meter is None:
            placed.meter = Leg(ASSUMED, placed.row.answered_at)
        told = placed.meter.report(event)
        if told is not None:
            direction, interval = told
            if not interval.silent:  # a flow sends nothing between its prompts, and an Asterisk then no count of it
                placed.intervals[direction].append(interval)

    def _over(self, placed: _Placed, at: float, fault: str | None) -> None:
        if placed.over:
            return
        placed.over = True
        placed.row = replace(placed.row, ended_at=at, fault=fault)
        self._engine.limits.release(placed.row.id)
        if placed.came is not None or fault == "not_placed":
            self._end(placed)

    # -- where it comes in --------------------------------------------------------------------------

    def arrived(self, live: LiveCall) -> None:
        """A caller reached one of our numbers: is it one of those under way?"""
        for placed in self._placed.values():
            row, seed = placed.row, live.seed
            if row.call_id is None and row.number == seed.our_number and same_caller(row.caller_id, seed.number):
                placed.row = replace(row, call_id=live.id)
                self._came[live.id] = placed
                self._engine.store.test_calls.save(placed.row)
                return

    def settled(self, live: LiveCall, record: CallRecord, heard: Sequence[LegVoice]) -> None:
        """The call that came in is over, and on its way to the disk."""
        placed = self._came.pop(live.id, None)
        if placed is None or record.outcome in (None, Outcome.LOST):  # nobody saw what became of it
            return
        agent = self._engine.configuration.agents.get(record.agent or "")
        told = [leg.mos for leg in heard if leg.leg == "customer"]
        placed.came = Came(
            queue=record.queue, node=live.script.session.node if live.script.session else None,
            outcome=record.outcome.value, arrived_at=record.created_at, answered_at=record.answered_at,
            joined_at=record.joined_at, language=record.language, skills=agent.skills if agent else (),
            mos=min(told, default=None),
        )  # fmt: skip
        if placed.over:
            self._end(placed)

    # -- the end ------------------------------------------------------------------------------------

    def _end(self, placed: _Placed) -> None:
        """Both sides are over. What was heard is told later: until then it counts as unknown."""
        self._placed.pop(placed.row.id, None)
        row, counted = placed.row, self._engine.metrics.service
        if placed.came is None:
            self._engine.store.test_calls.save(row)
            self.ears.forget(placed.test, row.id, row.switch)
        else:
            self._judge(placed, ())
            if not self.ears.listen(placed.test, row.id, row.switch, lambda heard: self._listened(placed, heard)):
                self._count_score(placed)
        counted.test_call(row.client, row.test, placed.row.fault or "judged")
        log.info("a test call is over", extra={"test": row.test, "call": row.call_id, "fault": row.fault,
                                               "score": placed.row.by_rules})  # fmt: skip

    def _listened(self, placed: _Placed, heard: Sequence[Ruling]) -> None:
        """Somebody may have been quicker than the ears, and have given it a card."""
        if not heard:
            self._count_score(placed)
            return

        def again(cards: "Future[list[TestCard]]") -> None:
            self._judge(placed, heard, _mean(cards))
            self._count_score(placed)

        found = self._engine.store.test_calls.cards([placed.row.id])
        found.add_done_callback(lambda cards: self._engine.post(lambda: again(cards)))

    def _count_score(self, placed: _Placed) -> None:
        """Once a test call, when no more can be found out."""
        if placed.row.by_rules is not None:
            self._engine.metrics.service.test_score(placed.row.client, placed.row.test, placed.row.by_rules)

    def _judge(self, placed: _Placed, heard: Sequence[Ruling], card: float | None = None) -> None:
        assert placed.came is not None
        store = self._engine.store
        told = [mos for mos in (placed.came.mos, placed.row.mos) if mos is not None]
        verdicts = judge(placed.test, replace(placed.came, mos=min(told, default=None)), heard)
        given = by_rules(verdicts)
        rules = [asdict(verdict) for verdict in verdicts]
        placed.row = row = replace(placed.row, fault=None, rules=rules, by_rules=given)
        store.test_calls.save(row)
        counts = score(placed.test, given, card)
        if counts is not None and row.call_id is not None:
            store.books.save_score(row.call_id, self._engine.clock.now(), points(counts))


def _most_s(test: TestCall) -> float:
    """A test call that is older has ended."""
    return test.ring_timeout + MOST_SCRIPT_S + test.stays + SPARE_S


def _mean(cards: "Future[list[TestCard]]") -> float | None:
    """None where nobody gave one."""
    if (error := cards.exception()) is not None:
        log.error("a test call's cards could not be read: %s", error)
        return None
    found = [card.score for card in cards.result()]
    return sum(found) / len(found) if found else None


def points(counts: float) -> Decimal:
    """As scores are kept."""
    return Decimal(f"{counts:.4f}").normalize()
