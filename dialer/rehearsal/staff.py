"""The agents: when they come, pause and go, how long they look at a contact, and how long they write up a talk."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from random import Random
from typing import TYPE_CHECKING, Literal, Protocol

from dialer.agents.model import State
from dialer.rehearsal.callers import Caller
from dialer.rehearsal.population import People, Promised
from dialer.web.desk_port import Wish
from dialer.web.port import RefusedError

if TYPE_CHECKING:
    from dialer.engine.core import Engine

Verb = Literal["login", "ready", "pause", "logout"]
LATE_S, PAUSE_S, PAUSE_EVERY_S, LUNCH_S = 600.0, 300.0, 2700.0, 1800.0
"""The shift begins within ten minutes; a pause of five every three quarters of an hour; half an hour of lunch."""
UNREADY_S = 2.0
"""Between a log-in, and being ready."""
FULL_S, DAY_S = 300.0, 86_400.0
"""Promises are for a full five minutes; a time that may not be promised is put off by a day."""
MOST_DAYS = 4
SOON_S = 0.25


@dataclass(frozen=True, slots=True)
class Step:
    """What an agent does, `at` seconds after the beginning."""

    at: float
    agent: str
    verb: Verb


def usual_day(agents: Iterable[str], seconds: float, seed: int) -> list[Step]:
    """Everybody is there the whole time, but for pauses; a shift below two hours has none."""
    steps: list[Step] = []
    for agent in agents:
        draw = Random(f"{seed}/rota/{agent}")
        if seconds < 7200.0:
            steps += [Step(0.0, agent, "login"), Step(UNREADY_S, agent, "ready")]
            continue
        start = draw.uniform(0.0, LATE_S)
        steps += [Step(start, agent, "login"), Step(start + UNREADY_S, agent, "ready")]
        lunch = seconds * draw.uniform(0.4, 0.6)
        pauses, at = [(lunch, LUNCH_S)], start
        while (at := at + PAUSE_EVERY_S * draw.uniform(0.6, 1.4)) < seconds:
            if abs(at - lunch) > PAUSE_EVERY_S / 2:
                pauses.append((at, PAUSE_S))
        for begin, length in pauses:
            steps += [Step(begin, agent, "pause"), Step(begin + length, agent, "ready")]
    return steps


class Desktop(Protocol):
    """What agents do on theirs; what is refused comes to nothing."""

    def dispose(self, agent: str, code: str, wishes: Sequence[Wish] = ()) -> None:
        """`wishes`: for a code that promises a call, in the order in which they are tried."""
        ...
    def accept(self, agent: str) -> None: ...
    def dial(self, agent: str, campaign: str, number: str) -> None: ...


class Staff:
    """`talk_over` is to be told by the switch, `look` now and then. `by_hand`: by campaign, the numbers that agents
    dial one after another. `callers`: by channel."""

    def __init__(
        self, engine: "Engine", people: People, steps: Sequence[Step], desktop: Desktop,
        by_hand: Mapping[str, Sequence[str]], callers: Mapping[str, Caller],
    ) -> None:
        self._engine, self._people, self._desktop = engine, people, desktop
        self._callers = callers
        self._by_hand = {campaign: deque(numbers) for campaign, numbers in by_hand.items()}
        self._talks: dict[str, int] = {}
        self._looking: set[str] = set()
        """Agents at a contact: their own of a preview, or the next one to dial by hand."""
        self._of_phone = {agent.phone: name for name, agent in engine.configuration.agents.items()}
        for step in steps:
            engine.clock.call_later(step.at, self._do, step.agent, step.verb)

    def _do(self, agent: str, verb: str) -> None:
        with suppress(RefusedError, KeyError):
            self._engine.floor.command(agent, verb)

    def talk_over(self, phone: str) -> None:
        agent = self._of_phone[phone]
        talk = self._talks[agent] = self._talks.get(agent, 0) + 1
        last = self._engine.floor.last_call(agent)
        if last is None:
            return
        caller = self._callers.get(last.id)
        if caller is not None:
            seconds = caller.wrap_up_s
        else:
            seconds = self._people(last.seed.campaign or "").wrap_up_s(agent, talk)
            serving = last.campaign.agents if last.campaign is not None else None
            if serving is not None:  # what came of it is said before the time is up
                seconds = min(seconds, max(0.0, serving.wrap_up - SOON_S))
        call = self._engine.floor.desk.state(agent).call_id
        self._engine.clock.call_later(seconds, self._written_up, agent, call)

    def _written_up(self, agent: str, call: str | None) -> None:
        state = self._engine.floor.desk.state(agent)
        if state.state is not State.WRAP_UP or state.call_id != call:
            return  # the limit was up before
        live = self._engine.floor.last_call(agent)
        if live is not None and live.contact is not None and live.campaign is not None:
            person, dial = live.seed.number, live.contact.attempts + 1
            population = self._people(live.campaign.campaign)
            code = population.disposition(person, dial)
            said = live.campaign.dispositions.get(code or "")
            if code is not None and said is not None:
                wishes = self._wishes(population.promise(person, dial)) if said.callback else ()
                self._desktop.dispose(agent, code, wishes)
                return
        self.no_code(agent)

    def no_code(self, agent: str) -> None:
        """What came of the talk is not said."""
        self._do(agent, "end_wrap_up")

    def _wishes(self, promised: Promised) -> Sequence[Wish]:
        at = FULL_S * ceil((self._engine.clock.now() + promised.ahead_s) / FULL_S)
        return [Wish(at + day * DAY_S, promised.personal) for day in range(MOST_DAYS)]

    # -- contacts looked at before the call ---------------------------------------------------------

    def look(self) -> None:
        """Who is shown a contact, or has nothing else to do than to dial the next one by hand, thinks about it."""
        for state in self._engine.floor.desk.states():
            agent = state.agent
            if agent in self._looking:
                continue
            if (shown := self._engine.campaigns.previews.view(agent)) is not None:
                self._think(agent, shown[1].campaign, shown[0].number)
            elif state.state is State.IDLE and (found := self._next_by_hand()) is not None:
                self._think(agent, *found, by_hand=True)

    def _next_by_hand(self) -> tuple[str, str] | None:
        """Of the campaign that has most left."""
        campaign = max(self._by_hand, key=lambda name: len(self._by_hand[name]), default=None)
        if campaign is None or not self._by_hand[campaign]:
            return None
        return campaign, self._by_hand[campaign].popleft()

    def _think(self, agent: str, campaign: str, number: str, by_hand: bool = False) -> None:
        self._looking.add(agent)
        seconds = self._people(campaign).think_s(agent, number)
        self._engine.clock.call_later(seconds, self._call, agent, campaign, number, by_hand)

    def _call(self, agent: str, campaign: str, number: str, by_hand: bool) -> None:
        self._looking.discard(agent)
        if by_hand and self._engine.floor.desk.state(agent).state is not State.IDLE:
            self._by_hand[campaign].appendleft(number)
        elif by_hand:
            self._desktop.dial(agent, campaign, number)
        elif (shown := self._engine.campaigns.previews.view(agent)) is not None and shown[0].number == number:
            self._desktop.accept(agent)
